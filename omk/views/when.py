"""When something came true or changed: one answer that can be read out loud."""

import json
from typing import Any

from omk.views.lines import Line, cut, wrapped
from omk.views.markdown import code, escaped
from omk.views.times import moment
from omk.views.why import kind_name

Document = dict[str, Any]
_LONGEST = 60


def when_lines(when: Document, width: int) -> list[Line]:
    """A when document as lines of at most *width* columns."""
    if when["seq"] is None:
        lines = wrapped(f"never: {when['expression']} {_never(when)}.", width, style="warn")
        return [*lines, *(wrapped(when["hint"], width, indent="  ") if when["hint"] else [])]
    answer = f"event {when['seq']}, {kind_name(when['kind'])}: {when['expression']} {_became(when)}{_ended(when)}"
    return [*wrapped(answer, width, style="bold"), *wrapped(_place(when), width, indent="  ", style="dim")]


def when_markdown(when: Document) -> list[str]:
    """The same as Markdown."""
    if when["seq"] is None:
        hint = ["", escaped(when["hint"])] if when["hint"] else []
        return [f"**never**: {code(when['expression'])} {escaped(_never(when))}.", *hint]
    told = f"{escaped(_became(when))}{_ended(when)}"
    answer = f"**event {when['seq']}**, {escaped(kind_name(when['kind']))}: {code(when['expression'])} {told}"
    return [answer, "", escaped(_place(when))]


def value_text(value: object, width: int = _LONGEST) -> str:
    """A value as it is written in an expression, cut to *width* columns."""
    return cut(json.dumps(value, ensure_ascii=False), width)


def _became(when: Document) -> str:
    if not when["condition"]:
        return f"became {value_text(when['value'])} (was {value_text(when['old'])})"
    since = when["since"]
    if when["which"] == "first" or since is None:
        return "became true" if when["old"] is False else "is true from the beginning"
    return "became true" if since == when["seq"] else f"is still true, as it was since event {since}"


def _ended(when: Document) -> str:
    by = when["ended_by"]
    return f"; event {by['seq']}, {kind_name(by['kind'])}, ended that" if by else ""


def _never(when: Document) -> str:
    if not when["condition"]:
        return f"is {value_text(when['value'])} all the time up to event {when['upto']}"
    return f"is not true after any event up to {when['upto']}"


def _place(when: Document) -> str:
    return f"{moment(when['at'])}, the {when['which']} time in events 1 to {when['upto']}"
