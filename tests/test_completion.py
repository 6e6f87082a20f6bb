import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gridwright.completion import answer, candidates
from gridwright.configuration_files import configuration_files
from gridwright.errors import ConfigurationError

BINARIES = str(Path(sys.executable).parent)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gridwright dataset=ir", ["dataset=iris"]),
        ("gridwright -m dataset=iris,di", ["dataset=iris,diabetes"]),
        ("gridwright exp", ["experiment="]),
        ("gridwright model=numpy-mlp model.e", ["model.epoch=", "model.eta="]),
        ("gridwright model=keras-cnn model.ep", ["model.epochs="]),
        ("gridwright model=sklearn/sv", ["model=sklearn/svm"]),
        ("gridwright model/arch", ["model/architecture="]),
        ("gridwright model.optimizer=Ad", [f"model.optimizer=Ad{end}" for end in ("aDelta", "agrad", "am")]),
        ("gridwright rank_by=", ["rank_by=test", "rank_by=validation"]),
        ("gridwright dry_run=t", ["dry_run=true"]),
        ("gridwright res", ["resources."]),
        ("gridwright resources.c", ["resources.cpus="]),
        ("gridwright hydra.sweeper.invalid=", ["hydra.sweeper.invalid=drop", "hydra.sweeper.invalid=fail"]),
        ("gridwright --mul", ["--multirun"]),
        ("gridwright --config-dir ", []),
        ("gridwright nothing", []),
    ],
)  # fmt: skip
def test_candidates(line, expected):
    assert candidates(line) == expected


def test_every_installed_choice_is_offered():
    for group in ("dataset", "model", "experiment", "tracking", "model/architecture"):
        names = {f"{group}={name}" for name, _ in configuration_files(group)}
        assert names
        assert set(candidates(f"gridwright {group}=")) == names


def test_files_of_ones_own_are_offered(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("seed: 1\n")
    line = f"gridwright --config-dir {tmp_path} -m experiment=mi"
    assert candidates(line) == ["experiment=mine"]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ("install=bsh", "unknown shell 'bsh': did you mean 'bash'"),
        ("instal=bash", r"-sc takes install=<shell> or uninstall=<shell>.* but got 'instal=bash'"),
    ],
)
def test_a_misspelt_request(request_, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        answer(request_, "")


class Terminal:
    """A shell at a terminal, to which keys are typed."""

    def __init__(self, *command, cwd):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            path = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
            os.environ.update(PATH=path, TERM="dumb", HOME=str(cwd), COLUMNS="200")
            os.execvp(command[0], command)

    def read_until(self, pattern, seconds=60):
        text, deadline = "", time.monotonic() + seconds
        while not re.search(pattern, text):
            assert time.monotonic() < deadline, text
            if select.select([self.file], [], [], 0.2)[0]:
                text += os.read(self.file, 65536).decode(errors="replace")
        return text

    def type(self, keys):
        os.write(self.file, keys.encode())

    def close(self):
        os.close(self.file)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def start(*command):
        if shutil.which(command[0]) is None:
            pytest.skip(f"needs {command[0]} (Debian: apt-get install {command[0]})")
        opened.append(Terminal(*command, cwd=tmp_path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shell", "command"), [("bash", ["bash", "--norc", "-i"]), ("zsh", ["zsh", "-f", "-i"])]
)
def test_the_tabulator_in_a_real_shell(shell, command, terminal):
    session = terminal(*command)
    session.type(f'eval "$(gridwright -sc install={shell})"; echo re""ady\n')
    session.read_until(r"ready")
    for typed, completed in {
        "gridwright dataset=ir\t": "dataset=iris",
        "gridwright -m dataset=iris,di\t": "dataset=iris,diabetes",
        "gridwright model=sklearn model.est\t": "model.estimator=",
    }.items():
        session.type(typed)
        session.read_until(re.escape(completed))
        session.type("\x15")  # takes the line back; Ctrl-C would race with what is typed next


@pytest.mark.slow
def test_completion_in_fish(tmp_path):
    if shutil.which("fish") is None:
        pytest.skip("needs fish (Debian: apt-get install fish)")
    script = 'gridwright -sc install=fish | source; complete -C "gridwright -m dataset=iris,di"'
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env=os.environ
        | {"PATH": f"{BINARIES}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "dataset=iris,diabetes" in done.stdout.splitlines()
