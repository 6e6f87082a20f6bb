"""Files of a run where MLflow looks for them, without a detour where that is a folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from gridwright.tracking.model_artifact import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Run


def put(uri: str, files: Mapping[str, bytes], tracking_uri: str | None = None) -> None:
    """Write `files` (relative POSIX path -> content) to the artifact URI of a run.

    Args:
        uri: of the run's artifacts.
        files: what to write.
        tracking_uri: of the store that knows the run; needed where its server takes the artifacts.

    Raises:
        MlflowException, OSError: they cannot be written there.
    """
    if is_local_uri(uri):
        write(local_file_uri_to_path(uri), files)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(folder, files)
        get_artifact_repository(uri, tracking_uri).log_artifacts(folder)


def write(folder: str, files: Mapping[str, bytes]) -> None:
    """Write `files` into `folder`, which is made if need be.

    Paths stay text: pathlib would cost more than the writing.
    """
    for parent in {os.path.dirname(name) for name in files}:  # noqa: PTH120 - see above
        Path(folder, parent).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with open(f"{folder}/{name}", "wb") as file:  # noqa: PTH123 - see above
            file.write(content)


def text_of(client: MlflowClient, run: Run, path: str) -> str:
    """Return the text of an artifact of a run; a sweep has hundreds, so a file is not copied.

    Raises:
        MlflowException, OSError: it is not there, or cannot be read.
    """
    uri = run.info.artifact_uri
    if is_local_uri(uri):
        return Path(local_file_uri_to_path(uri), path).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        copied = client.download_artifacts(run.info.run_id, path, folder)
        return Path(copied).read_text(encoding="utf-8")


def requirements_of(client: MlflowClient, run: Run) -> dict[str, str]:
    """Return name -> version of what the stored model of a run needs.

    Raises:
        MlflowException, OSError: the run has no model, or its list cannot be read.
    """
    lines = text_of(client, run, f"{FOLDER}/requirements.txt").splitlines()
    pairs = (line.strip().partition("==") for line in lines)
    return {name: version for name, equals, version in pairs if equals}
