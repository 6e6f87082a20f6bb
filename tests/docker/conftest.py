"""The containers' own files, and their services as processes of this machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
# On a machine that is busy with other tests, Ray and MLflow take their time.
PATIENCE = 240


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """The compose file on loopback: names of services, ports and folders become those of here.

    Nothing else of a command is changed: what is started is what the file says.
    """

    def __init__(self, folder):
        self.folder = folder
        self.ports = {
            name: free_port() for name in ("database", "tracking", "ray-head", "champion")
        }
        self.secrets = folder / "secrets"
        self.started = []
        self.restarts = 0
        for name in ("artifacts", "work", "tmp"):
            (folder / name).mkdir()
        self.replacements = [
            ("/run/secrets", str(self.secrets)),
            ("/etc/gridwright", str(folder)),
            ("/artifacts", str(folder / "artifacts")),
            ("--host=0.0.0.0", "--host=127.0.0.1"),
            *self._ports("database", 5432),
            *self._ports("tracking", 5000),
            *self._ports("ray-head", 6379),
            *self._ports("champion", 8080),
        ]
        text = (DOCKER / "tracking-auth.ini").read_text(encoding="utf-8")
        (folder / "tracking-auth.ini").write_text(self.here(text), encoding="utf-8")

    def _ports(self, name, port):
        here = self.ports[name]
        return [
            (f"{name}:{port}", f"127.0.0.1:{here}"),
            (f"127.0.0.1:{port}", f"127.0.0.1:{here}"),
            (f"localhost:{port}", f"localhost:{here}"),
            (f"--port={port}", f"--port={here}"),
        ]

    def here(self, text):
        for theirs, ours in self.replacements:
            text = text.replace(theirs, ours)
        return text

    def environment(self, name):
        path = [
            str(DOCKER),
            str(Path(sys.executable).parent),
            *postgres_folders(),
            os.environ["PATH"],
        ]
        given = COMPOSE["services"][name].get("environment", {})
        return {
            "PATH": os.pathsep.join(path),
            "HOME": str(self.folder / "tmp"),
            "TMPDIR": str(self.folder / "tmp"),
            "RAY_TMPDIR": str(self.folder / "tmp"),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.ports["database"]),
            **{key: self.here(str(value)) for key, value in given.items()},
        }

    def words(self, name, *command):
        """Return entry point and command of a service; `command` takes the place of its own."""
        service = COMPOSE["services"][name]
        words = [*service.get("entrypoint", []), *(command or service["command"])]
        return [self.here(word) for word in words]

    def start(self, name, *command, words=None):
        log = (self.folder / f"{name}.log").open("a")
        process = subprocess.Popen(
            words or self.words(name, *command),
            cwd=self.folder / "work",
            env=self.environment(name),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self.started.append((name, process))
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def wait_until_healthy(self, name):
        """Ask as the file says a container is asked, until the answer is yes."""
        kind, *check = COMPOSE["services"][name]["healthcheck"]["test"]
        assert kind == "CMD"
        words = [self.here(word) for word in check]
        deadline = time.monotonic() + PATIENCE
        while True:
            asked = subprocess.run(
                words, env=self.environment(name), capture_output=True, text=True, check=False
            )
            if asked.returncode == 0:
                return
            assert time.monotonic() < deadline, asked.stdout + asked.stderr + self.log(name)
            self.restart_the_ended()
            time.sleep(0.5)

    def restart_the_ended(self):
        """Start again what has ended and must not, as an engine does by `restart` in the file."""
        for place, (name, process) in enumerate(self.started):
            policy = COMPOSE["services"][name].get("restart")
            if process.poll() is not None and policy == "unless-stopped":
                assert self.restarts < 10, self.log(name)
                self.restarts += 1
                self.start(name, words=process.args)
                self.started[place] = self.started.pop()

    def wait_for(self, name, process):
        """Wait for a job to end, and return its status."""
        deadline = time.monotonic() + 2 * PATIENCE
        while process.poll() is None:
            assert time.monotonic() < deadline, self.log(name)
            self.restart_the_ended()
            time.sleep(0.5)
        return process.returncode

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def stop(self):
        for _, process in reversed(self.started):
            process.terminate()
        for _, process in reversed(self.started):
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        # `ray start` without --block leaves its node, which a container would end with itself.
        for process in cluster_processes(self.ports["ray-head"]):
            os.kill(process, signal.SIGKILL)


def cluster_processes(port):
    """Return the ids of processes that belong to the Ray cluster of this port."""
    marks = (f"--gcs-address=127.0.0.1:{port}", f"--gcs_server_port={port}", f":{port}")
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if any("gcs" in word and word.endswith(marks) for word in words):
                found.append(int(folder.name))
    return found


def postgres_folders():
    return [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


@pytest.fixture(scope="module")
def site():
    path = os.pathsep.join([*postgres_folders(), os.environ["PATH"]])
    if not shutil.which("initdb", path=path):
        pytest.skip("needs PostgreSQL's server (Debian: apt-get install postgresql)")
    # Not pytest's folder, which only its owner may enter: PostgreSQL runs as a user of its own.
    # And a short one: Ray opens sockets below it.
    folder = Path(tempfile.mkdtemp(prefix="gw-", dir="/tmp"))
    folder.chmod(0o755)
    site = Site(folder)
    subprocess.run([DOCKER / "make-secrets", site.secrets], check=True)
    yield site
    site.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def database(site):
    """PostgreSQL as its image sets it up: user, password and database as the file says."""
    import psycopg

    settings = COMPOSE["services"]["database"]["environment"]
    data = site.folder / "database"
    data.mkdir()
    password = site.folder / "database_password"
    shutil.copy(site.here(settings["POSTGRES_PASSWORD_FILE"]), password)
    user = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to be run by root.
        shutil.chown(data, "postgres", "postgres")
        shutil.chown(password, "postgres", "postgres")
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    make = [*user, "initdb", f"--pgdata={data}", f"--username={settings['POSTGRES_USER']}"]
    make += [f"--pwfile={password}", settings["POSTGRES_INITDB_ARGS"], "--auth-local=scram-sha-256"]
    make += ["--encoding=UTF8", "--no-locale"]  # as in the image
    environment = site.environment("database")
    subprocess.run(make, env=environment, check=True, capture_output=True, cwd="/")
    server = [*user, "postgres", "-D", str(data), "-p", str(site.ports["database"])]
    server += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    site.start("database", words=server)
    site.wait_until_healthy("database")
    connection = psycopg.connect(
        host="127.0.0.1",
        port=site.ports["database"],
        user=settings["POSTGRES_USER"],
        password=password.read_text(),
        dbname="postgres",
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {settings['POSTGRES_DB']}")
    connection.close()
    return site


@pytest.fixture(scope="module")
def tracking(database):
    database.start("tracking")
    database.wait_until_healthy("tracking")
    return database


@pytest.fixture(scope="module")
def cluster(site):
    site.start("ray-head")
    site.wait_until_healthy("ray-head")
    site.start("ray-worker")
    return site


@pytest.fixture(scope="module")
def sweep(tracking, cluster):
    """What the sweep job has printed, of a grid that is given as a user gives it."""
    job = cluster.start("sweep", "dataset=iris", "model=numpy-mlp,sklearn/random_forest")
    assert cluster.wait_for("sweep", job) == 0, cluster.log("sweep")
    return cluster.log("sweep")


@pytest.fixture(scope="module")
def champion(sweep, site):
    site.start("champion")
    site.wait_until_healthy("champion")
    return site
