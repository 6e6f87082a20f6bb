"""A peer of the sweep benchmark: Ray Tune with its MLflow callback, as its documentation shows.

Some cells of the paper's Iris grid, trained by the same network. Prints the seconds from the first
to the last of them, Ray's start left out.
"""

import os
import sys
import time

import ray
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from numpy_mlp import MLPClassifier


def train(config):
    x, y = load_iris(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=30, stratify=y, random_state=0)

    def report(epoch):
        tune.report(
            {
                "loss": epoch.loss,
                "score": epoch.score,
                "val_loss": epoch.val_loss,
                "val_score": epoch.val_score,
            }
        )

    MLPClassifier((10, 10, 5), epoch=300, mu=0.8, random_state=0, **config).fit(
        x, y, (x_test, y_test), report
    )


def main(store: str) -> None:
    ray.init(
        address="local",
        num_cpus=len(os.sched_getaffinity(0)),
        include_dashboard=False,
        log_to_driver=False,
    )
    tuner = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space={
            "batch_size": tune.grid_search([16, 64]),
            "eta": tune.grid_search([0.01, 0.001]),
        },
        run_config=tune.RunConfig(
            callbacks=[MLflowLoggerCallback(tracking_uri=store, experiment_name="iris")],
            verbose=0,
        ),
    )
    started = time.perf_counter()
    results = tuner.fit()
    print(len(results) - results.num_errors, time.perf_counter() - started)


if __name__ == "__main__":
    main(sys.argv[1])
