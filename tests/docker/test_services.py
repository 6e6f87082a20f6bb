"""The compose file's commands, started as processes on loopback, do the whole job.

PostgreSQL, MLflow's server with authentication, a Ray head, a worker, a sweep and the champion's
server: each is started by the words of docker/compose.yaml, and asked by its health check.
"""

import base64
import json
import os
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.alone]
FLOWERS = {
    "dataframe_split": {
        "columns": [
            "sepal length (cm)",
            "sepal width (cm)",
            "petal length (cm)",
            "petal width (cm)",
        ],
        "data": [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]],
    },
    "params": {"output": "both"},
}


def ask(url, body, password=None):
    request = urllib.request.Request(url, json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if password is not None:
        pair = base64.b64encode(f"gridwright:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {pair}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def secrets(site):
    return {path.name: path.read_text() for path in site.secrets.iterdir()}


def test_the_database_wants_its_password(database):
    import psycopg

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1",
            port=database.ports["database"],
            user="gridwright",
            password="gridwright",
            dbname="gridwright",
        )


def test_the_tracking_server_wants_a_password(tracking):
    search = f"{tracking.url('tracking')}/api/2.0/mlflow/experiments/search"
    for password in (None, "password1234", ""):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(search, {"max_results": 1}, password)
        assert refused.value.code == 401
        refused.value.close()
    found = ask(search, {"max_results": 1}, secrets(tracking)["tracking_password"])
    assert found["experiments"]


def test_a_foreign_host_header_is_refused(tracking):
    request = urllib.request.Request(tracking.url("tracking"), headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code == 403
    refused.value.close()


def test_the_sweep_runs_on_the_cluster_and_ends_with_a_champion(sweep):
    # Head and job have no CPUs: the trials can only have run on the worker.
    assert "2 trials of numpy-mlp, sklearn on iris" in sweep
    assert "new champion" in sweep


def test_its_runs_are_in_the_database(sweep, tracking):
    import psycopg

    connection = psycopg.connect(
        host="127.0.0.1",
        port=tracking.ports["database"],
        user="gridwright",
        password=secrets(tracking)["database_password"],
        dbname="gridwright",
    )
    with connection.cursor() as cursor:
        cursor.execute("select status, count(*) from runs group by status")
        assert dict(cursor.fetchall()) == {"FINISHED": 3}  # two trials below their sweep
        texts = []
        for table, column in (("params", "value"), ("tags", "value"), ("runs", "name")):
            cursor.execute(f"select {column} from {table}")
            texts += [value for (value,) in cursor.fetchall() if value]
    connection.close()
    for name, secret in secrets(tracking).items():
        assert not [text for text in texts if secret in text], name


def test_the_champion_answers(champion):
    answers = ask(f"{champion.url('champion')}/invocations", FLOWERS)["predictions"]
    assert [answer["label"] for answer in answers] == ["setosa", "virginica"]
    assert all(abs(sum(answer["probabilities"].values()) - 1) < 1e-5 for answer in answers)


def test_no_secret_is_in_a_log_or_a_command_line(champion):
    commands = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                commands.append((folder / "cmdline").read_text())
            except OSError:
                continue
    logs = [path.read_text() for path in champion.folder.glob("*.log")]
    assert len(logs) == 6
    for name, secret in secrets(champion).items():
        assert len(secret) == 64
        assert not [text for text in commands + logs if secret in text], name
