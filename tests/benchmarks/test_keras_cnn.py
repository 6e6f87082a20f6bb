"""keras-cnn against Keras itself: the same network, the same data, the same threads, in turns.

    pytest tests/benchmarks/test_keras_cnn.py -s

Ratios are ours divided by theirs: below 1 is faster. Processor time is compared beside the time on
the clock, because other work on the machine disturbs it less. What is asserted is loose, so that
only a real loss of speed fails; the printed figures are the result.
"""

import gc
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gridwright.contract import DataDescription, TrialSpec
from gridwright.datasets import TrialData
from gridwright.trial import run_trial
from keras_cnn import CNN, lending, runtime
from keras_cnn.plugin import plugin

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "datasets"
N, EPOCHS, BATCH, ROUNDS = 10_000, 3, 128, 3
ARCHITECTURE = [
    {"layer": "Conv2D", "filters": [8, 16], "kernel_size": 3, "strides": 2, "activation": "relu"},
    "Flatten",
    {"layer": "Dense", "units": 32, "activation": "relu"},
]


@pytest.fixture(scope="module")
def pictures():
    """10,000 pictures of Fashion-MNIST, or noise of that shape where the data is absent."""
    path = SHARED / "fashion_mnist.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as data:
            x, y = data["x_train"][:N], data["y_train"][:N].astype(np.int64)
    else:
        generator = np.random.default_rng(0)
        x = generator.integers(0, 256, (N, 28, 28), dtype=np.uint8)
        y = generator.integers(0, 10, N)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def bare_model():
    keras = runtime.keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def bare_training(x, codes):
    """Return what trains a new model, and what predicts the parts that a trial scores at its end."""
    model = bare_model()

    def fit():
        model.fit(x, codes, epochs=EPOCHS, batch_size=BATCH, verbose=0)

    def score():
        model.predict(x, 256, 0)
        model.predict(x[:1000], 256, 0)

    return fit, score


def seconds(action):
    """Return the time on the clock and of the processor."""
    gc.collect()
    clock, processor = time.perf_counter(), time.process_time()
    action()
    return np.array([time.perf_counter() - clock, time.process_time() - processor])


def report(capsys, what, ours, theirs, bound):
    clock, processor = ours / theirs
    with capsys.disabled():
        print(
            f"\n{what}: {clock:.3f} on the clock, {processor:.3f} of processor time "
            f"(asked: at most {bound})"
        )
    return processor


def trial_of(pictures, n_test=1000, **parameters):
    x, y = pictures
    description = DataDescription(
        "pictures", "classification", len(x), x.shape[1:], "uint8", classes=tuple(range(10))
    )
    data = TrialData(
        description=description,
        digest="",
        source="",
        x_train=x,
        y_train=y,
        x_validation=None,
        y_validation=None,
        x_test=x[:n_test],
        y_test=y[:n_test],
    )
    spec = TrialSpec(
        key="",
        index=0,
        model="keras-cnn",
        parameters=parameters,
        config={},
        overrides=(),
        dataset="pictures",
        dataset_key="",
        data_digest="",
        plugin_version="",
        seed=0,
        rank_by="test",
        command="",
    )
    return spec, data


def test_training_costs_what_keras_fit_costs(capsys, pictures):
    x, y = pictures
    codes = y.astype(np.int32)
    ours, theirs, trials, evaluations = [], [], [], []
    spec, data = trial_of(
        pictures, architecture=ARCHITECTURE, epochs=EPOCHS, batch_size=BATCH, optimizer="adam"
    )
    CNN(ARCHITECTURE, 1, BATCH, seed=0).fit(x[:500], y[:500])  # imports and first kernels

    def new_network():
        lending.forget()
        plugin.build(spec.parameters, "classification", data.description, 0).fit(x, y)

    for _ in range(ROUNDS):
        fit, score = bare_training(x, codes)
        theirs.append(seconds(fit))
        evaluations.append(seconds(score))
        ours.append(seconds(new_network))
        trials.append(seconds(lambda: run_trial(spec, data, plugin)))
    theirs, ours = np.median(theirs, axis=0), np.median(ours, axis=0)
    ratio = report(
        capsys, "a new network over keras.Model.fit, 10,000 images x 3 epochs", ours, theirs, 1.03
    )
    whole = np.median(trials, axis=0)
    report(
        capsys, "a whole trial (its final scores, its stored model) over fit", whole, theirs, "-"
    )
    with_scores = theirs + np.median(evaluations, axis=0)
    report(capsys, "a whole trial over fit and predict of the same parts", whole, with_scores, 1.03)
    assert ratio < 1.5


