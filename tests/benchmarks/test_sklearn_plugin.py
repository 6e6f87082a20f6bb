"""What the plugin adds to scikit-learn: curves while it trains, and storage without pickle.

The peers, in the same run: scikit-learn's own `fit` on the same columns, and joblib's files.
"""

import io
import statistics
import time
import warnings

import joblib
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from gridwright.contract import DataDescription
from gridwright_sklearn.plugin import plugin

pytestmark = pytest.mark.benchmark
X, Y = load_digits(return_X_y=True)
DIGITS = DataDescription("digits", "classification", 1200, (64,), "float64", tuple(range(10)))
PEERS = {
    "HistGradientBoosting": (HistGradientBoostingClassifier, {"max_iter": 30}),
    "MLP": (MLPClassifier, {"hidden_layer_sizes": [64], "max_iter": 30}),
    "RandomForest": (RandomForestClassifier, {"n_estimators": 100}),
}


def seconds(work, repetitions=3):
    taken = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1), warnings.catch_warnings(action="ignore"):
        yield


@pytest.mark.parametrize("name", PEERS)
def test_training_with_curves(name):
    kind, params = PEERS[name]
    columns = StandardScaler().fit_transform(X[:1200])
    records = []

    def ours():
        records.clear()
        model = plugin.build({"estimator": name, "params": params}, DIGITS.task, DIGITS, 0)
        model.fit(X[:1200], Y[:1200], (X[1200:], Y[1200:]), records.append)

    def theirs():
        kind(**params, random_state=0).fit(columns, Y[:1200])

    bare, curves = seconds(theirs), seconds(ours)
    print(
        f"\n{name}: fit {bare:.3f} s, with {len(records)} records of both parts {curves:.3f} s, "
        f"{curves / bare:.2f} times as long"
    )


@pytest.mark.parametrize("name", PEERS)
def test_storage(name, tmp_path):
    model = plugin.build({"estimator": name, "params": PEERS[name][1]}, DIGITS.task, DIGITS, 0)
    model.fit(X, Y)
    saved, loaded = seconds(lambda: model.save(tmp_path)), seconds(lambda: plugin.load(tmp_path))
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    pickled = io.BytesIO()
    joblib.dump(model.model, pickled, compress=1)

    def unpickle():
        pickled.seek(0)
        joblib.load(pickled)

    dumped = seconds(lambda: joblib.dump(model.model, io.BytesIO(), compress=1))
    print(
        f"\n{name}: save {saved:.3f} s, load {loaded:.3f} s, {size / 1e6:.2f} MB; joblib (pickle): "
        f"{dumped:.3f} s, {seconds(unpickle):.3f} s, {len(pickled.getvalue()) / 1e6:.2f} MB"
    )
