"""The same seed gives the same bits in a process of its own and in a worker of Ray's."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from numpy_mlp import MLPClassifier


def trained_bits():
    """Large enough for BLAS to share its products among threads, if it were let."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2048, 400)).astype(np.float32), rng.integers(0, 10, 2048)
    model = MLPClassifier((256, 64), epoch=2, batch_size=1024, dropout=0.1, random_state=7).fit(
        x, y
    )
    return hashlib.sha256(
        model.network_.parameters.tobytes() + model.predict_proba(x).tobytes()
    ).hexdigest()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own, at its start and end
def test_a_ray_worker(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # Not in this process: see threads_of_blas.py.
    alone = subprocess.run(
        [sys.executable, __file__],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    ray.init(
        address="local",
        num_cpus=1,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
    )
    try:
        in_worker = ray.remote(num_cpus=1)(trained_bits)
        assert ray.get(in_worker.remote(), timeout=120) == alone
    finally:
        ray.shutdown()


if __name__ == "__main__":
    print(trained_bits())
