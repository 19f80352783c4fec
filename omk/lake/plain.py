"""The values of an answer as JSON has them: exact numbers, times as a record writes them, JSON as JSON."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import msgspec

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType

Plain = Callable[[Any], Any]
"""Makes a value plain; it is not asked for null."""
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""What the JSON encoder takes for a number; larger ones it is given as they are written."""
NUMBERS = frozenset({
    *("tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
    *("bignum", "decimal", "float", "double"),
})  # fmt: skip
_LARGE = {"hugeint", "uhugeint", "bignum"}
_AS_THEY_ARE = {*(NUMBERS - _LARGE - {"decimal", "float", "double"}), "boolean", "varchar", "enum", "bit"}


class Column:
    """A column of an answer: its name, unlike any other one's, and its type."""

    def __init__(self, name: str, kind: "DuckDBPyType") -> None:
        self.name, self.type = name, str(kind)
        self.is_number = kind.id in NUMBERS
        self.is_time = self.type.startswith(("TIMESTAMP", "DATE", "TIME"))
        self.plain = plain_of(kind)


def columns_of(answer: "DuckDBPyConnection") -> list[Column]:
    """The columns of an answer. Of columns with the same name the second is `name_1`, the third `name_2`."""
    described = answer.description or []
    names = unlike([one[0] for one in described])
    return [Column(name, one[1]) for name, one in zip(names, described, strict=True)]


def unlike(names: Sequence[str]) -> list[str]:
    """The names, those that are there already numbered."""
    given: list[str] = []
    for name in names:
        fresh, number = name, 0
        while fresh in given or (number and fresh in names):
            number += 1
            fresh = f"{name}_{number}"
        given.append(fresh)
    return given


def plain_rows(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows of plain values."""
    makers = [one.plain for one in columns]
    return [
        [value if value is None or plain is None else plain(value) for value, plain in zip(row, makers, strict=True)]
        for row in rows
    ]


def plain_times(value: Any) -> Any:
    """The value with every time in it as a record writes it: `2026-11-22T10:15:00.123456Z`."""
    match value:
        case datetime():
            return _when(value.astimezone(UTC))
        case list():
            return [plain_times(one) for one in value]
        case dict():
            return {name: plain_times(one) for name, one in value.items()}
        case _:
            return value


def plain_of(kind: "DuckDBPyType") -> Plain | None:
    """What makes values of a type plain; null where they are."""
    if str(kind) == "JSON":
        return _json
    if kind.id in _AS_THEY_ARE:
        return None
    if kind.id == "bignum":
        return _digits
    if kind.id in {"list", "array"}:
        return _list_of(_inner(_members(kind)[0][1]))
    if kind.id == "struct":
        return _object_of({name: _inner(child) for name, child in _members(kind)})
    return _by_value


def _members(kind: "DuckDBPyType") -> list[tuple[str, "DuckDBPyType"]]:
    return cast("list[tuple[str, DuckDBPyType]]", kind.children[:1] if kind.id == "array" else kind.children)


def _inner(kind: "DuckDBPyType") -> Plain:
    plain = plain_of(kind) or _same
    return lambda value: None if value is None else plain(value)


def _same(value: Any) -> Any:
    return value


def _json(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.replace("\n", " ").replace("\r", " ").encode())


def _digits(text: str) -> msgspec.Raw:
    return msgspec.Raw(str(text).encode())


def _list_of(plain: Plain) -> Plain:
    return lambda values: [plain(one) for one in values]


def _object_of(members: dict[str, Plain]) -> Plain:
    return lambda value: {name: members[name](one) if name in members else _by_value(one) for name, one in value.items()}


def _by_value(value: Any) -> Any:  # noqa: PLR0911 - one arm per type that Python knows
    """A value whose type says what it is."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if _SMALLEST <= value <= _LARGEST else msgspec.Raw(str(value).encode())
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return msgspec.Raw(f"{value:f}".encode())
        case datetime() | date() | time():
            return _when(value)
        case timedelta():
            return _span(value)
        case bytes() | bytearray():
            return value.hex()
        case dict():
            return {one if isinstance(one, str) else written(_by_value(one)): _by_value(item) for one, item in value.items()}
        case list() | tuple():
            return [_by_value(one) for one in value]
        case _:
            return str(value)


def _when(value: datetime | date | time) -> str:
    """`2026-11-22T10:15:00.123456Z` where the zone is known; the ends of time, which DuckDB gives for infinity, by that name."""
    if isinstance(value, datetime):
        if value.tzinfo is None and value in {datetime.max, datetime.min}:  # noqa: DTZ901 - as DuckDB gives them
            return "infinity" if value.year > 1 else "-infinity"
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat() if value not in {date.max, date.min} else "infinity" if value.year > 1 else "-infinity"
    return value.isoformat()


def _span(value: timedelta) -> str:
    """`2 days 03:04:05.000006`, as SQL reads it back."""
    sign, rest = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(rest.seconds, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{rest.microseconds:06}"
    return f"{sign}{rest.days} days {sign}{clock}" if rest.days else f"{sign}{clock}"


def written(value: Any) -> str:
    """A plain value as text: strings as they are, null as nothing, all else as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case msgspec.Raw():
            return bytes(value).decode()
        case int() | float():
            return str(value)
        case _:
            return msgspec.json.encode(value).decode()
