"""PNG files in base64: their very pixels, or a sentence."""

import base64
import io

import numpy as np
import pytest
from mlflow.types import TensorSpec
from PIL import Image

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
    ("text", "sentence"),
    [
        ("seven", "sample 0 .* is a text, and not a PNG file in base64"),
        (base64.b64encode(b"GIF89a").decode(), "is a text, and not a PNG file in base64"),
        (png(np.zeros((4, 5), np.uint8))[:60], "is a text, and not a PNG file in base64"),
        (png(np.zeros((4, 5), np.uint8), kind="BMP"), "not a PNG file in base64"),
        (
            png(np.zeros((5, 4), np.uint8)),
            "PNG of 5x4 pixels and mode L, .* takes 4x5 pixels and mode L",
        ),
        (
            png(np.zeros((4, 5, 3), np.uint8)),
            "PNG of 4x5 pixels and mode RGB, .* 4x5 pixels and mode L",
        ),
    ],
)
def test_what_is_no_such_picture_is_refused(text, sentence):
    with pytest.raises(RefusedInput, match=sentence):
        tensor([text], "inputs", GREY)


def test_pictures_and_numbers_are_not_mixed():
    with pytest.raises(RefusedInput, match="nested lists of numbers"):
        tensor([png(np.zeros((4, 5), np.uint8)), [[0] * 5] * 4], "inputs", GREY)


def test_a_model_of_other_samples_takes_no_pictures():
    spec = TensorSpec(np.dtype("float64"), (-1, 7))
    with pytest.raises(RefusedInput, match=r"shape \(7,\) and type float64, which no PNG holds"):
        tensor([png(np.zeros((4, 5), np.uint8))], "inputs", spec)
