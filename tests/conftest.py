"""What the tests of several packages share."""

import asyncio
import json

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
