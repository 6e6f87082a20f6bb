"""Run by test_nodes and by the benchmark: a sweep on a cluster of Ray's own test utility.

    python two_nodes.py <nodes> <trials> <seconds a trial> [kill]

prints, as JSON, the seconds it took, where each trial ran, and the reasons of failures.
"""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from ray.cluster_utils import Cluster as Nodes

from gridwright.contract import TrialSpec
from gridwright.errors import SweepError
from gridwright.plugins import load_model_plugin
from gridwright.sweep import Cluster, run_trials
from gridwright.sweep.nodes import check_nodes, check_shared


def specs(n, seconds, model="stand-in", version="9.9", **more):
    return [
        TrialSpec(
            key=f"{index:064x}", index=index, model=model, parameters={"seconds": seconds, **more},
            config={}, overrides=(), dataset="a", dataset_key="a", data_digest="",
            plugin_version=version, seed=0, rank_by="validation", command="",
        )
        for index in range(n)
    ]  # fmt: skip


def trial_function():
    """Return a trial that only takes time; being local, it travels by value."""

    def trial(spec, data):
        import time
        from pathlib import Path

        import numpy as np
        import ray

        from gridwright.contract import TrialResult

        node = ray.get_runtime_context().get_node_id()
        if meeting := spec.parameters.get("meeting"):
            # Under way on every node, however busy the machine is.
            (Path(meeting) / node).touch()
            deadline = time.monotonic() + 120
            while len(list(Path(meeting).iterdir())) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
        time.sleep(spec.parameters["seconds"])
        return TrialResult(spec.key, 1, 2, np.empty(0, np.int64), {}, {}, log=node)

    return trial


def refusal(model, version):
    """Return the sentence by which a model is refused because of a node; nothing without one."""
    try:
        check_nodes(specs(1, 0, model, version))
    except SweepError as error:
        return str(error)
    return ""


def refusal_of_folders(shared):
    """Return the sentence for a folder that only this process reaches, and for a shared one."""
    own = os.open(shared, os.O_RDONLY)
    sentences = []
    for folder in (f"/proc/self/fd/{own}", shared):
        try:
            check_shared(Path(folder))
        except SweepError as error:
            sentences.append(str(error))
        else:
            sentences.append("")
    os.close(own)
    return sentences


def another_environment(folder):
    """Return one in which numpy-mlp has version 9.9, and the plugin sklearn is not announced."""
    announced = {
        "gridwright-numpy-mlp": "[gridwright.models]\nnumpy-mlp = numpy_mlp.plugin:plugin\n"
    }
    for name in ("gridwright-numpy-mlp", "gridwright-sklearn"):
        found = Path(folder) / f"{name.replace('-', '_')}-9.9.dist-info"
        found.mkdir()
        (found / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
        (found / "entry_points.txt").write_text(announced.get(name, ""))
    return {"PYTHONPATH": folder}


def main():
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as meeting:
        sweep(another_environment(folder), {"meeting": meeting} if "kill" in sys.argv else {})


def sweep(environment, more):
    n_nodes, n_trials, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [nodes.add_node(num_cpus=1, env_vars=environment) for _ in range(n_nodes - 1)]
    results, going, kill = [], [], "kill" in sys.argv

    def receive(result):
        results.append(result)
        # Once both nodes have work, one of them goes.
        if kill and not going and len({each.log for each in results}) == 2:
            going.append(others[0])
            threading.Thread(target=nodes.remove_node, args=(going[0], False)).start()

    data = {"a": SimpleNamespace(x=np.arange(1000.0))}
    with Cluster(nodes.address) as cluster:
        cluster.ready()
        refusals = [
            refusal("stand-in", "9.9"),
            *(refusal(name, load_model_plugin(name).version) for name in ("sklearn", "numpy-mlp")),
        ]
        folders = refusal_of_folders(environment["PYTHONPATH"])
        options = {"cluster": cluster, "trial_function": trial_function()}
        run_trials(specs(n_nodes, 0), data, lambda _: None, **options)  # processes start
        began = time.perf_counter()
        run_trials(specs(n_trials, seconds, **more), data, receive, **options)
        took = time.perf_counter() - began
    nodes.shutdown()
    print(
        json.dumps(
            {
                "seconds": took,
                "keys": sorted(result.key for result in results),
                "where": [result.log for result in results],
                "failures": [result.failure.reason for result in results if result.failure],
                "refusals": refusals,
                "folders": folders,
            }
        )
    )


if __name__ == "__main__":
    main()
