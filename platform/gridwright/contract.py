"""What the platform and its plugins promise each other: protocols and frozen records, no logic.

Imports nothing heavier than the standard library (numpy only for type checkers), so that a
plugin can depend on it without slowing down a start-up.

Shapes: `n` samples; a sample has `sample_shape`, so `x` is `(n, *sample_shape)`. `y` is `(n,)`
(class labels of any type, or numbers) or `(n, n_outputs)` for regression on several outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Float64Array = NDArray[np.float64]

#: Entry-point group in which a package announces its model plugin.
MODEL_ENTRY_POINTS = "gridwright.models"

#: Entry-point group in which a package announces its data set.
DATASET_ENTRY_POINTS = "gridwright.datasets"

#: Environment variable that holds the GPUs of the trial, a fraction for a share of one, before
#: `ModelPlugin.build` is called. Ray counts shares; only the plugin's framework can keep to one.
GPUS_VARIABLE = "GRIDWRIGHT_GPUS"

#: Version of the protocols in this module. It grows when a plugin must change to keep working.
CONTRACT_VERSION = 1

Task = Literal["classification", "regression"]
RankBy = Literal["validation", "test"]

#: The four histories of a trial, in the order of the fields of `EpochRecord`.
HISTORIES = ("loss", "score", "val_loss", "val_score")


@dataclass(frozen=True, slots=True)
class DataDescription:
    """What a model may know of the data before it sees any: enough to check and to build.

    Attributes:
        name: the data set's name, as in `dataset=<name>`.
        task: what is predicted.
        n_train: samples that a trial trains on.
        sample_shape: shape of one sample: `(4,)` in a table of 4 columns, `(28, 28)` for a picture.
        dtype: numpy's name of the type of `x`, such as `float64` or `uint8`.
        classes: sorted class labels (as plain Python values); empty for regression.
        n_outputs: columns of the target of a regression, 1 for a classification.
        feature_names: one name a column for tables; empty where samples are not one-dimensional.
        target_names: names of the target columns.
        resized: the samples are pictures that were made one size, as a served model does again.
    """

    name: str
    task: Task
    n_train: int
    sample_shape: tuple[int, ...]
    dtype: str
    classes: tuple[Any, ...] = ()
    n_outputs: int = 1
    feature_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    resized: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a configuration cannot run: the parameter, and what it must be instead."""

    parameter: str
    message: str


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What an estimator reports after each epoch.

    Attributes:
        epoch: counted from 1.
        loss: mean training loss (the optimised one, without the regularisation term).
        score: training accuracy, or R2 for a regression.
        val_loss: loss on the validation part, None where none was given.
        val_score: score on the validation part, None where none was given.
    """

    epoch: int
    loss: float
    score: float
    val_loss: float | None = None
    val_score: float | None = None


#: Called after each epoch; returning True asks the estimator to stop there.
OnEpoch = Callable[[EpochRecord], "bool | None"]


@runtime_checkable
class Estimator(Protocol):
    """A model that can be trained, asked and stored."""

    def fit(
        self,
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> object:
        """Train on `x`, `y`; must not change them (they may be read-only and shared).

        `validation` is only ever scored, never trained on. The return value is ignored.

        Raises:
            TrainingDiverged: the loss or the parameters are no longer finite.
        """
        ...

    def predict(self, x: Array) -> Array:
        """Return the class labels `(n,)`, or the values `(n,)` or `(n, n_outputs)`."""
        ...

    def score(self, x: Array, y: Array) -> float:
        """Return the accuracy, or R2 for a regression."""
        ...

    def save(self, folder: Path) -> None:
        """Write the trained model into an existing, empty folder, without pickle in any file."""
        ...


@runtime_checkable
class Classifier(Estimator, Protocol):
    """An estimator for classification."""

    def predict_proba(self, x: Array) -> Array:
        """Return probabilities `(n, n_classes)`, columns in the order of `DataDescription.classes`.

        The class that `predict` returns is the one with the highest probability.
        """
        ...


@runtime_checkable
class Checkpointable(Estimator, Protocol):
    """An estimator whose training can go on in another process. Optional.

    A training that was continued ends as the uninterrupted one would have: weights, the state of
    the optimizer, of the random numbers and of whatever else decides the epochs to come belong
    into a checkpoint.
    """

    def save_checkpoint(self, folder: Path) -> None:
        """Write the state of the training into an existing, empty folder, without pickle.

        Called within `on_epoch`: the epoch that was just reported is the last one of the state.

        Raises:
            ModelFileError: this training is of a kind that cannot go on; it runs without.
        """
        ...

    def load_checkpoint(self, folder: Path) -> None:
        """Take up the state of a checkpoint: the next `fit` goes on with the epoch after it.

        Called before `fit`, on an estimator built from the same parameters; `fit` then gets the
        same data, and reports the remaining epochs only.

        Raises:
            ModelFileError: a file is missing, altered, or of another version.
        """
        ...


@runtime_checkable
class ModelPlugin(Protocol):
    """What the entry point of a model plugin resolves to (an instance or a module)."""

    name: str
    version: str
    #: pip requirements of a served model, pinned: ("gridwright-numpy-mlp==0.1.0", "numpy==2.4.6").
    requirements: Sequence[str]

    def check(self, parameters: Mapping[str, Any], data: DataDescription) -> Sequence[Problem]:
        """Return every problem of `parameters` on such data, without training; [] means it can run.

        Unknown names, missing ones, wrong types and values out of range belong here.
        """
        ...

    def build(
        self, parameters: Mapping[str, Any], task: Task, data: DataDescription, seed: int
    ) -> Estimator:
        """Return an untrained estimator. The same arguments train to the same model."""
        ...

    def load(self, folder: Path) -> Estimator:
        """Return the trained estimator that `Estimator.save` wrote into `folder`.

        Raises:
            ModelFileError: a file is missing, altered, or from a newer version.
        """
        ...


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a trial will take, as far as its parameters and its data tell.

    Attributes:
        epochs: epochs that it trains at most; None for a model that knows no epochs.
        parameters: numbers that are trained.
        memory: bytes that its training holds at once, besides the data: parameters, gradient,
            the optimizer's state, and what one batch needs.
        products: multiplications that take one sample through the network once; 0 for not told.
            A forecast waits for its probe, and cuts it short, by them.
    """

    epochs: int | None
    parameters: int
    memory: int
    products: int = 0


