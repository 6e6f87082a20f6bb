"""README's commands, read out of README and run in its order, in one folder."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
SHARED = ROOT.parent / "shared" / "datasets"
BINARIES = Path(sys.executable).parent

#: Added to a command so that it takes seconds: the same command with fewer values or epochs.
SHORTER = {
    "gridwright -m experiment=paper/iris": "model.epoch=2 model.mu=0.8 model.eta=0.01 model.alpha=0",
    "gridwright -m experiment=paper/iris experiment.rows=published": "model.epoch=2",
}
#: Composed, checked against data and plugin, and not trained: another test trains the same.
PLANNED = (
    "model=keras-cnn",  # tests/integration/test_sweep_to_champion.py
    "model=sklearn/hist_gradient_boosting",  # plugins/sklearn/tests
)
#: Files of the internet, or of the reader's own: composed only. The data sets' own tests fetch such
#: files from a loopback server, and train on tables, arrays and pictures.
COMPOSED = ("dataset=openml", "dataset=california_housing", "dataset.path=", "http://", "<")
#: Needs a cluster, or searches for minutes: composed only. tests/integration runs such commands.
COMPOSED += ("resources.address=", "hydra.sweeper.search=", "interval(")
#: Not run by themselves.
ELSEWHERE = {
    "curl": "asked while the model is served",
    "mlflow db": "needs an empty database: tests/integration/test_moved_store.py runs it",
}


def commands():
    """Return the commands of the indented blocks, without their remarks."""
    text = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)
    found, quoted = [], ""
    for line in text.splitlines():
        if quoted:
            quoted += f"\n{line}"
        elif re.match(r" {4}(gridwright|mlflow|make|curl|eval|source|ray) ", line):
            quoted = re.sub(r"\s{2,}# .*$", "", line.strip())
        if quoted and quoted.count("'") % 2 == 0 and not quoted.endswith("\\"):
            found.append(quoted.replace("\\\n", " "))
            quoted = ""
    return list(dict.fromkeys(found))


COMMANDS = commands()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The environment of a person who has followed README, with the data folder filled."""
    data = tmp_path_factory.mktemp("data")
    if SHARED.is_dir():
        for entry in SHARED.iterdir():
            (data / entry.name).symlink_to(entry)
    path = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {
        "PATH": path,
        "GRIDWRIGHT_DATA": str(data),
        "COLUMNS": "120",
        # Eight more processes of a tracking server, which nothing here asks for anything.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def shell(command, folder, environment):
    done = subprocess.run(
        ["bash", "-c", f"set -eo pipefail\n{command}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def free_port():
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def served(command, folder, environment):
    """Run a command that serves, on a port of its own, until the end of the block."""
    port = free_port()
    process = subprocess.Popen(
        [*shlex.split(command), "--port", str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for path in ("/health", "/ping"):
            deadline = time.monotonic() + 250
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                        yield port
                        return
                except urllib.error.HTTPError:
                    break  # it is there, and its health is asked for by another name
                except OSError:
                    time.sleep(0.3)
        pytest.fail(f"{command} does not answer")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_commands_are_found():
    assert len(COMMANDS) >= 15
    starts = " ".join(COMMANDS)
    for start in ("make demo", "gridwright dataset=iris", "mlflow models serve", "curl http"):
        assert start in starts


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_command(command, folder, environment):
    program = command.split()[0]
    if why := next((why for start, why in ELSEWHERE.items() if command.startswith(start)), ""):
        pytest.skip(why)
    if program == "make":
        # What it would do; that it does it, everybody sees who runs these tests.
        done = subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    elif program == "source":
        assert (BINARIES / "activate").exists() or "CONDA_PREFIX" in os.environ
    elif command == "mlflow ui":
        with served(command, folder, environment):
            pass
    elif command.startswith("mlflow models serve"):
        with served(command, folder, environment) as port:
            (question,) = [one for one in COMMANDS if one.startswith("curl http")]
            answer = shell(question.replace(":5000", f":{port}"), folder, environment)
            assert "probabilities" in answer or "setosa" in answer, answer
    elif program == "ray" or command.startswith("mlflow server"):
        # test_moved_store.py starts the server, tests/docker a cluster, with folders of their own.
        options_are_known(command, folder, environment)
    elif "install=fish" in command:
        assert "complete -c gridwright" in shell(command.split(" | ")[0], folder, environment)
    elif "<run id>" in command:
        shell(command.replace("<run id>", run_id(folder)), folder, environment)
    elif program == "gridwright":
        run_gridwright(command, folder, environment)
    else:
        shell(command, folder, environment)


def options_are_known(command, folder, environment):
    told = shell(f"{' '.join(command.split()[:2])} --help", folder, environment)
    options = [word.partition("=")[0] for word in command.split() if word.startswith("--")]
    assert options
    assert [option for option in options if option not in told] == []


def run_gridwright(command, folder, environment):
    if any(part in command for part in COMPOSED):
        # What a search is told has no place in a single configuration; a list's first value has.
        kept = [
            re.sub(r"=([\w.]+),[\w.,]+", r"=\1", argument)
            for argument in shlex.split(command)
            if argument != "-m" and not re.search(r"interval\(|hydra\.sweeper", argument)
        ]
        assert "dataset:" in shell(f"{shlex.join(kept)} --cfg job", folder, environment)
        return
    for name in re.findall(r"dataset=([\w,]+)", command):
        needed = {"mnist", "fashion_mnist", "cifar10", "statlog"} & set(name.split(","))
        if needed and not SHARED.is_dir():
            pytest.skip(f"needs {', '.join(needed)} in {SHARED}")
    if any(part in command for part in PLANNED):
        command += " dry_run=true forecast=false"
    command = f"{command} {SHORTER.get(command, '')}".strip()
    assert shell(command, folder, environment).strip()


def run_id(folder):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("iris")
    runs = client.search_runs(
        [experiment.experiment_id], "attributes.status = 'FINISHED' and params.model = 'numpy-mlp'"
    )
    return runs[-1].info.run_id


@pytest.mark.slow
def test_python(folder, environment):
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    data = """
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
x_train, x_test, y_train, y_test = train_test_split(*load_iris(return_X_y=True), random_state=0)
"""
    script = folder / "readme.py"
    # Ray's workers import the script's own module: it must not begin anew there.
    script.write_text(f"if __name__ == '__main__':\n    exec({data + code!r})\n")
    shell("python readme.py", folder, environment)
    assert (folder / "iris.parquet").exists()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
