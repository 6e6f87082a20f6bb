"""CNN: trains, reports, stops, repeats itself, and says what is wrong."""

import numpy as np
import pytest

from gridwright.errors import ConfigurationError, DatasetError, TrainingDiverged
from keras_cnn import CNN, runtime


def test_a_listing_of_the_paper_trains(make_pictures):
    runtime.keras()
    from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

    x, y = make_pictures(classes=range(10))
    model = CNN(
        [
            Conv2D(4, (3, 3), padding="same", activation="relu"),
            Dropout(0.5),
            MaxPooling2D((2, 2)),
            Flatten(),
            Dense(16, activation="relu"),
            Dense(10, activation="softmax"),
        ],
        2,
        64,
        "adam",
        "categorical_crossentropy",
        ["accuracy"],
        "classification",
        0,
    )
    history, validation_history = model.fit(x, y, validation_data=(x[:50], y[:50]))
    assert history.shape == validation_history.shape == (2, 2)
    assert model.network.count_params() == 40 + 144 * 16 + 16 + 170
    assert set(model.predict(x).tolist()) <= set(range(10))


def test_it_learns_and_its_histories_are_those_of_the_validation_part(pictures, small):
    x, y = pictures
    heard = []
    model = CNN(small, epochs=6, batch_size=16, learning_rate=0.01, seed=0)
    history, validation = model.fit(x[:180], y[:180], (x[180:], y[180:]), heard.append)
    assert history[-1, 0] < history[0, 0]
    assert model.score(x[180:], y[180:]) > 0.9
    assert validation[-1, 1] == pytest.approx(model.score(x[180:], y[180:]))
    probability = model.predict_proba(x[180:])
    truth = np.searchsorted(["circle", "dot", "line"], y[180:])
    cross_entropy = -np.log(probability[np.arange(60), truth]).mean()
    assert validation[-1, 0] == pytest.approx(cross_entropy, abs=1e-5)
    assert [record.epoch for record in heard] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal([(r.val_loss, r.val_score) for r in heard], validation)


def test_without_validation_there_is_one_history(pictures, small):
    history = CNN(small, epochs=2).fit(*pictures)
    assert isinstance(history, np.ndarray)
    assert history.shape == (2, 2)


def test_keras_fit_arguments_are_passed_on(pictures, small):
    calls = []
    callback = runtime.keras().callbacks.LambdaCallback(on_epoch_end=lambda *_: calls.append(1))
    history, validation = CNN(small, epochs=9).fit(
        *pictures, epochs=2, validation_split=0.25, callbacks=[callback]
    )
    assert len(calls) == len(history) == len(validation) == 2


def test_class_weights_are_given_by_label(pictures, small):
    x, y = pictures
    weights = {"circle": 0.0, "dot": 0.0, "line": 1.0}
    model = CNN(small, epochs=3, learning_rate=0.05, seed=0)
    model.fit(x, y, class_weight=weights)
    assert set(model.predict(x)) == {"line"}


def test_true_from_on_epoch_stops_it(pictures, small):
    history = CNN(small, epochs=5).fit(*pictures, on_epoch=lambda record: record.epoch == 2)
    assert len(history) == 2


def test_the_same_seed_trains_the_same_network(pictures):
    layers = [
        {"layer": "RandomFlip"},
        {"layer": "Conv2D", "filters": 4, "kernel_size": 3},
        {"layer": "Dropout", "rate": 0.3},
        "Flatten",
    ]
    runs = [CNN(layers, epochs=2, seed=seed) for seed in (5, 5, 6)]
    histories = [run.fit(*pictures) for run in runs]
    first, second, other = (run.predict_proba(pictures[0]) for run in runs)
    np.testing.assert_array_equal(histories[0], histories[1])
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-3


def test_a_second_fit_starts_again(pictures, small):
    model = CNN(small, epochs=1, seed=3)
    np.testing.assert_array_equal(model.fit(*pictures), model.fit(*pictures))


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_regression_on_pictures_predicts_in_the_units_of_the_targets(
    n_outputs, small, make_pictures
):
    x, _ = make_pictures()
    y = np.stack([x[:, 4:8].mean(axis=(1, 2)) * 1000, x[:, :4].mean(axis=(1, 2))], axis=1)
    y = y[:, 0] if n_outputs == 1 else y
    model = CNN(small, epochs=8, batch_size=16, learning_rate=0.01, task="regression", seed=0)
    _, validation = model.fit(x, y, validation=(x, y))
    predicted = model.predict(x)
    assert predicted.shape == y.shape
    assert model.score(x, y) > 0.5
    assert validation[-1, 1] == pytest.approx(model.score(x, y), abs=1e-4)
    # The loss is that of standardised targets, so it is what R2 leaves.
    assert validation[-1, 0] == pytest.approx(1 - model.score(x, y), abs=1e-4)


