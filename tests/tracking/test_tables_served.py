"""Ugly tables, each from its file to a served model that is asked in the file's own columns.

What is done here is all that a command does, without Ray and without a store: the table is read,
divided and encoded, a network trained, its artifact written, loaded by MLflow, and asked through
the parser of the scoring server.
"""

import csv
import io
import json
import random
from datetime import date, timedelta

import mlflow
import numpy as np
import pandas as pd
import pytest

from gridwright.contract import TrialSpec
from gridwright.datasets import load, split
from gridwright.plugins import load_model_plugin
from gridwright.tracking import artifact_files
from gridwright.tracking.examples import RAW_PROBES, read_probes
from gridwright.tracking.manifest import read_checked
from gridwright.tracking.model_artifact import DATA, model_artifact
from gridwright.tracking.probes import bounded_probes
from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_body import parse
from gridwright.tracking.spool import SpooledTrial
from gridwright.trial import run_trial

N = 60
PARAMETERS = {"hidden_layer": [4], "epoch": 3}


def columns(n=N):
    """Columns of every kind, as texts; `y` has two classes, `z` is a number."""
    chance = random.Random(0)
    born = [date(2020, 1, 1) + timedelta(days=chance.randrange(900)) for _ in range(n)]
    return {
        "size": [str(chance.randrange(1, 90)) for _ in range(n)],
        "weight": [f"{chance.uniform(1, 9):.2f}" for _ in range(n)],
        "colour": [chance.choice(["red", "green", "blue"]) for _ in range(n)],
        "born": [day.isoformat() for day in born],
        "new": [chance.choice(["true", "false"]) for _ in range(n)],
        "y": [("yes", "no")[place % 2] for place in range(n)],
        "z": [f"{chance.gauss(0, 1):.3f}" for _ in range(n)],
    }


def written(table, delimiter=",", header=True, **changes):
    table = {**table, **changes}
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    if header:
        rows.writerow(table)
    rows.writerows(zip(*table.values(), strict=True))
    return text.getvalue()


def without(*names):
    return {name: values for name, values in columns().items() if name not in names}


def gappy(values, every=7, gap=""):
    return [gap if place % every == 3 else value for place, value in enumerate(values)]


def made(path, target, **options):
    config = {
        "kind": "table", "path": str(path), "target": target,
        "test_fraction": 0.2, "validation_fraction": 0.2, **options,
    }  # fmt: skip
    return config, split(load(config), config, "validation")


def trained(path, target, folder, **options):
    """Return the loaded model, and what it was trained on."""
    config, data = made(path, target, **options)
    plugin = load_model_plugin("numpy-mlp")
    spec = TrialSpec(
        "c" * 64, 0, "numpy-mlp", PARAMETERS, {"dataset": config}, (), data.description.name,
        "key", data.digest, plugin.version, 0, "validation", "",
    )  # fmt: skip
    result = run_trial(spec, data, plugin)
    assert result.failure is None, result.failure.traceback
    preprocessing = data.preprocessing.to_json()
    trial = SpooledTrial(
        spec, result, data.description, data.source, ("numpy",), "e", preprocessing=preprocessing
    )
    artifact_files.write(str(folder), model_artifact(bounded_probes(trial, data), "0" * 32).files)
    return mlflow.pyfunc.load_model(str(folder)), data


def asked(model, row):
    """Return the answer to one row, sent as the scoring server gets it."""
    schema = model.metadata.get_input_schema()
    body = json.dumps({"dataframe_records": [row]})
    samples, _ = parse(body, schema, model.metadata.get_params_schema())
    return model.predict(samples)


def own_row(data, place=0):
    raw = data.raw_probes
    return dict(zip(raw.names, raw[place : place + 1].rows_as_written()[0], strict=True))


