"""What a newcomer does wrong, and the sentence that it gets: one table.

`...` stands for what is different from one installation to the next: folders, lists of what is
installed. Every command is run as it is typed; nothing may be left in the folder.

Here are the exact words of a full queue and of a second sweep at once, too: sweep/test_ray_tune.py
and integration/test_several_sweeps.py have the sweeps that go on then.
"""

import errno
import os
import re
import shlex
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from gridwright.cli import run

ROOT = Path(__file__).resolve().parents[1]

#: What was typed, and the exact answer.
TYPED = {
    "data set misspelt": (
        "dataset=irys",
        "unknown dataset 'irys': did you mean 'iris'? choose one of ...",
    ),
    "model misspelt, or its plugin is not installed": (
        "model=numpy-mpl",
        "unknown model 'numpy-mpl': did you mean 'numpy-mlp'? choose one of ...",
    ),
    "experiment misspelt": (
        "-m experiment=paper/irys",
        "unknown experiment 'paper/irys': did you mean 'paper/iris'? choose one of ...",
    ),
    "parameter misspelt": (
        "model.etta=0.1",
        "unknown setting in model 'etta': did you mean 'eta'? choose one of ...",
    ),
    "option misspelt": (
        "--multrun model.eta=1,2",
        "unknown option '--multrun': did you mean '--multirun'? choose one of ...",
    ),
    "wrong type": (
        "model.epoch=many",
        "model.epoch: must be a whole number of at least 1, but got 'many'",
    ),
    "out of range": ("model.eta=-1", "model.eta: must be a number above 0, but got -1"),
    "seed out of range": ("seed=-1", "seed must lie between 0 and 4294967295, but got -1"),
    "-m forgotten": (
        "model.eta=0.1,0.01",
        (
            "model.eta=0.1,0.01 lists several values: add -m to run each of them (or write [a,b] if it "
            "is one list)"
        ),
    ),
    "quotes lost in the shell": (
        "model.activation=LeakyReLU(0.1)",
        (
            '"LeakyReLU(...)" in model.activation=LeakyReLU(0.1) reads as a function of Hydra: quote '
            "it, as in \"model.activation='LeakyReLU(0.1)'\""
        ),
    ),
    "bracket or comma left open": (
        "-m model.eta=0.1,",
        (
            "cannot read 'model.eta=0.1,': it ends too early: a bracket is not closed, or nothing "
            "follows a comma"
        ),
    ),
    "bracket of a function left open": (
        "-m model.eta=choice(0.1,0.2",
        "cannot read 'model.eta=choice(0.1,0.2': a bracket is not closed",
    ),
    "no key": ("iris", "cannot read 'iris': write key=value, such as dataset=iris"),
    "plus sign before what is there": (
        "+model.eta=0.1",
        "model.eta is there already: write model.eta=..., without the +",
    ),
    "published rows of a search": (
        (
            "-m experiment=paper/iris experiment.rows=published hydra.sweeper.search=tpe "
            "hydra.sweeper.max_trials=4"
        ),
        (
            "experiment.rows=published runs the rows of a published table, each to its end, so there "
            "is nothing to search: leave it out, or leave out hydra.sweeper.search=tpe"
        ),
    ),
    "null for a group": (
        "-m model=keras-cnn model/architecture=cifar10_plain,null",
        (
            "a group of configurations is set to something that names none: leave it out, or name one "
            "of those that `gridwright --help` lists (in model=keras-cnn model/architecture=null)"
        ),
    ),
    "empty grid": (
        "-m model.batch_size=range(5,5)",
        "model.batch_size=range(5,5) has no values: a grid needs at least one of each",
    ),
    "some bad cells of a grid": (
        "-m model.eta=0.1,-1 model.batch_size=16,0",
        (
            "3 of 4 trials cannot run; nothing was started\n"
            "  model.batch_size: must be a whole number of at least 1, or null for all samples at "
            "once, but got 0 (2 trials: model.eta=0.1 model.batch_size=0; model.eta=-1 "
            "model.batch_size=0)\n"
            "  model.eta: must be a number above 0, but got -1 (2 trials: model.eta=-1 "
            "model.batch_size=16; model.eta=-1 model.batch_size=0)"
        ),
    ),
    "model and data do not fit": (
        "model=keras-cnn",
        "model.architecture.0: Conv2D needs samples with 3 axes, but 4 arrives",
    ),
    "a classifier's loss for numbers": (
        "dataset=diabetes model.loss=CrossEntropy",
        (
            "model.loss: CrossEntropy is for classes; for a regression take MSE, MAE or "
            "EpsilonInsensitive"
        ),
    ),
    "more cores than the machine has": (
        "-m model.eta=0.1,0.2 resources.cpus=4096",
        (
            "2 of 2 trials cannot run; nothing was started\n"
            "  resources.cpus must be at most ..., the cores of this machine, but got 4096 (a cluster "
            "is named by resources.address) (every trial)"
        ),
    ),
    "a network larger than the memory": (
        "-m model.hidden_layer=[2000000,2000000] seed=1,2",
        (
            "2 of 2 trials cannot run; nothing was started\n"
            "  numpy-mlp needs 48.0 TB of memory to train this, but ... are free: take a smaller network "
            "or batch (every trial)"
        ),
    ),
    "a folder of configurations that is not there": (
        "--config-dir nowhere experiment=mine",
        "Additional config directory '...nowhere' not found",
    ),
    "a tracking server without its address": (
        "tracking=server",
        "tracking.uri has no default: add tracking.uri=...",
    ),
    "a folder for a tracking address": (
        "tracking.uri=./mlruns",
        (
            "tracking.uri must be a database or a server, such as sqlite:///mlflow.db or "
            "http://127.0.0.1:5000, but got './mlruns'"
        ),
    ),
    "a folder that cannot be written": (
        "tracking.uri=sqlite:////proc/mlflow.db",
        (
            "/proc cannot be written (...), and it is where the tracking store would be kept: work in "
            "another folder, or set tracking.uri to one"
        ),
    ),
    "a cluster that is not there": (
        "-m model.eta=0.1,0.2 resources.address=127.0.0.1:1",
        (
            "no Ray cluster answers at resources.address=127.0.0.1:1 ([Errno 111] Connection "
            "refused): start one there with `ray start --head`, or leave resources.address out to use "
            "this machine"
        ),
    ),
    "a choice that there is not": (
        "rank_by=train",
        "rank_by: Invalid value 'train', expected one of [validation, test]",
    ),
}


