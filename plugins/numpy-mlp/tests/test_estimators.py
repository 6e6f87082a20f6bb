import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from gridwright.contract import Classifier, Estimator
from gridwright.errors import GridwrightError, TrainingDiverged
from numpy_mlp import MLPClassifier, MLPRegressor
from numpy_mlp.errors import DataError, ParameterError

QUICK = {"epoch": 5, "random_state": 0}


def test_they_keep_the_platforms_contract():
    assert isinstance(MLPClassifier(), Classifier)
    assert isinstance(MLPRegressor(), Estimator)
    assert not isinstance(MLPRegressor(), Classifier)


@pytest.mark.parametrize("optimizer", ["Momentum", "Adam", "LBFGS"])
def test_without_hidden_layers_it_is_logistic_regression(iris, optimizer):
    x_train, x_test, y_train, _ = iris
    mean, scale = x_train.mean(axis=0), x_train.std(axis=0)
    peer = LogisticRegression(C=1.0 / (0.01 * len(x_train)), tol=1e-8, max_iter=1000)
    peer.fit((x_train - mean) / scale, y_train)
    ours = MLPClassifier(
        [],
        alpha=0.01,
        epoch=1500,
        batch_size=None,
        optimizer=optimizer,
        eta=0.1,
        tolerance=0.0,
        dtype="float64",
        random_state=0,
    ).fit(x_train, y_train)
    np.testing.assert_allclose(
        ours.predict_proba(x_test), peer.predict_proba((x_test - mean) / scale), atol=2e-3
    )


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["setosa", "versicolor", "virginica"], dtype=object),
        np.array([7, -1, 3]),
        np.array([0.0, 1.0, 2.0]),
        np.array([2, 0, 1], dtype=np.uint8),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_of_any_type_come_back(labels):
    x, codes = load_iris(return_X_y=True)
    y = labels[codes]
    model = MLPClassifier(epoch=60, random_state=0).fit(x, y)
    predicted = model.predict(x)
    assert predicted.dtype == y.dtype
    assert accuracy_score(y, predicted) > 0.9
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    np.testing.assert_array_equal(model.classes_[model.predict_proba(x).argmax(axis=1)], predicted)


def test_booleans_are_labels_too():
    x, codes = load_iris(return_X_y=True)
    model = MLPClassifier(**QUICK).fit(x, codes == 0)
    assert model.predict(x).dtype == bool
    assert model.score(x, codes == 0) > 0.9


def test_probabilities_are_fit_for_scikit_learns_log_loss(iris):
    x_train, x_test, y_train, y_test = iris
    model = MLPClassifier(epoch=100, random_state=0).fit(x_train, y_train)
    assert log_loss(y_test, model.predict_proba(x_test)) < 0.3
    np.testing.assert_allclose(
        np.exp(model.predict_log_proba(x_test)), model.predict_proba(x_test), rtol=1e-12
    )


def test_histories_are_reported_as_they_are_kept(iris):
    x_train, x_test, y_train, y_test = iris
    records = []
    model = MLPClassifier(**QUICK).fit(x_train, y_train, (x_test, y_test), records.append)
    assert [record.epoch for record in records] == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(model.history_, [(r.loss, r.score) for r in records])
    np.testing.assert_array_equal(
        model.validation_history_, [(r.val_loss, r.val_score) for r in records]
    )
    assert model.validation_history_[-1, 1] == pytest.approx(model.score(x_test, y_test))
    assert model.validation_history_[-1, 0] == pytest.approx(
        log_loss(y_test, model.predict_proba(x_test)), rel=1e-4
    )


def test_in_one_batch_the_history_is_that_of_the_weights_before_the_step(iris):
    x_train, _, y_train, _ = iris
    first = MLPClassifier(epoch=1, batch_size=None, dtype="float64", random_state=0).fit(
        x_train, y_train
    )
    second = MLPClassifier(epoch=2, batch_size=None, dtype="float64", random_state=0).fit(
        x_train, y_train
    )
    assert second.history_[1, 0] == pytest.approx(log_loss(y_train, first.predict_proba(x_train)))
    assert second.history_[1, 1] == pytest.approx(first.score(x_train, y_train))


