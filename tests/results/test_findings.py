import pytest

from gridwright.errors import ConfigurationError
from gridwright.results import findings
from gridwright.tracking import RecordedTrial

FILE = """
[[finding]]
says = "Momentum matters"
source = "section 1"
[[finding.comparison]]
of = {experiment = "iris", "model.mu" = 0.8}
than = {experiment = "iris", "model.mu" = 0}
metric = "train_loss"
expect = "lower"
"""


def trial(loss, *, mu=0.8, eta=0.1, failed=False, fraction=None, **metrics):
    config = {
        "dataset": {"name": "iris", "fraction": fraction},
        "model": {"name": "m", "mu": mu, "eta": eta},
        "seed": 0,
        "top": 10,
    }
    return RecordedTrial("id", config, {"train_loss": loss, **metrics}, failed)


def answer(folder, trials, text=FILE):
    (folder / "findings.toml").write_text(text)
    (found,) = findings.answers(findings.read(folder), {"iris": trials})
    return found


def test_pairs_differ_in_what_is_compared_and_in_nothing_else(tmp_path):
    grid = [trial(0.1, eta=0.1), trial(0.2, eta=1), trial(0.3, eta=0.1, mu=0)]
    found = answer(tmp_path, grid)
    (compared,) = found["comparisons"]
    assert found["answer"] == "yes"
    assert (compared["pairs"], compared["as_expected"]) == (1, 1)
    assert compared["means"] == [0.1, 0.3]
    assert compared["compared"] == "iris: mu 0.8 against mu 0"


def test_trials_with_other_shares_of_the_data_are_no_pair(tmp_path):
    found = answer(tmp_path, [trial(0.1), trial(0.3, mu=0, fraction=0.5)])
    assert found["answer"] == "open"
    assert found["comparisons"][0]["pairs"] == 0


def test_no_where_the_mean_or_most_pairs_say_otherwise(tmp_path):
    better = [trial(0.1, eta=1), trial(0.3, eta=1, mu=0)]
    assert answer(tmp_path, [trial(0.5), trial(0.4, mu=0)])["answer"] == "no"
    two_of_three = [trial(0.11, eta=eta) for eta in (2, 3)]
    two_of_three += [trial(0.1, eta=eta, mu=0) for eta in (2, 3)]
    # Their mean is lower, but most pairs are not.
    assert answer(tmp_path, better + two_of_three)["answer"] == "no"


def test_in_part_where_comparisons_disagree(tmp_path):
    second = FILE.partition("[[finding.comparison]]")[2].replace("lower", "higher")
    text = f"{FILE}[[finding.comparison]]{second}"
    assert answer(tmp_path, [trial(0.1), trial(0.3, mu=0)], text)["answer"] == "in part"


def test_failed_trials_and_differences_of_metrics_are_figures_too(tmp_path):
    text = FILE.replace('"train_loss"', '"failed"').replace("lower", "higher")
    found = answer(tmp_path, [trial(9.0, failed=True), trial(0.3, mu=0)], text)
    assert found["comparisons"][0]["means"] == [1.0, 0.0]
    text = FILE.replace("train_loss", "train_score - test_score")
    scores = [
        trial(0.1, train_score=0.9, test_score=0.8),
        trial(0.1, mu=0, train_score=0.9, test_score=0.5),
    ]
    assert answer(tmp_path, scores, text)["comparisons"][0]["means"] == [0.1, 0.4]


def test_settings_below_a_name_may_differ(tmp_path):
    text = f'{FILE}apart_from = ["model.layers"]\n'
    one, other = trial(0.1), trial(0.3, mu=0)
    one.config["model"]["layers"] = [{"units": 3}]
    other.config["model"]["layers"] = [{"units": 4}, {"units": 5}]
    assert answer(tmp_path, [one, other])["answer"] == "open"
    assert answer(tmp_path, [one, other], text)["answer"] == "yes"


def test_a_folder_without_the_file_has_none(tmp_path):
    assert findings.read(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[finding", "is no TOML"),
        (FILE.replace("lower", "better"), "expect: lower or higher"),
        (FILE.replace("metric", "metrics"), "needs expect, metric, of, than"),
        ('[[finding]]\nsource = "section 1"', "needs says"),
        (FILE.replace('experiment = "iris", "model.mu" = 0.8', '"model.mu" = 0.8'), "experiment"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, text, said):
    (tmp_path / "findings.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        findings.read(tmp_path)