def assert_told(error, sentence):
    """The whole of standard error is this one sentence."""
    pattern = ".*?".join(map(re.escape, f"gridwright: {sentence}\n".split("...")))
    assert re.fullmatch(pattern, error, re.DOTALL), error
    assert "Traceback" not in error


@pytest.fixture
def folder(tmp_path, monkeypatch):
    path = tmp_path / "work"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return path


def test_there_are_twenty_and_more():
    assert len(TYPED) >= 20


@pytest.mark.parametrize("name", TYPED)
def test_typed(name, folder, capsys):
    command, sentence = TYPED[name]
    assert run(shlex.split(command)) == 2
    told = capsys.readouterr()
    assert_told(told.err, sentence)
    assert told.out == ""
    assert list(folder.iterdir()) == []


def test_a_mistake_in_a_file_is_found_in_it(folder, capsys):
    own = folder / "my" / "experiment"
    own.mkdir(parents=True)
    for name, (text, sentence) in {
        "value": ("model:\n  eta: -1\n", "line 3: model.eta: must be a number above 0, but got -1"),
        "key": ("model:\n  etta: 1\n", "line 3: model.etta: unknown parameter of numpy-mlp 'etta': did you mean 'eta'? choose one of ..."),
        "kind": ("rank_by: tset\n", "line 2: rank_by: Invalid value 'tset', expected one of [validation, test]"),
        "yaml": ("model:\n  eta: [0.1\n", "line 4: expected ',' or ']', but got '<stream end>'"),
    }.items():  # fmt: skip
        (own / f"{name}.yaml").write_text(f"# @package _global_\n{text}")
        assert run(["--config-dir", "my", f"experiment={name}"]) == 2
        assert_told(capsys.readouterr().err, f"...my/experiment/{name}.yaml, {sentence}")


