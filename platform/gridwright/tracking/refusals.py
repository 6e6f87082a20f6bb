"""What a served model refuses: an error that MLflow's server answers as a 4xx with one sentence."""

from __future__ import annotations

import json

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

BAD_REQUEST = 400
TOO_LARGE = 413
UNSUPPORTED_TYPE = 415


class RefusedInput(MlflowException):
    """An input that no answer may be given to; the server answers `status` and `sentence` alone.

    Attributes:
        sentence: what the input must be, and what came instead.
        status: of the answer, 400 to 499.
    """

    def __init__(self, sentence: str, status: int = BAD_REQUEST) -> None:
        super().__init__(sentence, error_code=INVALID_PARAMETER_VALUE)
        self.sentence = sentence
        self.status = status

    def get_http_status_code(self) -> int:
        """Return the status of the answer."""
        return self.status

    def serialize_as_json(self) -> str:
        """Return the body of the answer: the server has put the whole input before the message."""
        return json.dumps({"error_code": self.error_code, "message": self.sentence})
