"""The three scripts beside the Dockerfile."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

DOCKER = Path(__file__).resolve().parents[2] / "docker"


def run(*words, **environment):
    return subprocess.run(
        words, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_a_secret_reaches_the_command_by_its_environment(tmp_path):
    (tmp_path / "password").write_text("a b$c'd\n")
    code = "import os; print(os.environ['PASSWORD'], end='')"
    name = f"PASSWORD={tmp_path / 'password'}"
    done = run(DOCKER / "with-secrets", name, "--", sys.executable, "-c", code)
    assert (done.returncode, done.stdout) == (0, "a b$c'd")


def test_a_missing_or_empty_secret_is_told():
    done = run(DOCKER / "with-secrets", "PASSWORD=/nowhere/password", "--", "true")
    assert done.returncode == 2
    assert done.stderr == (
        "with-secrets: PASSWORD must be in /nowhere/password, which is missing or empty "
        "(docker/make-secrets makes it)\n"
    )
    assert run(DOCKER / "with-secrets", "PASSWORD=/dev/null", "--", "true").returncode == 2


def test_the_status_of_the_command_is_that_of_the_script():
    assert run(DOCKER / "with-secrets", "--", "sh", "-c", "exit 7").returncode == 7


def test_secrets_are_made_once_and_kept_to_their_owner(tmp_path):
    folder = tmp_path / "secrets"
    first = run(DOCKER / "make-secrets", folder)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert {len(secret) for secret in made.values()} == {64}
    assert len(set(made.values())) == len(made) == 4
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "ray_token").unlink()
    run(DOCKER / "make-secrets", folder)
    again = {path.name: path.read_text() for path in folder.iterdir()}
    assert again["ray_token"] != made.pop("ray_token")
    assert {name: again[name] for name in made} == made


def test_a_container_joins_the_cluster_waits_for_a_worker_and_becomes_the_command(tmp_path):
    # A `ray` and a `python` that only say what they were asked for.
    for name, what in {"ray": "ray $*", "python": "waited at $3"}.items():
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho "{what}" >&2\n')
        path.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run(DOCKER / "join-cluster", "head:6379", "sh", "-c", "echo swept; exit 3", PATH=path)
    assert (done.returncode, done.stdout) == (3, "swept\n")
    assert done.stderr.splitlines() == [
        "ray start --address=head:6379 --num-cpus=0 --disable-usage-stats",
        "waited at head:6379",
    ]


@pytest.mark.parametrize(("failures", "status"), [(2, 0), (3, 1)])
def test_a_node_that_does_not_start_is_started_three_times(tmp_path, failures, status):
    ray = f"echo start >> {tmp_path}/starts; [ $(wc -l < {tmp_path}/starts) -gt {failures} ]"
    for name, what in {"ray": ray, "python": "true"}.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{what}\n")
        path.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run(DOCKER / "join-cluster", "head:6379", "echo", "swept", PATH=path)
    assert (done.returncode, done.stdout) == (status, "" if status else "swept\n")
    assert (tmp_path / "starts").read_text() == 3 * "start\n"
