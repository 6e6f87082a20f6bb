"""The names of Keras that a configuration may use, so that checking one needs no Keras.

A test compares them with the installed Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from keras_cnn.requirements import (
    FRACTION,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    POSITIVE_WHOLE,
    TRUTH,
    Requirement,
    one_of,
    optional,
)

#: All of Keras's that keep the shape and take no argument.
ACTIVATIONS = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "squareplus",
        "swish",
        "tanh",
        "tanh_shrink",
    ]
)

INITIALIZERS = frozenset(
    [
        "glorot_normal",
        "glorot_uniform",
        "he_normal",
        "he_uniform",
        "lecun_normal",
        "lecun_uniform",
        "ones",
        "orthogonal",
        "random_normal",
        "random_uniform",
        "truncated_normal",
        "variance_scaling",
        "zeros",
    ]
)

REGULARIZERS = frozenset({"l1", "l2"})

_EVERY_OPTIMIZER = {
    "learning_rate": POSITIVE,
    "weight_decay": optional(NOT_NEGATIVE),
    "clipnorm": optional(POSITIVE),
    "clipvalue": optional(POSITIVE),
    "global_clipnorm": optional(POSITIVE),
    "use_ema": TRUTH,
    "ema_momentum": FRACTION,
    "gradient_accumulation_steps": optional(POSITIVE_WHOLE),
}
_MOMENTS = {"beta_1": FRACTION, "beta_2": FRACTION}
_ADAM = {**_MOMENTS, "epsilon": POSITIVE}

#: Name in a configuration -> Keras's class, and its arguments besides those of every optimizer.
_OPTIMIZERS: dict[str, tuple[str, dict[str, Requirement]]] = {
    "adadelta": ("Adadelta", {"rho": FRACTION, "epsilon": POSITIVE}),
    "adafactor": (
        "Adafactor",
        {
            "beta_2_decay": NUMBER,
            "epsilon_1": POSITIVE,
            "epsilon_2": POSITIVE,
            "clip_threshold": POSITIVE,
            "relative_step": TRUTH,
        },
    ),
    "adagrad": ("Adagrad", {"initial_accumulator_value": NOT_NEGATIVE, "epsilon": POSITIVE}),
    "adam": ("Adam", {**_ADAM, "amsgrad": TRUTH}),
    "adamax": ("Adamax", _ADAM),
    "adamw": ("AdamW", {**_ADAM, "amsgrad": TRUTH}),
    "ftrl": (
        "Ftrl",
        {
            "learning_rate_power": NUMBER,
            "initial_accumulator_value": NOT_NEGATIVE,
            "l1_regularization_strength": NOT_NEGATIVE,
            "l2_regularization_strength": NOT_NEGATIVE,
            "l2_shrinkage_regularization_strength": NOT_NEGATIVE,
            "beta": NUMBER,
        },
    ),
    "lamb": ("Lamb", _ADAM),
    "lion": ("Lion", _MOMENTS),
    "nadam": ("Nadam", _ADAM),
    "rmsprop": (
        "RMSprop",
        {"rho": FRACTION, "momentum": FRACTION, "epsilon": POSITIVE, "centered": TRUTH},
    ),
    "sgd": ("SGD", {"momentum": FRACTION, "nesterov": TRUTH}),
}
OPTIMIZER_CLASSES = MappingProxyType({name: entry[0] for name, entry in _OPTIMIZERS.items()})
OPTIMIZERS = MappingProxyType(
    {name: {**_EVERY_OPTIMIZER, **entry[1]} for name, entry in _OPTIMIZERS.items()}
)

_NONE: dict[str, Requirement] = {}
_SMOOTHED: dict[str, Requirement] = {"label_smoothing": FRACTION}
_FOCAL = {"alpha": NOT_NEGATIVE, "gamma": NOT_NEGATIVE, **_SMOOTHED}

#: Losses on probabilities. `from_logits` is missing on purpose: the networks end in a softmax.
_CLASSIFICATION_LOSSES: dict[str, tuple[str, dict[str, Requirement]]] = {
    "sparse_categorical_crossentropy": ("SparseCategoricalCrossentropy", _NONE),
    "categorical_crossentropy": ("CategoricalCrossentropy", _SMOOTHED),
    "categorical_focal_crossentropy": ("CategoricalFocalCrossentropy", _FOCAL),
    "binary_crossentropy": ("BinaryCrossentropy", _SMOOTHED),
    "binary_focal_crossentropy": (
        "BinaryFocalCrossentropy",
        {**_FOCAL, "apply_class_balancing": TRUTH},
    ),
    "categorical_hinge": ("CategoricalHinge", _NONE),
    "hinge": ("Hinge", _NONE),
    "squared_hinge": ("SquaredHinge", _NONE),
    "kl_divergence": ("KLDivergence", _NONE),
    "mean_squared_error": ("MeanSquaredError", _NONE),
    "mean_absolute_error": ("MeanAbsoluteError", _NONE),
}
#: Losses on standardised values, which are negative half the time: none that needs a sign.
_REGRESSION_LOSSES: dict[str, tuple[str, dict[str, Requirement]]] = {
    "mean_squared_error": ("MeanSquaredError", _NONE),
    "mean_absolute_error": ("MeanAbsoluteError", _NONE),
    "huber": ("Huber", {"delta": POSITIVE}),
    "log_cosh": ("LogCosh", _NONE),
}
LOSS_ALIASES = MappingProxyType({"mse": "mean_squared_error", "mae": "mean_absolute_error"})
LOSS_CLASSES = MappingProxyType(
    {name: entry[0] for name, entry in {**_CLASSIFICATION_LOSSES, **_REGRESSION_LOSSES}.items()}
)
LOSSES = MappingProxyType(
    {
        "classification": {name: entry[1] for name, entry in _CLASSIFICATION_LOSSES.items()},
        "regression": {name: entry[1] for name, entry in _REGRESSION_LOSSES.items()},
    }
)
#: The loss of a task that names none.
DEFAULT_LOSS = MappingProxyType(
    {"classification": "sparse_categorical_crossentropy", "regression": "mean_squared_error"}
)

#: Metrics on codes, on rows of probabilities, and on values.
_CODE_METRICS = frozenset(
    {"accuracy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy"}
)
_ROW_METRICS = frozenset(
    {
        "accuracy",
        "categorical_crossentropy",
        "kl_divergence",
        "mean_absolute_error",
        "mean_squared_error",
        "top_k_categorical_accuracy",
    }
)
_VALUE_METRICS = frozenset({"cosine_similarity", "mean_absolute_error", "mean_squared_error"})

#: Keras's dtype policies: of the arithmetic; the weights stay float32 in all of them.
PRECISIONS = frozenset({"float32", "mixed_bfloat16", "mixed_float16"})

ACTIVATION = one_of("activation", ACTIVATIONS, optional=True)
INITIALIZER = one_of("initializer", INITIALIZERS)
REGULARIZER = one_of("regularizer", REGULARIZERS, optional=True)
PADDING = one_of("padding", ("valid", "same"))


def named(choice: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and the arguments of `adam` or of `{name: adam, beta_1: 0.8}`."""
    if isinstance(choice, str):
        return choice.lower(), {}
    arguments = {name: value for name, value in choice.items() if name != "name"}
    return str(choice.get("name")).lower(), arguments


def compares_codes(loss: Any) -> bool:
    """Whether a loss of a classification compares codes `(n,)`, not rows `(n, n_classes)`.

    `loss` is None for the default, a name, a mapping with one, or a Keras loss.
    """
    if loss is None:
        return True
    if isinstance(loss, str | Mapping):
        return named(loss)[0].startswith("sparse_")
    return type(loss).__name__.startswith("Sparse")


def metrics(task: str, loss: Any) -> frozenset[str]:
    """Return the metrics that fit the targets which the loss compares."""
    if task == "regression":
        return _VALUE_METRICS
    return _CODE_METRICS if compares_codes(loss) else _ROW_METRICS
