"""A served numpy-mlp against mlflow.sklearn serving an MLPClassifier: the same network, the same data,
both servers up at once and asked in turns.

    pytest tests/benchmarks/test_serving.py -s

Latency and processor time are ours divided by theirs: below 1 is quicker. Throughput above 1 is
better. What is asserted is loose, as other work disturbs a clock; the printed figures are the result.
"""

import http.client
import json
import os
import statistics
import threading
import time
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CLIENTS, ROUNDS = 8, 5
HEADERS = {"Content-Type": "application/json"}


class Target:
    """One served model, what it is asked, and what asking it took."""

    def __init__(self, server, body):
        self.server = server
        self.body = body
        self.address = urlsplit(server.url).netloc

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=120)

    def ask(self, connection):
        connection.request("POST", "/invocations", self.body, HEADERS)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text[:500]
        return json.loads(text)

    def latencies(self, count):
        """Seconds that each of `count` requests took, one after the other, on one connection."""
        connection = self.connect()
        taken = []
        for _ in range(count):
            start = time.perf_counter()
            self.ask(connection)
            taken.append(time.perf_counter() - start)
        connection.close()
        return taken

    def throughput(self, count):
        """Requests a second that `CLIENTS` clients get together, each with `count` of them."""
        threads = [threading.Thread(target=self.latencies, args=[count]) for _ in range(CLIENTS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return CLIENTS * count / (time.perf_counter() - start)

    def processor_seconds(self):
        """What the server's processes have used of the processors so far."""
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = file.read_text().rpartition(")")[2].split()
            except OSError:  # a process that has ended
                continue
            if int(fields[2]) == self.server.group:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def in_turns(ours, theirs, measure, rounds=ROUNDS):
    """Measure both in turns, and return all figures and the processor time of each."""
    found, used = ([], []), [0.0, 0.0]
    for _ in range(rounds):
        for place, target in enumerate((ours, theirs)):
            before = target.processor_seconds()
            found[place].append(measure(target))
            used[place] += target.processor_seconds() - before
    return found, used[0] / used[1]


def milliseconds(taken):
    return statistics.median(chain.from_iterable(taken)) * 1000


@pytest.fixture(scope="module")
def serve(start_server):
    """Return a function that serves a model; the peer's cannot be read without this permission."""
    return lambda uri, folder: start_server(
        "models", "serve", "-m", str(uri), "--env-manager", "local", "--workers", "1",
        folder=folder, MLFLOW_ALLOW_PICKLE_DESERIALIZATION="true",
    )  # fmt: skip


def peer_model(path, hidden, x, y, example):
    """Store scikit-learn's own network as its users do: with `mlflow.sklearn`."""
    import mlflow
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(hidden, max_iter=20, random_state=0).fit(x, y)
    signature = mlflow.models.infer_signature(example, network.predict(example))
    trusted = ["sklearn.neural_network._stochastic_optimizers.AdamOptimizer"]
    mlflow.sklearn.save_model(network, path, signature=signature, skops_trusted_types=trusted)
    return path


@pytest.fixture(scope="module")
def iris(folder, serve, tmp_path_factory):
    """Both servers of one network of 10, 10 and 5 units, and one row of the table."""
    from sklearn.datasets import load_iris

    folder.run("dataset=iris", "model=numpy-mlp", "model.hidden_layer=[10,10,5]", "model.epoch=20")
    data = load_iris(as_frame=True)
    peer = peer_model(
        tmp_path_factory.mktemp("iris") / "peer", (10, 10, 5), data.data, data.target, data.data[:5]
    )
    row = data.data[:1]
    body = json.dumps({"dataframe_split": row.to_dict(orient="split")})
    return (
        Target(serve("models:/iris@champion", folder.path), body),
        Target(serve(peer, peer.parent), body),
    )


@pytest.fixture(scope="module")
def mnist(folder, data_folder, serve, tmp_path_factory):
    """Both servers of one network of 128 and 64 units, and 10,000 pictures."""
    folder.run(
        "dataset=mnist", "model=numpy-mlp", "model.hidden_layer=[128,64]", "model.epoch=1",
        "dataset.limit=5000", GRIDWRIGHT_DATA=str(data_folder),
    )  # fmt: skip
    with np.load(data_folder / "mnist.npz", allow_pickle=False) as data:
        x, y, asked = data["x_train"][:5000], data["y_train"][:5000], data["x_test"]
    flat = x.reshape(len(x), -1)
    peer = peer_model(tmp_path_factory.mktemp("mnist") / "peer", (128, 64), flat, y, flat[:5])
    body = json.dumps({"inputs": asked.tolist()})
    flat_body = json.dumps({"inputs": asked.reshape(len(asked), -1).tolist()})
    return (
        Target(serve("models:/mnist@champion", folder.path), body),
        Target(serve(peer, peer.parent), flat_body),
    )


def test_one_row_of_iris(iris):
    for target in iris:
        target.latencies(30)
    (ours, theirs), used = in_turns(*iris, lambda target: target.latencies(60))
    ours, theirs = milliseconds(ours), milliseconds(theirs)
    print(
        f"\none row: p50 {ours:.2f} ms, mlflow.sklearn {theirs:.2f} ms, ratio {ours / theirs:.2f} "
        f"(goal: 1.0); processor time {used:.2f}"
    )
    assert ours / theirs < 1.5


def test_8_clients_of_iris(iris):
    for target in iris:
        target.throughput(10)
    (ours, theirs), used = in_turns(*iris, lambda target: target.throughput(20))
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(
        f"\n8 clients: {ours:.0f} rows a second, mlflow.sklearn {theirs:.0f}, "
        f"ratio {ours / theirs:.2f} (goal: 1.0); processor time {used:.2f}"
    )
    assert ours / theirs > 0.67


def test_10000_rows_of_mnist_in_one_request(mnist):
    first, second = (target.ask(target.connect()) for target in mnist)
    assert len(first["predictions"]) == len(second["predictions"]) == 10_000
    (ours, theirs), used = in_turns(*mnist, lambda target: target.latencies(1), rounds=4)
    ours, theirs = milliseconds(ours), milliseconds(theirs)
    print(
        f"\n10,000 pictures: {ours:.0f} ms, mlflow.sklearn {theirs:.0f} ms, "
        f"ratio {ours / theirs:.2f} (goal: 1.0); processor time {used:.2f}"
    )
    assert ours / theirs < 1.5
