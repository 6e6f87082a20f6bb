"""What a tracking server refuses, as the sentence that its user gets."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gridwright.errors import TrackingError
from gridwright.tracking import TrackingSettings
from gridwright.tracking.artifact_files import put
from gridwright.tracking.store import Store
from gridwright.tracking.store_errors import StoreUnavailable, sentences


@pytest.fixture
def answering(monkeypatch):
    """Return a function that starts a server with one answer to everything; it returns its URL."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    servers = []

    def start(status, body=b"no"):
        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

            def log_message(self, *words):
                """Say nothing."""

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            401,
            (
                "it asks who you are, or does not know this user and password: set "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            ),
        ),
        (
            403,
            (
                "your user may not do this there: who runs the server can permit it, or choose "
                "another name with tracking.experiment_name"
            ),
        ),
        (404, "what answers there is no MLflow server: see tracking.uri"),
    ],
)
def test_what_a_server_refuses(answering, tmp_path, status, reason):
    uri = answering(status)
    with pytest.raises(TrackingError) as told:
        Store.open(TrackingSettings.resolve(uri, None, "iris", tmp_path))
    assert str(told.value) == f"cannot open the tracking store at {uri}: {reason}"
    assert not isinstance(told.value, StoreUnavailable)


def test_a_server_that_is_overworked_may_answer_later(answering, tmp_path):
    with pytest.raises(StoreUnavailable):
        Store.open(TrackingSettings.resolve(answering(503), None, "iris", tmp_path))


def test_tls_where_none_is_spoken(answering, tmp_path):
    uri = answering(200).replace("http:", "https:")
    with pytest.raises(TrackingError) as told:
        Store.open(TrackingSettings.resolve(uri, None, "iris", tmp_path))
    assert str(told.value) == (
        f"cannot open the tracking store at {uri}: no TLS is spoken there: begin tracking.uri with "
        "http://"
    )


def test_files_that_a_server_does_not_take(answering, tmp_path):
    uri = answering(403)
    settings = TrackingSettings.resolve(uri, None, "iris", tmp_path)
    with (
        pytest.raises(TrackingError, match=r"write the report .*: your user may not do this there"),
        sentences(settings, "write the report of the sweep"),
    ):
        put("mlflow-artifacts:/run", {"report.html": b""}, uri)
