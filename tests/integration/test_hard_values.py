"""Values that are hard to write come through the command, the grid and Ray into MLflow unharmed."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PLUGIN = Path(__file__).parents[1] / "misbehaving_plugin"
LONG = "x" * 7000
#: As it is typed on the command line -> the value that a trial has, which JSON can write.
VALUES = {
    "'a,b'": "a,b",
    "C:/data/x": "C:/data/x",
    r"""'it\'s "so"'""": """it's "so\"""",
    "'back\\slash'": "back\\slash",
    "[1,[2,'a,b'],{c:null}]": [1, [2, "a,b"], {"c": None}],
    "{a:{b:[1.5,true]},c:'d=e'}": {"a": {"b": [1.5, True]}, "c": "d=e"},
    "null": None,
    "'null'": "null",
    "'1e3'": "1e3",
    "1e3": 1000.0,
    "''": "",
    "' spaced '": " spaced ",
    "'größe—漢字🙂'": "größe—漢字🙂",
    "'100%'": "100%",
    "'a\\nb: c # d'": "a\\nb: c # d",
    LONG: LONG,
}


def test_hard_values_come_through_unharmed(new_folder):
    out, _ = new_folder.run(
        "-m", "dataset=iris", "model=misbehaving", f"model.note={','.join(VALUES)}",
        "model.epoch=1", "forecast=false", "top=1", PYTHONPATH=str(PLUGIN),
    )  # fmt: skip
    assert f"{len(VALUES)} trials of misbehaving on iris." in out
    client = new_folder.client
    _, trials = new_folder.runs()
    found = []
    for run in trials:
        path = client.download_artifacts(run.info.run_id, "config.yaml", str(new_folder.path))
        found.append(json.dumps(json.loads(Path(path).read_text())["model"]["note"]))
    assert sorted(found) == sorted(map(json.dumps, VALUES.values()))
