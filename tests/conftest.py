"""What the tests of several packages share."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from shutil import copyfile

import pytest

# The examples are packages of their own; tests/testing installs them and runs their tests.
collect_ignore = ["example_dataset", "example_plugin"]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "datasets"


class Folder:
    """A working folder: what is typed there, and what MLflow holds of it."""

    def __init__(self, path, uri=None, forks=None):
        self.path = path
        self.forks = forks
        self.uri = uri or f"sqlite:///{path / 'mlflow.db'}"

    def start(self, *arguments, **environment):
        if self.forks is not None:
            return Forked(self.forks, self.path, arguments, environment)
        return subprocess.Popen(
            [sys.executable, "-m", "gridwright", *arguments],
            cwd=self.path,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, status=0, **environment):
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == status, out + err
        assert "Traceback" not in err
        return out, err

    @property
    def client(self):
        from mlflow import MlflowClient

        return MlflowClient(self.uri)

    def runs(self):
        """Return (sweeps, trials), oldest first."""
        client = self.client
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(
            experiments, max_results=1000, order_by=["attributes.start_time ASC"]
        )
        trials = [run for run in runs if "gridwright.trial_key" in run.data.tags]
        return [run for run in runs if run not in trials], trials

    def count(self, condition="TRUE"):
        """Return how many rows of MLflow's table of runs meet an SQL condition; 0 without a store."""
        database = self.path / "mlflow.db"
        if not database.exists():
            return 0
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute(f"select count(*) from runs where {condition}").fetchone()
        return count

    def finished(self):
        return self.count("status = 'FINISHED'")

    def assert_complete(self, epochs):
        """Every trial has ended, once, and a finished one has all points of its histories."""
        _, trials = self.runs()
        keys = Counter(run.data.tags["gridwright.trial_key"] for run in trials)
        assert set(keys.values()) == {1}
        client = self.client
        for run in trials:
            assert run.info.status in {"FINISHED", "FAILED"}
            if run.info.status == "FINISHED":
                for name in ("loss", "score", "val_loss", "val_score"):
                    points = client.get_metric_history(run.info.run_id, name)
                    assert [point.step for point in points] == list(range(1, epochs + 1))


class Forked:
    """A command in a copy of the process of `forks.py`, used as a `subprocess.Popen` is."""

    def __init__(self, forks, folder, arguments, environment):
        self._forks = forks
        self._texts = [Path(tempfile.mkstemp(dir=folder.parent, suffix=".txt")[1]) for _ in "oe"]
        out, err = map(str, self._texts)
        self.returncode = None
        self.pid = self._ask(
            arguments=arguments, folder=str(folder), environment=environment, out=out, err=err
        )

    def _ask(self, **request):
        self._forks.stdin.write(f"{json.dumps(request)}\n")
        return json.loads(self._forks.stdout.readline())

    def poll(self):
        if self.returncode is None:
            self.returncode = self._ask(poll=self.pid)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout=300):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            assert time.monotonic() < deadline, [text.read_text() for text in self._texts]
            time.sleep(0.02)
        return tuple(text.read_text() for text in self._texts)


@pytest.fixture(scope="session")
def forks():
    """The process that commands are forked from."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("forks.py"))],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        yield process


@pytest.fixture
def forked_folder(tmp_path, forks):
    """A new folder whose commands start at once: what they import is there already."""
    (tmp_path / "work").mkdir()
    return Folder(tmp_path / "work", forks=forks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, empty_store, forks):
    """A working folder whose store has been made; test_readme.py has commands that begin cold."""
    path = tmp_path_factory.mktemp("parent") / "work"
    path.mkdir()
    copyfile(empty_store, path / "mlflow.db")
    return Folder(path, forks=forks)


@pytest.fixture
def new_folder(forked_folder, empty_store):
    copyfile(empty_store, forked_folder.path / "mlflow.db")
    return forked_folder


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """A data folder with mnist in it."""
    if not (SHARED / "mnist.npz").exists():
        pytest.skip(f"needs mnist.npz in {SHARED}")
    path = tmp_path_factory.mktemp("data")
    (path / "mnist.npz").symlink_to(SHARED / "mnist.npz")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server of this machine on loopback, in a process group of its own, so that all of it ends.

    Attributes:
        url: what it answers at.
        log: file of what it prints.
    """

    def __init__(self, command, url, folder, environment=None):
        self.command = command
        self.url = url
        self.log = folder / "server.log"
        self._folder = folder
        self._environment = os.environ | (environment or {})
        self._process = None

    @property
    def group(self):
        """The process group of all that it started."""
        return self._process.pid

    def start(self):
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                self.command, cwd=self._folder, env=self._environment, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return self

    def wait(self, path="/health", seconds=180):
        """Wait until it answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}{path}", timeout=10):
                    return self
            except OSError:
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.2)

    def kill(self):
        """End it as a power cut would: nothing of it has time to finish."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def mlflow_command(*words):
    return [str(Path(sys.executable).parent / "mlflow"), *words]


