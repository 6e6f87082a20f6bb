"""A peer of the sweep benchmark: Hydra's joblib launcher, and MLflow logging in the trial.

Some cells of the paper's Iris grid, trained by the same network. Every trial notes when it began in
`begun.txt` of the working folder; who runs this counts from the first of them.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import hydra
import mlflow
from hydra.core.config_store import ConfigStore
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from numpy_mlp import MLPClassifier


@dataclass
class Trial:
    folder: str = "."
    batch_size: int = 16
    eta: float = 0.01


ConfigStore.instance().store("trial", Trial)


@hydra.main(config_name="trial", version_base="1.3")
def train(config: Trial) -> float:
    with (Path(config.folder) / "begun.txt").open("a") as file:
        file.write(f"{time.time()}\n")
    x, y = load_iris(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=30, stratify=y, random_state=0)
    mlflow.set_tracking_uri(f"sqlite:///{config.folder}/mlflow.db")
    mlflow.set_experiment("iris")
    with mlflow.start_run():
        mlflow.log_params({"batch_size": config.batch_size, "eta": config.eta})

        def log(epoch):
            mlflow.log_metric("loss", epoch.loss, step=epoch.epoch)
            mlflow.log_metric("score", epoch.score, step=epoch.epoch)
            mlflow.log_metric("val_loss", epoch.val_loss, step=epoch.epoch)
            mlflow.log_metric("val_score", epoch.val_score, step=epoch.epoch)

        model = MLPClassifier(
            (10, 10, 5),
            epoch=300,
            mu=0.8,
            random_state=0,
            batch_size=config.batch_size,
            eta=config.eta,
        )
        model.fit(x, y, (x_test, y_test), log)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder))
            mlflow.log_artifacts(folder, "model")
        return model.score(x_test, y_test)


if __name__ == "__main__":
    train()