@pytest.mark.parametrize(
    "layers",
    [
        [{"layer": "Dense", "units": 8, "activation": "relu"}],
        [{"layer": "Conv1D", "filters": 4, "kernel_size": 2}, "Flatten"],
    ],
)
def test_tables_work_too(layers):
    generator = np.random.default_rng(0)
    x = generator.normal(50, [1, 20, 300], (200, 3))
    y = np.where(x[:, 0] > 50, "high", "low")
    model = CNN(layers, epochs=8, batch_size=8, learning_rate=0.01, seed=0)
    model.fit(x, y)
    assert model.score(x, y) > 0.9


def test_the_history_is_without_the_regularisation(pictures):
    x, y = pictures
    layers = ["Flatten", {"layer": "Dense", "units": 4, "kernel_regularizer": "l2"}]
    model = CNN(layers, epochs=1, seed=0)
    _, validation = model.fit(x, y, validation=(x, y))
    truth = np.searchsorted(["circle", "dot", "line"], y)
    cross_entropy = -np.log(model.predict_proba(x)[np.arange(len(y)), truth]).mean()
    assert float(sum(model.network.losses)) > 0.01
    assert validation[0, 0] == pytest.approx(cross_entropy, abs=1e-5)


def test_a_divergence_names_its_epoch():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(64, 4))
    model = CNN(
        [{"layer": "Dense", "units": 8, "activation": "relu"}],
        epochs=50,
        optimizer="sgd",
        learning_rate=1e6,
        task="regression",
        seed=0,
    )
    with pytest.raises(TrainingDiverged, match=r"the loss is (nan|inf)") as caught:
        model.fit(x, x[:, 0])
    assert 1 <= caught.value.epoch < 50


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"architecture": [{"layer": "Dense", "units": 3}]}, "put Flatten"),
        ({"architecture": []}, "must be a list of layers"),
        ({"optimizer": "adan"}, "did you mean 'adam'"),
        ({"epochs": 0}, "epochs: must be"),
        ({"task": "classify"}, "unknown task 'classify'"),
    ],
)
def test_wrong_parameters_are_named_before_training(arguments, words, pictures, small):
    model = CNN(**{"architecture": small, **arguments})
    with pytest.raises(ConfigurationError, match=words):
        model.fit(*pictures)


def test_keras_layers_that_do_not_fit_are_named(pictures):
    layers = runtime.keras().layers
    with pytest.raises(ConfigurationError, match=r"architecture.1: Conv2D needs a map|cannot take"):
        CNN([layers.MaxPooling2D(4), layers.Conv2D(2, 5), layers.Flatten()]).fit(*pictures)


def test_wrong_samples_are_refused(pictures, small):
    x, y = pictures
    model = CNN(small, epochs=1)
    with pytest.raises(ConfigurationError, match="call fit first"):
        model.predict(x)
    model.fit(x, y)
    with pytest.raises(DatasetError, match=r"must have the shape \(12, 12\), but got \(11, 12\)"):
        model.predict(x[:, :11])
    with pytest.raises(DatasetError, match="NaN or infinity"):
        model.predict(np.full((1, 12, 12), np.nan))
    with pytest.raises(DatasetError, match="samples must be numbers"):
        model.predict(x.astype(str))
    with pytest.raises(DatasetError, match="'square' is not among the classes"):
        model.fit(x, y, validation=(x[:1], np.array(["square"])))
    assert model.predict(x[:0]).shape == (0,)
    assert model.predict_proba(x[:0]).shape == (0, 3)


def test_more_samples_than_go_through_at_once_are_predicted_in_order(pictures, small):
    x, y = pictures
    model = CNN(small, epochs=1, seed=0)
    model.fit(x, y)
    many = np.concatenate([x, x, x])
    single = model.predict_proba(x)
    np.testing.assert_allclose(model.predict_proba(many), np.tile(single, (3, 1)), atol=1e-6)
