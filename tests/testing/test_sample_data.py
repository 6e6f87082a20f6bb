import numpy as np
import pytest

from gridwright.testing.sample_data import KINDS, sample_data


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("sample_shape", "dtype"), [((4,), "float64"), ((8, 8), "uint8")])
def test_the_arrays_are_as_described(name, sample_shape, dtype):
    kind = KINDS[name]
    data = sample_data(kind, sample_shape, dtype)
    description = data.description
    assert (description.task, description.classes) == (kind.task, kind.labels)
    assert data.x_train.shape == (description.n_train, *sample_shape)
    assert data.x_train.dtype == data.x_validation.dtype == dtype == description.dtype
    outputs = () if kind.n_outputs == 1 else (kind.n_outputs,)
    assert data.y_train.shape == (description.n_train, *outputs)
    assert len(data.x_validation) == len(data.y_validation) > 0
    assert not any(array.flags.writeable for array in (data.x_train, data.y_validation))


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_the_classes_can_be_told_apart(dtype):
    data = sample_data(KINDS["string labels"], (4,), dtype)
    x, y = data.x_train.astype(float), data.y_train
    centres = np.stack([x[y == label].mean(axis=0) for label in data.description.classes])
    distances = ((data.x_validation[:, None] - centres) ** 2).sum(axis=2)
    nearest = np.array(data.description.classes)[distances.argmin(axis=1)]
    assert (nearest == data.y_validation).mean() > 0.9


def test_each_part_has_every_class():
    for kind in KINDS.values():
        if kind.labels:
            data = sample_data(kind, (4,), "float64")
            assert set(data.y_train.tolist()) == set(data.y_validation.tolist()) == set(kind.labels)


def test_it_is_the_same_each_time():
    first, second = (sample_data(KINDS["one output"], (4,), "float64") for _ in range(2))
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_train, second.y_train)
