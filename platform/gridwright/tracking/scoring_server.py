"""What MLflow's scoring server lacks, put into it when it loads a model of Gridwright's.

`mlflow models serve` and `mlflow models predict` offer a model no way to see a request before it
is converted, no limit of its size, and answer a request without a content type with a 500. The
loader of a model runs in the server's process, so it puts four functions in the place of
MLflow's: requests for a model of Gridwright's are read by `gridwright.tracking.request_body`,
those for any other model go on to MLflow's own functions.
"""

from __future__ import annotations

import json
import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.types import DataType, Schema

from gridwright.errors import beginning
from gridwright.tracking.refusals import TOO_LARGE, UNSUPPORTED_TYPE, RefusedInput
from gridwright.tracking.request_body import parse
from gridwright.tracking.request_picture import RESIZES
from gridwright.tracking.request_table import spelt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import ModuleType

    from mlflow.types import ColSpec
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message

    Endpoint = Callable[[Request], Awaitable[Response]]

#: The largest request that is read, in MiB; this environment variable sets another.
LIMIT = "GRIDWRIGHT_MAX_REQUEST_MB"
_DEFAULT_LIMIT = 64
_MIB = 2**20
_SENTENCE = 500
_SERVER = "mlflow.pyfunc.scoring_server"
_TABLES = ("text/csv", "application/vnd.apache.parquet")
_MARK = "checks_of_gridwright"


def install(loader: str) -> None:
    """Put the checks into MLflow's scoring server, if this process has one, once.

    Args:
        loader: the loader module whose models the checks are for.
    """
    server = sys.modules.get(_SERVER)
    if server is None or hasattr(server, _MARK):
        return
    setattr(server, _MARK, True)
    server._parse_json_data = _json_parser(server, loader)  # type: ignore[attr-defined] # noqa: SLF001 - see the module
    server.invocations = _invocations(server, loader)  # type: ignore[attr-defined]
    server.parse_csv_input = _csv_parser(server)  # type: ignore[attr-defined]
    server._async_catch_mlflow_exception = _endpoint  # type: ignore[attr-defined] # noqa: SLF001 - see the module


def _json_parser(server: ModuleType, loader: str) -> Callable[..., Any]:
    original = server._parse_json_data  # noqa: SLF001 - see the module

    @wraps(original)
    def parse_json(data: Any, metadata: Any, input_schema: Schema) -> Any:
        if metadata.flavors.get("python_function", {}).get("loader_module") != loader:
            return original(data, metadata, input_schema)
        samples, params = parse(
            data,
            input_schema,
            metadata.get_params_schema(),
            resize=bool((metadata.metadata or {}).get(RESIZES)),
        )
        return server.ParsedJsonInput(samples, params, False)

    return parse_json


def _invocations(server: ModuleType, loader: str) -> Callable[..., Any]:
    original = server.invocations

    @wraps(original)
    def invocations(data: bytes, content_type: str, model: Any, input_schema: Schema) -> Any:
        json_only = model.loader_module == loader and input_schema.is_tensor_spec()
        if json_only and content_type.strip().startswith(_TABLES):
            # MLflow would convert what a file of columns holds, and 300 would become a byte.
            raise RefusedInput(
                "this model takes nested lists of numbers: send them as application/json",
                UNSUPPORTED_TYPE,
            )
        return original(data, content_type, model, input_schema)

    return invocations


def _gappy_booleans(schema: Schema | None) -> set[str]:
    """Return the columns of truth values with gaps: pandas' type for these, bool, has none."""
    if schema is None or schema.is_tensor_spec():
        return set()
    specs = cast("list[ColSpec]", schema.inputs)
    return {str(s.name) for s in specs if s.type == DataType.boolean and not s.required}


def _csv_parser(server: ModuleType) -> Callable[..., pd.DataFrame]:
    original = server.parse_csv_input

    @wraps(original)
    def parse_csv(csv_input: Any, schema: Schema | None = None) -> pd.DataFrame:
        gappy = _gappy_booleans(schema)
        names = [str(spec.name) for spec in schema.inputs if spec.name] if schema else []
        if schema is not None and gappy:
            typed = [spec for spec in schema.inputs if spec.name not in gappy]
            schema = Schema(typed) if typed else None
        frame: pd.DataFrame = original(csv_input=csv_input, schema=schema)
        if names:
            frame = frame.rename(columns=lambda name: spelt(str(name), names))
        for name in gappy & set(frame.columns):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
        # pandas takes the first values for an index, and all others move by one column.
        if not isinstance(frame.index, pd.RangeIndex):
            raise RefusedInput("every row of the CSV must have as many values as its header")
        return frame

    return parse_csv


def _endpoint(function: Endpoint) -> Endpoint:
    """Wrap the endpoint of predictions: a bounded request in, a sentence out."""
    from starlette.requests import Request
    from starlette.responses import Response

    # The annotation must be a class, not a text: by it FastAPI hands over the request.
    async def answer(request: Request) -> Response:
        try:
            if "content-type" not in request.headers:
                raise RefusedInput(
                    "the request needs a Content-Type: application/json or text/csv",
                    UNSUPPORTED_TYPE,
                )
            return await function(Request(request.scope, _bounded(request)))
        except MlflowException as error:
            status: int = error.get_http_status_code()
            return Response(_body(error), status, media_type="application/json")

    answer.__annotations__ = {"request": Request}
    return answer


def _bounded(request: Request) -> Callable[[], Awaitable[Message]]:
    """Return the `receive` of a request that raises once the body is too large.

    The rest is taken and dropped: a client that is still sending would not hear the answer.
    """
    limit = int(float(os.environ.get(LIMIT, _DEFAULT_LIMIT)) * _MIB)
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size <= limit:
            return message
        while message.get("more_body"):
            message = await request.receive()
        raise RefusedInput(
            f"a request may have {limit / _MIB:g} MiB at most: send fewer samples at a time, or "
            f"start the server with {LIMIT} set higher",
            TOO_LARGE,
        )

    return receive


def _body(error: MlflowException) -> str:
    """Return the body of an answer: what MLflow says, without the input and the stack trace."""
    if isinstance(error, RefusedInput):
        return error.serialize_as_json()
    # "Failed to predict data '...'. \nError: ..." repeats the whole input first.
    sentence = str(error.message).rpartition("Error: ")[2].strip()
    return json.dumps({"error_code": error.error_code, "message": beginning(sentence, _SENTENCE)})
