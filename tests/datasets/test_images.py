import numpy as np
import pytest
from PIL import Image

from gridwright.datasets import load, split
from gridwright.errors import DatasetError

SIZE = (6, 4)  # width, height


def picture(mode="RGB", size=SIZE, value=200):
    image = Image.new("RGB", size, (value, 30, 90))
    return image if mode == "RGB" else image.convert(mode)


def config(path, **options):
    return {
        "kind": "images",
        "path": str(path),
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        **options,
    }


@pytest.fixture
def folder(tmp_path):
    def fill(names=("cats", "dogs"), n=10, ending="png", mode="RGB", root="pets"):
        for place, name in enumerate(names):
            (tmp_path / root / name).mkdir(parents=True)
            for i in range(n):
                picture(mode, value=place * 90 + i).save(
                    tmp_path / root / name / f"{i:02d}.{ending}"
                )
        return tmp_path / root

    return fill


def sentence(path, **options):
    with pytest.raises(DatasetError) as caught:
        load(config(path, **options))
    return str(caught.value).replace(str(path), "{path}")


@pytest.mark.parametrize(
    ("ending", "mode", "shape"),
    [
        ("png", "RGB", (4, 6, 3)),
        ("png", "L", (4, 6)),
        ("png", "P", (4, 6, 3)),
        ("png", "RGBA", (4, 6, 3)),
        ("png", "LA", (4, 6)),
        ("png", "1", (4, 6)),
        ("jpg", "RGB", (4, 6, 3)),
        ("jpg", "L", (4, 6)),
        ("jpg", "CMYK", (4, 6, 3)),
        ("gif", "P", (4, 6, 3)),
        ("bmp", "RGB", (4, 6, 3)),
        ("webp", "RGB", (4, 6, 3)),
        ("tiff", "L", (4, 6)),
    ],
)
def test_a_folder_a_class(folder, ending, mode, shape):
    path = folder(ending=ending, mode=mode)
    dataset = load(config(path))
    assert (dataset.name, dataset.classes) == ("pets", ("cats", "dogs"))
    assert (dataset.x.shape, dataset.x.dtype) == ((20, *shape), np.uint8)
    data = split(dataset, config(path), "validation")
    assert data.description.sample_shape == shape
    assert (len(data.x_train), len(data.x_validation), len(data.x_test)) == (12, 4, 4)


def test_the_pixels_are_those_of_the_picture(folder):
    dataset = load(config(folder()))
    np.testing.assert_array_equal(dataset.x[3], np.broadcast_to([3, 30, 90], (4, 6, 3)))
    assert dataset.notes == (
        "pictures: 20 train; 6 x 4 pixels, colour; task: classification into 2 classes",
    )


def test_one_picture_in_colour_makes_all_of_them_so(folder):
    path = folder(mode="L")
    picture("RGB").save(path / "cats" / "colour.png")
    assert load(config(path)).x.shape == (21, 4, 6, 3)
    assert load(config(path, mode="grey")).x.shape == (21, 4, 6)


def test_transparency_is_laid_over_white(folder):
    path = folder()
    Image.new("RGBA", SIZE, (0, 0, 0, 0)).save(path / "cats" / "00.png")
    assert (load(config(path)).x[0] == 255).all()


def test_sixteen_bits_become_eight(folder):
    path = folder(mode="L")
    Image.fromarray(np.full((4, 6), 65535, np.uint16)).save(path / "cats" / "00.png")
    assert (load(config(path)).x[0] == 255).all()


def test_the_rotation_of_a_camera_is_applied(folder):
    path = folder(ending="jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(size=SIZE[::-1]).save(path / "cats" / "00.jpg", exif=exif)
    assert load(config(path)).x.shape == (20, 4, 6, 3)


def test_train_and_test_folders_are_the_parts(folder):
    path = folder(root="pets/train").parent
    folder(n=3, root="pets/test")
    data = split(load(config(path)), config(path), "validation")
    assert (len(data.x_train), len(data.x_validation), len(data.x_test)) == (16, 4, 6)


def test_a_table_names_files_and_labels(folder):
    path = folder()
    table = path.parent / "labels.csv"
    rows = [f"pets/{name}/{i:02d}.png,{name[:-1]}" for name in ("cats", "dogs") for i in range(10)]
    table.write_text("\n".join(["file,label", *rows]))
    dataset = load(config(table))
    assert (dataset.name, dataset.classes, dataset.x.shape) == (
        "labels",
        ("cat", "dog"),
        (20, 4, 6, 3),
    )


def test_other_sizes_need_one_that_is_set(folder):
    path = folder()
    picture(size=(9, 4)).save(path / "dogs" / "05.png")
    assert sentence(path) == (
        "the pictures have different sizes: {path}/cats/00.png has 6 x 4 pixels, and "
        "{path}/dogs/05.png 9 x 4: set dataset.size, such as 'dataset.size=[64,64]', to have all of "
        "them resized"
    )
    assert load(config(path, size=[8, 5])).x.shape == (20, 5, 8, 3)


@pytest.mark.parametrize("content", [b"", b"no picture", "cut"])
def test_a_broken_picture_is_named(folder, content):
    path = folder()
    file = path / "dogs" / "05.png"
    noise = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[:70] if content == "cut" else content)
    assert sentence(path) == (
        "the picture {path}/dogs/05.png is broken or no picture: remove it or fetch it again"
    )


