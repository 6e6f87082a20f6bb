"""The conformance suite: a good plugin passes it, and each broken promise fails its own test."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gridwright.contract import EpochRecord, Problem
from gridwright.model_files import DOCUMENT_FILE, ModelFormat
from gridwright.testing import ModelPluginConformance
from gridwright.testing.sample_data import KINDS, sample_data

EXAMPLE_TESTS = Path(__file__).resolve().parents[1] / "example_plugin" / "tests"
BROKEN = (AssertionError, pytest.fail.Exception, ValueError)


class Suite(ModelPluginConformance):
    """The suite under test; its tests are called by name, with a plugin of the test's choice."""

    plugin_name = "linear-model"
    parameters = {"epochs": 4, "eta": 0.5, "alpha": 0.0}
    invalid_parameters = [{"epochs": 0}]
    diverging_parameters = {"epochs": 100, "eta": 1e30, "alpha": 0.1}


@pytest.mark.slow
def test_the_example_passes_the_suite_in_a_process_of_its_own(installed_example, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "--rootdir", tmp_path, EXAMPLE_TESTS],
        env=os.environ | {"PYTHONPATH": str(installed_example)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    # Two kinds of data are regressions, which have no probabilities; nothing else is left out.
    assert "2 skipped" in done.stdout
    assert "warning" not in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_wrapper_that_breaks_nothing_passes(example_plugin, kind, tmp_path):
    """Guards the tests below: it is the changed behaviour that fails, not the wrapping."""
    for name in dir(Suite):
        if name.startswith("test_") and "probabilities" not in name:
            run(name, wrapped(example_plugin), tmp_path, kind)


def wrapped(plugin, estimator=None, **hooks):
    """Return `plugin` with some hooks replaced, and with methods of its estimators replaced.

    A replacement gets the original function before its other arguments.
    """
    from linear_model.estimator import LinearModel

    def override(original, replacement):
        return lambda *arguments, **named: replacement(original, *arguments, **named)

    methods = {
        method: override(getattr(LinearModel, method), replacement)
        for method, replacement in (estimator or {}).items()
    }
    changed = type("LinearModel", (LinearModel,), methods)

    def build(parameters, task, data, seed):
        return changed(task, data.classes, data.n_outputs, seed=seed, **parameters)

    members = {name: getattr(plugin, name) for name in ("name", "version", "requirements", "check")}
    members |= {"build": build, "load": changed.load}
    for name, hook in hooks.items():
        members[name] = override(members[name], hook) if callable(hook) else hook
    return SimpleNamespace(**members)


def run(name, plugin, tmp_path, kind="string labels"):
    """Call one test of the suite with the fixtures that it asks for."""
    data = sample_data(KINDS[kind], (4,), "float64")
    test = getattr(Suite(), name)
    wanted = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    fixtures = {"plugin": plugin, "data": data, "tmp_path": tmp_path}
    if {"trained", "stored"} & set(wanted):
        fixtures["trained"] = Suite.train(plugin, data)
    if "stored" in wanted:
        fixtures["stored"] = tmp_path / name
        fixtures["stored"].mkdir()
        fixtures["trained"].save(fixtures["stored"])
    test(**{fixture: fixtures[fixture] for fixture in wanted})


def shuffled(fit, self, *arguments, **named):
    self.seed = None  # numpy then takes another one each time
    self.epochs = 1
    fit(self, *arguments, **named)


def reporting(change):
    """Return a `fit` whose epoch records went through `change`."""

    def replacement(fit, self, x, y, validation=None, on_epoch=None):
        changed = on_epoch and (lambda record: on_epoch(change(record)))
        return fit(self, x, y, validation, changed)

    return replacement


def deaf(fit, self, x, y, validation=None, on_epoch=None):
    return fit(self, x, y, validation, on_epoch and (lambda record: on_epoch(record) and False))


def writing(fit, self, x, y, validation=None, on_epoch=None):
    x -= x.mean(axis=0)
    return fit(self, x, y, validation, on_epoch)


def validating_on_training(record):
    return replace(record, val_loss=1.0, val_score=1.0)


def saving_pickle(save, self, folder):
    save(self, folder)
    (folder / "extra.bin").write_bytes(pickle.dumps({"a": 1}))


def saving_nothing(save, self, folder):
    pass


def saving_without_bias(save, self, folder):
    self.arrays["bias"] = self.arrays["bias"] + 1.0
    save(self, folder)
    self.arrays["bias"] = self.arrays["bias"] - 1.0
    self.arrays["bias"][0] += 0.5


def trusting_load(load, folder):
    """Seal whatever lies there anew, and load it."""
    document = json.loads((folder / DOCUMENT_FILE).read_text())
    for added in ("format", "format_version", "sha256"):
        document.pop(added)
    ModelFormat("gridwright-linear-model", version=1, content_file="arrays.npz").seal(
        folder, document
    )
    return load(folder)


def silent_about_unknown(check, parameters, data):
    return [problem for problem in check(parameters, data) if "unknown" not in problem.message]


def stumbling_check(check, parameters, data):
    parameters["epochs"] + 1
    return check(parameters, data)


def meddling_check(check, parameters, data):
    parameters["epochs"] = 7
    return check(parameters, data)


ESTIMATOR_DEFECTS = [
    ("test_the_same_seed_trains_the_same_model", {"fit": shuffled}),
    ("test_fit_leaves_its_arguments_as_they_were", {"fit": writing}),
    ("test_every_epoch_is_reported_once_and_in_order", {"fit": lambda *_, **__: None}),
    (
        "test_every_epoch_is_reported_once_and_in_order",
        {"fit": reporting(lambda record: replace(record, epoch=record.epoch - 1))},
    ),
    (
        "test_every_epoch_is_reported_once_and_in_order",
        {"fit": reporting(lambda record: replace(record, score=float("nan")))},
    ),
    (
        "test_every_epoch_is_reported_once_and_in_order",
        {"fit": reporting(lambda record: EpochRecord(record.epoch, 1.0, 1.0))},
    ),
    (
        "test_without_validation_there_are_no_validation_values",
        {"fit": reporting(validating_on_training)},
    ),
    ("test_true_from_on_epoch_stops_the_training", {"fit": deaf}),
    ("test_a_divergence_names_its_epoch", {"_step": lambda *_: None}),
    ("test_a_whole_trial_finishes", {"save": saving_nothing}),
    (
        "test_predictions_have_the_shape_and_the_labels_of_the_targets",
        {"predict": lambda predict, self, x: self.predict_proba(x).argmax(axis=1)},
    ),
    (
        "test_predictions_have_the_shape_and_the_labels_of_the_targets",
        {"predict": lambda predict, self, x: predict(self, x)[:, None]},
    ),
    (
        "test_a_single_sample_can_be_asked_for",
        {"predict": lambda predict, self, x: predict(self, x).squeeze()},
    ),
    (
        "test_probabilities_are_in_the_order_of_the_classes",
        {"predict_proba": lambda proba, self, x: proba(self, x) * 2},
    ),
    (
        "test_probabilities_are_in_the_order_of_the_classes",
        {
            "predict": lambda predict, self, x: predict(self, x),
            "predict_proba": lambda proba, self, x: np.full((len(x), 2), 0.5),
        },
    ),
    (
        "test_the_score_is_the_accuracy_or_r2_of_the_predictions",
        {"score": lambda score, self, x, y: score(self, x, y) / 2},
    ),
    ("test_no_pickle_is_stored", {"save": saving_pickle}),
    ("test_no_pickle_is_stored", {"save": saving_nothing}),
    ("test_a_loaded_model_repeats_the_predictions", {"save": saving_without_bias}),
]


@pytest.mark.parametrize(("name", "methods"), ESTIMATOR_DEFECTS)
def test_a_defect_of_the_estimator_fails_its_test(example_plugin, tmp_path, name, methods):
    with pytest.raises(BROKEN):
        run(name, wrapped(example_plugin, methods), tmp_path)


PLUGIN_DEFECTS = [
    ("test_the_entry_point_gives_a_whole_plugin", {"name": "another"}),
    ("test_the_entry_point_gives_a_whole_plugin", {"version": ""}),
    ("test_its_requirements_are_pinned", {"requirements": ("numpy>=2",)}),
    ("test_its_requirements_are_pinned", {"requirements": ()}),
    ("test_good_parameters_have_no_problems", {"check": meddling_check}),
    (
        "test_good_parameters_have_no_problems",
        {"check": lambda check, parameters, data: [Problem("eta", "is what it is")]},
    ),
    ("test_an_unknown_name_is_a_problem", {"check": silent_about_unknown}),
    ("test_each_bad_value_is_a_problem", {"check": lambda *_: []}),
    ("test_a_missing_parameter_is_a_problem_or_has_a_default", {"check": lambda *_: []}),
    (
        "test_values_of_any_type_are_checked_without_an_exception",
        {"check": lambda *_: ["a sentence"]},
    ),
    ("test_a_missing_or_cut_file_is_refused", {"load": trusting_load}),
]


@pytest.mark.parametrize(("name", "hooks"), PLUGIN_DEFECTS)
def test_a_defect_of_the_plugin_fails_its_test(example_plugin, tmp_path, name, hooks):
    with pytest.raises((*BROKEN, TypeError, OSError)):
        run(name, wrapped(example_plugin, **hooks), tmp_path)


def test_a_check_that_stumbles_over_a_type_fails_its_test(example_plugin, tmp_path):
    with pytest.raises(TypeError):
        run(
            "test_values_of_any_type_are_checked_without_an_exception",
            wrapped(example_plugin, check=stumbling_check),
            tmp_path,
        )


def test_an_altered_model_that_is_believed_fails_its_test(example_plugin, tmp_path):
    def believing(load, folder):
        model = load(folder.parent / "whole")
        altered = (folder / "arrays.npz").read_bytes() != whole
        model.arrays["bias"] = model.arrays["bias"] + altered
        model.arrays["bias"][0] += altered
        return model

    data = sample_data(KINDS["string labels"], (4,), "float64")
    plugin = wrapped(example_plugin, load=believing)
    trained = Suite.train(plugin, data)
    folders = [tmp_path / "whole", tmp_path / "stored"]
    for folder in folders:
        folder.mkdir()
        trained.save(folder)
    whole = (folders[0] / "arrays.npz").read_bytes()
    with pytest.raises(AssertionError):
        Suite().test_an_altered_file_is_refused_or_makes_no_difference(
            plugin, trained, folders[1], data
        )


def test_a_task_that_is_taken_and_not_supported_fails_its_test(example_plugin, monkeypatch):
    monkeypatch.setattr(Suite, "tasks", ("classification",))
    with pytest.raises(AssertionError):
        Suite().test_a_task_that_is_not_supported_is_a_problem(example_plugin)


def test_threads_that_disturb_each_other_fail_their_test(example_plugin, tmp_path):
    def counted(proba, self, x):
        self.asked = getattr(self, "asked", 0) + 1
        return np.roll(proba(self, x), self.asked, axis=1)

    with pytest.raises(AssertionError):
        run(
            "test_several_threads_may_predict_at_once",
            wrapped(example_plugin, {"predict_proba": counted}),
            tmp_path,
        )


def test_a_framework_that_is_imported_early_fails_its_test(example_plugin, monkeypatch):
    monkeypatch.setattr(Suite, "frameworks", ("numpy", "linear_model"))
    with pytest.raises(AssertionError, match="import these inside functions"):
        Suite().test_loading_it_imports_no_framework()


def test_a_configuration_without_its_package_mark_or_with_bad_values_fails(
    installed_example, example_plugin, monkeypatch, tmp_path
):
    import shutil

    copied = tmp_path / "copied"
    shutil.copytree(installed_example, copied)
    monkeypatch.syspath_prepend(copied)
    monkeypatch.delitem(sys.modules, "linear_model")
    Suite().test_its_configuration_is_in_the_package()
    conf = copied / "linear_model" / "conf"
    file = conf / "model" / "linear-model.yaml"
    text = file.read_text()
    data = sample_data(KINDS["string labels"], (4,), "float64")
    file.write_text(text.replace("epochs: 100", "epochs: many"))
    with pytest.raises(AssertionError):
        Suite().test_the_shipped_defaults_have_no_problems(example_plugin, data)
    file.write_text(text.replace("name: linear-model", "name: another"))
    with pytest.raises(AssertionError):
        Suite().test_its_configuration_is_in_the_package()
    (conf / "__init__.py").unlink()
    with pytest.raises(AssertionError, match="Hydra finds"):
        Suite().test_its_configuration_is_in_the_package()
