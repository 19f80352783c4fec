"""A task as people and agents write it down: a table of fields, each with the shape it has and what would do."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from omk.domain.duration import parse_duration
from omk.domain.subjects.proposal import TaskProposed
from omk.domain.subjects.task import EXECUTOR
from omk.errors import Refused
from omk.log.redact import secrets_in

LONGEST_SECONDS = 366 * 86_400
MOST = 1_000_000
MILLISECONDS = 1_000
Whole = Annotated[int, Meta(ge=-MOST, le=MOST)]


class Field(NamedTuple):
    """A field: its names, the usual one first, its shape and what is allowed in words, whether it has to be there."""

    names: tuple[str, ...]
    shape: Any
    allowed: str
    is_needed: bool = False


LISTED = "a list of texts"
FIELDS: dict[str, Field] = {
    "task": Field(("id",), str, 'a name like "parser"', is_needed=True),
    "title": Field(("title",), str, "a few words", is_needed=True),
    "description": Field(("description",), str, "what to do, in words", is_needed=True),
    "acceptance": Field(("acceptance",), list[str] | str, "one or more criteria", is_needed=True),
    "dependencies": Field(("depends_on", "dependencies"), list[str], f"{LISTED}, ids of other tasks"),
    "read_set": Field(("read", "read_set"), list[str], f"{LISTED}, paths in the project"),
    "write_set": Field(("write", "write_set"), list[str], f"{LISTED}, paths in the project"),
    "risk": Field(("risk",), str, "a word like low, moderate or high"),
    "priority": Field(("priority",), Whole, "a whole number; the highest goes first"),
    "budget_seconds": Field(("budget", "budget_secs"), str | int, 'a duration like "10m", or whole seconds'),
    "no_change": Field(("no_change",), str, "the reason why no change of files is due"),
}
"""Field of the event to how it is written. What limits a task beyond its time would stand here, too."""
USUAL: dict[str, Any] = {"risk": "moderate", "priority": 0, "budget_seconds": None, "no_change": None}
NAMED = ("task", "dependencies", "read_set", "write_set", "risk")
"""The fields that are recorded as they are, and are no free text."""


class Written(NamedTuple):
    """A task as it was written, what is wrong with how, and why no change is due of it, if none is."""

    task: TaskProposed
    problems: tuple[str, ...]
    no_change: str | None


def read_task(table: Mapping[str, Any], *, source: str, is_strict: bool) -> Written:
    """The task in a table. Whatever is wrong is said, and a blank put in its place; *is_strict* minds what is missing."""
    problems = _strangers(table)
    values = {name: _value(name, table, problems, is_strict=is_strict) for name in FIELDS}
    found = secrets_in("\n".join(str(values[name]) for name in NAMED))
    if found:
        problems.append(f"a name or path in it contains a secret ({', '.join(found)}), and those are recorded as they are")
        values |= {name: _blank(name) for name in NAMED}
    no_change = values.pop("no_change")
    if no_change is not None and not no_change.strip():
        problems.append(f"no_change is empty. Write {FIELDS['no_change'].allowed}")
    return Written(TaskProposed(**values, role=EXECUTOR, source=source), tuple(problems), no_change)


def _strangers(table: Mapping[str, Any]) -> list[str]:
    known = [name for field in FIELDS.values() for name in field.names]
    usual = ", ".join(field.names[0] for field in FIELDS.values())
    return [f"unknown key '{key}'. Allowed: {usual}" for key in table if key not in known]


def _value(name: str, table: Mapping[str, Any], problems: list[str], *, is_strict: bool) -> Any:
    field = FIELDS[name]
    given = [key for key in field.names if key in table]
    if len(given) > 1:
        problems.append(f"{' and '.join(given)} mean the same. Keep one")
    if not given:
        if is_strict and field.is_needed:
            problems.append(f"{field.names[0]} is missing. Write {field.allowed}")
            return _stand_in(name)
        return _blank(name)
    try:
        value = msgspec.convert(table[given[0]], field.shape)
        return _seconds(value) if name == "budget_seconds" else _shaped(name, value)
    except (msgspec.ValidationError, Refused) as error:
        problems.append(f"{given[0]}: {str(error).partition(' - at')[0].rstrip('.')}. Write {field.allowed}")
        return _stand_in(name) if is_strict else _blank(name)


def _stand_in(name: str) -> Any:
    """What nobody objects to once more, in the place of what was objected to."""
    return {"title": "?", "description": "?", "acceptance": ("?",)}.get(name, _blank(name))


def _blank(name: str) -> Any:
    return USUAL[name] if name in USUAL else "" if FIELDS[name].shape is str else ()


def _shaped(name: str, value: Any) -> Any:
    if name == "acceptance" and isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _seconds(value: str | int) -> int:
    """Whole seconds; what is no time at all is left for others to object to."""
    seconds = parse_duration(value) // MILLISECONDS if isinstance(value, str) else value
    if seconds > LONGEST_SECONDS:
        raise Refused("it is more than a year")
    return seconds
