import hashlib

import numpy as np
import pytest

from gridwright.datasets.digests import FollowingDigest, digest_arrays


def digest(x, **properties):
    return digest_arrays({"x": x}, properties)


def test_it_is_the_sha256_of_headers_and_bytes():
    x = np.array([1, 2], dtype=np.uint8)
    stream = b'10:{"k": "v"}\n' + b'17:["x", "|u1", [2]]\n' + b"\x01\x02"
    assert digest(x, k="v") == hashlib.sha256(stream).hexdigest()


@pytest.mark.parametrize("position", [0, 9_999, 10_001, 54_321, 99_999])
def test_one_changed_byte_changes_it_wherever_it_stands(position):
    x = np.zeros((1000, 100), dtype=np.uint8)
    before = digest(x)
    x.reshape(-1)[position] ^= 1
    assert digest(x) != before


def test_the_last_bit_of_a_float_counts():
    x = np.ones(20_000)
    before = digest(x)
    x[-1] = np.nextafter(x[-1], 2)
    assert digest(x) != before


def test_a_letter_of_a_label_counts():
    labels = np.array(["setosa"] * 20_000)
    before = digest(labels)
    labels[15_000] = "setosb"
    assert digest(labels) != before


def test_type_shape_and_name_count():
    x = np.zeros(8, dtype=np.int64)
    digests = {
        digest(x),
        digest(x.view(np.float64)),
        digest(x.reshape(2, 4)),
        digest(x.reshape(4, 2)),
        digest_arrays({"y": x}, {}),
        digest_arrays({"x": x, "y": None}, {}),
        digest(x, feature_names=["a"]),
    }
    assert len(digests) == 7


def test_the_layout_in_memory_does_not_count():
    x = np.arange(12.0).reshape(3, 4)
    assert digest(x) == digest(np.asfortranarray(x)) == digest(np.repeat(x, 2, axis=0)[::2])


def test_an_empty_array_and_a_scalar_have_digests():
    assert digest(np.zeros((0, 3))) != digest(np.zeros(()))


def test_python_objects_have_none():
    with pytest.raises(TypeError, match="array 'x' holds Python objects"):
        digest(np.array([{}], dtype=object))


def test_a_digest_that_follows_the_reading_is_the_same():
    arrays = {"x": np.arange(5000.0).reshape(50, 100), "y": np.array(["a", "b"]), "z": None}
    with FollowingDigest({"k": "v"}) as following:
        x = arrays["x"]
        following.begin("x", x)
        content = x.reshape(-1).view(np.uint8).data
        for start in range(0, len(content), 999):
            following.part(content[start : start + 999])
        following.add("y", arrays["y"])
        following.add("z", None)
    assert following.hexdigest() == digest_arrays(arrays, {"k": "v"})


def test_reading_that_fails_ends_the_thread_that_follows():
    following = FollowingDigest({})
    following.part(b"read so far")
    with pytest.raises(EOFError), following:
        raise EOFError
    (thread,) = following._following._threads
    thread.join(timeout=60)
    assert not thread.is_alive()
