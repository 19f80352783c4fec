"""Values of an answer as people read them: the unit is the end of the column's name, the value is exact before that."""

from omk.domain.amounts import dollars
from omk.views.lines import cells, cut, word
from omk.views.times import took
from omk.views.why import kind_name

_MONEY = "micro_usd"
PLAIN = ("seq",)
"""Columns of numbers that count nothing."""


def amount(column: str, value: object) -> str:
    """A value of that column in words; `–` for null."""
    match value:
        case None | []:
            return "–"
        case list():
            return ", ".join(map(str, value))
        case int():
            return _whole(column, value)
        case float():
            return f"{value:.1f} %" if column.endswith("_percent") else f"{value:,.2f}"
        case _:
            return _text(column, str(value))


def _whole(column: str, value: int) -> str:
    if column.endswith("_ms"):
        return took(value)
    if column.endswith(_MONEY):
        return dollars(value)
    return str(value) if column in PLAIN else f"{value:,}"


def _text(column: str, value: str) -> str:
    if column.endswith("_at"):
        return f"{value[:10]} {value[11:19]}"
    if column.startswith("status"):
        return word(value)
    return kind_name(value) if column == "kind" else value


def title(column: str) -> str:
    """The name of a column without its unit: `median`, `failed %`, `mean cost`."""
    name = column.removesuffix("_ms").replace("_percent", " %").replace(_MONEY, "cost")
    return name.replace("_", " ")


def shortened(text: str, width: int) -> str:
    """*text* in at most *width* columns, `…` for what is missing in the middle: beginnings and ends tell apart."""
    if cells(text) <= width:
        return text
    if not text.isascii():
        return cut(text, width)
    tail = (width - 1) // 3
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"
