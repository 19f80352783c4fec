"""Named questions: one SQL file each, which begins with what it asks, what it may be told, and how its answer is drawn."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from omk.errors import NotFound, Refused
from omk.lake.plain import plain_times

if TYPE_CHECKING:
    from omk.lake.session import Lake

_FILE = re.compile(r"/\*\n(?P<head>.*?)\*/\n(?P<sql>.*)", re.DOTALL)
_PARAMETER = re.compile(r"\$([a-z]+)\b")

Value = str | datetime | None
Row = dict[str, Any]


class Question(NamedTuple):
    """A question: its name, its sentence, what it may be told, the columns of its answer, and its SQL.

    `empty` is said in place of an answer without rows, `about` beside one with rows. `picture` tells how the answer is
    drawn (`kind` is `bars`, `series` or `counts`; `omk.views.charts` has the rest), or is null.
    """

    name: str
    sentence: str
    empty: str
    about: str
    parameters: dict[str, str]
    columns: dict[str, str]
    picture: dict[str, Any] | None
    sql: str


@cache
def questions() -> dict[str, Question]:
    """Every question by its name, in alphabetical order."""
    folder = files("omk.lake") / "questions"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".sql")), key=lambda one: one.name)
    return {(name := one.name.removesuffix(".sql")): _read(name, one.read_text(encoding="utf-8")) for one in found}


def question(name: str) -> Question:
    """The question of that name. Raises NotFound, naming those whose names are like it."""
    known = questions()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, cutoff=0.5)
    told = f"Did you mean {' or '.join(near)}?" if near else "`omk stats` lists them."
    raise NotFound(f"There is no question {name!r}. {told}")


def require(asked: Question, given: Mapping[str, object]) -> None:
    """Raise Refused unless the question may be told everything that is *given*."""
    for name, value in given.items():
        if value is not None and name not in asked.parameters:
            takes = ", ".join(f"--{one}" for one in asked.parameters)
            raise Refused(f"{asked.name} does not take --{name}. It takes {takes}.")


def ask(lake: "Lake", asked: Question, told: Mapping[str, Value]) -> list[Row]:
    """The rows of the answer. What the question is *told* is bound, and no part of the SQL; times are text, UTC."""
    names = set(_PARAMETER.findall(asked.sql))
    answer = lake.sql(asked.sql, {name: told.get(name) for name in names})
    return [dict(zip(answer.columns, map(plain_times, row), strict=True)) for row in answer.fetchall()]


def written_out(asked: Question, told: Mapping[str, Value]) -> str:
    """The SQL with what it is told in its place, as `omk sql` takes it."""
    return _PARAMETER.sub(lambda found: _literal(told.get(found[1])), asked.sql)


def newest(lake: "Lake") -> datetime | None:
    """When the last event of the store was recorded, UTC; null without any."""
    found = lake.sql("SELECT max(updated_at) FROM goals WHERE updated_at IS NOT NULL").fetchall()[0][0]
    return None if found is None else found.astimezone(UTC)


def _read(name: str, text: str) -> Question:
    found = _FILE.fullmatch(text)
    if found is None:
        raise ValueError(f"{name}.sql does not begin with a comment that tells what it asks.")
    head = tomllib.loads(found["head"])
    return Question(
        name=name,
        sentence=head["sentence"],
        empty=head["empty"],
        about=head.get("about", ""),
        parameters=head["parameters"],
        columns=head["columns"],
        picture=head.get("picture"),
        sql=found["sql"],
    )


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"
    return "'" + value.replace("'", "''") + "'"
