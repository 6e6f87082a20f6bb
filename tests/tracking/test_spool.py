"""What goes into the spool comes out of it, bit for bit, or not at all."""

import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest

from gridwright.contract import Failure
from gridwright.errors import TrackingError
from gridwright.tracking import spool
from gridwright.tracking.provenance import Provenance


@pytest.fixture
def trial(iris, make_trial):
    spec, result = make_trial(
        epochs=7, log="naïve\n", failure=Failure("error", "why", 3, "Traceback"), nan=np.nan
    )
    return spool.SpooledTrial(
        spec=spec,
        result=replace(result, files={"a/b.bin": bytes(range(256)), "probes.npy": b"not an array"}),
        description=iris.description,
        data_source="here",
        requirements=("numpy==2",),
        experiment_name="iris",
        parent_run_id="p",
        provenance=Provenance("c" * 40, dirty=True, user="u", program="gridwright"),
        examples=iris.x_train[:2],
        probes=np.zeros((2, 3), dtype=np.uint8),
    )


def plain(trial):
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in (asdict(trial) | asdict(trial.result)).items()
        if name not in {"result", "histories", "metrics"}
    }


def test_a_round_trip(tmp_path, trial):
    path = spool.write(tmp_path / "new", trial)
    again = spool.read(path)
    assert plain(again) == plain(trial)
    assert repr(again.result.metrics) == repr(trial.result.metrics)
    for name, history in trial.result.histories.items():
        np.testing.assert_array_equal(again.result.histories[name], history)
    assert again.probes.dtype == np.uint8
    assert spool.pending(tmp_path / "new") == [path]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_refused(tmp_path, trial, part):
    path = spool.write(tmp_path, trial)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(TrackingError, match="cannot be read"):
        spool.read(path)


def rewritten(path, change):
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def test_a_model_file_outside_of_its_folder_is_refused(tmp_path, trial):
    path = spool.write(tmp_path, trial)
    rewritten(path, lambda contents: contents.update({"model/../../evil": b""}))
    with pytest.raises(TrackingError, match="would leave its folder"):
        spool.read(path)


def test_another_version_is_refused(tmp_path, trial):
    path = spool.write(tmp_path, trial)

    def newer(contents):
        contents["trial.json"] = contents["trial.json"].replace(b'"version": 1', b'"version": 2')

    rewritten(path, newer)
    with pytest.raises(TrackingError, match="version 2, this Gridwright reads version 1"):
        spool.read(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, trial):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackingError, match=r"spool folder .*tracking\.spool"):
        spool.write(tmp_path / "file" / "spool", trial)