def test_a_folder_that_is_not_there(tmp_path):
    assert sentence(tmp_path / "no") == "there is no folder {path}: check dataset.path"


def test_a_folder_without_pictures(tmp_path):
    assert sentence(tmp_path).startswith(
        "{path} holds no pictures in folders: it needs a folder for each class, with files that end in"
    )


def test_one_class(folder):
    assert sentence(folder(names=("cats",))) == (
        "{path} has one class only ('cats'): it needs a folder for each of two classes at least"
    )


def test_an_empty_class(folder):
    path = folder()
    (path / "birds").mkdir()
    assert sentence(path) == (
        "the folder 'birds' of {path} holds no picture, and every folder is a class: fill it or remove it"
    )


def test_a_table_names_files_as_windows_does_or_without_their_endings(folder):
    table = folder().parent / "labels.csv"
    for form in ("pets\\{0}\\{1:02d}.png", ".\\pets\\{0}\\{1:02d}.png", "pets/{0}/{1:02d}"):
        rows = [f"{form.format(name, i)},{name}" for name in ("cats", "dogs") for i in range(10)]
        table.write_text("\n".join(["file,label", *rows]))
        assert len(load(config(table)).x) == 20


def test_pictures_that_cannot_be_read_are_counted(folder):
    path = folder()
    (path / "cats" / "IMG_1.HEIC").write_bytes(b"")
    assert load(config(path)).notes[-1] == (
        "a picture is not used, for .heic cannot be read: convert them to .png"
    )
    (path / "dogs" / "logo.svg").write_text("<svg/>")
    assert load(config(path)).notes[-1] == (
        "2 pictures are not used, for .heic, .svg cannot be read: convert them to .png"
    )


def test_a_table_that_names_a_missing_file(folder):
    table = folder().parent / "labels.csv"
    table.write_text("file,label\npets/cats/00.png,cat\npets/cats/99.png,cat\n")
    assert sentence(table) == (
        f"{{path}}: row 2 names pets/cats/99.png, and there is no file {table.parent}/pets/cats/99.png"
    )


@pytest.mark.parametrize("size", [0, [8], [8, 0], "8x8", [8.5, 8]])
def test_a_size_that_is_none(folder, size):
    assert sentence(folder(n=2), size=size).startswith(
        "dataset.size must be [width, height] in pixels, such as [64, 64], not "
    )


def test_what_file_managers_leave_behind_is_no_picture_and_no_class(folder):
    path = folder()
    (path / "__MACOSX").mkdir()
    for place in (path, path / "cats"):
        for name in (".git", "@eaDir"):
            (place / name).mkdir()
            (place / name / "0.png").write_bytes(b"no picture")
        for name in ("Thumbs.db", ".DS_Store", "._0.png"):
            (place / name).write_bytes(b"no picture")
    assert len(load(config(path)).x) == 20


def test_a_class_may_be_called_train(folder):
    assert load(config(folder(names=("bus", "test", "train")))).classes == ("bus", "test", "train")


def test_a_folder_that_is_not_used_is_spoken_of(folder):
    path = folder(root="pets/train").parent
    folder(root="pets/test", n=3)
    folder(root="pets/val", n=3)
    dataset = load(config(path))
    assert (len(dataset.x), len(dataset.arrays[1])) == (20, 6)
    assert dataset.notes[1:] == (
        "the folder 'val' is not used: trials are ranked by a part of 'train'",
    )


def test_a_table_names_its_columns_in_any_language(folder):
    path = folder()
    table = path / "Bilder.csv"
    rows = "".join(f"{i};cats/{i:02d}.png;{('Bus', 'Äpfel')[i % 2]}\n" for i in range(10))
    table.write_text("Nummer;Dateiname;Klasse\n" + rows)
    assert "set dataset.label_column to the right one" in sentence(table)
    assert load(config(table, label_column="Klasse")).classes == ("Bus", "Äpfel")
    table.write_text(
        "Dateiname;Klasse\n" + "".join(f"{row.split(';', 1)[1]}\n" for row in rows.splitlines())
    )
    assert load(config(table)).classes == ("Bus", "Äpfel")
