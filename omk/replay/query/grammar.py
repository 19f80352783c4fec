"""The grammar of expressions: what each node that is allowed becomes, and a clear refusal of every other."""

import ast
import keyword
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

from omk.errors import Refused
from omk.replay.moment import Moment
from omk.replay.query import values
from omk.replay.query.functions import COMPARE, FUNCTIONS, LEN
from omk.replay.query.names import NAMES, Name
from omk.replay.query.values import Value

Evaluate = Callable[[Moment, Value], Value]
"""The value as of a moment; the second argument is what a `for` stands at."""

OPERATIONS = (ast.Compare, ast.Call)
"""What may cost much for a whole collection, and is asked once, not for each item of another."""
DEEPEST = 30
LARGEST = 10**18
CONSTANTS = {"true": True, "false": False, "null": None}
_SHOWN = 40
_ODD = re.compile(rf"\.(\w+(?:-\w+)+|\w[\w-]*/[\w./-]+|\d\w*|(?:{'|'.join(keyword.kwlist)})\b)")
"""What looks like a key after a dot and is none: with a dash or a slash, a number, or a word of Python's."""


class PathStep(NamedTuple):
    """One step of a path whose key is written down: the text before it, how to get there, and the key."""

    text: str
    whence: Evaluate
    key: str


