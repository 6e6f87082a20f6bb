import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from gridwright.testing.pickle_scan import holds_pickle


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [{"a": [1.5]}, complex(1, 2), np.arange(3), None])
def test_every_protocol_is_found_bare_and_packed(protocol, value):
    content = pickle.dumps(value, protocol)
    assert holds_pickle(content)
    assert holds_pickle(gzip.compress(content))
    assert holds_pickle(zipped("inner", zipped("innermost.bin", content)))


def test_a_pickle_with_more_behind_it_is_found():
    assert holds_pickle(pickle.dumps([1]) + pickle.dumps([2]) + b"raw bytes")


def test_arrays_of_objects_are_found():
    objects = np.array([{}], dtype=object)
    assert holds_pickle(npy(objects))
    assert holds_pickle(npz(good=np.arange(3), bad=objects))
    assert holds_pickle(npy(np.zeros(2, dtype=[("a", "f8"), ("b", "O")])))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"A sentence that ends with a full stop.",
        json.dumps({"a": [1, 2.5, None]}).encode(),
        npz(a=np.arange(1000.0), b=np.array(["|O", "x"])),
        np.random.default_rng(0).bytes(5000),
        b"\x80\x04" + np.random.default_rng(0).bytes(500),
        b"\x1f\x8b no gzip",
        zipped("config.json", b"{}"),
    ],
    ids=["empty", "dot", "text", "json", "npz", "random", "marked", "gzip", "zip"],
)
def test_other_files_are_not_pickles(content):
    assert not holds_pickle(content)
