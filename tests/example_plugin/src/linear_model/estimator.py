"""Linear regression and softmax regression, trained by gradient descent on all samples at once."""

import io

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from gridwright.contract import EpochRecord
from gridwright.errors import TrainingDiverged
from gridwright.model_files import ModelFormat

# Raise the version when an older one of this package could no longer read what `save` writes.
FORMAT = ModelFormat("gridwright-linear-model", version=1, content_file="arrays.npz")


class LinearModel:
    """`x @ weights + bias` on standardised columns; through a softmax for classes."""

    def __init__(self, task, classes, n_outputs, *, seed, epochs, eta, alpha):
        self.task = task
        self.classes = list(classes)
        self.n_outputs = n_outputs
        self.seed = seed
        self.epochs = epochs
        self.eta = eta
        self.alpha = alpha

    def fit(self, x, y, validation=None, on_epoch=None):
        """Train on x `(n, ...)` and y; report each epoch; stop when `on_epoch` returns True."""
        columns = self._columns(x)
        self.arrays = {"x_mean": columns.mean(axis=0), "x_scale": columns.std(axis=0) + 1e-12}
        targets = self._targets(y)
        if self.task == "regression":
            self.arrays |= {"y_mean": targets.mean(axis=0), "y_scale": targets.std(axis=0) + 1e-12}
            targets = (targets - self.arrays["y_mean"]) / self.arrays["y_scale"]
        generator = np.random.default_rng(self.seed)
        shape = (columns.shape[1], targets.shape[1])
        self.arrays |= {"weights": generator.normal(0, 0.01, shape), "bias": np.zeros(shape[1])}
        scaled = (columns - self.arrays["x_mean"]) / self.arrays["x_scale"]
        with np.errstate(over="ignore", invalid="ignore"):  # a divergence is found by its result
            for epoch in range(1, self.epochs + 1):
                self._step(scaled, targets, epoch)
                if on_epoch is not None and on_epoch(self._record(epoch, (x, y), validation)):
                    return

    def _step(self, scaled, targets, epoch):
        weights, bias = self.arrays["weights"], self.arrays["bias"]
        # The gradient at the output is the same for both losses.
        error = (self._activate(scaled @ weights + bias) - targets) / len(scaled)
        weights -= self.eta * (scaled.T @ error + self.alpha * weights)
        bias -= self.eta * error.sum(axis=0)
        if not np.isfinite(weights).all():
            raise TrainingDiverged(epoch, "a weight is no longer finite; make eta smaller")

    def predict(self, x):
        """Return class labels `(n,)`, or values `(n,)` or `(n, n_outputs)`."""
        if self.task == "classification":
            return np.array(self.classes)[self.predict_proba(x).argmax(axis=1)]
        values = self._outputs(x) * self.arrays["y_scale"] + self.arrays["y_mean"]
        return values[:, 0] if self.n_outputs == 1 else values

    def predict_proba(self, x):
        """Return probabilities `(n, n_classes)`, in the order of the classes."""
        return self._outputs(x)

    def score(self, x, y):
        """Return the accuracy, or R2."""
        metric = accuracy_score if self.task == "classification" else r2_score
        return float(metric(y, self.predict(x)))

    def save(self, folder):
        """Write the arrays without pickle, and `model.json` with the rest and their checksum."""
        description = {
            "task": self.task,
            "classes": self.classes,
            "n_outputs": self.n_outputs,
            "seed": self.seed,
            "epochs": self.epochs,
            "eta": self.eta,
            "alpha": self.alpha,
        }
        buffer = io.BytesIO()
        np.savez(buffer, **self.arrays)
        FORMAT.seal(folder, description, buffer.getvalue())

    @classmethod
    def load(cls, folder):
        """Return the model that `save` wrote into `folder`; an altered one raises an error."""
        description, content = FORMAT.open(folder)
        model = cls(**description)
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            model.arrays = dict(archive)
        return model

    def _columns(self, x):
        """Return samples of any shape and type as columns `(n, n_columns)`."""
        return np.asarray(x).reshape(len(x), -1).astype(np.float64)

    def _targets(self, y):
        """Return a column for each class, 1 where it is the sample's; or the values as columns."""
        if self.task == "classification":
            return (np.asarray(y)[:, None] == np.array(self.classes)).astype(np.float64)
        return np.asarray(y, dtype=np.float64).reshape(len(y), self.n_outputs)

    def _outputs(self, x):
        scaled = (self._columns(x) - self.arrays["x_mean"]) / self.arrays["x_scale"]
        return self._activate(scaled @ self.arrays["weights"] + self.arrays["bias"])

    def _activate(self, z):
        if self.task == "regression":
            return z
        exponentials = np.exp(z - z.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def _loss(self, x, y):
        outputs, targets = self._outputs(x), self._targets(y)
        if self.task == "classification":
            return float(-np.log(np.maximum((outputs * targets).sum(axis=1), 1e-15)).mean())
        targets = (targets - self.arrays["y_mean"]) / self.arrays["y_scale"]
        return float(((outputs - targets) ** 2).mean())

    def _record(self, epoch, training, validation):
        values = [self._loss(*training), self.score(*training)]
        if validation is not None:
            values += [self._loss(*validation), self.score(*validation)]
        return EpochRecord(epoch, *values)
