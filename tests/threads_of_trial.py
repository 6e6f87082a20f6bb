"""Threads of native libraries in a trial, in a process of its own: test_trial.py runs this file.

Once another thread of a process has used OpenBLAS, it may no longer heed a new number of threads.
"""

import pytest
from threadpoolctl import threadpool_info

from gridwright.contract import TrialSpec
from gridwright.datasets import load, split
from gridwright.plugins import load_model_plugin
from gridwright.trial import run_trial

DATASET = {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}


@pytest.mark.parametrize("cpus", [1, 2])
def test_native_threads_keep_to_the_cpus_of_the_trial(cpus):
    data = split(load(DATASET), DATASET, "validation")
    spec = TrialSpec(
        key="key", index=0, model="numpy-mlp",
        # The network leaves BLAS as the trial has set it.
        parameters={"epoch": 1, "threads": None},
        config={"resources": {"cpus": cpus}}, overrides=(), dataset="iris", dataset_key="iris",
        data_digest="digest", plugin_version="1", seed=0, rank_by="validation", command="",
    )  # fmt: skip
    plugin = load_model_plugin("numpy-mlp")
    plugin.build(spec.parameters, data.description.task, data.description, spec.seed)
    before, seen = threadpool_info(), []
    result = run_trial(
        spec,
        data,
        plugin,
        lambda record: seen.extend(one["num_threads"] for one in threadpool_info()),
    )
    assert result.failure is None
    assert set(seen) == {cpus}
    assert threadpool_info() == before
