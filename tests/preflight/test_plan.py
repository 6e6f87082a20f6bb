import json

import pytest
from PIL import Image

from gridwright.errors import DatasetError, InvalidTrials, PluginError
from gridwright.preflight import plan_trials
from gridwright.trial import trial_key


def test_every_cell_becomes_a_trial_with_its_key(cell):
    cells = [cell(model__eta=eta, seed=seed) for eta in (0.1, 0.2) for seed in (0, 1)]
    plan = plan_trials(cells)
    assert [spec.index for spec in plan.specs] == [0, 1, 2, 3]
    assert len({spec.key for spec in plan.specs}) == 4
    (data,) = plan.data.values()
    _, config = cells[3]
    assert plan.specs[3].key == trial_key(config, data.digest, plan.specs[3].plugin_version)
    assert plan.specs[3].command == "gridwright model.eta=0.2 seed=1"


def test_what_is_about_the_command_is_no_part_of_the_trial(cell):
    overrides, config = cell(model__eta=0.2)
    plain = plan_trials([(overrides, config)])
    told = plan_trials([([*overrides, "reuse=false", "strict=true"], config | {"reuse": False})])
    assert told.specs[0].key == plain.specs[0].key
    assert told.specs[0].command == "gridwright model.eta=0.2"


def test_all_bad_cells_are_named_at_once_grouped_by_cause(cell):
    cells = [cell(model__eta=eta, seed=seed) for eta in (0.1, -1, "fast") for seed in range(5)]
    with pytest.raises(InvalidTrials) as raised:
        plan_trials(cells)
    head, negative, word = str(raised.value).splitlines()
    assert head == "10 of 15 trials cannot run; nothing was started"
    assert negative == (
        "  model.eta: must be a number above 0, but got -1 (5 trials: model.eta=-1 seed=0; "
        "model.eta=-1 seed=1; model.eta=-1 seed=2 and 2 more)"
    )
    assert "model.eta: " in word
    assert "'fast' (5 trials: model.eta=fast seed=0" in word


def test_what_all_cells_of_the_grid_have_is_not_repeated(cell):
    cells = [cell(model__eta=eta, model__epoch=7) for eta in (0.1, -1)]
    with pytest.raises(InvalidTrials, match=r"but got -1 \(1 trial: model\.eta=-1\)$"):
        plan_trials(cells)


def test_bad_cells_are_dropped_on_request(cell):
    cells = [cell(model__eta=eta) for eta in (-1, 0.1, 0, 0.2)]
    plan = plan_trials(cells, drop_invalid=True)
    assert [spec.parameters["eta"] for spec in plan.specs] == [0.1, 0.2]
    assert [spec.index for spec in plan.specs] == [0, 1]
    assert plan.left_out.startswith("2 of 4 trials cannot run; they are left out\n")


def test_a_grid_without_a_good_cell_is_refused_even_if_bad_ones_may_be_dropped(cell):
    with pytest.raises(InvalidTrials, match=r"(?s)2 of 2 trials.*every trial"):
        plan_trials([cell(model__eta=0, seed=seed) for seed in (1, 2)], drop_invalid=True)


def test_data_that_one_part_of_the_grid_lacks_is_listed_with_its_cells(cell, monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path))
    mnist = {"name": "mnist", "validation_fraction": 0.2, "split_seed": 0}
    cells = [cell(seed=1), cell(dataset=mnist), cell(model__eta=-1)]
    with pytest.raises(InvalidTrials, match=r"2 of 3 trials cannot run") as raised:
        plan_trials(cells)
    assert "mnist.npz" in str(raised.value)
    assert "model.eta" in str(raised.value)


def test_data_that_all_cells_lack_is_one_sentence(cell, monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path))
    mnist = {"name": "mnist", "validation_fraction": 0.2, "split_seed": 0}
    with pytest.raises(DatasetError, match=r"mnist\.npz"):
        plan_trials([cell(dataset=mnist, seed=seed) for seed in (1, 2)])


def test_a_plugin_is_asked_once_for_all_seeds(cell, monkeypatch):
    from gridwright.plugins import load_model_plugin

    asked = []
    plugin = load_model_plugin("numpy-mlp")
    check = plugin.check
    monkeypatch.setattr(
        plugin, "check", lambda *args: asked.append(json.dumps(args[0])) or check(*args)
    )
    plan = plan_trials([cell(model__eta=eta, seed=seed) for eta in (1, 2) for seed in range(50)])
    assert len(plan.specs) == 100
    assert len(asked) == len(set(asked)) == 2


def test_a_plugin_whose_check_raises_is_named(cell, monkeypatch):
    from gridwright.plugins import load_model_plugin

    def check(parameters, data):
        raise KeyError("eta")

    monkeypatch.setattr(load_model_plugin("numpy-mlp"), "check", check)
    with pytest.raises(
        PluginError, match=r"model plugin 'numpy-mlp': its check raised KeyError: 'eta' for seed=3"
    ):
        plan_trials([cell(seed=3)])


def test_the_same_grid_in_another_order_is_the_same_sweep(cell):
    cells = [cell(seed=seed) for seed in range(3)]
    there, back = plan_trials(cells), plan_trials(cells[::-1])
    assert there.key_of_sweep() == back.key_of_sweep()
    assert there.key_of_sweep(anew=True) == back.key_of_sweep(anew=True) != there.key_of_sweep()


@pytest.fixture
def pictures_larger_than_memory(monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("GRIDWRIGHT_DATA_MEMORY", "0.0001")
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(20):
            Image.new("RGB", (40, 40), (i, 9, 9)).save(tmp_path / "pets" / name / f"{i}.png")
    path = str(tmp_path / "pets")
    return {"kind": "images", "path": path, "test_fraction": 0.2, "validation_fraction": 0.2}


def test_data_larger_than_memory_is_for_models_that_read_it_in_pieces(
    cell, pictures_larger_than_memory, tmp_path
):
    mlp = cell(dataset=pictures_larger_than_memory)
    cnn = cell(
        dataset=pictures_larger_than_memory,
        model={"name": "keras-cnn", "architecture": ["Flatten"], "epochs": 1, "batch_size": 8},
    )
    with pytest.raises(DatasetError, match=r"use a model that reads it in pieces \(model=keras-"):
        plan_trials([mlp])
    assert not (tmp_path / "cache").exists()
    for cells in ([mlp, cnn], [cnn, mlp]):
        with pytest.raises(InvalidTrials, match=r"1 of 2 trials cannot run.*\s.*model=keras-cnn"):
            plan_trials(cells)
        plan = plan_trials(cells, drop_invalid=True)
        assert [spec.model for spec in plan.specs] == ["keras-cnn"]
        (data,) = plan.data.values()
        assert data.streamed
    cnn[1]["resources"]["address"] = "auto"
    with pytest.raises(
        InvalidTrials, match=r"the nodes of a cluster do not have: leave resources\."
    ):
        plan_trials([cnn])