def test_the_second_trial_of_a_worker_starts_at_once(capsys):
    code = (
        "import time, sys; start = time.perf_counter()\n"
        "import numpy as np\n"
        "from gridwright.contract import DataDescription\n"
        "from keras_cnn.plugin import plugin\n"
        "x = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)\n"
        "y = np.arange(64) % 10\n"
        "x.flags.writeable = y.flags.writeable = False\n"
        "data = DataDescription('d', 'classification', 64, (28, 28), 'uint8', tuple(range(10)))\n"
        f"parameters = {{'architecture': {ARCHITECTURE!r}, 'epochs': 1, 'batch_size': 64}}\n"
        "for seed in range(4):\n"
        "    plugin.build(parameters, 'classification', data, seed).fit(x, y)\n"
        "    end = time.perf_counter(); print(end - start); start = end\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    first, *later = map(float, done.stdout.split())
    ratio = statistics.median(later) / first
    with capsys.disabled():
        print(
            f"\nsecond and later trials over the first, import and tracing in it: {ratio:.3f} "
            f"({first:.2f} s, then {statistics.median(later):.3f} s; asked: at most 0.1)"
        )
    assert ratio < 0.3


def resident():
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - no Path for a kernel's file
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("different", [False, True], ids=["one network", "a network each"])
def test_the_memory_of_a_worker_over_50_trials(capsys, pictures, different):
    x, y = (part[:200] for part in pictures)
    x.flags.writeable = y.flags.writeable = False
    after = []
    for trial in range(50):
        units = 16 + (trial if different else 0)
        layers = [*ARCHITECTURE[:2], {"layer": "Dense", "units": units, "activation": "relu"}]
        spec, data = trial_of(
            (x, y), n_test=50, architecture=layers, epochs=1, batch_size=64, optimizer="adam"
        )
        result = run_trial(spec, data, plugin)
        assert result.failure is None, result.failure
        after.append(resident())
    growth = (after[-1] - after[9]) / 40
    with capsys.disabled():
        kind = "a network of its own each" if different else "one network for all"
        print(f"\nmemory over 50 trials, {kind}: {growth:+.2f} MB a trial after the tenth")
    assert growth < (30 if different else 3)


def test_serving_one_picture(capsys, pictures, tmp_path):
    import tensorflow as tf

    x, y = pictures
    model = CNN(ARCHITECTURE, 1, BATCH, seed=0)
    model.fit(x[:500], y[:500])
    model.save(tmp_path)
    loaded = plugin.load(tmp_path)
    network = loaded.network
    network.make_predict_function()
    direct = tf.function(lambda batch: network(batch, training=False))
    one = x[:1]
    contenders = {
        "ours": lambda: loaded.predict(one),
        "direct": lambda: np.asarray(direct(tf.constant(one, tf.float32))),
        "keras": lambda: network.predict_on_batch(one),
    }
    times = {name: [] for name in contenders}
    for _ in range(300):
        for name, ask in contenders.items():
            start = time.perf_counter()
            ask()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values[50:]) for name, values in times.items()}
    ratio = medians["ours"] / medians["direct"]
    with capsys.disabled():
        print(
            f"\none picture, p50 over a direct call of the network: {ratio:.2f} "
            f"({medians['ours'] * 1e3:.2f} ms; asked: at most 1.5); over Keras's "
            f"predict_on_batch: {medians['ours'] / medians['keras']:.2f}"
        )
    assert ratio < 3
