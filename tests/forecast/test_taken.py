import os
import time

from gridwright.forecast import Meter


def test_the_disk_that_new_runs_take(tmp_path):
    database, artifacts = tmp_path / "mlflow.db", tmp_path / "mlruns"
    database.write_bytes(bytes(1000))
    old = artifacts / "iris" / "old"
    old.mkdir(parents=True)
    (old / "model").write_bytes(bytes(50_000))
    os.utime(old, (time.time() - 60,) * 2)
    meter = Meter(database, str(artifacts))
    new = artifacts / "iris" / "new" / "artifacts"
    new.mkdir(parents=True)
    (new / "model").write_bytes(bytes(700))
    (new.parent / "notes").write_bytes(bytes(20))
    database.write_bytes(bytes(1500))
    (tmp_path / "mlflow.db-wal").write_bytes(bytes(3000))
    taken = meter.taken()
    assert taken.disk == 700 + 20 + 500 + 3000
    assert 0 <= taken.seconds < 60
    assert taken.memory is None


def test_runs_that_are_kept_elsewhere_take_no_disk_here(tmp_path):
    assert Meter(None, None).taken().disk is None
    assert Meter(tmp_path / "mlflow.db", "s3://bucket/runs").taken().disk is None


def test_memory_is_that_of_the_moment(tmp_path):
    meter = Meter(None, None)
    meter.look_at_memory()
    assert meter.taken().memory > 10_000_000
