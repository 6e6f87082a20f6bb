"""`hydra.sweeper.skip_if`: cells of a grid that its author does not want, told by a condition.

    hydra.sweeper.skip_if='model.mu > 0.5 and model.eta >= 0.1'

A condition is an expression of Python's: names are keys of the cell's configuration, and there are
numbers, texts, lists, comparisons, `in`, `and`, `or`, `not` and arithmetic; nothing is called.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any, Final

from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_ARITHMETIC: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
#: How YAML and Hydra write what Python writes otherwise.
_WORDS: Final = {"null": None, "true": True, "false": False}


class Condition:
    """A condition on the configuration of a cell.

    Args:
        text: the expression.

    Raises:
        ConfigurationError: it is no expression.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise ConfigurationError(
                f"hydra.sweeper.skip_if must be a condition such as model.mu > 0.5 and "
                f"model.eta >= 0.1, but got {text!r}: {error.msg}"
            ) from error

    def holds(self, config: Mapping[str, Any]) -> bool:
        """Tell whether it is true for a cell.

        Raises:
            ConfigurationError: a key that the cell does not have, or values of types that cannot
                be compared.
        """
        try:
            return bool(self._value(self._tree, config))
        except (TypeError, ZeroDivisionError) as error:
            raise ConfigurationError(f"hydra.sweeper.skip_if={self._text}: {error}") from error

    def _value(self, node: ast.expr, config: Mapping[str, Any]) -> Any:
        readers: dict[type[ast.expr], Callable[[Any, Mapping[str, Any]], Any]] = {
            ast.Constant: lambda node, _: node.value,
            ast.Name: self._setting,
            ast.Attribute: self._setting,
            ast.List: lambda node, config: [self._value(one, config) for one in node.elts],
            ast.BoolOp: self._junction,
            ast.UnaryOp: self._sign,
            ast.BinOp: self._arithmetic,
            ast.Compare: self._comparison,
        }
        reader = readers.get(type(node))
        if reader is None:
            raise self._refusal(node)
        return reader(node, config)

    def _refusal(self, node: ast.expr) -> ConfigurationError:
        return ConfigurationError(
            f"hydra.sweeper.skip_if={self._text}: {ast.unparse(node)} is more than a condition may "
            "hold: names, numbers, texts, lists, comparisons, in, and, or, not, + - * / %"
        )

    def _junction(self, node: ast.BoolOp, config: Mapping[str, Any]) -> bool:
        every = all if isinstance(node.op, ast.And) else any
        return every(self._value(one, config) for one in node.values)

    def _sign(self, node: ast.UnaryOp, config: Mapping[str, Any]) -> Any:
        value = self._value(node.operand, config)
        return not value if isinstance(node.op, ast.Not) else -value

    def _arithmetic(self, node: ast.BinOp, config: Mapping[str, Any]) -> Any:
        if type(node.op) not in _ARITHMETIC:
            raise self._refusal(node)
        left, right = self._value(node.left, config), self._value(node.right, config)
        return _ARITHMETIC[type(node.op)](left, right)

    def _comparison(self, node: ast.Compare, config: Mapping[str, Any]) -> bool:
        left = self._value(node.left, config)
        for kind, other in zip(node.ops, node.comparators, strict=True):
            right = self._value(other, config)
            if not _COMPARISONS[type(kind)](left, right):
                return False
            left = right
        return True

    def _setting(self, node: ast.expr, config: Mapping[str, Any]) -> Any:
        name = ast.unparse(node)
        if name in _WORDS:
            return _WORDS[name]
        value: Any = config
        for part in name.split("."):
            if not isinstance(value, dict) or part not in value:
                raise ConfigurationError(
                    f"hydra.sweeper.skip_if={self._text}: a cell has no setting {name}; texts need "
                    "quotes, as in model.activation == 'Tanh'"
                )
            value = value[part]
        return value