def test_on_epoch_stops_the_training(iris):
    x_train, _, y_train, _ = iris
    model = MLPClassifier(epoch=50).fit(x_train, y_train, on_epoch=lambda record: record.epoch == 3)
    assert model.n_iter_ == len(model.history_) == 3


def test_validation_is_never_trained_on(iris):
    x_train, x_test, y_train, y_test = iris
    plain = MLPClassifier(**QUICK).fit(x_train, y_train)
    watched = MLPClassifier(**QUICK).fit(x_train, y_train, (x_test, y_test))
    np.testing.assert_array_equal(plain.network_.parameters, watched.network_.parameters)


def test_patience_stops_and_keeps_the_best(iris):
    x_train, x_test, y_train, y_test = iris
    model = MLPClassifier((64, 64), epoch=400, eta=0.1, patience=10, tolerance=0.0, random_state=0)
    model.fit(x_train, y_train, (x_test, y_test))
    losses = model.validation_history_[:, 0]
    assert model.n_iter_ < 400
    assert model.n_iter_ == losses.argmin() + 1 + 10
    assert log_loss(y_test, model.predict_proba(x_test)) == pytest.approx(losses.min(), rel=1e-4)


@pytest.mark.parametrize("loss", ["MSE", "MAE", "EpsilonInsensitive(0.2)", "CrossEntropy"])
def test_every_loss_learns_iris(iris, loss):
    x_train, x_test, y_train, y_test = iris
    model = MLPClassifier(loss=loss, epoch=100, eta=0.05, random_state=0).fit(x_train, y_train)
    assert model.score(x_test, y_test) > 0.9


@pytest.mark.parametrize("loss", [None, "MAE", "EpsilonInsensitive(0.2)"])
@pytest.mark.parametrize("optimizer", ["Momentum", "LBFGS"])
def test_every_loss_learns_diabetes(loss, optimizer):
    x, y = load_diabetes(return_X_y=True)
    model = MLPRegressor((16,), loss=loss, optimizer=optimizer, epoch=40, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.45
    assert model.history_.shape[1] == 2


def test_regression_on_several_outputs():
    x, y = load_diabetes(return_X_y=True)
    table = np.column_stack([y, 1000.0 - 3.0 * y, np.full(len(y), 5.0)])
    model = MLPRegressor(epoch=60, random_state=0).fit(x, table, (x, table))
    predicted = model.predict(x)
    assert predicted.shape == table.shape
    assert model.score(x, table) == pytest.approx(r2_score(table, predicted))
    assert model.validation_history_[-1, 1] == pytest.approx(model.score(x[:], table), abs=1e-3)
    np.testing.assert_allclose(predicted[:, 2], 5.0, atol=0.5)


def test_images_are_flattened():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 80)
    x = rng.integers(0, 50, (80, 6, 5, 3), dtype=np.uint8) + (100 * y[:, None, None, None]).astype(
        np.uint8
    )
    pictures = MLPClassifier(**QUICK).fit(x, y)
    rows = MLPClassifier(**QUICK).fit(x.reshape(80, -1), y)
    np.testing.assert_array_equal(pictures.predict_proba(x), rows.predict_proba(x.reshape(80, -1)))
    assert pictures.n_features_in_ == 90


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64, bool])
def test_every_number_type_trains_alike(dtype):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (3000, 100))
    y = x[:, 0] ^ (x[:, 1] & x[:, 2])
    reference = MLPClassifier(**QUICK).fit(x.astype(np.float64), y)
    model = MLPClassifier(**QUICK).fit(x.astype(dtype), y)
    np.testing.assert_allclose(model.predict_proba(x), reference.predict_proba(x), atol=1e-5)


def test_readonly_data_stay_as_they_are(iris):
    parts = [part.copy() for part in iris]
    for part in parts:
        part.setflags(write=False)
    x_train, x_test, y_train, y_test = parts
    MLPClassifier(**QUICK).fit(x_train, y_train, (x_test, y_test)).predict(x_test)
    for part, original in zip(parts, iris, strict=True):
        np.testing.assert_array_equal(part, original)