@runtime_checkable
class MeasuredPlugin(Protocol):
    """What a model plugin may offer besides `ModelPlugin`: a sweep's forecast is better with it.

    Without it the memory of a trial is not checked before it starts, and a probe of its time has
    to train whole trials.
    """

    def footprint(self, parameters: Mapping[str, Any], data: DataDescription) -> Footprint:
        """Return what a trial with `parameters`, which `check` found good, will take."""
        ...


@runtime_checkable
class ChangeablePlugin(MeasuredPlugin, Protocol):
    """What a model plugin may offer besides `ModelPlugin`: trainings whose parameters change.

    Its estimators are `Checkpointable`, and `load_checkpoint` takes up the state of a training with
    other values of these parameters: population based training needs it.
    """

    def changeable(self, parameters: Mapping[str, Any]) -> Collection[str]:
        """Return the names of those of `parameters` that may change between two epochs."""
        ...


@runtime_checkable
class BatchingPlugin(Protocol):
    """What a model plugin may offer besides `ModelPlugin`: several models trained as one. Optional.

    Small models cost their calls rather than their numbers: a dozen that differ in a learning rate
    train in little more time than one if their arrays get one more axis. A sweep puts trials of one
    `batch_key` on the same data together; a trial that runs alone goes through `Estimator.fit`.
    """

    def batch_key(self, parameters: Mapping[str, Any], data: DataDescription) -> str | None:
        """Return what models must have in common to be trained together; None trains alone.

        `parameters` are those that `check` found good. Trainings that take long by themselves
        belong alone: none of a batch is finished before all of it is.
        """
        ...

    def fit_batch(
        self,
        estimators: Sequence[Estimator],
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None,
        on_epochs: Sequence[OnEpoch],
    ) -> Sequence[Exception | None]:
        """Train estimators, built from parameters of one `batch_key`, on the same data.

        Each ends as its own `fit` would have left it (up to rounding), and its own `on_epoch` hears
        of its epochs. What happens to one, an overflow or a stop, does not touch the others.

        Returns:
            For each estimator None, or the exception that its `fit` would have raised.
        """
        ...


@runtime_checkable
class StreamingPlugin(Protocol):
    """What a model plugin may say besides `ModelPlugin`: samples may exceed memory. Optional.

    Its estimators then get read-only arrays that are mapped from a file: they never copy one as a
    whole, nor make one as large, but read batches or pieces. Data that does not fit into memory is
    refused for all other models.
    """

    reads_in_pieces: bool