QUOTED = ['a, "b"\nc', "d;e", "f\tg"] * 20
ZOO = {
    "plain": (".csv", written(without("z")), "y", {}),
    "boolean target": (".csv", written(without("y", "z")), "new", {}),
    "regression": (".csv", written(without("y")), "z", {}),
    "two targets": (".csv", written(without("y")), ["z", "weight"], {}),
    "target by position": (".csv", written(without("z")), -1, {}),
    "missing values": (
        ".csv",
        written(
            without("z"),
            size=gappy(columns()["size"]),
            weight=gappy(columns()["weight"], 5, "NA"),
            colour=gappy(columns()["colour"], 4, "?"),
            born=gappy(columns()["born"], 9),
            new=gappy(columns()["new"], 8),
        ),
        "y",
        {},
    ),
    "missing targets": (".csv", written(without("z"), y=gappy(columns()["y"])), "y", {}),
    "rows with gaps dropped": (
        ".csv", written(without("z"), size=gappy(columns()["size"])), "y", {"missing": "drop"},
    ),
    "utf-16": (".csv", written(without("z"), colour=["grün", "żółty", "青"] * 20).encode("utf-16"), "y", {}),
    "utf-16 without a mark": (".csv", written(without("z")).encode("utf-16-le"), "y", {}),
    "utf-8 with a mark": (".csv", written(without("z")).encode("utf-8-sig"), "y", {}),
    "latin-1": (".csv", written(without("z"), colour=["grün", "weiß"] * 30).encode("latin-1"), "y", {}),
    "semicolons and decimal commas": (
        ".csv",
        written(without("z"), ";", weight=[w.replace(".", ",") for w in columns()["weight"]]),
        "y",
        {},
    ),
    "tabs": (".tsv", written(without("z"), "\t"), "y", {}),
    "bars": (".txt", written(without("z"), "|"), "y", {}),
    "without a header": (".csv", written(without("z"), header=False), 5, {}),
    "quoted commas and newlines": (".csv", written(without("z"), colour=QUOTED), "y", {}),
    "windows line ends": (".csv", written(without("z")).replace("\n", "\r\n"), "y", {}),
    "duplicate rows": (".csv", written({k: v[:30] * 2 for k, v in without("z").items()}), "y", {}),
    "numbered classes": (".csv", written(without("z"), y=["1", "2", "5"] * 20), "y", {}),
    "three words": (".csv", written(without("z"), y=["lo", "mid", "hi"] * 20), "y", {}),
    "a constant column": (".csv", written(without("z"), size=["7"] * N), "y", {}),
    "a column without values": (".csv", written(without("z"), size=[""] * N), "y", {}),
    "an id and names": (
        ".csv",
        written({"id": list(range(N)), "name": [f"n{i}" for i in range(N)], **without("z")}),
        "y",
        {},
    ),
    "odd names of columns": (
        ".csv",
        written({"größe (cm)": columns()["size"], 'a "b".c/d': columns()["weight"], "y": columns()["y"]}),
        "y",
        {},
    ),
    "large numbers": (".csv", written(without("z"), size=[str(10**17 + i * 10**15) for i in range(N)]), "y", {}),
    "dates of days first": (
        ".csv",
        written(without("z"), born=[f"{1 + i % 28:02d}.{1 + i % 12:02d}.2021 {i % 24:02d}:30" for i in range(N)]),
        "y",
        {},
    ),
    "empty lines and a comment first": (".csv", "\n\n# made up\n" + written(without("z")), "y", {}),
    "numbers as names": (
        ".csv", written({"2019": columns()["size"], "2020": columns()["weight"], "y": columns()["y"]}), "y", {},
    ),
    "blanks and dashes for gaps": (
        ".csv",
        written(without("z"), size=gappy(columns()["size"], gap=" "), weight=gappy(columns()["weight"], gap="-")),
        "y",
        {},
    ),
    "an index of pandas": (".csv", written({"": list(range(N)), **without("z")}), "y", {}),
    "thirty rows": (".csv", written({k: v[:30] for k, v in without("z").items()}), "y", {}),
    "200 columns": (
        ".csv",
        written({**{f"c{i}": [str((i * j) % 17) for j in range(N)] for i in range(199)}, "y": columns()["y"]}),
        "y",
        {},
    ),
    "numbers said to be categories": (
        ".csv", written(without("z"), size=["10115", "20095", "80331"] * 20), "y",
        {"types": {"size": "category"}},
    ),
    "folds": (".csv", written(without("z")), "y", {"folds": 3}),
    "groups": (".csv", written(without("z"), size=[str(i // 6) for i in range(N)]), "y", {"groups": "size"}),
    "time": (".csv", written(without("z")), "y", {"time": "born"}),
    "json lines": (
        ".jsonl",
        "\n".join(
            json.dumps({"a": i, "b": None if i % 5 else i / 2, "c": "xyz"[i % 3], "y": i % 2 == 0})
            for i in range(N)
        ),
        "y",
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ZOO)
def test_a_table_is_trained_and_served_in_its_own_columns(kind, tmp_path):
    ending, content, target, options = ZOO[kind]
    path = tmp_path / f"my data{ending}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    folder = tmp_path / "model"
    folder.mkdir()
    model, data = trained(path, target, folder, **options)
    assert data.description.name == "my_data"
    row = own_row(data)
    answer = np.asarray(asked(model, row))
    if data.description.task == "classification":
        assert answer[0] in data.description.classes
    else:
        assert np.isfinite(np.asarray(answer, dtype=float)).all()
    manifest = read_checked(folder / DATA)
    probes, recorded = read_probes(folder, manifest, model.metadata.get_input_schema())
    output = "probabilities" if data.description.classes else "values"
    np.testing.assert_allclose(
        np.asarray(model.predict(probes, params={"output": output})), recorded, rtol=1e-5, atol=1e-6
    )


@pytest.fixture(scope="module")
def typed_frame():
    table = columns()
    return pd.DataFrame({
        "size": pd.array([None if i == 3 else int(s) for i, s in enumerate(table["size"])], "Int64"),
        "whole": np.arange(N, dtype=np.uint8) % 7,
        "weight": np.asarray(table["weight"], float),
        "colour": pd.Categorical(gappy(table["colour"], gap=None)),
        "born": pd.to_datetime(table["born"]),
        "new": pd.array([None if i == 5 else v == "true" for i, v in enumerate(table["new"])], "boolean"),
        "y": table["y"],
    })  # fmt: skip


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".parquet.gz"])
def test_typed_files_are_served_as_json_and_as_the_frame_they_are(ending, typed_frame, tmp_path):
    path = tmp_path / f"typed{ending}"
    if ending == ".feather":
        typed_frame.to_feather(path)
    else:
        content = typed_frame.to_parquet(None)
        import gzip

        path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    folder = tmp_path / "model"
    folder.mkdir()
    model, data = trained(path, "y", folder)
    assert asked(model, own_row(data))[0] in ("yes", "no")
    row = json.loads(typed_frame.head(1).to_json(orient="records", date_format="iso"))[0]
    assert asked(model, row)[0] in ("yes", "no")
    frame = pd.read_feather(path) if ending == ".feather" else pd.read_parquet(io.BytesIO(content))
    frame = frame.drop(columns="y").astype({"whole": "int64", "size": "float64", "colour": object})
    frame["new"] = frame["new"].astype(object).where(frame["new"].notna(), None)
    assert set(model.predict(frame)) <= {"yes", "no"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    path = folder / "gaps.csv"
    path.write_text(
        written(without("z"), size=gappy(columns()["size"]), colour=gappy(columns()["colour"]))
    )
    (folder / "model").mkdir()
    return trained(path, "y", folder / "model")


def test_a_value_that_training_has_not_seen_is_answered(served):
    model, data = served
    assert asked(model, own_row(data) | {"colour": "violet"})[0] in ("yes", "no")


def test_a_gap_is_allowed_exactly_where_the_file_has_gaps(served):
    model, data = served
    row = own_row(data)
    assert asked(model, row | {"size": None, "colour": None})[0] in ("yes", "no")
    without_colour = {name: value for name, value in row.items() if name != "colour"}
    assert asked(model, without_colour)[0] in ("yes", "no")
    with pytest.raises(RefusedInput) as caught:
        asked(model, row | {"weight": None})
    assert caught.value.sentence == (
        "every value must be a finite number, but column 'weight' holds null in row 0 (counted "
        "from 0)"
    )
    frame = pd.DataFrame([row | {"weight": np.nan}])
    with pytest.raises(RefusedInput, match="column 'weight' holds nan in row 0"):
        model.predict(frame)


def test_a_text_that_stands_for_a_gap_does_so_in_a_request_too(served):
    model, data = served
    row = own_row(data)
    gap = asked_probabilities(model, row | {"colour": None})
    assert gap == asked_probabilities(model, row | {"colour": "NA"})
    assert gap != asked_probabilities(model, row | {"colour": "red"})


def asked_probabilities(model, row):
    schema = model.metadata.get_input_schema()
    samples, _ = parse(json.dumps({"dataframe_records": [row]}), schema, None)
    return model.predict(samples, params={"output": "probabilities"}).to_dict("records")


def test_a_date_that_is_none_is_refused(served):
    model, data = served
    with pytest.raises(RefusedInput) as caught:
        asked(model, own_row(data) | {"born": "yesterday"})
    assert caught.value.sentence == (
        "every value must be a date, but column 'born' holds yesterday in row 0 (counted from 0)"
    )


def test_a_missing_column_and_a_wrong_type_are_refused(served):
    model, data = served
    row = own_row(data)
    with pytest.raises(RefusedInput, match="the input lacks the column 'new'"):
        asked(model, {name: value for name, value in row.items() if name != "new"})
    with pytest.raises(RefusedInput, match="true or false, but column 'new' holds 1 in row 0"):
        asked(model, row | {"new": 1})


def test_a_whole_number_may_be_written_as_a_float(tmp_path):
    path = tmp_path / "whole.csv"
    path.write_text(written(without("z")))
    (tmp_path / "model").mkdir()
    model, data = trained(path, "y", tmp_path / "model")
    row = own_row(data)
    assert asked(model, row | {"size": float(row["size"])}) == asked(model, row)
    with pytest.raises(RefusedInput, match=r"a whole number, but column 'size' holds 3\.5"):
        asked(model, row | {"size": 3.5})


def test_the_preprocessing_is_sealed(served, tmp_path):
    from shutil import copytree

    from gridwright.errors import ModelFileError

    folder = tmp_path / "altered"
    copytree(served_folder(served), folder)
    stored = folder / DATA / "preprocessing.json"
    stored.write_text(stored.read_text().replace('"fill": ', '"fill": 1'))
    with pytest.raises(ModelFileError, match=r"the file preprocessing\.json .* was altered"):
        mlflow.pyfunc.load_model(str(folder))
    stored.unlink()
    with pytest.raises(ModelFileError, match=r"lacks preprocessing\.json"):
        mlflow.pyfunc.load_model(str(folder))


def served_folder(served):
    from pathlib import Path

    return Path(served[1].source).parent / "model"


def test_the_probes_of_a_table_are_stored_in_its_own_columns(served):
    split_form = json.loads((served_folder(served) / RAW_PROBES).read_text())
    assert split_form["columns"] == ["size", "weight", "colour", "born", "new"]
    assert {type(value) for value in split_form["data"][0]} <= {int, float, str, bool, type(None)}


def test_the_file_itself_is_a_request(tmp_path, scoring_app):
    ending, content, target, options = ZOO["missing values"]
    path = tmp_path / f"my{ending}"
    path.write_text(content)
    _, data = trained(path, target, tmp_path / "model", **options)
    app = scoring_app(str(tmp_path / "model"))
    status, text = app.send(content.encode(), content_type="text/csv")
    assert (status, len(json.loads(text).get("predictions", ()))) == (200, N), text
    raw = data.raw_probes  # rows of the test part, among them gaps of every column
    rows = raw.rows_as_written()
    gaps = dict(
        zip(raw.names, zip(*([v is None for v in row] for row in rows), strict=True), strict=True)
    )
    assert any(gaps["new"])
    split_body = {"columns": list(raw.names), "data": rows}
    as_csv = written(dict(zip(raw.names, zip(*rows, strict=True), strict=True)))
    asked_in_csv = app.send(as_csv.encode(), content_type="text/csv")
    assert (asked_in_csv[0], json.loads(asked_in_csv[1])) == app.ask(dataframe_split=split_body)


def test_spaces_around_the_names_of_the_file_may_stand_in_a_request(tmp_path, scoring_app):
    path = tmp_path / "my.csv"
    content = "size, colour,y \n" + "".join(
        f"{i}, {'rgb'[i % 3]},{'no' * (i % 2)}yes\n" for i in range(N)
    )
    path.write_text(content)
    trained(path, "y", tmp_path / "model")
    app = scoring_app(str(tmp_path / "model"))
    frame = pd.read_csv(path).drop(columns="y ")
    assert list(frame) == ["size", " colour"]
    bodies = [
        {"dataframe_split": frame.to_dict("split")},
        {"dataframe_records": frame.to_dict("records")},
        {"inputs": frame.to_dict("list")},
    ]
    answers = [app.ask(**body) for body in bodies]
    status, text = app.send(content.encode(), content_type="text/csv")
    assert answers == [(status, json.loads(text))] * 3
    assert (status, len(json.loads(text)["predictions"])) == (200, N)