def test_a_column_without_variance_has_no_say(iris):
    x_train, x_test, y_train, _ = iris
    constant = np.full((len(x_train), 1), 1e9 / 3.0)
    model = MLPClassifier(**QUICK).fit(np.hstack([x_train, constant]), y_train)
    assert np.isfinite(model.network_.parameters).all()
    probability = model.predict_proba(np.hstack([x_test, constant[: len(x_test)]]))
    assert np.isfinite(probability).all()
    assert (model.scaler_.scale > 0).all()
    assert model.scaler_.scale[-1] == 1.0


def test_a_constant_target_is_predicted():
    x = np.random.default_rng(0).normal(size=(30, 3))
    model = MLPRegressor(**QUICK).fit(x, np.full(30, 4.0))
    assert np.isfinite(model.history_).all()
    np.testing.assert_allclose(model.predict(x), 4.0, atol=1.0)


def test_the_papers_overflow_is_told_with_its_epoch():
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(TrainingDiverged, match=r"overflow|left the range") as caught:
        MLPRegressor((20, 20), eta=50.0, epoch=20, random_state=0).fit(x, y)
    assert 1 <= caught.value.epoch <= 20


@pytest.mark.parametrize("optimizer", ["Momentum", "LBFGS"])
def test_a_weight_is_so_many_copies(iris, optimizer):
    x_train, x_test, y_train, _ = iris
    weight = np.random.default_rng(0).integers(0, 4, len(x_train))
    options = {"epoch": 20, "batch_size": None, "optimizer": optimizer, "random_state": 0}
    weighted = MLPClassifier(**options).fit(x_train, y_train, sample_weight=weight)
    repeated = MLPClassifier(**options).fit(x_train.repeat(weight, axis=0), y_train.repeat(weight))
    np.testing.assert_array_equal(weighted.predict_proba(x_test), repeated.predict_proba(x_test))


def test_weights_move_a_minibatch_training(iris):
    x_train, x_test, y_train, _ = iris
    heavy = np.where(y_train == "virginica", 20.0, 1.0)
    plain = MLPClassifier(**QUICK).fit(x_train, y_train)
    tilted = MLPClassifier(**QUICK).fit(x_train, y_train, sample_weight=heavy)
    means = [m.predict_proba(x_test)[:, 2].mean() for m in (plain, tilted)]
    assert means[1] > means[0] + 0.03


def test_partial_fit_goes_on_where_it_was(iris):
    x_train, x_test, y_train, y_test = iris
    model = MLPClassifier(random_state=0, eta=0.05)
    classes = np.unique(y_train)
    scores = []
    for _ in range(40):
        model.partial_fit(x_train, y_train, classes=classes)
        scores.append(model.score(x_test, y_test))
    assert model.n_iter_ == 40
    assert scores[-1] > 0.9
    whole = MLPClassifier(random_state=0, eta=0.05, epoch=40).fit(x_train, y_train)
    np.testing.assert_array_equal(whole.network_.parameters, model.network_.parameters)


def test_partial_fit_of_a_regression():
    x, y = load_diabetes(return_X_y=True)
    model = MLPRegressor(random_state=0, epoch=10).fit(x, y)
    before = model.history_[-1, 0]
    for _ in range(10):
        model.partial_fit(x, y)
    assert model.history_[-1, 0] < before
    assert model.n_iter_ == 20


def test_it_works_in_pipelines_frames_and_cross_validation():
    data = load_iris(as_frame=True)
    model = make_pipeline(PolynomialFeatures(2), clone(MLPClassifier(epoch=20, random_state=0)))
    assert cross_val_score(model, data.data, data.target, cv=3).mean() > 0.85
    fitted = MLPClassifier(**QUICK).fit(data.data, data.target)
    assert list(fitted.feature_names_in_) == list(data.data.columns)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(data.data[data.data.columns[::-1]])


GOOD_X, GOOD_Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])


