"""`ModelPlugin.check`: every problem is found before anything is trained."""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

from gridwright.contract import Problem
from gridwright.testing.sample_data import KINDS, sample_data
from gridwright.testing.subject import PluginUnderTest

if TYPE_CHECKING:
    from gridwright.contract import ModelPlugin
    from gridwright.datasets import TrialData

_ODD_VALUES: tuple[Any, ...] = (None, True, -1, 0.5, math.nan, "text", [], [[]], {"a": 1})


class CheckConformance(PluginUnderTest):
    """`check` names what is wrong, and nothing else."""

    def test_good_parameters_have_no_problems(self, plugin: ModelPlugin, data: TrialData) -> None:
        parameters = self.parameters_for(data.description)
        before = copy.deepcopy(parameters)
        assert list(plugin.check(parameters, data.description)) == []
        assert parameters == before, "check must not change the parameters"

    def test_the_shipped_defaults_have_no_problems(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        defaults = self.shipped_configuration()
        del defaults["name"]
        assert list(plugin.check(defaults, data.description)) == []

    def test_an_unknown_name_is_a_problem(self, plugin: ModelPlugin, data: TrialData) -> None:
        parameters = self.parameters_for(data.description) | {"no_such_parameter": 1}
        problems = plugin.check(parameters, data.description)
        assert [problem.parameter for problem in problems] == ["no_such_parameter"]
        assert problems[0].message

    def test_each_bad_value_is_a_problem(self, plugin: ModelPlugin, data: TrialData) -> None:
        for invalid in self.invalid_parameters:
            parameters = self.parameters_for(data.description) | dict(invalid)
            problems = plugin.check(parameters, data.description)
            # Inside of a mapping or a list, a problem says where: `params.max_iter`.
            named = {problem.parameter.partition(".")[0] for problem in problems}
            assert named & set(invalid), invalid

    def test_values_of_any_type_are_checked_without_an_exception(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        for name in self.parameters_for(data.description):
            for value in _ODD_VALUES:
                parameters = self.parameters_for(data.description) | {name: value}
                problems = plugin.check(parameters, data.description)
                assert all(isinstance(problem, Problem) for problem in problems), (name, value)

    def test_a_missing_parameter_is_a_problem_or_has_a_default(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        for name in self.parameters_for(data.description):
            parameters = self.parameters_for(data.description)
            del parameters[name]
            problems = plugin.check(parameters, data.description)
            if problems:
                assert name in {problem.parameter for problem in problems}
            else:
                plugin.build(parameters, data.description.task, data.description, 1)

    def test_a_task_that_is_not_supported_is_a_problem(self, plugin: ModelPlugin) -> None:
        for kind in KINDS.values():
            if kind.task not in self.tasks:
                other = sample_data(kind, self.sample_shape, self.dtype).description
                assert plugin.check(self.parameters_for(other), other), kind.task
