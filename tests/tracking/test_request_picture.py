"""Picture files in base64: their very pixels, or a sentence."""

import base64
import io

import numpy as np
import pytest
from mlflow.types import TensorSpec
from PIL import Image

from gridwright.datasets import load
from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_tensor import tensor

GREY = TensorSpec(np.dtype("uint8"), (-1, 4, 5))
COLOUR = TensorSpec(np.dtype("uint8"), (-1, 4, 5, 3))


def png(pixels, mode=None, kind="PNG"):
    file = io.BytesIO()
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("spec", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("before", ["", "data:image/png;base64,"])
def test_the_pixels_are_those_of_the_nested_lists(spec, before):
    shape = tuple(spec.shape[1:])
    samples = np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8)
    array = tensor([before + png(one) for one in samples], "inputs", spec)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, tensor(samples.tolist(), "inputs", spec))


def test_a_palette_is_a_way_to_store_colours():
    pixels = np.zeros((4, 5, 3), np.uint8)
    pixels[1] = (255, 0, 0)
    np.testing.assert_array_equal(tensor([png(pixels, "P")], "inputs", COLOUR)[0], pixels)


@pytest.mark.parametrize(
    ("kind", "mode", "spec"),
    [
        ("JPEG", "RGB", COLOUR),
        ("JPEG", "CMYK", COLOUR),
        ("JPEG", "L", COLOUR),
        ("PNG", "RGBA", COLOUR),
        ("PNG", "RGB", GREY),
        ("PNG", "I;16", GREY),
        ("TIFF", "RGB", COLOUR),
        ("WEBP", "RGB", COLOUR),
    ],
)
def test_a_file_is_decoded_as_those_that_were_trained_on(kind, mode, spec, tmp_path):
    pixels = np.full((4, 5, 3), 180, np.uint8)
    for place, label in enumerate("ab"):  # both in grey if `spec` is
        (tmp_path / label).mkdir()
        picture = Image.fromarray(pixels // (place + 1)).convert("L" if mode == "I;16" else mode)
        if mode == "I;16":
            picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
        picture.save(tmp_path / label / f"0.{kind.lower()}")
    colour = "grey" if spec is GREY else "colour"
    settings = {"kind": "images", "path": str(tmp_path), "mode": colour}
    trained = load(settings).x
    for place, label in enumerate("ab"):
        file = base64.b64encode((tmp_path / label / f"0.{kind.lower()}").read_bytes()).decode()
        sent = tensor([f"data:image/{kind.lower()};base64,{file}"], "inputs", spec)
        np.testing.assert_array_equal(sent[0], trained[place])


def test_a_picture_is_turned_as_its_camera_says():
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((5, 4), np.uint8)).save(file, "JPEG", exif=exif)
    text = base64.b64encode(file.getvalue()).decode()
    assert tensor([text], "inputs", GREY).shape == (1, 4, 5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seven", r"sample 0 .* is a text, and not a picture file \(PNG, JPEG, ...\) in base64"),
        (base64.b64encode(b"GIF89a").decode(), "is a text, and not a picture file"),
        (png(np.zeros((4, 5), np.uint8))[:60], "is a text, and not a picture file"),
        (png(np.zeros((4, 5), np.uint8), kind="ICO"), "is a text, and not a picture file"),
        (
            png(np.zeros((5, 4), np.uint8)),
            r"a picture of 4 x 5 pixels \(width x height\), but this model takes 5 x 4, as all ",
        ),
    ],
)
def test_what_is_no_such_picture_is_refused(text, sentence):
    with pytest.raises(RefusedInput, match=sentence):
        tensor([text], "inputs", GREY)


def test_a_model_that_was_trained_on_resized_pictures_resizes_what_it_gets(tmp_path):
    chance = np.random.default_rng(0)
    for name, shape in (("a", (9, 12, 3)), ("b", (30, 7, 3))):
        (tmp_path / name).mkdir()
        pixels = chance.integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name / "0.png")
    dataset = load({"kind": "images", "path": str(tmp_path), "size": [5, 4]})
    assert dataset.resized
    files = [(tmp_path / name / "0.png").read_bytes() for name in "ab"]
    texts = [base64.b64encode(file).decode() for file in files]
    np.testing.assert_array_equal(tensor(texts, "inputs", COLOUR, resize=True), dataset.x)
    with pytest.raises(
        RefusedInput, match=r"or train with dataset\.size, which makes the model do"
    ):
        tensor(texts, "inputs", COLOUR)


def test_pictures_and_numbers_are_not_mixed():
    with pytest.raises(RefusedInput, match="nested lists of numbers"):
        tensor([png(np.zeros((4, 5), np.uint8)), [[0] * 5] * 4], "inputs", GREY)


def test_a_model_of_other_samples_takes_no_pictures():
    spec = TensorSpec(np.dtype("float64"), (-1, 7))
    with pytest.raises(
        RefusedInput, match=r"shape \(7,\) and type float64, which no picture holds"
    ):
        tensor([png(np.zeros((4, 5), np.uint8))], "inputs", spec)
