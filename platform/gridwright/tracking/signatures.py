"""What a served model takes and gives, in MLflow's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

from gridwright.datasets.preprocessing import Preprocessing
from gridwright.tracking.manifest import default_output, table_columns
from gridwright.tracking.quiet_mlflow import ModelSignature

if TYPE_CHECKING:
    from gridwright.contract import DataDescription
    from gridwright.datasets.encoders import Encoder


def signature(data: DataDescription, preprocessing: str = "") -> ModelSignature:
    """Return the signature of a model that was trained on such data.

    Args:
        data: the samples as the model sees them.
        preprocessing: `Preprocessing.to_json` of a table that is served in its own columns; the
            empty text for double columns or, where these have no names, a tensor.
    """
    inputs: list[ColSpec | TensorSpec]
    if preprocessing:
        encoders = Preprocessing.of_json(preprocessing).encoders
        inputs = [
            ColSpec(_input_type(encoder), encoder.name, required=not encoder.optional)
            for encoder in encoders
        ]
    else:
        inputs = [ColSpec(DataType.double, name) for name in table_columns(data)]
    return ModelSignature(
        inputs=Schema(inputs or [TensorSpec(np.dtype(data.dtype), (-1, *data.sample_shape))]),
        outputs=Schema([ColSpec(_output_type(data))]),
        params=ParamSchema([ParamSpec("output", DataType.string, default_output(data.task))]),
    )


def _input_type(encoder: Encoder) -> DataType:
    if encoder.kind == "boolean":
        return DataType.boolean
    if encoder.kind == "date":
        return DataType.datetime if getattr(encoder, "native", False) else DataType.string
    if encoder.kind == "category":
        return DataType.double if getattr(encoder, "native", False) else DataType.string
    if getattr(encoder, "notation", None) is not None:
        return DataType.string
    return DataType.long if getattr(encoder, "whole", False) else DataType.double


def _output_type(data: DataDescription) -> DataType:
    if data.task == "regression":
        return DataType.double
    by_type = {bool: DataType.boolean, int: DataType.long, float: DataType.double}
    return by_type.get(type(data.classes[0]) if data.classes else str, DataType.string)
