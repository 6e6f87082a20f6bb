import random
import time
from pathlib import Path

import pytest

from gridwright.contract import Footprint
from gridwright.forecast import probe
from gridwright.forecast.probe import Probe, measure
from gridwright.plugins import load_model_plugin
from gridwright.trial import run_trial

pytestmark = pytest.mark.alone  # it compares times


def measured(specs, data, n_trials=1):
    """Return what is measured last of each cell."""
    found = {}
    measure(specs, data, n_trials, lambda one: found.update({one.index: one}))
    return list(found.values())


def test_the_first_epochs_are_told_before_the_rest_of_their_trial(plan):
    planned = plan(epoch=[5000])
    told = []
    measure(planned.specs, planned.data, 1, told.append)
    early, late = told
    assert (early.index, early.epochs, early.scale) == (late.index, late.epochs, late.scale)
    assert early.start > 0
    assert early.epoch > 0
    assert 0 < early.model_bytes < late.model_bytes


def test_a_probe_measures_epochs_and_scales_them(plan):
    planned = plan(hidden_layer=[[5], [200, 200]], epoch=[50])
    small, large = measured(planned.specs, planned.data, 2)
    assert (small.index, small.epochs, small.scale) == (0, 50, 1.0)
    assert small.start > 0
    assert large.start == 0
    assert large.epoch > 2 * small.epoch > 0
    assert large.model_bytes > 10 * small.model_bytes
    assert small.seconds == pytest.approx(small.fixed + 50 * small.epoch)


def test_the_measured_time_is_that_of_the_trial(plan):
    planned = plan(hidden_layer=[[64, 64]], epoch=[400], batch_size=[8])
    (spec,) = planned.specs
    # Twice or half would make a forecast useless; what is usual is 10%. Other processes disturb a
    # measurement of milliseconds, so the best of a few counts.
    assert min(off_by(spec, planned) for _ in range(4)) < 2


def off_by(spec, planned):
    """Return the larger of measured and taken CPU time over the smaller."""
    (found,) = measured([spec], planned.data)
    begun = time.process_time()
    run_trial(spec, planned.data[spec.dataset_key], load_model_plugin(spec.model))
    took = time.process_time() - begun
    return max(took, found.seconds) / min(took, found.seconds)


def test_much_data_is_probed_in_part(plan, monkeypatch):
    planned = plan(epoch=[5])
    monkeypatch.setattr(probe, "_SAMPLE_BYTES", 16 * 24)
    monkeypatch.setattr(probe, "_FEWEST_ROWS", 1)
    (found,) = measured(planned.specs, planned.data)
    assert found.scale == 96 / 24
    assert found.each == pytest.approx(found.epoch * 4)


def test_a_heavy_network_is_probed_on_few_samples(plan, monkeypatch):
    planned = plan(epoch=[5])
    told = Footprint(epochs=5, parameters=1, memory=1, products=int(probe._PRODUCTS) // 24)
    monkeypatch.setattr(probe, "footprint", lambda *arguments: told)
    (found,) = measured(planned.specs, planned.data)
    assert found.scale == 96 / 24


def test_a_plugin_that_tells_no_epochs_trains_whole_trials(plan, monkeypatch):
    planned = plan(epoch=[30])
    monkeypatch.setattr(probe, "footprint", lambda *arguments: None)
    (found,) = measured(planned.specs, planned.data)
    assert found.epochs is None
    assert found.seconds == pytest.approx(found.first + found.rest)


def test_the_process_of_its_own_leaves_this_one_as_it_is(plan, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    planned = plan(hidden_layer=[[5], [10]], epoch=[20])
    state = random.getstate()
    results = Probe(planned.specs, planned.data, 2).results(wait=60)
    assert [one.index for one in results] == [0, 1]
    assert random.getstate() == state
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_probe_that_takes_too_long_is_ended_with_what_it_has(plan, monkeypatch):
    planned = plan(epoch=[20], eta=[0.1, 0.2])

    def one_only(specs, data, n_trials, report):
        measure(specs[:1], data, n_trials, report)
        time.sleep(60)

    monkeypatch.setattr(probe, "measure", one_only)
    begun = Probe(planned.specs, planned.data, 2)
    results = begun.results(wait=5)
    assert [one.index for one in results] == [0]
    assert not Path(f"/proc/{begun._process.pid}").exists()


def test_a_probe_that_dies_leaves_nothing(plan, monkeypatch):
    planned = plan(epoch=[20])
    monkeypatch.setattr(probe, "measure", lambda *arguments: 1 / 0)
    assert Probe(planned.specs, planned.data, 1).results(wait=30) == []
