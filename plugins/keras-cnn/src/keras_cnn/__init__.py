"""The paper's convolutional network over Keras 3, as Python classes and as a Gridwright plugin.

    from keras_cnn import CNN, CNNGridSearch

Importing this package imports neither Keras nor numpy; using a class does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_cnn.estimator import CNN
    from keras_cnn.grid_search import CNNGridSearch

__all__ = ["CNN", "CNNGridSearch"]


def __getattr__(name: str) -> object:
    if name == "CNN":
        from keras_cnn.estimator import CNN

        return CNN
    if name == "CNNGridSearch":
        from keras_cnn.grid_search import CNNGridSearch

        return CNNGridSearch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
