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
