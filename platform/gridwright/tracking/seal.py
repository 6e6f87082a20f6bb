"""The seal of a stored model: digests of the files that say how the model is to be read.

The manifest holds the digest of each of the plugin's files; the seal holds those of the manifest
and of MLflow's own MLmodel, whose signature decides what a request means.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from gridwright.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SEAL = "seal.json"
#: MLflow's description of the model, at the root of its folder.
MLMODEL = "MLmodel"


def seal(files: Mapping[str, bytes]) -> bytes:
    """Return the content of the seal of `files`, by their path in the model's folder."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return json.dumps(digests, indent=1).encode()


def check_seal(path: Path, root: Path) -> None:
    """Compare the files that the seal at `path` names, relative to `root`, with it.

    Raises:
        ModelFileError: the seal or a file is missing or altered.
    """
    try:
        digests = json.loads(path.read_text(encoding="utf-8"))
        for name, digest in digests.items():
            if hashlib.sha256((root / name).read_bytes()).hexdigest() != digest:
                raise ModelFileError(
                    f"the file {name} of the stored model in {root} was altered: its SHA-256 is "
                    "not the recorded one; fetch it again from its run"
                )
    except (OSError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"the stored model in {root} cannot be checked ({error}): fetch it again from its run"
        ) from error
