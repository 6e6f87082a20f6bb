"""A trained network in a folder: `model.keras`, and `model.json` with everything around it.

No file holds a pickle. The checksum of both is checked (`gridwright.model_files`) before Keras
reads its own, in safe mode: a model that carries code (a Lambda layer) is refused.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gridwright.errors import ModelFileError
from gridwright.model_files import DOCUMENT_FILE, ModelFormat
from keras_cnn import runtime, targets
from keras_cnn.user_layers import announced, layer_class

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = ModelFormat("gridwright-keras-cnn", version=2, content_file="model.keras")


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
    # The same layers without the optimizer, whose state would triple the file.
    bare = keras.Model(model.network.input, model.network.output, name="cnn")
    with warnings.catch_warnings():
        # Keras 3.15 on TensorFlow still converts weights in numpy 1's way.
        warnings.filterwarnings("ignore", message="__array__ implementation doesn't accept a copy")
        bare.save(folder / FORMAT.content_file)
    document = {
        "keras": keras.__version__,
        "task": model.task,
        "targets": model.targets.to_json(),
    }
    FORMAT.seal(folder, document)


def read(folder: Path) -> StoredModel:
    """Return the model that `write` has stored.

    Raises:
        ModelFileError: a file is missing, altered, from a newer version, or carries code.
    """
    document, _ = FORMAT.open(folder)
    encoding = _targets(document, folder / DOCUMENT_FILE)
    network = folder / FORMAT.content_file
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
    return StoredModel(loaded, document["task"], encoding)


def _targets(document: dict[str, Any], path: Path) -> targets.Targets:
    try:
        return targets.from_json(document["task"], document["targets"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is damaged: {error!r}") from error
