import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from gridwright.data_quoting import with_quotes


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("dataset.target=价格", "价格"),
        ("dataset.target=petal width (cm)", "petal width (cm)"),
        ("dataset.target=[价格,größe]", ["价格", "größe"]),
        ("dataset.target=a [m/s]", "a [m/s]"),
        ("dataset.path=/tmp/Käfer & co/my file.csv", "/tmp/Käfer & co/my file.csv"),
        ("dataset.drop=[a,b c,d#]", ["a", "b c", "d#"]),
        ("dataset.target=-1", -1),
        ("dataset.target=im Dienst", "im Dienst"),
        ("dataset.target='schön'", "schön"),
        ("dataset.target=C:\\Käfer\\", "C:\\Käfer\\"),
        ("dataset.separator=;", ";"),
        ("dataset.separator=^", "^"),
        ("dataset.separator=,", ","),
        ("dataset.separator= ", " "),
        ("dataset.separator=|", "|"),
        ("dataset.separator=tab", "tab"),
        ("dataset.separator=';'", ";"),
        ("dataset.decimal=,", ","),
        ("dataset.missing_values=[#N/A,(none),n. v.,-999]", ["#N/A", "(none)", "n. v.", -999]),
        ("dataset.types={age: number}", {"age": "number"}),
        (
            "dataset.types={zip code: category, age: number}",
            {"zip code": "category", "age": "number"},
        ),
        ("dataset.types={Unnamed: 0: number}", ["Unnamed: 0: number"]),
        ("dataset.types={größe (cm): number,a:date}", ["größe (cm): number", "a: date"]),
        ("dataset.types={Unnamed\\: 0: number}", {"Unnamed: 0": "number"}),
        ("dataset.limit=20", 20),
        ("model.activation=ReLU", "ReLU"),
    ],
)
def test_names_reach_hydra_as_they_are(argument, value):
    (override,) = OverridesParser.create().parse_overrides(with_quotes([argument]))
    assert override.value() == value


def test_what_chooses_still_does():
    given = ["-m", "dataset.target=größe,ort", "dataset.path=choice(a,b)", "model.eta=0.1,0.2"]
    quoted = with_quotes(given)
    assert quoted == ["-m", 'dataset.target="größe",ort', *given[2:]]
    assert with_quotes(quoted) == quoted
