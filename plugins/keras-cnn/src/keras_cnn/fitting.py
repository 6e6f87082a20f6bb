"""From a CNN's parameters and its data to a compiled network and the arguments of its `fit`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_cnn import backend, feeding, keras_names, lending, network, runtime, schedules
from keras_cnn.epochs import DATA_LOSS, SCORE
from keras_cnn.large_arrays import rows_scored
from keras_cnn.targets import ClassTargets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from keras_cnn.architecture import Layer, Output
    from keras_cnn.estimator import CNN
    from keras_cnn.lending import LentNetwork
    from keras_cnn.shapes import Shape
    from keras_cnn.targets import Targets


def network_for(
    cnn: CNN, layers: Sequence[Layer], output: Output, x: Array, steps_per_epoch: int
) -> LentNetwork:
    """Return a compiled network for samples like those of `x`, with the weights of the seed."""
    scaling = network.scaling_of(x)
    rate: Any = cnn.learning_rate
    if isinstance(rate, Mapping):
        rate = schedules.schedule(rate, epochs=cnn.epochs, steps_per_epoch=steps_per_epoch)
    targets = cnn.targets

    def build() -> Any:
        return network.build(layers, output, x.shape[1:], scaling, cnn.precision)

    def compile_network(model: Any) -> None:
        loss = network.loss(cnn.loss, cnn.task)
        metrics = [_score_metric(targets), *cnn.metrics]
        if model.losses:
            # Keras adds the regularisation to the loss it reports; a history is without it.
            metrics.append(runtime.keras().metrics.MeanMetricWrapper(loss.call, name=DATA_LOSS))
        model.compile(optimizer=network.optimizer(cnn.optimizer, rate), loss=loss, metrics=metrics)

    key = _key(cnn, layers, (output, x.shape[1:], scaling), rate) if cnn.shares_networks else None
    lent: LentNetwork = lending.lend(key, build, compile_network)
    if _is_number(cnn.learning_rate):
        lent.network.optimizer.learning_rate = cnn.learning_rate
    return lent


def arrays_and_arguments(
    cnn: CNN,
    parts: tuple[Array, Array],
    validation: Sequence[Any] | None,
    given: Mapping[str, Any],
    order_seed: int,
) -> tuple[dict[str, Any], feeding.SampleOrder | None]:
    """Return the arguments of `keras.Model.fit`, and the order of the samples if it is ours.

    Args:
        cnn: whose parameters count where `given` says nothing.
        parts: samples and targets.
        validation: samples and targets, and in Keras's way also their weights.
        given: arguments of `keras.Model.fit`, its callbacks left out.
        order_seed: of the order of the samples.
    """
    arguments = {
        "epochs": cnn.epochs,
        "batch_size": cnn.batch_size,
        "verbose": cnn.verbose,
        **given,
    }
    weights = arguments.pop("class_weight", None) or cnn.class_weight
    x, y = parts
    encoded = cnn.targets.encode(y)
    own = backend.chosen() == "tensorflow" and not feeding.KERAS_FEEDS & set(given)
    if not own or (validation is not None and len(validation) != 2):
        return _keras_arguments(cnn, (x, y, encoded), validation, weights, arguments), None
    weight = None
    if weights is not None and isinstance(cnn.targets, ClassTargets):
        weight = cnn.targets.sample_weights(y, weights)
    size = arguments.pop("batch_size")
    encoding = json.dumps([cnn.targets.to_json(), weights], default=str)
    feed = feeding.training_feed(x, encoded, weight, batch_size=size, original=(y, encoding))
    if validation is not None:
        x_validation, y_validation = validation
        arguments["validation_data"] = feeding.validation_feed(
            x_validation,
            cnn.targets.encode(y_validation),
            batch_size=max(size, rows_scored(x_validation)),
            original=(y_validation, encoding),
        )
    order = feed.order
    if order is not None:
        order.seed = order_seed
    return {"x": feed.dataset, "shuffle": False, **arguments}, order


def steps(n: int, cnn: CNN, given: Mapping[str, Any]) -> int:
    """Return the batches of an epoch."""
    return int(given.get("steps_per_epoch") or ceil(n / given.get("batch_size", cnn.batch_size)))


def _keras_arguments(
    cnn: CNN,
    parts: tuple[Array, Array, Array],
    validation: Sequence[Any] | None,
    weights: Any,
    arguments: dict[str, Any],
) -> dict[str, Any]:
    x, y, encoded = parts
    if validation is not None:
        x_validation, y_validation, *rest = validation
        encoded_validation = cnn.targets.encode(y_validation)
        arguments["validation_data"] = (x_validation, encoded_validation, *rest)
    if weights is not None and isinstance(cnn.targets, ClassTargets):
        by_sample = cnn.targets.sample_weights(y, weights)
        given = arguments.get("sample_weight")
        arguments["sample_weight"] = by_sample if given is None else by_sample * np.asarray(given)
    return {"x": x, "y": encoded, **arguments}


def _score_metric(targets: Targets) -> Any:
    metrics = runtime.keras().metrics
    if isinstance(targets, ClassTargets):
        kind = "CategoricalAccuracy" if targets.one_hot else "SparseCategoricalAccuracy"
        return getattr(metrics, kind)(name=SCORE)
    return metrics.R2Score(name=SCORE)


def _key(
    cnn: CNN,
    layers: Sequence[Layer],
    ends: tuple[Output, Shape, Mapping[str, Any]],
    rate: Any,
) -> str | None:
    """Return what decides the traced network; None if an object of Keras is part of it."""
    objects = [cnn.optimizer, cnn.loss, *cnn.metrics, *(layer.template for layer in layers)]
    output, sample_shape, scaling = ends
    if any(hasattr(each, "get_config") for each in objects):
        return None
    if _is_number(rate):
        rate = "a number"
    elif rate is not None:
        rate = [type(rate).__name__, rate.get_config()]
    decides = [
        [[layer.name, dict(layer.arguments)] for layer in layers],
        [output.units, output.activation, list(sample_shape), dict(scaling), cnn.precision],
        [keras_names.named(cnn.optimizer), rate],
        [cnn.loss, list(cnn.metrics), cnn.task, keras_names.compares_codes(cnn.loss)],
    ]
    return json.dumps(decides, sort_keys=True)


def _is_number(rate: Any) -> bool:
    return isinstance(rate, int | float)
