import math

import pytest

from gridwright.claims import Claims
from gridwright.errors import ConfigurationError

NODE = {
    "source": "table 3",
    "rows": [
        {
            "where": {"model.hidden_layer": [128, 64], "model.beta": 0.2},
            "at_least": {"test_score": 0.32},
            "close_to": {"train_score": {"value": 0.31, "tolerance": 0.02}},
            "shown": {"train_loss": 15.93},
        }
    ],
}


def trial(hidden_layer, beta, seed=0):
    return {"model": {"hidden_layer": hidden_layer, "beta": beta}, "seed": seed}


def verdicts(results):
    return {result.claim.metric: result.verdict for result in results}


def test_claims_hold_or_not_by_their_kind():
    claims = Claims.of(NODE)
    good = {"test_score": 0.32, "train_score": 0.33, "train_loss": 0.4}
    poor = {"test_score": 0.31, "train_score": 0.34, "train_loss": 0.4}
    config = trial([128, 64], 0.2)
    assert verdicts(claims.compare([(config, good)])) == {
        "test_score": "held",
        "train_score": "held",
        "train_loss": "shown",
    }
    assert verdicts(claims.compare([(config, poor)])) == {
        "test_score": "not held",
        "train_score": "not held",
        "train_loss": "shown",
    }


def test_repeated_seeds_are_one_row_with_mean_and_spread():
    claims = Claims.of(NODE)
    trials = [
        (trial([128, 64], 0.2, seed), {"test_score": score})
        for seed, score in enumerate((0.30, 0.32, 0.34))
    ]
    other = (trial([128, 64], 0.1), {"test_score": 0.99})
    result = next(r for r in claims.compare([*trials, other]) if r.claim.metric == "test_score")
    assert result.n == 3
    assert result.obtained == pytest.approx(0.32)
    assert result.spread == pytest.approx(0.02)
    assert result.difference == pytest.approx(0.0)
    assert result.row == "hidden_layer=[128,64] beta=0.2"
    assert result.cells[:4] == (result.row, "test_score", ">= 0.32", pytest.approx(0.32))


def test_a_row_is_named_by_what_distinguishes_it():
    claims = Claims.of(
        {
            "rows": [
                {"where": {"model.beta": beta, "model.mu": 0.8}, "shown": {"test_score": 1}}
                for beta in (0.1, 0.2)
            ]
        }
    )
    assert [result.row for result in claims.compare([])] == ["beta=0.1", "beta=0.2"]


def test_a_row_may_have_a_name_of_its_own():
    row = {"name": "pooling", "where": {"model.eta": 1}, "shown": {"test_score": 1}}
    (result,) = Claims.of({"rows": [row]}).compare([])
    assert result.row == "pooling"


def test_rows_without_a_finished_trial_say_why():
    claims = Claims.of(NODE)
    assert set(verdicts(claims.compare([])).values()) == {"not run"}
    failed = claims.compare([(trial([128, 64], 0.2), None)])
    assert set(verdicts(failed).values()) == {"failed"}
    overflown = claims.compare([(trial([128, 64], 0.2), {"test_score": math.nan})])
    assert verdicts(overflown)["test_score"] == "failed"


def test_mention_finds_trials_by_nested_keys_and_places_in_lists():
    claims = Claims.of(
        {"rows": [{"where": {"model.layers.0.filters": 8}, "shown": {"test_score": 1}}]}
    )
    assert claims.mention({"model": {"layers": [{"filters": 8}]}})
    assert not claims.mention({"model": {"layers": [{"filters": 16}]}})
    assert not claims.mention({"model": {"layers": []}})
    assert not claims.mention({"model": {}})


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"row": []}, "unknown key in claims 'row': did you mean 'rows'"),
        ({"rows": [{"at_least": {"a": 1}}]}, r"claims.rows\[0\] must say which trials it is about"),
        ({"rows": [{"where": {"a": 1}}]}, r"claims.rows\[0\] claims nothing"),
        (
            {"rows": [{"where": {"a": 1}, "atleast": {}}]},
            r"unknown key in claims.rows\[0\] 'atleast'",
        ),
        (
            {"rows": [{"where": {"a": 1}, "at_least": {"test_score": "high"}}]},
            r"claims.rows\[0\].at_least.test_score must be a finite number, but got 'high'",
        ),
        (
            {"rows": [{"where": {"a": 1}, "close_to": {"test_score": 0.5}}]},
            r"claims.rows\[0\].close_to.test_score must be \{value: ..., tolerance: ...\}",
        ),
        (
            {"rows": [{"where": {"a": 1}, "close_to": {"s": {"value": 1, "tolerance": -1}}}]},
            "tolerance must be at least 0, but got -1",
        ),
    ],
)
def test_what_cannot_be_a_claim_is_refused_in_a_sentence(node, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        Claims.of(node)
