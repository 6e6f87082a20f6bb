"""Run by test_nodes and by the benchmark: a sweep on a cluster of Ray's own test utility.

    python two_nodes.py <nodes> <trials> <seconds a trial> [kill]

prints, as JSON, the seconds it took, where each trial ran, and the reasons of failures.
"""

import json
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
from ray.cluster_utils import Cluster as Nodes

from gridwright.contract import TrialSpec
from gridwright.errors import SweepError
from gridwright.sweep import Cluster, run_trials
from gridwright.sweep.nodes import check_nodes


def specs(n, seconds):
    return [
        TrialSpec(
            key=f"{index:064x}", index=index, model="stand-in", parameters={"seconds": seconds},
            config={}, overrides=(), dataset="a", dataset_key="a", data_digest="",
            plugin_version="9.9", seed=0, rank_by="validation", command="",
        )
        for index in range(n)
    ]  # fmt: skip


def trial_function():
    """Return a trial that only takes time; being local, it travels by value."""

    def trial(spec, data):
        import time

        import numpy as np
        import ray

        from gridwright.contract import TrialResult

        time.sleep(spec.parameters["seconds"])
        node = ray.get_runtime_context().get_node_id()
        return TrialResult(spec.key, 1, 2, np.empty(0, np.int64), {}, {}, log=node)

    return trial


def main():
    n_nodes, n_trials, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [nodes.add_node(num_cpus=1) for _ in range(n_nodes - 1)]
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
        try:
            check_nodes(specs(1, 0))
            lacking = ""
        except SweepError as error:
            lacking = str(error)
        options = {"cluster": cluster, "trial_function": trial_function()}
        run_trials(specs(n_nodes, 0), data, lambda _: None, **options)  # processes start
        began = time.perf_counter()
        run_trials(specs(n_trials, seconds), data, receive, **options)
        took = time.perf_counter() - began
    nodes.shutdown()
    print(
        json.dumps(
            {
                "seconds": took,
                "keys": sorted(result.key for result in results),
                "where": [result.log for result in results],
                "failures": [result.failure.reason for result in results if result.failure],
                "lacking": lacking,
            }
        )
    )


if __name__ == "__main__":
    main()