@dataclass(frozen=True, slots=True, eq=False)
class DatasetArrays:
    """What a data-set plugin reads: arrays, and the names of what is in them.

    Attributes:
        task: what is predicted.
        x: samples `(n, *sample_shape)`, numbers; a table is `(n, n_columns)`.
        y: class labels `(n,)`, or values `(n,)` or `(n, n_outputs)`.
        x_test: samples of a published test part, None where there is none.
        y_test: targets of the published test part.
        feature_names: one name a column of a table; () names them x0, x1, ...
        target_names: one name a column of the target; () names them y, or y0, y1, ...
        source: where the data came from, for the record: a path, or a package and its version.
    """

    task: Task
    x: Array
    y: Array
    x_test: Array | None = None
    y_test: Array | None = None
    feature_names: Sequence[str] = ()
    target_names: Sequence[str] = ()
    source: str = ""


@runtime_checkable
class DatasetPlugin(Protocol):
    """What the entry point of a data set resolves to (an instance or a module)."""

    name: str
    #: Keys of `conf/dataset/<name>.yaml` that are this data set's own.
    options: Sequence[str]
    #: Whether `read` always returns a test part; no other is made then.
    published_test_part: bool

    def read(self, options: Mapping[str, Any]) -> DatasetArrays:
        """Return all samples; the same options return the same arrays.

        `options` holds a value, maybe None, for each key of `self.options`.

        Raises:
            DatasetError: an option that cannot be, or data that is absent or damaged; one
                sentence that names the option or the file, and says what to do.
        """
        ...


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One cell of a grid, ready to run, in plain values: it goes to workers and into the spool.

    Attributes:
        key: SHA-256 of configuration, data digest and plugin version, in hexadecimal.
        index: position in the sweep, from 0.
        model: name of the model plugin.
        parameters: what the plugin gets: the configuration's `model` without its `name`.
        config: the whole resolved configuration of the trial.
        overrides: Hydra overrides that make this trial out of the command's configuration.
        dataset: name of the data set.
        dataset_key: identifies the (data set, split) among those of the sweep.
        data_digest: SHA-256 of the data, in hexadecimal.
        plugin_version: version of the model plugin.
        seed: seed of the training.
        rank_by: the part that ranks trials: `validation` is held out of the training part;
            `test` trains on all of it and ranks by the test part, as the paper does.
        command: the command that repeats this one trial.
    """

    key: str
    index: int
    model: str
    parameters: Mapping[str, Any]
    config: Mapping[str, Any]
    overrides: tuple[str, ...]
    dataset: str
    dataset_key: str
    data_digest: str
    plugin_version: str
    seed: int
    rank_by: RankBy
    command: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trial failed.

    Attributes:
        kind: `diverged` for a result of the training itself, which a repetition would only
            repeat; `error` for everything else, which the next run of the sweep tries again.
        reason: one sentence.
        epoch: the epoch (from 1) it happened in, None where it happened outside of training.
        traceback: for `error`, the traceback as text.
    """

    kind: Literal["diverged", "error"]
    reason: str
    epoch: int | None = None
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Exploit:
    """A trial of a population went on with the state of a better one (population based training).

    Attributes:
        epoch: the last one before.
        donor: key of the trial whose state it took over.
        donor_overrides: of that trial at that time.
        before: the trial's own overrides until then.
        after: its overrides from then on: the donor's, perturbed.
    """

    epoch: int
    donor: str
    donor_overrides: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a trial leaves: everything that its MLflow run will hold.

    Attributes:
        key: the key of its `TrialSpec`.
        started_ms: wall clock at the start, milliseconds since the epoch (Unix).
        ended_ms: wall clock at the end, in the same unit.
        epoch_ms: wall clock at the end of each epoch, int64 `(n_epochs,)`. Written once, so that
            a run that was cut off is completed with identical points.
        histories: name of `HISTORIES` -> float64 `(n_epochs,)`.
        metrics: final metrics, such as `train_score`, `validation_score`, `fit_seconds`.
        failure: None for a finished trial.
        files: the stored model, relative POSIX path -> content; empty for a failed trial.
        probe_rows: which rows of the test part (of the training part where there is none) the
            recorded predictions belong to, int64 `(n_probe,)`.
        probe_predictions: predictions on these rows: probabilities `(n_probe, n_classes)`,
            or values. The champion's loaded copy must repeat them.
        log: what the trial printed.
        exploits: when it went on with the state of another trial; empty for most.
    """

    key: str
    started_ms: int
    ended_ms: int
    epoch_ms: Array
    histories: Mapping[str, Float64Array]
    metrics: Mapping[str, float]
    failure: Failure | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    probe_rows: Array | None = None
    probe_predictions: Array | None = None
    log: str = ""
    exploits: tuple[Exploit, ...] = ()
