"""What Keras runs on in this process: TensorFlow, unless `KERAS_BACKEND` says otherwise."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from gridwright.errors import ConfigurationError, unknown_name

_VARIABLE = "KERAS_BACKEND"
_DEFAULT = "tensorflow"
_BACKENDS = (_DEFAULT, "jax", "torch")


def chosen() -> str:
    """Return the name of the backend, and see to it that Keras takes this one.

    Keras would look into a file of the user's home, too, of which no run could tell later.

    Raises:
        ConfigurationError: there is no such backend, or it is not installed.
    """
    if keras := sys.modules.get("keras"):
        loaded: str = keras.backend.backend()
        return loaded
    name = os.environ.setdefault(_VARIABLE, _DEFAULT)
    if name not in _BACKENDS:
        raise ConfigurationError(unknown_name(_VARIABLE, name, _BACKENDS))
    if find_spec(name) is None:
        raise ConfigurationError(
            f"{_VARIABLE} is '{name}', which needs the package '{name}': install it, or unset "
            f"{_VARIABLE} to use {_DEFAULT}"
        )
    return name


def versioned(version: str) -> str:
    """Return the version of the plugin with the backend, where that is not the usual one.

    The same configuration is another trial there: its numbers differ.
    """
    name = chosen()
    return version if name == _DEFAULT else f"{version}+{name}"


def distributions() -> tuple[str, ...]:
    """Return the packages whose versions decide what a trained network predicts, by pip's names.

    The backend of the training, and TensorFlow wherever it is installed: a server that is not told
    otherwise takes that.
    """
    return tuple(name for name in dict.fromkeys((_DEFAULT, chosen())) if find_spec(name))
