from dataclasses import fields, is_dataclass
from enum import Enum

from gridwright.command_settings import COMMAND_SETTINGS, OPTIONS, SHORT_OPTIONS
from gridwright.schema import Configuration


def test_the_options_are_those_that_hydra_takes():
    from hydra._internal.utils import get_args_parser

    strings = [name for action in get_args_parser()._actions for name in action.option_strings]
    assert sorted((*OPTIONS, *SHORT_OPTIONS)) == sorted(strings)


def test_defaults_and_choices_are_those_of_the_schema():
    from hydra_plugins.gridwright.ray_tune_sweeper import RayTuneSweeperConfiguration

    told = {setting.name: setting for setting in COMMAND_SETTINGS}
    nodes = {"": Configuration(), "hydra.sweeper.": RayTuneSweeperConfiguration()}
    nodes["resources."] = nodes[""].resources
    checked = set()
    for prefix, node in nodes.items():
        for field in fields(node):
            value = getattr(node, field.name)
            setting = told.get(prefix + field.name)
            if setting is None or is_dataclass(value):
                continue
            checked.add(setting.name)
            if isinstance(value, Enum):
                assert set(setting.choices) == {one.name for one in type(value)}
                assert setting.default == value.name
            elif isinstance(value, bool):
                assert setting.default == str(value).lower()
                assert setting.choices == ("true", "false")
            else:
                assert setting.default == ("null" if value is None else f"{value:g}")
    assert checked == set(told)
