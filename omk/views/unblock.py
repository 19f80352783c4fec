"""The ways to ready: each numbered, its events in order, under who brings them about and how."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from omk.domain.words import counted
from omk.views.lines import Line, Span, badge, heading, line, padded, word, wrapped
from omk.views.markdown import code, escaped
from omk.views.why import kind_name, where_text

_KIND = 22
_NO_TREE = "0" * 20
_MUTE = frozenset({"attempt", "base", "definition"})


def unblock_lines(told: Any, width: int) -> list[Line]:
    """What `unblock` found, as lines of at most *width* columns."""
    lines = [line(badge(told.status), "  ", Span(told.goal, "bold"), Span(f"  at event {told.seq}", "dim"))]
    if told.reason is not None:
        return [*lines, *wrapped(told.reason, width, indent="  ")]
    for number, way in enumerate(told.ways, 1):
        lines += heading(f"Way {number}: {counted(len(way), 'event')}")
        for head, steps in _by_hand(way):
            lines += [one for text in head for one in wrapped(text, width, indent="  ", style="dim")]
            lines += [one for step in steps for one in _event(step, width)]
    return lines


def _by_hand(way: Sequence[Any]) -> Iterator[tuple[list[str], list[Any]]]:
    """The events that one hand brings about by one command, in a row."""
    for (owner, command), steps in groupby(way, key=lambda step: (step.owner, step.command)):
        yield [f"{owner}: {command}" if command else f"{owner}:"], list(steps)


def _event(step: Any, width: int) -> list[Line]:
    first, *rest = wrapped(_told(step.where), width, indent=" " * (_KIND + 5))
    return [line(f"    {padded(kind_name(step.kind), _KIND)} ", *first[1:]), *rest]


def _told(where: dict[str, Any]) -> str:
    """The fields that a person tells events apart by, lists in words."""
    shown = {name: "new" if _is_supposed(value) else value for name, value in where.items() if name not in _MUTE}
    return where_text({name: _words(value) if isinstance(value, list) else value for name, value in shown.items()})


def _is_supposed(value: object) -> bool:
    """Whether it is the id of a tree that nobody has made yet."""
    return isinstance(value, str) and value.startswith(_NO_TREE)


def _words(values: list[Any]) -> str:
    return ",".join(one["name"] if isinstance(one, dict) else str(one) for one in values) or "none"


def unblock_markdown(told: Any) -> list[str]:
    """What `unblock` found."""
    lines = ["# Ways to ready", "", f"**{word(told.status)}** – {code(told.goal)} at event {told.seq}", ""]
    if told.reason is not None:
        return [*lines, escaped(told.reason)]
    for number, way in enumerate(told.ways, 1):
        lines += [f"## Way {number}", ""]
        for place, step in enumerate(way, 1):
            how = f": {code(step.command)}" if step.command else ""
            lines.append(f"{place}. {escaped(kind_name(step.kind))} {escaped(_told(step.where))} ({step.owner}{how})")
        lines.append("")
    return lines