class Builder:
    """Makes closures of a syntax tree, and remembers what they read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reads: set[str] = set()
        self.steps: list[PathStep] = []
        self.is_condition = False
        self.variable: str | None = None
        self.depth = 0

    def build(self, node: ast.expr) -> Evaluate:
        """The closure of the whole expression."""
        match node:
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.Call(func=ast.Name(id="any" | "all")):
                self.is_condition = True
            case ast.Constant() | ast.Name(id="true" | "false" | "null"):
                self.is_condition = True
                constant = self._any(node)
                return lambda moment, item: bool(constant(moment, item))
            case _:
                pass
        return self._any(node)

    def refused(self, place: int, problem: str, advice: str = "") -> Refused:
        """What is wrong at a character of the text, counted from 1, and what to do."""
        rest = self.text[place - 1 : place - 1 + _SHOWN]
        where = f"character {place}, at {rest!r}" if rest else "its end"
        return Refused(f"Expression: {problem} ({where}). {advice or self._advice(place)}")

    def _advice(self, place: int) -> str:
        odd = self._odd(place)
        if odd is not None:
            return f'A name like that stands in brackets: {self.text[: odd.start()]}["{odd[1]}"]'
        return 'Write paths and comparisons, like gates.tests.outcome or reviews["anti-slop"].outcome == "passed".'

    def _odd(self, place: int) -> "re.Match[str] | None":
        return next((one for one in _ODD.finditer(self.text) if one.start() < place <= one.end() + 1), None)

    def _place(self, node: ast.AST) -> int:
        return len(self.text.encode()[: getattr(node, "col_offset", 0)].decode()) + 1

    def _no(self, node: ast.AST, problem: str, advice: str = "") -> Refused:
        return self.refused(self._place(node), problem, advice)

    # --- One node ---

    def _any(self, node: ast.expr) -> Evaluate:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._no(node, "it is nested too deeply", "Ask for less at once.")
        try:
            return self._node(node)
        finally:
            self.depth -= 1

    def _node(self, node: ast.expr) -> Evaluate:
        if self.variable is not None and isinstance(node, OPERATIONS) and not _mentions(node, self.variable):
            problem = f"within the `for` this does not ask of {self.variable}"
            raise self._no(node, problem, "It is the same for each one: ask it outside of the `for`.")
        match node:
            case ast.Constant() | ast.List() | ast.Tuple():
                return self._written(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute() | ast.Subscript():
                return self._step(node)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.BinOp():
                return self._operation(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise self._no(node, f"there is no {_WORDS.get(type(node), type(node).__name__)} in this language")

    def _written(self, node: ast.Constant | ast.List | ast.Tuple) -> Evaluate:
        if isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, str) and not values.is_text(value):
                raise self._no(node, "the string has half a character")
            if not isinstance(value, str | int | float | None) or isinstance(value, complex):
                raise self._no(node, "only strings, numbers, true, false and null are written down")
            if isinstance(value, int | float) and not abs(value) <= LARGEST:
                raise self._no(node, "the number is too large", f"The largest is {LARGEST}.")
            return lambda *_: value
        found = [self._any(one) for one in node.elts]
        return lambda moment, item: [one(moment, item) for one in found]

    def _name(self, node: ast.Name) -> Evaluate:
        name = node.id
        if name == self.variable:
            return lambda _, item: item
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return lambda *_: value
        return self._read(self._known(node, name, NAMES, "there are"))

    def _known(self, node: ast.AST, name: str, known: "dict[str, Name]", lead: str) -> Name:
        if name in known:
            return known[name]
        close = get_close_matches(name, known, n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        advice = "" if self._odd(self._place(node)) else f"{meant.capitalize()}{lead.capitalize()}: {', '.join(known)}."
        raise self._no(node, f"no name {name}", advice)

    def _read(self, name: Name) -> Evaluate:
        self.reads.update(name.reads)
        value = name.value
        return lambda moment, _: value(moment)

    # --- Paths ---

    def _step(self, node: ast.Attribute | ast.Subscript) -> Evaluate:
        key = self._key(node)
        whole = node.value
        if isinstance(whole, ast.Name) and whole.id != self.variable and isinstance(key, str) and whole.id in NAMES:
            parts = NAMES[whole.id].parts
            if parts:
                return self._read(self._known(node, key, dict(parts), f"within {whole.id} there are"))
        whence = self._any(whole)
        if isinstance(key, ast.expr):
            index = self._any(key)
            return lambda moment, item: values.at(whence(moment, item), index(moment, item))
        if isinstance(key, str) and self.variable is None:
            self.steps.append(PathStep(ast.get_source_segment(self.text, whole) or "", whence, key))
        return lambda moment, item: values.at(whence(moment, item), key)

    def _key(self, node: ast.Attribute | ast.Subscript) -> str | int | ast.expr:
        """The key as it is written down, or what it is computed by."""
        if isinstance(node, ast.Attribute):
            if node.attr.startswith("__"):
                raise self._no(node, f"{node.attr} is no key of anything")
            return node.attr
        place = node.slice
        if isinstance(place, ast.Slice | ast.Tuple):
            raise self._no(node, "brackets hold one key or one place")
        if isinstance(place, ast.Constant) and isinstance(place.value, str | int) and not isinstance(place.value, bool):
            self._written(place)
            return place.value
        return place

    # --- Operators ---

    def _operation(self, node: ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp) -> Evaluate:
        match node:
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp(op=ast.And(), values=operands):
                both = [self._any(one) for one in operands]
                return lambda moment, item: all(one(moment, item) for one in both)
            case ast.BoolOp(values=operands):
                either = [self._any(one) for one in operands]
                return lambda moment, item: any(one(moment, item) for one in either)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                denied = self._any(operand)
                return lambda moment, item: not denied(moment, item)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                negated = self._any(operand)
                return lambda moment, item: values.added(0, negated(moment, item), -1)
            case ast.BinOp(left=one, op=ast.Add() | ast.Sub() as operator, right=other):
                left, right, sign = self._any(one), self._any(other), 1 if isinstance(operator, ast.Add) else -1
                return lambda moment, item: values.added(left(moment, item), right(moment, item), sign)
            case ast.BinOp(right=other):
                raise self._no(other, "numbers are only added and subtracted")
            case _:
                raise self._no(node, "numbers are only added and subtracted")

    def _compare(self, node: ast.Compare) -> Evaluate:
        operands = [node.left, *node.comparators]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.Is | ast.IsNot) and not _is_null(right):
                raise self._no(right, "`is` asks for null only", "Write == to compare.")
        found = [self._any(one) for one in operands]
        tests = [COMPARE[type(operator)] for operator in node.ops]
        pairs = list(zip(tests, found, found[1:], strict=False))
        return lambda moment, item: all(test(left(moment, item), right(moment, item)) for test, left, right in pairs)

    # --- Functions ---

    def _call(self, node: ast.Call) -> Evaluate:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is None or (name != LEN and name not in FUNCTIONS):
            raise self._no(node, "only these are functions here", f"There are: {', '.join((LEN, *FUNCTIONS))}.")
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise self._no(node, f"{name} takes one list or mapping", f"Like {name}(files).")
        argument = node.args[0]
        if name == LEN:
            measured = self._any(argument)
            return lambda moment, item: values.length(measured(moment, item))
        _, function, of_null = FUNCTIONS[name]
        found = self._each(argument) if isinstance(argument, ast.GeneratorExp) else self._items(argument)

        def result(moment: Moment, item: Value) -> Value:
            there = found(moment, item)
            return of_null if there is None else function(there)

        return result

    def _items(self, node: ast.expr) -> Evaluate:
        whole = self._any(node)
        return lambda moment, item: values.items(whole(moment, item))

    def _each(self, node: ast.GeneratorExp) -> Evaluate:
        """`EXPR for NAME in PATH [if EXPR]`, once and not within another."""
        loop = node.generators[0]
        if len(node.generators) > 1 or self.variable is not None or not isinstance(loop.target, ast.Name) or loop.is_async:
            raise self._no(node, "there is one `for` with one name, and none within another")
        if loop.target.id in {*NAMES, *CONSTANTS, *FUNCTIONS, LEN}:
            raise self._no(loop.target, f"{loop.target.id} means something already", "Use another name after `for`.")
        source = self._items(loop.iter)
        self.variable = loop.target.id
        element, tests = self._any(node.elt), [self._any(one) for one in loop.ifs]
        self.variable = None

        def each(moment: Moment, item: Value) -> Value:
            there = source(moment, item)
            if there is None:
                return None
            return [element(moment, one) for one in there if all(test(moment, one) for test in tests)]

        return each


def _mentions(node: ast.expr, variable: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == variable for one in ast.walk(node))


def _is_null(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (isinstance(node, ast.Name) and node.id == "null")


_WORDS = {
    ast.JoinedStr: "formatted string", ast.Lambda: "lambda", ast.IfExp: "if", ast.Dict: "mapping", ast.Set: "set",
    ast.ListComp: "comprehension", ast.SetComp: "comprehension", ast.DictComp: "comprehension",
    ast.GeneratorExp: "`for` outside of a function", ast.NamedExpr: "assignment", ast.Await: "await", ast.Yield: "yield",
    ast.Starred: "star", ast.Slice: "slice",
}  # fmt: skip
