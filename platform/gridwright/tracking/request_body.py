"""The body of a request to a served model -> what its signature says, or a refusal.

MLflow's own parser converts before anybody can look: text becomes a number, 300 a byte, 0.7 a
pixel of 0, and a parameter with a misspelt name is left out. Here a value has the type that the
signature asks for, or the request is refused. Nothing in this module knows Gridwright's models.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from mlflow.types import DataType

from gridwright.errors import unknown_name
from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_table import table
from gridwright.tracking.request_tensor import tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.types import ParamSchema, Schema, TensorSpec

#: Fields that hold samples; a request has exactly one of them.
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_PARAMS = "params"
_SHOWN = 80


def parse(
    body: bytes | str | Mapping[str, Any],
    inputs: Schema,
    params: ParamSchema | None,
    *,
    resize: bool = False,
) -> tuple[Any, dict[str, Any] | None]:
    """Return the samples (a data frame or an array) and the parameters of a JSON request.

    Args:
        body: the request, as text or already decoded.
        inputs: the signature's inputs.
        params: the signature's parameters.
        resize: pictures of another size are made the model's, as those of training were.

    Raises:
        RefusedInput: the request is not what the signature asks for.
    """
    request = _decoded(body)
    found = [name for name in FORMATS if name in request]
    if len(found) != 1:
        raise RefusedInput(
            f"the request must be a JSON object with exactly one of {', '.join(FORMATS)}, but has "
            f"{', '.join(found) or 'none of them'}"
        )
    for name in request:
        if name not in (*found, _PARAMS):
            raise RefusedInput(unknown_name("field of the request", name, (*FORMATS, _PARAMS)))
    given = _params(request.get(_PARAMS), params)
    (form,) = found
    # JSON writes a truth value in one way only, so most requests need no search for them.
    truths = not isinstance(body, (bytes, str)) or _mentions_truth(body)
    if inputs.is_tensor_spec():
        spec = cast("TensorSpec", inputs.inputs[0])
        return tensor(request[form], form, spec, truths=truths, resize=resize), given
    return table(request[form], form, inputs), given


def _decoded(body: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(body, (bytes, str)):
        try:
            body = json.loads(body, parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise RefusedInput(f"the request must be UTF-8: {error.reason}") from None
        except RecursionError:
            raise RefusedInput("the request is nested too deeply to be read") from None
        except ValueError as error:  # JSONDecodeError, or an integer of more than 4300 digits
            raise RefusedInput(f"the request must be JSON: {error}") from None
    if not isinstance(body, dict):
        raise RefusedInput(
            f"the request must be a JSON object with one of {', '.join(FORMATS)}, not {_kind(body)}"
        )
    return body


def _refuse_constant(name: str) -> Any:
    raise RefusedInput(f"the request must be JSON, which has no {name}")


def _mentions_truth(body: bytes | str) -> bool:
    if isinstance(body, str):
        return "true" in body or "false" in body
    return b"true" in body or b"false" in body


def _params(given: Any, schema: ParamSchema | None) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise RefusedInput(f"params must be a JSON object, not {_kind(given)}")
    known = {} if schema is None else {param.name: param for param in schema.params}
    for name, value in given.items():
        if name not in known:
            raise RefusedInput(unknown_name("parameter", name[:_SHOWN], known))
        if known[name].dtype is DataType.string and not isinstance(value, str):
            raise RefusedInput(f"the parameter {name} must be a text, not {_kind(value)}")
    return given


def _kind(value: Any) -> str:
    names = {list: "a list", dict: "an object", str: "text", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")
