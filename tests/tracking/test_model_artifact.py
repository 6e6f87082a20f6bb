"""The artifact `model/` serves tables, tensors and several targets, and is the same every time."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mlflow.pyfunc.scoring_server import invocations
from sklearn.datasets import load_digits, load_linnerud

from gridwright.contract import TrialSpec
from gridwright.datasets import Dataset
from gridwright.datasets.settings import DatasetSettings
from gridwright.datasets.splits import divide
from gridwright.plugins import load_model_plugin
from gridwright.tracking.champion import check_copy
from gridwright.tracking.manifest import table_columns
from gridwright.tracking.model_artifact import model_artifact, signature
from gridwright.tracking.quiet_mlflow import pyfunc
from gridwright.tracking.spool import SpooledTrial
from gridwright.trial import run_trial


def pictures():
    digits = load_digits()
    part = (digits.images[:300].astype(np.uint8), digits.target[:300])
    return Dataset.of_arrays("digits", "classification", part)


def several_targets():
    rows = load_linnerud()
    return Dataset.of_arrays(
        "linnerud",
        "regression",
        (rows.data, rows.target),
        feature_names=rows.feature_names,
        target_names=rows.target_names,
    )


@pytest.fixture(params=[pictures, several_targets], ids=["pictures", "several targets"])
def trained(request):
    dataset = request.param()
    parts = DatasetSettings(dataset.name, test_fraction=0.2, validation_fraction=0.2)
    data = divide(dataset, parts, "validation")
    plugin = load_model_plugin("numpy-mlp")
    parameters = {"hidden_layer": [8], "epoch": 3}
    spec = TrialSpec(
        "b" * 64, 0, "numpy-mlp", parameters, {"model": parameters}, (), dataset.name,
        dataset.name, data.digest, plugin.version, 0, "validation", "",
    )  # fmt: skip
    result = run_trial(spec, data, plugin)
    assert result.failure is None
    return spec, result, data, plugin


def test_the_stored_example_is_answered(trained, session, tmp_path):
    spec, result, data, plugin = trained
    session.submit(spec, result, data, plugin.requirements)
    session.drain()
    run = session.finished()[spec.key]
    check_copy(session.store, run)
    folder = tmp_path / "mlruns/iris" / run.run_id / "artifacts/model"
    example = (folder / "serving_input_example.json").read_text()
    model = pyfunc.load_model(str(folder))
    answer = invocations(example, "application/json", model, model.metadata.get_input_schema())
    predictions = json.loads(answer.response)["predictions"]
    if data.description.task == "regression":
        predictions = [[row[name] for name in ("Weight", "Waist", "Pulse")] for row in predictions]
    expected = plugin.load(folder / "data/gridwright/files").predict(data.x_train[:2])
    np.testing.assert_allclose(predictions, expected, rtol=1e-6)
    (inputs,) = session.store.client.get_run(run.run_id).inputs.dataset_inputs
    assert list(json.loads(inputs.dataset.schema)) == [
        "mlflow_colspec" if table_columns(data.description) else "mlflow_tensorspec"
    ]


def test_a_wide_input_gets_fewer_probes(session, iris, make_trial):
    wide = replace(iris, x_test=np.zeros((30, 16 * 1024)))  # 128 KiB a row: two fit
    spec, result = make_trial()
    session.submit(spec, result, wide, ("numpy",))
    session.drain()
    folder = session.store.client.download_artifacts(session.finished()[spec.key].run_id, "model")
    with np.load(f"{folder}/probes.npz", allow_pickle=False) as probes:
        assert probes["inputs"].shape == (2, 16 * 1024)
        assert probes["predictions"].shape == (2, 3)


@pytest.fixture
def spooled(iris, make_trial):
    spec, result = make_trial()
    return SpooledTrial(spec, result, iris.description, "here", ("numpy",), "iris")


def test_the_same_trial_gives_the_same_bytes(spooled):
    first, again = (model_artifact(spooled, "c" * 32) for _ in range(2))
    assert first.files == again.files
    other = model_artifact(spooled, "d" * 32)
    changed = {name for name in first.files if first.files[name] != other.files[name]}
    assert changed == {"MLmodel", "data/gridwright/seal.json"}
    assert json.loads(other.history)[0]["run_id"] == "d" * 32
    names = [line.split("==")[0] for line in first.files["requirements.txt"].decode().split()]
    assert names == ["mlflow", "gridwright", "numpy"]


@pytest.mark.parametrize(
    ("classes", "kind"),
    [((0, 1), "long"), (("a", "b"), "string"), ((False, True), "boolean"), ((0.5, 1.5), "double")],
)
def test_the_signature_knows_the_type_of_the_labels(iris, classes, kind):
    found = signature(replace(iris.description, classes=classes))
    assert [str(name) for name in found.inputs.input_names()] == list(
        iris.description.feature_names
    )
    assert found.outputs.to_dict() == [{"type": kind, "required": True}]
    assert found.params.to_dict()[0]["default"] == "labels"
