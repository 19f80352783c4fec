"""The values an expression works on: plain ones, what leads from one to the next, and how two of them compare.

A value is null, true or false, a number, a string, a list, or a mapping from strings. Nothing here raises: what is absent
is null, and what does not compare is not less, not equal and not in.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from keyword import iskeyword
from typing import Any

from omk.replay.printable import printable

Value = Any
"""`None | bool | int | float | str | list | Mapping[str, Value]`."""

_WORD = re.compile("(?!__)[A-Za-z_][A-Za-z0-9_]*")


class Keyed(Mapping[str, Value]):
    """A mapping whose values are made when they are asked for; its keys come in alphabetical order.

    With *is_own* the value under a key depends on nothing but what the mapping *known* has under it; *basis* tells what else
    it is made of, where that is cheaper to compare than the value.
    """

    def __init__(
        self,
        known: Collection[str],
        make: Callable[[str], Value],
        *,
        is_own: bool = False,
        basis: Callable[[str], object] | None = None,
    ) -> None:
        self.known, self.make, self.basis = known, make, basis
        self.source: Callable[[str], object] | None = known.get if is_own and isinstance(known, Mapping) else None
        """What the value under a key is made of, so that its identity tells whether the value can be another."""

    def __contains__(self, key: object) -> bool:
        return key in self.known

    def __getitem__(self, key: str) -> Value:
        if key not in self.known:
            raise KeyError(key)
        return self.make(key)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.known))

    def __len__(self) -> int:
        return len(self.known)


def plain(value: Value) -> Value:
    """*value* with every mapping as a dict and every sequence as a list, so that it can be kept and written."""
    if value is None or isinstance(value, str | int):
        return value
    if is_mapping(value):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if is_list(value) else value


def is_readable(text: str) -> bool:
    """Whether all characters can be shown and written."""
    return printable(text) == text and is_text(text)


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: no character in it is half of one."""
    return not any("\ud800" <= one <= "\udfff" for one in text)


def is_mapping(value: Value) -> bool:
    """Whether it is a mapping; an abstract class would take ten times as long to tell."""
    return isinstance(value, dict | Keyed)


def is_list(value: Value) -> bool:
    """Whether it is a list, as the language sees it."""
    return isinstance(value, list | tuple)


def is_number(value: Value) -> bool:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def at(value: Value, key: Value) -> Value:
    """One step of a path: the item of a mapping under a name, of a list at a place; null if there is none."""
    if is_mapping(value):
        return value[key] if isinstance(key, str) and key in value else None
    if is_list(value) and isinstance(key, int) and not isinstance(key, bool) and -len(value) <= key < len(value):
        return value[key]
    return None


def equal(left: Value, right: Value) -> bool:
    """Whether both are the same value; of different types they never are."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if is_list(left) and is_list(right):
        return len(left) == len(right) and all(map(equal, left, right))
    if is_mapping(left) and is_mapping(right):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return type(left) is type(right) and bool(left == right)


def less(left: Value, right: Value) -> bool:
    """Whether two numbers or two strings stand in this order."""
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return bool(left < right)
    return False


def is_in(item: Value, container: Value) -> bool:
    """Whether it is a key of a mapping, an item of a list, or a part of a string."""
    if is_mapping(container):
        return isinstance(item, str) and item in container
    if is_list(container):
        return any(equal(item, one) for one in container)
    return isinstance(container, str) and isinstance(item, str) and item in container


def added(left: Value, right: Value, sign: int) -> Value:
    """The sum (or with sign -1 the difference) of two numbers; null of anything else."""
    return left + sign * right if is_number(left) and is_number(right) else None


def text_of(value: Value) -> str:
    """A value as it is written in the language: `"passed"`, `3`, `null`, `["a", "b"]`."""
    if isinstance(value, str):
        is_simple = value.isascii() and value.isprintable() and '"' not in value and "\\" not in value
        return f'"{value}"' if is_simple else f'"{"".join(map(_escaped, value))}"'
    if is_mapping(value):
        return f"{{{', '.join(f'{text_of(key)}: {text_of(item)}' for key, item in value.items())}}}"
    if is_list(value):
        return f"[{', '.join(map(text_of, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if printable(character) == character else f"\\U{ord(character):08x}"


def path_text(keys: Sequence[str]) -> str:
    """A path as it is written in the language: `gates.tests.outcome`, `files["src/a.py"].operation`."""
    return "".join((keys[0], *map(step_text, keys[1:])))


@lru_cache(maxsize=4096)
def step_text(key: str) -> str:
    """One step of a path: `.outcome`, `["src/a.py"]`."""
    return f".{key}" if _WORD.fullmatch(key) and not iskeyword(key) else f"[{text_of(key)}]"


def items(value: Value) -> list[Value] | None:
    """What an aggregate goes over: the items of a list, the values of a mapping; null of anything else."""
    if is_mapping(value):
        return list(value.values())
    return list(value) if is_list(value) else None


def length(value: Value) -> int | None:
    """How many items, keys or characters there are; null of anything else."""
    return len(value) if isinstance(value, str) or is_mapping(value) or is_list(value) else None


def total(found: list[Value]) -> Value:
    """The sum of numbers; null as soon as one of them is none. Nulls do not count."""
    there = [one for one in found if one is not None]
    return sum(there) if all(map(is_number, there)) else None


def extreme(found: list[Value], choose: Callable[[list[Value]], Value]) -> Value:
    """The least or the greatest of numbers or of strings; null of none and of a mixture. Nulls do not count."""
    there = [one for one in found if one is not None]
    is_one_kind = all(map(is_number, there)) or all(isinstance(one, str) for one in there)
    return choose(there) if there and is_one_kind else None
