import numpy as np
import pytest

from gridwright.contract import EpochRecord
from gridwright.errors import TrainingDiverged
from gridwright.histories import EpochRecorder


def test_values_that_are_missing_in_some_epochs_are_nan_there():
    recorder = EpochRecorder(None)
    recorder(EpochRecord(1, 1.0, 0.5))
    recorder(EpochRecord(2, 0.5, 0.6, 0.7, None))
    histories = recorder.histories
    assert list(histories) == ["loss", "score", "val_loss"]
    np.testing.assert_array_equal(histories["val_loss"], [np.nan, 0.7])
    assert {array.dtype for array in histories.values()} == {np.dtype(np.float64)}


def test_the_listener_hears_of_a_loss_that_is_not_finite_before_it_ends_the_training():
    heard = []
    recorder = EpochRecorder(heard.append)
    with pytest.raises(TrainingDiverged, match=r"epoch 1: the loss is nan"):
        recorder(EpochRecord(1, float("nan"), 0.0))
    assert len(heard) == recorder.n_epochs == 1


@pytest.mark.parametrize(("answer", "stops"), [(True, True), (False, False), (None, False)])
def test_the_answer_of_the_listener_is_passed_on(answer, stops):
    assert EpochRecorder(lambda record: answer)(EpochRecord(1, 1.0, 0.0)) is stops


def test_the_epoch_under_way_outlives_the_error_that_ends_the_training():
    recorder = EpochRecorder(None)
    assert recorder.epoch_under_way is None
    with recorder.training():
        recorder(EpochRecord(1, 1.0, 0.0))
        assert recorder.epoch_under_way == 2
    assert recorder.epoch_under_way is None
    with pytest.raises(KeyError), recorder.training():
        raise KeyError
    assert recorder.epoch_under_way == 2
