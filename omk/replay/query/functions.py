"""What expressions compute with: the functions over many values, and the comparisons."""

import ast
from collections.abc import Callable

from omk.replay.query import values
from omk.replay.query.values import Value

Function = Callable[[list[Value]], Value]
FUNCTIONS: dict[str, tuple[str, Function, Value]] = {
    "any": ("whether one of them is true; of null: false", lambda found: any(map(bool, found)), False),
    "all": ("whether each of them is true; of null: false", lambda found: all(map(bool, found)), False),
    "count": ("how many of them are true", lambda found: sum(map(bool, found)), None),
    "sum": ("the sum of the numbers", values.total, None),
    "min": ("the least of the numbers or strings", lambda found: values.extreme(found, min), None),
    "max": ("the greatest of the numbers or strings", lambda found: values.extreme(found, max), None),
}
"""Functions over the items of a list or the values of a mapping: what they give, how, and what they give of null."""
LEN = "len"

COMPARE: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: values.equal,
    ast.NotEq: lambda left, right: not values.equal(left, right),
    ast.Lt: values.less,
    ast.Gt: lambda left, right: values.less(right, left),
    ast.LtE: lambda left, right: values.less(left, right) or _same_order(left, right),
    ast.GtE: lambda left, right: values.less(right, left) or _same_order(left, right),
    ast.In: values.is_in,
    ast.NotIn: lambda left, right: not values.is_in(left, right),
    ast.Is: values.equal,
    ast.IsNot: lambda left, right: not values.equal(left, right),
}


def _same_order(left: Value, right: Value) -> bool:
    return (values.is_number(left) or isinstance(left, str)) and values.equal(left, right)
