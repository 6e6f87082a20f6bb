"""Tables as people have them: what is read of each, said about it, and served again as it was."""

import json
import lzma

import numpy as np
import pandas as pd
import pytest

from gridwright.datasets import load, split
from gridwright.datasets.preprocessing import Preprocessing

N = 40
HALF = [i % 2 == 0 for i in range(N)]


def csv(header, *columns, separator=","):
    rows = zip(*columns, strict=True)
    return "\n".join([header, *(separator.join(map(str, row)) for row in rows)]) + "\n"


NUMBERS = [f"{i * 1.5:.1f}" for i in range(N)]
WORDS = [("red", "blue", "dark green")[i % 3] for i in range(N)]
YES = ["yes" if half else "no" for half in HALF]
CASES = {
    # name of the file: content, target, feature names, notes
    "money.csv": (
        csv(
            "size,price,share,sold",
            *([f'"{1000 + 37 * i:,}"' for i in range(N)], [f'"${2000 + i:,}.50"' for i in range(N)]),
            *([f"{i}%" for i in range(N)], YES),
        ),
        "price",
        ("size", "share", "sold=no", "sold=yes"),
        ["numbers written like $1,234.5: 'price'", "numbers written like 1,234.5%: 'share'"],
    ),
    "german.csv": (
        csv(
            "Fläche;Ort;Preis",
            *([f"{i},5" for i in range(N)], WORDS, [f"{20 + i}.000,00 €" for i in range(N)]),
            separator=";",
        ),
        "Preis",
        ("Fläche", "Ort=blue", "Ort=dark green", "Ort=red"),
        ["read with decimal commas", "task: regression of 'Preis'"],
    ),
    "times.csv": (
        csv(
            "day,clock,y",
            *([f"{1 + i % 28:02d}/03/2021 0{1 + i % 9}:30 PM" for i in range(N)],),
            *([f"{i % 24:02d}:{i:02d}" for i in range(N)], YES),
        ),
        "y",
        ("day (days)", "day (day)", "day (weekday)", "day (hour)", "clock"),
        ["times of day, counted in hours, written like 14:05: 'clock'"],
    ),
    "months.csv": (
        csv("month,y", [f"{2015 + i // 12}-{1 + i % 12:02d}" for i in range(N)], YES),
        "y",
        ("month (days)", "month (month)", "month (weekday)"),
        ["features: 1 date"],
    ),
    "spaces.txt": (
        "".join(f"  {i:8.3f}   {i % 7:3d} \t {i % 2}.000\n" for i in range(N)),
        2,
        ("0", "1"),
        ["read as a file without a header", "classification of '2' into 2 classes"],
    ),
    "adult.csv": (
        csv("age, work, pay", range(N), [f" {w}" for w in WORDS[:-1]] + [" ?"], [f" {y}" for y in YES]),
        "pay",
        ("age", "work=blue", "work=dark green", "work=red", "work (missing)"),
        ["classification of 'pay' into 2 classes", "gaps in 1 ('work')"],
    ),
    "gbk.csv": (
        csv("面积,城市,价格", NUMBERS, [("北京", "上海")[i % 2] for i in range(N)], range(N)).encode("gb18030"),
        "价格",
        ("面积", "城市=上海", "城市=北京"),
        ["read as Chinese (GB 18030), for it is not UTF-8; dataset.encoding sets another"],
    ),
    "packed.csv.xz": (lzma.compress(csv("x,y", NUMBERS, YES).encode()), "y", ("x",), []),
    "array.json": (
        json.dumps([{"x": i, "c": w, "y": h} for i, w, h in zip(range(N), WORDS, HALF, strict=True)]),
        "y",
        ("x", "c=blue", "c=dark green", "c=red"),
        ["it is true or false"],
    ),
    "ids.csv": (
        csv("id,y", range(N), YES),
        "y",
        ("id",),
        ["column 'id' numbers the rows, and is kept: there is no other to predict from"],
    ),
    "floats.csv": (csv("x,y", NUMBERS, [f"{h:.1f}" for h in HALF]), "y", ("x",), ["into 2 classes"]),
    "excel.csv": (
        ("sep=;\r\n" + csv("x;c;y", [f"{i},5" for i in range(N)], WORDS, YES, separator=";")).encode("utf-16"),
        "y",
        ("x", "c=blue", "c=dark green", "c=red"),
        ["read with decimal commas"],
    ),
    "nested.jsonl": (
        "".join(json.dumps({"who": {"age": i}, "tags": ["a"], "x": i, "y": y}) + "\n" for i, y in enumerate(YES)),
        "y",
        ("x",),
        [
            "'who' is left out: it holds values of the type struct<age: int64>, which are neither numbers",
            "column 'tags' is left out: it holds values of the type list<item: string>",
        ],
    ),
    "trailing.csv": (
        csv("x,c,y", NUMBERS, WORDS, [f"{word}," for word in YES]),
        "y",
        ("x", "c=blue", "c=dark green", "c=red"),
        ["column 'Unnamed: 3' is left out: it has no value at all"],
    ),
    "of_r.csv": (
        csv('"x","y"', [f'"{i}"' for i in range(1, N + 1)], NUMBERS, YES),
        "y",
        ("x",),
        ["column 'Unnamed: 0' is left out: it numbers the rows"],
    ),
    "total.csv": (
        csv("x,y", [*NUMBERS, "Total"], [*YES, ""]),
        "y",
        ("x",),
        ["1 of 41 rows are left out, for their target 'y' is missing", "features: 1 number"],
    ),
    "english.csv": (
        csv("d,e,y", *([f"Jan {1 + i % 28} 2021" for i in range(N)], [f"202101{10 + i % 19}T1015{i}" for i in range(10, 10 + N)], YES)),
        "y",
        ("d (days)", "d (day)", "d (weekday)", "e (days)", "e (day)", "e (weekday)", "e (hour)"),
        ["features: 2 dates"],
    ),
    "title.csv": (
        "Export, made in 2024\n\nAll rows\n" + csv("x,c,y", NUMBERS, WORDS, YES),
        "y",
        ("x", "c=blue", "c=dark green", "c=red"),
        ["features: 1 number, 1 category"],
    ),
    "huge.csv": (csv("x,y", [2**63 - 1 - i * 2**20 for i in range(N)], YES), "y", ("x",), []),
}  # fmt: skip


