"""Configurations become flat texts that fit into MLflow and read like what one typed."""

from dataclasses import replace

import pytest

from gridwright.tracking.params import (
    PARAM_LENGTH,
    as_typed,
    flat_params,
    label,
    run_name,
    shortened,
    swept_names,
)


def test_parameters_are_flat_and_keep_their_names(make_trial):
    spec, _ = make_trial(
        parameters={
            "hidden_layer": [10, 10, 5],
            "activation": "LeakyReLU(0.1)",
            "optimizer": {"name": "Adam", "betas": [0.9, 0.999], "extra": {}},
            "patience": None,
            "seed": 3,
        }
    )
    params = flat_params(spec)
    assert params["hidden_layer"] == "[10,10,5]"
    assert params["activation"] == "LeakyReLU(0.1)"
    assert params["optimizer.name"] == "Adam"
    assert params["optimizer.betas"] == "[0.9,0.999]"
    assert params["optimizer.extra"] == "{}"
    assert params["patience"] == "null"
    assert (params["model.seed"], params["seed"]) == ("3", "0")
    assert params["dataset"] == "iris"
    assert "dataset.limit" not in params


def test_a_long_value_says_that_it_was_cut(make_trial):
    layers = [{"units": index} for index in range(2000)]
    params = flat_params(make_trial(parameters={"architecture": layers})[0])
    other = flat_params(make_trial(parameters={"architecture": [*layers, {}]})[0])
    assert len(params["architecture"]) == PARAM_LENGTH
    assert "cut, sha256" in params["architecture"]
    assert params["architecture"] != other["architecture"]


def test_short_texts_stay():
    assert shortened("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (None, "null"), (1e-3, "0.001"), ("ä", "ä"), (["ä"], '["ä"]')],
)
def test_as_typed(value, text):
    assert as_typed(value) == text


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("model.hidden_layer", "[10,10,5]", "[10,10,5]"),
        ("model.activation", "'LeakyReLU(0.1)'", "LeakyReLU(0.1)"),
        ("model.eta", "0.01", "eta=0.01"),
        ("model.nesterov", "true", "nesterov=true"),
        ("+model.patience", "null", "patience=null"),
        ("model/optimizer", "adam", "adam"),
    ],
)
def test_label(key, value, text):
    assert label(key, value) == text


def test_run_name(make_trial):
    spec, _ = make_trial(index=7)
    assert run_name(spec) == "[10,10,5] eta=0.08"
    assert run_name(replace(spec, overrides=())) == "iris numpy-mlp 7"
    long = run_name(replace(spec, overrides=tuple(f"model.p{i}={i}" for i in range(99))))
    assert len(long) == 120
    assert long.endswith("...")


def test_swept_names_keep_their_order():
    runs = [{"b": "1", "a": "1", "c": "1"}, {"b": "2", "a": "1"}]
    assert swept_names(runs) == ["b", "c"]


def test_the_settings_of_layers_are_parameters_of_their_own(make_trial):
    spec, _ = make_trial(parameters={"architecture": [{"filters": 8}, {"units": [3, 3]}]})
    spec = replace(spec, overrides=("model/architecture=small", "seed=1"))
    params = flat_params(spec)
    assert params["architecture.0.filters"] == "8"
    assert params["architecture.1.units"] == "[3,3]"
    assert params["architecture"] == "small"
