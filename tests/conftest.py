"""What the tests of several packages share."""

import asyncio
import json
import sqlite3
from contextlib import ExitStack, closing
from shutil import copyfile

import pytest

# The examples are packages of their own; tests/testing installs them and runs their tests.
collect_ignore = ["example_dataset", "example_plugin"]


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
