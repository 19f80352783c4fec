"""Gathers the dossier of a goal as of an event: every part with its query, so that anybody can ask the same again."""

import re
from functools import cache
from importlib.resources import files
from textwrap import indent
from typing import Any, NamedTuple

from omk.lake.plain import plain_times
from omk.lake.session import Lake

Document = dict[str, Any]
PARTS = (
    *("summary", "asked", "oracle", "settings", "gates", "budget"),
    *("counts", "usage", "tasks", "agents", "tools", "files"),
    *("trees", "gate_runs", "reviews"),
    *("decisions", "permissions", "actors"),
    *("verdicts", "proofs", "deliveries", "erased"),
)
"""The parts, in the order of the page; the query of each stands in `NAME.sql`."""
_WORD = re.compile("{(?:lineage|goal|seq)}")
_UNQUOTED = re.compile(r"^( *)\{unquoted\}", re.MULTILINE)
HALF = 20
"""How many rows are told from each end of a part that has more than twice as many."""


class Share(NamedTuple):
    """The events of a history that are one goal's own: *first* to *last*."""

    goal: str
    first: int
    last: int


class Place(NamedTuple):
    """A goal as of event *seq*, and whose events its history up to there is made of: its own, and those a fork inherits."""

    goal: str
    seq: int
    lineage: tuple[Share, ...]


def gathered(lake: Lake, place: Place, *, is_whole: bool = False) -> dict[str, Document]:
    """Each part as `{about, sql, total, left_out, after, rows}`: *left_out* rows are missing after the first *after* ones.

    A part has all its rows if it *is_whole* or small. The rows are mappings from column to a plain value.
    """
    return {name: {"about": about(name), **_part(lake, query(name, place), is_whole=is_whole)} for name in PARTS}


def query(name: str, place: Place) -> str:
    """The query of a part, as anybody can ask it of the lake."""
    shares = place.lineage or (Share(place.goal, 1, 0),)
    lineage = ", ".join(f"({_quoted(one.goal)}, {one.first}, {one.last})" for one in shares)
    words = {"{lineage}": lineage, "{goal}": _quoted(place.goal), "{seq}": str(place.seq)}
    text = _UNQUOTED.sub(lambda found: indent(_text("unquoted"), found[1]), _text(name))
    return _WORD.sub(lambda found: words[found[0]], text)  # at once: a goal may have the name of one of these


def _text(name: str) -> str:
    """The query of a part, or the expression, as it is written."""
    return "\n".join(_template(name)[_said(name) :])


def about(name: str) -> str:
    """What a part tells: the comment that its query begins with, and which is no part of what is asked."""
    return " ".join(line.removeprefix("-- ") for line in _template(name)[: _said(name)])


def _said(name: str) -> int:
    """How many lines the comment has."""
    return next(place for place, line in enumerate(_template(name)) if not line.startswith("--"))


@cache
def _template(name: str) -> tuple[str, ...]:
    return tuple((files("omk.lake.dossier") / f"{name}.sql").read_text(encoding="utf-8").strip().split("\n"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _part(lake: Lake, sql: str, *, is_whole: bool) -> Document:
    relation = lake.sql(sql)
    names = relation.columns
    found = relation.fetchall()
    left_out = 0 if is_whole else max(0, len(found) - 2 * HALF)
    kept = found[:HALF] + found[-HALF:] if left_out else found
    rows = [{name: plain_times(value) for name, value in zip(names, row, strict=True)} for row in kept]
    return {"sql": sql, "total": len(found), "left_out": left_out, "after": HALF if left_out else len(rows), "rows": rows}
