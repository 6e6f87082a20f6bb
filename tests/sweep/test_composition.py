"""Every composed cell equals what Hydra's own loader composes for it."""

import pytest
from hydra import initialize_config_module
from hydra.core.hydra_config import HydraConfig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridwright.errors import ConfigurationError
from gridwright.sweep.base_configuration import BaseConfiguration
from gridwright.sweep.composition import compose_cells
from gridwright.sweep.space import expand

CELLS = {
    "nothing": (),
    "values": ("seed=4", "deep.value=x", "typed.rate=1"),
    "a value that others follow": ("seed=21", "name=other", "db.size=9"),
    "a value that is an interpolation": ("name=${seed}", "seed=3", "deep.value=${db.kind}"),
    "of a group": ("db=large",),
    "of a group and its values": ("db=large", "db.index.depth=4", "db.size=2"),
    "of a folder of a group": ("db=sub/odd",),
    "an experiment": ("experiment=plain", "db.size=3"),
    "the experiment's group, chosen again": ("experiment=plain", "db=small"),
    "a list": ("numbers=[4,[5,6]]",),
    "an element of a list": ("numbers.1=7", "deep.list.0.a=8"),
    "a mapping merges": ("deep.nested={x:5}",),
    "a mapping and a value in it": ("deep.nested={x:5}", "deep.nested.y.z=6"),
    "a value and the mapping around it": ("deep.nested.y.z=6", "deep.nested={x:5}"),
    "a group's value as a mapping": ("db={size:3}",),
    "null": ("deep.value=null", "name=null"),
    "an enumeration": ("typed.level=high",),
    "added": ("+new=1", "+deep.new.er=[1]"),
    "added or set": ("++seed=8", "++free.x=1"),
    "deleted": ("~deep.list", "seed=2"),
    "a group deleted": ("~db", "label=x"),
    "a group added": ("+extra=on",),
    "a group in a package": ("+db@other=large", "seed=2"),
    "Hydra's own settings": ("hydra.job.name=job", "seed=3"),
    "text with spaces and signs": ("name='a, b=c/d \"e\" {f} ü'", "deep.value='1'"),
}


@pytest.mark.parametrize("config_name", ["config", "plain"])
def test_cells_equal_hydras(composer, config_name):
    absent = ("deep.list", "experiment", "free", "label")
    cells = [
        cell
        for cell in CELLS.values()
        if config_name == "config" or not any(key in line for line in cell for key in absent)
    ]
    assert len(cells) > len(CELLS) / 2
    hydra = composer(config_name)
    composed = compose_cells(hydra.loader, hydra.master, cells)
    for index, (cell, overrides) in enumerate(zip(composed, cells, strict=True)):
        assert (cell.index, cell.overrides) == (index, overrides)
        assert cell.config == hydra.by_hydra(overrides), overrides
        assert repr(cell.config) == repr(hydra.by_hydra(overrides)), overrides


def test_cells_share_nothing(composer):
    hydra = composer("plain")
    first, second = compose_cells(hydra.loader, hydra.master, [("seed=1",), ("seed=1",)])
    first.config["deep"]["nested"]["x"] = "changed"
    first.config["numbers"].append("changed")
    assert second.config == hydra.by_hydra(("seed=1",))


def test_the_commands_own_overrides_of_hydra_count(composer):
    hydra = composer("config", ("hydra.job.name=mine",))
    (cell,) = compose_cells(hydra.loader, hydra.master, [("+job=${hydra:job.name}",)])
    assert cell.config["job"] == "mine"


def test_what_a_cell_asks_of_hydra_is_its_own(composer):
    hydra = composer("asks_hydra")
    before = HydraConfig.instance().cfg
    cells = compose_cells(hydra.loader, hydra.master, [("seed=1",), ("seed=2", "db=large")])
    assert [cell.config for cell in cells] == [
        {
            "db": {"size": 1, "kind": "small"},
            "seed": 1,
            "overrides": "seed=1",
            "number": 0,
            "indirect": "small",
        },
        {
            "db": {"size": 100, "kind": "large", "index": {"depth": 3}},
            "seed": 2,
            "overrides": "db=large,seed=2",
            "number": 1,
            "indirect": "large",
        },
    ]
    assert HydraConfig.instance().cfg is before


def test_a_swept_value_may_ask_hydra(composer):
    hydra = composer("plain")
    cells = compose_cells(hydra.loader, hydra.master, [("name=a",), ("name=${hydra:job.num}",)])
    assert [cell.config["name"] for cell in cells] == ["a", 1]


