"""The peer of the sweep benchmark: scikit-learn's own grid search over the paper's Iris grid.

The same 540 cells, 300 epochs each, one split of 120 and 30 flowers, untracked, on all cores.
scikit-learn has no LeakyReLU, so its logistic unit takes that third of the grid.
"""

import os
import warnings

from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

GRID = {
    "mlpclassifier__hidden_layer_sizes": [(5, 5, 5, 5), (10, 10, 5), (15, 15), (20, 15, 10), (32,)],
    "mlpclassifier__activation": ["tanh", "relu", "logistic"],
    "mlpclassifier__batch_size": [16, 64, 128],
    "mlpclassifier__momentum": [0.0, 0.8],
    "mlpclassifier__learning_rate_init": [0.01, 0.001],
    "mlpclassifier__alpha": [0.001, 0.01, 0.0],
}


def main() -> None:
    os.environ["PYTHONWARNINGS"] = "ignore"  # the workers inherit it
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    x, y = load_iris(return_X_y=True)
    # tol=0 and a patience longer than the training: all 300 epochs, as the grid asks.
    network = MLPClassifier(
        solver="sgd", max_iter=300, tol=0.0, n_iter_no_change=1000, nesterovs_momentum=False
    )
    search = GridSearchCV(
        make_pipeline(StandardScaler(), network),
        GRID,
        cv=ShuffleSplit(1, test_size=30, random_state=0),
        n_jobs=len(os.sched_getaffinity(0)),
        refit=False,
    )
    search.fit(x, y)
    print(len(search.cv_results_["params"]), search.best_score_)


if __name__ == "__main__":
    main()