def spoiled(value):
    x = GOOD_X.copy()
    x[2, 1] = value
    return x


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (spoiled(np.nan), GOOD_Y, "NaN"),
        (spoiled(np.inf), GOOD_Y, "infinity"),
        (GOOD_X, GOOD_Y[:-1], "inconsistent numbers of samples"),
        (GOOD_X[:, 0], GOOD_Y, "Expected 2D array"),
        (GOOD_X[:0], GOOD_Y[:0], "0 sample"),
        (GOOD_X[:, :0], GOOD_Y, "0 feature"),
        (GOOD_X, np.ones(6), "one class: 1.0"),
        (GOOD_X, np.linspace(0, 1, 6), "continuous"),
        (GOOD_X.astype(complex), GOOD_Y, "Complex data"),
        ([["a", "b"]] * 6, GOOD_Y, "not compatible with arrays of bytes/strings"),
    ],
)
def test_bad_data_for_a_classification(x, y, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**QUICK).fit(x, y)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bad_targets_of_a_regression(value):
    y = GOOD_X[:, 0].copy()
    y[3] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        MLPRegressor(**QUICK).fit(GOOD_X, y)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (
            (GOOD_X, np.array([0, 1, 2, 0, 5, 1])),
            r"validation labels \[2, 5\] are not among .*\[0, 1\]",
        ),
        ((GOOD_X[:, :1], GOOD_Y), "1 features"),
        ((GOOD_X, GOOD_Y[:-1]), "inconsistent"),
        ((spoiled(np.nan), GOOD_Y), "NaN"),
        (GOOD_X, "pair"),
    ],
)
def test_bad_validation_data(validation, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**QUICK).fit(GOOD_X, GOOD_Y, validation)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(6), "at least one non-zero"),
        (-np.ones(6), "[Nn]egative"),
        (np.ones(5), "sample_weight"),
        (np.array([1, 1, 1, 1, 1, np.nan]), "NaN"),
        (np.array([1, 0, 1, 0, 1, 0]), "one class"),
    ],
)
def test_bad_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**QUICK).fit(GOOD_X, GOOD_Y, sample_weight=weight)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_predict_refuses_what_fit_would(iris, bad):
    x_train, _, y_train, _ = iris
    model = MLPClassifier(**QUICK).fit(x_train, y_train)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        model.predict(np.full((1, 4), bad))


def test_partial_fit_needs_all_classes_at_first():
    with pytest.raises(DataError, match="needs `classes`"):
        MLPClassifier().partial_fit(GOOD_X, GOOD_Y)
    model = MLPClassifier().partial_fit(GOOD_X, GOOD_Y, classes=[0, 1])
    with pytest.raises(DataError, match="not those of the first call"):
        model.partial_fit(GOOD_X, GOOD_Y, classes=[0, 1, 2])
    with pytest.raises(DataError, match=r"\[9\] are not among"):
        model.partial_fit(GOOD_X, GOOD_Y + 9 * (GOOD_Y > 0) - GOOD_Y)


def test_partial_fit_and_lbfgs_do_not_go_together():
    with pytest.raises(ParameterError, match="single steps"):
        MLPClassifier(optimizer="LBFGS").partial_fit(GOOD_X, GOOD_Y, classes=[0, 1])


def test_several_bad_parameters_are_told_at_once():
    with pytest.raises(GridwrightError) as caught:
        MLPClassifier(hidden_layer=[5, -1], eta=0, activation="Sine").fit(GOOD_X, GOOD_Y)
    told = str(caught.value)
    assert "hidden_layer: must be a list of whole numbers of at least 1" in told
    assert "but got [5, -1]" in told
    assert "eta: must be a number above 0, but got 0" in told
    assert (
        "activation: unknown activation 'Sine': choose one of LeakyReLU, ReLU, Sigmoid, Tanh"
        in told
    )


def test_verbose_shows_the_loss(iris, capsys):
    x_train, _, y_train, _ = iris
    MLPClassifier(epoch=6, verbose=2).fit(x_train, y_train)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 2", "epoch 4", "epoch 6"]
    assert "loss" in lines[0]


def test_frames_of_mixed_columns_train():
    x, y = load_iris(return_X_y=True)
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame["e"] = np.arange(len(x)) % 2 == 0
    assert MLPClassifier(epoch=50, random_state=0).fit(frame, y).score(frame, y) > 0.9
