"""What cannot be trained as a population is refused in a sentence, before anything is started."""

import pytest

from gridwright.cli import run

PBT = ["-m", "dataset=iris", "hydra.sweeper.scheduler=pbt", "forecast=false"]
RANDOM = ["hydra.sweeper.search=random", "hydra.sweeper.max_trials=4"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["model.eta=0.1,0.2", "hydra.sweeper.search=tpe"], "must be random or grid, but got tpe"),
        (
            ["model.eta=0.1,0.2", "hydra.sweeper.search=random", "hydra.sweeper.time_budget=9"],
            "needs the size of the population: set hydra.sweeper.max_trials, such as 8",
        ),
        (
            ["model.eta=0.1,0.2", "model.hidden_layer=[5],[9]", "model.epoch=9,10", *RANDOM],
            (
                "model.hidden_layer, model.epoch cannot change between two epochs of numpy-mlp, as "
                "hydra.sweeper.scheduler=pbt asks of all that it searches: give it one value; "
                "model.eta, model.mu, model.alpha, model.batch_size, model.dropout can"
            ),
        ),
        (["dataset.test_fraction=0.2,0.3", *RANDOM], "dataset.test_fraction cannot change"),
        (["seed=0,1,2", *RANDOM], "has nothing to change: give model.eta, model.mu"),
        (["model.eta=0.1,0.2", "model.optimizer=LBFGS", *RANDOM], "nothing of it can"),
        (
            ["model=sklearn", "model.params.alpha=1,2", "model.estimator=Ridge", *RANDOM],
            (
                "needs a model whose parameters may change between two epochs, but sklearn has "
                "none: keras-cnn and numpy-mlp can"
            ),
        ),
        (
            ["model.eta=0.1,0.2", "resources.checkpoint_seconds=null", *RANDOM],
            "leave out resources.checkpoint_seconds=null",
        ),
        (["model.eta=0.1,0.2", "dataset.folds=3", *RANDOM], "leave out dataset.folds"),
        (
            ["model.eta=0.1,0.2", "model.epoch=5", *RANDOM],
            "hydra.sweeper.perturbation_interval must be below the 5 epochs of a trial, but got 5",
        ),
        (
            ["model.eta=0.1,0.2", "hydra.sweeper.max_trials=1"],
            "needs a population of 2 to 200 different trials, but there is 1",
        ),
        (
            ["model.eta=0.1,0.2", "hydra.sweeper.quantile_fraction=0.6"],
            "hydra.sweeper.quantile_fraction must be more than 0 and at most 0.5, but got 0.6",
        ),
    ],
)
def test_a_sentence_says_what_is_in_the_way(tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    assert run([*PBT, *arguments]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert not list(tmp_path.iterdir()), "nothing was started, nothing was written"


def test_a_dry_run_says_what_happens_to_whom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    space = ["model.eta=tag(log, interval(0.001, 0.1))", "seed=0,1"]
    assert run([*PBT, *space, *RANDOM, "dry_run=true"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("A random with pbt search of numpy-mlp on iris.\n")
    assert (
        "After every 5 epochs, the worst 25% go on with the state of one of the best 25%, and with "
        "its parameters, perturbed." in out
    )
