"""A stored model comes back as it was sealed, or not at all."""

import json

import pytest

from gridwright.errors import ModelFileError
from gridwright.model_files import DOCUMENT_FILE, ModelFormat

FORMAT = ModelFormat("a-plugin", version=2, content_file="weights.bin")
DOCUMENT = {"labels": ["ja", "n\u00f6"], "shape": [2, 3]}
CONTENT = bytes(range(200))


@pytest.fixture
def folder(tmp_path):
    FORMAT.seal(tmp_path, DOCUMENT, CONTENT)
    return tmp_path


def rewrite(folder, **changes):
    path = folder / DOCUMENT_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_was_sealed_comes_back(folder):
    assert FORMAT.open(folder) == (DOCUMENT, CONTENT)


def test_content_that_the_framework_has_written_is_sealed(tmp_path):
    (tmp_path / FORMAT.content_file).write_bytes(CONTENT)
    FORMAT.seal(tmp_path, DOCUMENT)
    assert FORMAT.open(tmp_path) == (DOCUMENT, CONTENT)


@pytest.mark.parametrize("name", [DOCUMENT_FILE, FORMAT.content_file])
def test_a_missing_file_is_named(name, folder):
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=f"{name} is missing"):
        FORMAT.open(folder)


@pytest.mark.parametrize("name", [DOCUMENT_FILE, FORMAT.content_file])
def test_a_file_cut_short_is_refused(name, folder):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelFileError, match=r"cannot be read|cut short"):
        FORMAT.open(folder)


def test_every_altered_byte_is_noticed(folder):
    path = folder / FORMAT.content_file
    for position in range(len(CONTENT)):
        altered = bytearray(CONTENT)
        altered[position] ^= 1
        path.write_bytes(altered)
        with pytest.raises(ModelFileError, match="SHA-256 differs"):
            FORMAT.open(folder)


@pytest.mark.parametrize("change", [{"labels": []}, {"more": 1}, {"sha256": None}], ids=str)
def test_an_altered_document_is_refused(change, folder):
    rewrite(folder, **change)
    with pytest.raises(ModelFileError, match="SHA-256 differs"):
        FORMAT.open(folder)


@pytest.mark.parametrize("version", [1, 3, "2", None, 2.5])
def test_another_version_is_refused(version, folder):
    rewrite(folder, format_version=version)
    with pytest.raises(
        ModelFileError, match=rf"format version {version!r}, .* install the a-plugin that wrote it"
    ):
        FORMAT.open(folder)


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"format": "other"}'])
def test_something_else_is_refused(text, folder):
    (folder / DOCUMENT_FILE).write_text(text)
    with pytest.raises(ModelFileError, match="does not describe a model of a-plugin"):
        FORMAT.open(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\x00", b"\xff\xfe"])
def test_what_is_no_json_is_refused(content, folder):
    (folder / DOCUMENT_FILE).write_bytes(content)
    with pytest.raises(ModelFileError, match="cannot be read as a model"):
        FORMAT.open(folder)