def test_missing_data(folder, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path / "nowhere"))
    assert run(["dataset=mnist"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"^gridwright: .*mnist\.npz.*GRIDWRIGHT_DATA", error, re.DOTALL)


def test_no_room_on_the_disk(folder, capsys, monkeypatch):
    from gridwright.preflight import storage

    monkeypatch.setattr(storage, "free_disk", lambda path: 4096)
    assert run(["model.epoch=1"]) == 2
    assert_told(
        capsys.readouterr().err,
        f"only 4.1 kB are free in {folder}, where the tracking store would be kept: make room, or "
        "set tracking.uri to another folder",
    )


def test_the_disk_is_full_where_the_store_is(folder, capsys, monkeypatch):
    def full(**settings):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert run(["model.epoch=1"]) == 2
    assert_told(
        capsys.readouterr().err,
        f"{folder} cannot be written (No space left on device), and it is where the tracking store "
        "would be kept: work in another folder, or set tracking.uri to one",
    )


def told_of_waiting(caplog):
    """Return the one sentence that is told within a minute."""
    deadline = time.monotonic() + 60
    while not caplog.messages:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (sentence,) = caplog.messages
    return sentence


def test_a_second_sweep_at_once(tmp_path, caplog):
    from gridwright.tracking.neighbours import Turn

    first, second = Turn(tmp_path, "sweep"), Turn(tmp_path, "sweep")
    assert not first.take()
    waiting = threading.Thread(target=second.take, daemon=True)
    waiting.start()
    assert told_of_waiting(caplog) == (
        f"this sweep is already running in another process (PID {os.getpid()}): this one waits for "
        "its end, and takes over what it has finished (Ctrl-C ends the waiting, not the sweep)"
    )
    first.end()
    waiting.join(60)
    assert not waiting.is_alive()


@pytest.mark.filterwarnings("ignore")  # Ray's own, at its import
def test_a_full_queue(monkeypatch, caplog):
    from gridwright.sweep import queueing

    monkeypatch.setattr(queueing, "PATIENCE", 0.01)
    monkeypatch.setattr(queueing.ray, "cluster_resources", lambda: {"CPU": 8.0})
    monkeypatch.setattr(queueing.ray, "available_resources", lambda: {"CPU": 1.0})
    with closing(queueing.Queueing({"cpu": 4.0})):
        assert told_of_waiting(caplog) == (
            "the cluster is full: a trial asks for 4 CPU, and 1 of 8 CPU are free; the sweep waits "
            "until others give some back (Ctrl-C ends it, and the same command goes on later)"
        )


def test_no_network(folder, capsys):
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert run(["tracking=server", f"tracking.uri=http://127.0.0.1:{port}", "model.epoch=1"]) == 2
    error = capsys.readouterr().err
    assert re.match(rf"gridwright: .*http://127\.0\.0\.1:{port}", error), error
    assert "Traceback" not in error


def test_a_store_of_another_mlflow(folder, capsys):
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('0000deadbeef')")
        connection.execute("create table experiments (x integer)")
        connection.commit()
    assert run(["model.epoch=1"]) == 2
    assert_told(
        capsys.readouterr().err,
        f"cannot open the tracking store at sqlite:///{folder}/mlflow.db: another version of MLflow "
        "made it (Can't locate revision identified by '0000deadbeef'); use that version, or set "
        "tracking.uri to another store",
    )


def test_a_file_that_is_no_store(folder, capsys):
    (folder / "mlflow.db").write_text("not a database" * 100)
    assert run(["model.epoch=1"]) == 2
    assert_told(
        capsys.readouterr().err,
        f"cannot open the tracking store at sqlite:///{folder}/mlflow.db: "
        "(sqlite3.DatabaseError) file is not a database",
    )


def test_a_plugin_that_is_broken(folder, capsys, monkeypatch):
    from importlib.metadata import EntryPoint

    from gridwright import plugins

    point = EntryPoint("broken", "no_such_package:plugin", "gridwright.models")
    monkeypatch.setattr(plugins, "model_entry_points", lambda: {"broken": point})
    plugins.load_model_plugin.cache_clear()
    (folder / "my" / "model").mkdir(parents=True)
    (folder / "my" / "model" / "broken.yaml").write_text("name: broken\n")
    assert run(["--config-dir", "my", "model=broken"]) == 2
    plugins.load_model_plugin.cache_clear()
    assert_told(
        capsys.readouterr().err,
        "model plugin 'broken' cannot be loaded from no_such_package:plugin: No module named "
        "'no_such_package'",
    )


def test_python_is_too_old(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1;; *) echo 3.9.2;; esac\n')
    old.chmod(0o755)
    for name in ("Makefile", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    done = subprocess.run(
        ["make", ".venv/installed", "PROJECTS=", f"PYTHON={old}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Gridwright needs Python 3.11 or newer, but" in done.stdout + done.stderr
    assert "make PYTHON=python3.11" in done.stdout + done.stderr


@pytest.mark.slow
def test_the_port_is_taken(folder):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [Path(sys.executable).with_name("mlflow"), "ui", "--port", port],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    # MLflow ends with status 0 then; `make ui`, below, does not.
    told = "address already in use"
    assert told in (done.stdout + done.stderr).lower()
    assert told in (ROOT / "README.md").read_text(), "README says what to do about it"


def test_the_port_of_make_ui_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            ["make", "--old-file=install", "ui", f"PORT={port}", f"BIN={Path(sys.executable).parent}"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith(f"port {port} is taken, perhaps by another MLflow: make ui PORT=")