def test_a_cell_fills_what_is_missing(composer):
    hydra = composer("incomplete")
    (cell,) = compose_cells(hydra.loader, hydra.master, [("must=1",)])
    assert cell.config == {"must": 1, "other": 1}


@pytest.mark.parametrize(
    ("config_name", "overrides", "sentence"),
    [
        ("plain", ("sed=1", "name=x"), r"'sed': did you mean 'seed'\?.* \(in sed=1 name=x\)"),
        ("plain", ("deep.vale=1",), r"'vale': did you mean 'value'\?"),
        ("config", ("deep.vale=1",), r"'vale': did you mean 'value'\?"),
        ("plain", ("typed.rate=fast",), r"rate.*'fast'.*\(in typed.rate=fast\)"),
        ("plain", ("typed.level=middle",), r"level.*'middle'.*low.*high"),
        ("plain", ("db=smal",), r"'smal'.*small.*\(in db=smal\)"),
        ("plain", ("~nothing",), r"nothing.*\(in ~nothing\)"),
        ("incomplete", ("other=2",), r"must has no default.*\(in other=2\)"),
        ("config", ("deep.value=${nowhere}",), r"nowhere.*\(in deep.value=\$\{nowhere\}\)"),
        ("config", ("experiment=grid",), "experiment=grid has a grid of its own"),
    ],
)
def test_a_bad_cell_is_one_sentence(composer, config_name, overrides, sentence):
    hydra = composer(config_name)
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        compose_cells(hydra.loader, hydra.master, [overrides])
    assert "\n" not in str(caught.value)


def test_hydra_applies_an_override_once_where_nothing_depends_on_it(composer, monkeypatch):
    hydra = composer("plain")
    applied = []
    unchanged = BaseConfiguration._applied

    def counting(self, overrides):
        applied.append([override.input_line for override in overrides])
        return unchanged(self, overrides)

    monkeypatch.setattr(BaseConfiguration, "_applied", counting)
    compose_cells(hydra.loader, hydra.master, expand(["seed=1,2,3", "name=a,b", "db.size=1,2"]))
    assert sorted(applied) == [[line] for line in sorted(
        ["seed=1", "seed=2", "seed=3", "name=a", "name=b", "db.size=1", "db.size=2"]
    )]  # fmt: skip


lines = {
    "seed": st.integers(-5, 5).map(str),
    "name": st.sampled_from(["x", "null", "'1'", "${seed}", "[1]", "{k:1}"]),
    "db": st.sampled_from(["small", "large", "sub/odd"]),
    "db.size": st.integers(0, 9).map(str),
    "deep.value": st.sampled_from(["1", "text", "${db.kind}", "[a,b]", "{c:{d:1}}"]),
    "deep.nested": st.sampled_from(["{x:4}", "{y:{z:5}}"]),
    "deep.nested.y.z": st.integers(0, 9).map(str),
    "numbers": st.sampled_from(["[]", "[1,2]"]),
    "+new": st.sampled_from(["1", "{a:b}"]),
}
cells_of_lines = st.lists(
    st.sampled_from(sorted(lines)).flatmap(lambda key: lines[key].map(lambda value: (key, value))),
    max_size=5,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: tuple(f"{key}={value}" for key, value in pairs))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["config", "plain"]), st.lists(cells_of_lines, min_size=1, max_size=3))
def test_any_cells_equal_hydras(composer, config_name, cells):
    hydra = composer(config_name)
    composed = compose_cells(hydra.loader, hydra.master, cells)
    assert [cell.config for cell in composed] == [hydra.by_hydra(cell) for cell in cells]


def test_a_sample_of_the_papers_grid_equals_hydras():
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode
    from omegaconf import OmegaConf, open_dict

    from gridwright.schema import register

    register()
    command = ["experiment=paper/iris"]
    with initialize_config_module("gridwright.conf", version_base="1.3"):
        loader = GlobalHydra.instance().hydra.config_loader
        master = loader.load_configuration("config", command, RunMode.MULTIRUN)
        grid = expand(command, OmegaConf.to_container(master.hydra.sweeper.params), loader)
        composed = compose_cells(loader, master, grid)
        assert len(composed) == 540
        for cell in composed[::108]:
            expected = loader.load_sweep_config(master, list(cell.overrides))
            with open_dict(expected):
                del expected["hydra"]
            expected = OmegaConf.to_container(expected, resolve=True, enum_to_str=True)
            assert cell.config == expected
