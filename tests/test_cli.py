"""Mistakes at the command line: one sentence, exit code 2, nothing started, nothing written."""

import re
import subprocess
import sys

import pytest

from gridwright.cli import run, run_command

MISTAKES = {
    "data set misspelt": (
        ["dataset=irys"],
        r"unknown dataset 'irys': did you mean 'iris'\? choose one of .*diabetes.*iris.*mnist",
    ),
    "model not installed": (
        ["model=numpy-mpl"],
        r"unknown model 'numpy-mpl': did you mean 'numpy-mlp'\? choose one of keras-cnn, numpy-mlp",
    ),
    "model not installed, in a sweep": (
        ["-m", "model=numpy-mlp,numpy-mpl"],
        r"unknown model 'numpy-mpl': did you mean 'numpy-mlp'\?",
    ),
    "experiment misspelt": (
        ["-m", "experiment=paper/irys"],
        r"unknown experiment 'paper/irys': did you mean 'paper/iris'\?",
    ),
    "experiment without its folder": (
        ["experiment=iris"],
        r"unknown experiment 'iris': did you mean 'paper/iris'\?",
    ),
    "parameter misspelt": (
        ["model.etta=0.1"],
        r"unknown setting in model 'etta': did you mean 'eta'\? choose one of .*alpha.*eta",
    ),
    "parameter misspelt, in a sweep": (
        ["-m", "model.etta=0.1,0.2"],
        r"unknown setting in model 'etta': did you mean 'eta'\?",
    ),
    "argument of what has none": (
        ["model=keras-cnn", "model.optimizer.learning_rate=0.1"],
        r"model\.optimizer holds no settings of which 'learning_rate' .*, or model\.learning_rate$",
    ),
    "group misspelt": (
        ["modle=numpy-mlp"],
        r"unknown setting 'modle': did you mean 'model'\? choose one of claims, dataset",
    ),
    "setting of the wrong type": (
        ["seed=abc"],
        r"seed: Value 'abc' of type 'str' could not be converted to Integer",
    ),
    "not one of the choices": (
        ["rank_by=train"],
        r"rank_by: Invalid value 'train', expected one of \[validation, test\]",
    ),
    "parameter of the wrong type": (["model.eta=fast"], r"eta.*fast"),
    "parameter out of range": (["model.batch_size=-1"], r"batch_size.*-1"),
    "unknown activation": (["model.activation=Rellu"], r"activation.*Rellu.*ReLU"),
    "sweep without -m": (
        ["model.eta=0.1,0.01"],
        r"model.eta=0.1,0.01 lists several values: add -m",
    ),
    "range without -m": (
        ["model.batch_size=range(1,3)"],
        r"model.batch_size=range\(1,3\) is a sweep: add -m to run it",
    ),
    "slope without quotes": (
        ["model.activation=LeakyReLU(0.1)"],
        r"quote it, as in \"model.activation='LeakyReLU\(0.1\)'\"",
    ),
    "group of a plugin": (
        ["model=keras-cnn", "model/architecture=cifar_pooling"],
        r"unknown model/architecture 'cifar_pooling': did you mean 'cifar10_pooling'\?",
    ),
    "nothing by default": (
        ["tracking=server"],
        r"tracking.uri has no default: add tracking.uri=",
    ),
    "no key": (["iris"], r"cannot read 'iris': write key=value"),
    "data set's fraction": (["dataset.test_fraction=1.5"], r"test_fraction.*1.5"),
    "bad cells of a grid, all at once": (
        ["-m", "model.eta=0.1,fast,slow", "model.batch_size=16,-1"],
        r"5 of 6 trials cannot run; nothing was started\n.*eta.*fast",
    ),
    "option misspelt": (
        ["--multrun", "model.eta=1,2"],
        r"unknown option '--multrun': did you mean '--multirun'\? choose one of --cfg",
    ),
    "short option that there is not": (["-x"], r"unknown option '-x'.*choose one of .*-m"),
    "help about what is not there": (
        ["model=numpy-mpl", "--help"],
        r"unknown model 'numpy-mpl': did you mean 'numpy-mlp'\?",
    ),
    "more cores than there are": (
        ["-m", "model.eta=0.1,0.2", "resources.cpus=4096"],
        r"resources.cpus must be at most \d+, the cores of this machine, but got 4096",
    ),
    "a choice of what becomes of bad cells": (
        ["-m", "model.eta=0.1,0.2", "hydra.sweeper.invalid=dorp"],
        r"hydra.sweeper.invalid: Invalid value 'dorp', expected one of \[fail, drop\]",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments, sentence = MISTAKES[name]
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert re.search(sentence, captured.err, re.DOTALL), captured.err
    assert captured.err.startswith("gridwright: "), captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_missing_data_names_the_file_and_the_remedy(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path / "nowhere"))
    assert run_command(["dataset=mnist"]) == 2
    assert re.search(r"mnist\.npz.*GRIDWRIGHT_DATA", capsys.readouterr().err, re.DOTALL)


def test_an_internal_bug_keeps_its_traceback(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gridwright.preflight.plan_trials", lambda cells, **settings: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_command(["dataset=iris", "model=numpy-mlp"])


def test_the_traceback_behind_a_sentence_is_shown_on_request(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDWRIGHT_TRACEBACK", "1")
    assert run_command(["seed=abc"]) == 2
    error = capsys.readouterr().err
    assert "Traceback (most recent call last)" in error
    assert "omegaconf.errors.ValidationError" in error


def test_the_module_is_the_same_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "gridwright", "dataset=irys"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "unknown dataset 'irys'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_shows_the_grid_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    grid = ["-m", "model.eta=0.1,0.2,-1", "seed=1,2", "hydra.sweeper.invalid=drop"]
    assert run_command([*grid, "dry_run=true"]) == 0
    out = capsys.readouterr().out
    assert "2 of 6 trials cannot run; they are left out" in out
    assert "4 trials of numpy-mlp on iris." in out
    assert out.count("to run") == 4
    assert list(tmp_path.iterdir()) == []
