import pytest

from gridwright.contract import Footprint
from gridwright.errors import InvalidTrials
from gridwright.plugins import load_model_plugin
from gridwright.preflight import plan_trials, resources


@pytest.fixture
def machine(monkeypatch):
    """A machine of 4 cores with 1 GB of free memory."""
    monkeypatch.setattr(resources, "available_cpus", lambda: 4)
    monkeypatch.setattr(resources, "free_memory", lambda: 10**9)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def test_more_cores_than_the_machine_has_are_refused(cell, machine):
    cells = [cell(resources__cpus=cpus) for cpus in (1, 4, 8)]
    with pytest.raises(
        InvalidTrials, match=r"resources\.cpus must be at most 4, the cores of this machine, .* 8 "
    ):
        plan_trials(cells, check_machine=True)


@pytest.mark.parametrize("how", ["address", "environment"])
def test_a_cluster_elsewhere_is_not_judged_by_this_machine(cell, machine, how, monkeypatch):
    overrides, config = cell(resources__cpus=64)
    if how == "address":
        config["resources"]["address"] = "10.0.0.1:6379"
    else:
        monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert len(plan_trials([(overrides, config)], check_machine=True).specs) == 1


def test_a_trial_that_does_not_fit_into_memory_is_refused(cell, machine, monkeypatch):
    plugin = load_model_plugin("numpy-mlp")

    def footprint(parameters, data):
        return Footprint(epochs=3, parameters=1, memory=parameters["hidden_layer"][0] * 10**9)

    monkeypatch.setattr(plugin, "footprint", footprint, raising=False)
    cells = [cell(model__hidden_layer=[width]) for width in (1, 2)]
    with pytest.raises(
        InvalidTrials,
        match=r"numpy-mlp needs 2 GB of memory to train this, but 1 GB are free: .*=\[2\]",
    ):
        plan_trials(cells, check_machine=True)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"resources__timeout": 0}, "resources.timeout must be above 0 (seconds), or null"),
        ({"resources__checkpoint_seconds": -1}, "resources.checkpoint_seconds must be at least 0"),
        ({"resources__memory": float("nan")}, "resources.memory must be above 0 (gigabytes)"),
        ({"resources__cpus": 0}, "resources.cpus must be at least 1, but got 0"),
        ({"tracking__patience": -1}, "tracking.patience must be at least 0 (seconds)"),
        ({"tracking__retry_interval": 0}, "tracking.retry_interval must be above 0 (seconds)"),
        ({"seed": 2**32}, "seed must lie between 0 and 4294967295, but got 4294967296"),
        ({"top": 0}, "top must be at least 1, but got 0"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(cell, values, sentence):
    with pytest.raises(InvalidTrials) as refused:
        plan_trials([cell(**values)])
    assert sentence in str(refused.value)


def test_no_limit_is_in_range(cell):
    nothing = {"resources__timeout": None, "resources__memory": None}
    assert len(plan_trials([cell(**nothing)]).specs) == 1
