"""A stored model as two files: what its framework writes, and `model.json` around it.

`model.json` names the format, and holds the SHA-256 of its own other entries and of the
framework's file. Both are checked before a plugin parses anything: a model that was altered, cut
short, or written in another format never reaches numpy, Keras or scikit-learn.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gridwright.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOCUMENT_FILE: Final = "model.json"


@dataclass(frozen=True, slots=True)
class ModelFormat:
    """The format of one plugin's models.

    Attributes:
        name: of the distribution that writes and reads it; an error names it.
        version: grows when an older version of that distribution could not read the files.
        content_file: name of the file that the framework writes.
    """

    name: str
    version: int
    content_file: str

    def seal(self, folder: Path, document: Mapping[str, Any], content: bytes | None = None) -> None:
        """Write `model.json` into an existing folder, and the framework's file with it.

        Args:
            folder: where.
            document: everything about the model that is text or number; JSON can hold it.
            content: of the framework's file; None where the framework has written it already.
        """
        path = folder / self.content_file
        if content is None:
            content = path.read_bytes()
        else:
            path.write_bytes(content)
        whole = {"format": self.name, "format_version": self.version, **document}
        whole["sha256"] = _digest(whole, content)
        text = json.dumps(whole, indent=1, sort_keys=True)
        (folder / DOCUMENT_FILE).write_text(text, encoding="utf-8")

    def open(self, folder: Path) -> tuple[dict[str, Any], bytes]:
        """Return what `seal` got: the document and the bytes of the framework's file.

        Raises:
            ModelFileError: a file is missing, altered, cut short, or of another format.
        """
        document = self._document(folder / DOCUMENT_FILE)
        content = _bytes(folder / self.content_file)
        if document.pop("sha256", None) != _digest(document, content):
            raise ModelFileError(
                f"the model in {folder} is not what was saved (its SHA-256 differs): "
                "it was altered or cut short, so train it or copy it again"
            )
        del document["format"], document["format_version"]
        return document, content

    def _document(self, path: Path) -> dict[str, Any]:
        try:
            document = json.loads(_bytes(path))
        except ValueError as error:
            raise ModelFileError(f"{path} cannot be read as a model: {error}") from error
        if not isinstance(document, dict) or document.get("format") != self.name:
            raise ModelFileError(f"{path} does not describe a model of {self.name}")
        version = document.get("format_version")
        if version != self.version:
            raise ModelFileError(
                f"{path} has format version {version!r}, but the installed {self.name} reads "
                f"{self.version}: install the {self.name} that wrote it"
            )
        return document


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"no model in {path.parent}: {path.name} is missing") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error


def _digest(document: Mapping[str, Any], content: bytes) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode() + b"\n" + content).hexdigest()
