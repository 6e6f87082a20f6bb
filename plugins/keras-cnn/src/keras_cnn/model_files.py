"""A trained network in a folder: `model.keras`, and `model.json` with everything around it.

No file holds a pickle. `model.json` has the SHA-256 of `model.keras`, which is checked before
Keras reads it, in safe mode: a model that carries code (a Lambda layer) is refused.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridwright.errors import ModelFileError
from keras_cnn import runtime, targets
from keras_cnn.user_layers import announced, layer_class

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "gridwright-keras-cnn"
#: Grows when an older version of this package could not read the files any more.
FORMAT_VERSION = 1
NETWORK_FILE = "model.keras"
SETTINGS_FILE = "model.json"


@dataclass(frozen=True, eq=False)
class StoredModel:
    """What is stored.

    Attributes:
        network: the Keras model.
        task: classification or regression.
        targets: labels or scales.
    """

    network: Any
    task: str
    targets: targets.Targets


def write(model: StoredModel, folder: Path) -> None:
    """Write the files into an existing folder."""
    keras = runtime.keras()
    network = folder / NETWORK_FILE
    # The same layers without the optimizer, whose state would triple the file.
    bare = keras.Model(model.network.input, model.network.output, name="cnn")
    with warnings.catch_warnings():
        # Keras 3.15 on TensorFlow still converts weights in numpy 1's way.
        warnings.filterwarnings("ignore", message="__array__ implementation doesn't accept a copy")
        bare.save(network)
    settings = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "keras": keras.__version__,
        "sha256": {NETWORK_FILE: _sha256(network)},
        "task": model.task,
        "targets": model.targets.to_json(),
    }
    (folder / SETTINGS_FILE).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> StoredModel:
    """Return the model that `write` has stored.

    Raises:
        ModelFileError: a file is missing, altered, from a newer version, or carries code.
    """
    settings = _settings(folder / SETTINGS_FILE)
    encoding = _targets(settings, folder / SETTINGS_FILE)
    network = folder / NETWORK_FILE
    if not network.is_file():
        raise ModelFileError(f"{network} is missing: the model in {folder} is incomplete")
    if {NETWORK_FILE: _sha256(network)} != settings.get("sha256"):
        raise ModelFileError(
            f"{network} was altered or cut short after it was stored: its SHA-256 differs from "
            f"that in {SETTINGS_FILE}"
        )
    try:
        loaded = runtime.keras().saving.load_model(
            network,
            custom_objects={name: layer_class(name) for name in announced()},
            compile=False,
            safe_mode=True,
        )
    except (TypeError, ValueError, OSError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelFileError(f"Keras refuses {network}: {reason}") from error
    return StoredModel(loaded, settings["task"], encoding)


def _targets(settings: dict[str, Any], path: Path) -> targets.Targets:
    try:
        return targets.from_json(settings["task"], settings["targets"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is damaged: {error!r}") from error


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelFileError(f"{path} is missing: the folder holds no model") from error
    except ValueError as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise ModelFileError(f"{path} does not describe a model of {FORMAT}")
    if settings.get("format_version") != FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has format version {settings.get('format_version')!r}, but this package "
            f"reads {FORMAT_VERSION}: install the gridwright-keras-cnn that wrote it"
        )
    return settings


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