@pytest.fixture(scope="session")
def postgres():
    """The URI of a PostgreSQL that Debian's package runs here, with an empty database."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    if not found or not (found[-1] / "initdb").exists():
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    binaries = found[-1]
    # Not in pytest's folder, which only its owner may enter: PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="gw-pg-"))
    port = free_port()
    user = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    make = [*user, str(binaries / "initdb"), "-D", str(data), "-U", "gridwright"]
    subprocess.run(
        [*make, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"],
        check=True, capture_output=True, cwd="/",
    )  # fmt: skip
    words = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    process = subprocess.Popen(
        [*user, str(binaries / "postgres"), "-D", str(data), *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True,
    )  # fmt: skip
    ready = [str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-t", "60"]
    while subprocess.run(ready, check=False, capture_output=True).returncode:
        assert process.poll() is None, "PostgreSQL ended while it started"
        time.sleep(0.1)
    yield f"postgresql://gridwright@127.0.0.1:{port}/postgres"
    process.terminate()
    process.wait(timeout=60)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def start_server(tmp_path_factory):
    """Return a function that starts one of MLflow's servers on loopback; all end with the module."""
    started = []

    def start(*words, folder=None, **environment):
        port = free_port()
        command = mlflow_command(*words, "--host", "127.0.0.1", "--port", str(port))
        # Eight processes of MLflow's own for jobs that a tracking server does not need.
        # `mlflow models serve` looks for uvicorn on the PATH.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PATH": path, **environment}
        folder = folder or tmp_path_factory.mktemp("server")
        server = Server(command, f"http://127.0.0.1:{port}", folder, environment)
        started.append(server)
        return server.start().wait()

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="module")
def tracking_server(postgres, start_server, tmp_path_factory):
    """`mlflow server` over PostgreSQL, which takes the artifacts, too."""
    return start_server(
        "server", "--backend-store-uri", postgres, "--artifacts-destination",
        str(tmp_path_factory.mktemp("artifacts")), "--workers", "1",
    )  # fmt: skip


class ScoringApp:
    """MLflow's own scoring application in this process: thousands of requests without a network.

    Attributes:
        app: what `mlflow models serve` runs, around one model.
    """

    def __init__(self, model_uri):
        from mlflow import pyfunc
        from mlflow.pyfunc import scoring_server

        self.app = scoring_server.init(pyfunc.load_model(model_uri))
        self._loop = asyncio.new_event_loop()

    def close(self):
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def ask(self, **body):
        """Send `body` as JSON and return (status, answer)."""
        status, text = self.send(json.dumps(body).encode())
        return status, json.loads(text)

    def send(self, *chunks, content_type="application/json"):
        """Send the bytes of the chunks, and return the status and the text of the answer."""
        waiting = list(chunks)
        headers = [] if content_type is None else [(b"content-type", content_type.encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "path": "/invocations", "raw_path": b"/invocations", "root_path": "", "scheme": "http",
            "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }  # fmt: skip
        sent = []

        async def receive():
            if not waiting:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message):
            sent.append(message)

        self._loop.run_until_complete(self.app(scope, receive, send))
        text = b"".join(message.get("body", b"") for message in sent)
        return sent[0]["status"], text.decode()


@pytest.fixture(scope="session")
def scoring_app():
    """Return the class of MLflow's scoring application; its instances are closed at the end."""
    made = []

    def make(model_uri):
        made.append(ScoringApp(model_uri))
        return made[-1]

    yield make
    for app in made:
        app.close()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A database with MLflow's tables and nothing in them: making one takes seconds."""
    folder = tmp_path_factory.mktemp("empty")
    from gridwright.tracking import TrackingSession, TrackingSettings

    settings = TrackingSettings.resolve("sqlite:///mlflow.db", None, "Default", "spool", folder)
    with TrackingSession.open(settings):
        pass
    # In WAL mode the last connection writes everything into the one file.
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return settings.database


@pytest.fixture
def trained_plan(tmp_path, empty_store):
    """Return a function that trains cells of a network on iris into a store in `tmp_path`.

    It returns their plan, the session, and the configuration that the sweep has as a whole.
    """
    from gridwright.plugins import load_model_plugin
    from gridwright.preflight import plan_trials
    from gridwright.tracking import TrackingSession, TrackingSettings
    from gridwright.trial import run_trial

    config = {
        "dataset": {
            "name": "iris", "limit": None, "test_fraction": 0.2, "validation_fraction": 0.2,
            "split_seed": 0,
        },
        "model": {"name": "numpy-mlp", "hidden_layer": [5], "epoch": 3},
        "resources": {"cpus": 1, "gpus": 0.0, "address": None, "checkpoint_seconds": None},
        "seed": 0, "rank_by": "validation", "promote": "auto", "strict": False, "reuse": True,
        "top": 10,
    }  # fmt: skip
    with ExitStack() as opened:

        def train(*etas, spoil=lambda result: result):
            copyfile(empty_store, tmp_path / "mlflow.db")
            cells = [
                ([f"model.eta={eta}"], {**config, "model": {**config["model"], "eta": eta}})
                for eta in etas
            ]
            plan = plan_trials(cells)
            plugin = load_model_plugin("numpy-mlp")
            session = opened.enter_context(
                TrackingSession.open(
                    TrackingSettings.resolve(
                        "sqlite:///mlflow.db", "mlruns", "iris", "spool", tmp_path
                    )
                )
            )
            for spec in plan.specs:
                data = plan.data[spec.dataset_key]
                result = spoil(run_trial(spec, data, plugin))
                session.submit(spec, result, data, plugin.requirements)
            session.drain()
            return plan, session, config

        yield train