def config(path, target, **options):
    parts = {"test_fraction": 0.2, "validation_fraction": 0.2}
    return {"kind": "table", "path": str(path), "target": target, **parts, **options}


@pytest.mark.parametrize("name", CASES)
def test_a_table_is_read_and_its_rows_are_taken_again_as_they_were(name, tmp_path):
    content, target, features, notes = CASES[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    dataset = load(config(path, target))
    data = split(dataset, config(path, target), "validation")
    assert data.description.feature_names == features
    for note in notes:
        assert any(note in said for said in dataset.notes), dataset.notes
    # What the model stores takes the columns of the file, and gives what was trained on.
    stored = Preprocessing.of_json(data.preprocessing.to_json())
    frame = pd.DataFrame(data.raw_probes.rows_as_written(), columns=data.raw_probes.names)
    assert json.loads(json.dumps(frame.to_dict("records"))) == frame.to_dict("records")
    np.testing.assert_array_equal(stored.encode_frame(frame), data.x_test[data.probe_rows])


@pytest.mark.parametrize("write", ["to_parquet", "to_feather"])
def test_texts_that_stand_for_gaps_do_so_in_typed_files_too(write, tmp_path):
    frame = pd.DataFrame({"x": range(N), "c": [*WORDS[:-2], "?", ""], "y": HALF})
    path = tmp_path / f"my.{write[3:]}"
    getattr(frame, write)(path)
    dataset = load(config(path, "y"))
    assert dataset.x.columns[1].vocabulary == ("blue", "dark green", "red")
    assert dataset.x.columns[1].gaps.sum() == 2


def test_numbers_with_a_unit_and_a_mistake_among_them(tmp_path):
    path = tmp_path / "my.csv"
    path.write_text(csv("w,y", [f"{i} kg" for i in range(N - 1)] + ["heavy"], YES))
    with pytest.raises(Exception, match=r"column 'w' holds numbers, but 'heavy' in row 40 "):
        load(config(path, "y"))


def test_the_name_of_the_target_tells_the_encoding_of_a_short_file(tmp_path):
    path = tmp_path / "my.tab"
    rows = "".join(
        f"{i / 7:.3f}\t{('да', 'нет')[i % 2]}\t{('кот', 'пёс')[i % 3 > 1]}\n" for i in range(80)
    )
    path.write_text("1\t2\tвид\n" + rows, encoding="cp1251")
    dataset = load({"kind": "table", "path": str(path), "target": "вид"})
    assert dataset.classes == ("кот", "пёс")
