"""How the verdict came about: one entry for each event that opened or closed a gap, or changed the status."""

from collections.abc import Iterable
from typing import Any

from omk.domain.words import counted
from omk.views.lines import BLANK, Line, Span, badge, cells, cut, line, padded, wrapped
from omk.views.times import moment
from omk.views.why import kind_name

Document = dict[str, Any]
_KIND = 22
_NARROW = 24
"""Fewer columns than this beside the kind, and the codes go below it."""


def verdict_lines(goal: str, verdicts: list[Document], width: int) -> list[Line]:
    """`+` what opened, `-` what closed, and the status where it changed, in lines of at most *width* columns."""
    if not verdicts:
        return [line(Span(goal, "bold"), Span("  before the first event", "dim"))]
    first, last = verdicts[0], verdicts[-1]
    told = f"{counted(len(verdicts), 'change')} of the verdict since {moment(first['at'])}"
    lines = [line(Span(goal, "bold"), "  ", Span(told, "dim")), BLANK]
    if cells(goal) + 2 + cells(told) > width:
        lines = [line(Span(goal, "bold")), *wrapped(told, width, indent="  ", style="dim"), BLANK]
    status = None
    for one in verdicts:
        lines += _entry(one, width, is_new=one["status"] != status)
        status = one["status"]
    return [*lines, BLANK, line(badge(last["status"]), Span(f"  since event {_since(verdicts)}", "dim"))]


def _since(verdicts: list[Document]) -> int:
    """The event that brought the last status."""
    since: int = verdicts[-1]["seq"]
    for one in reversed(verdicts):
        if one["status"] != verdicts[-1]["status"]:
            break
        since = one["seq"]
    return since


def _entry(one: Document, width: int, *, is_new: bool) -> list[Line]:
    lead = f"{one['seq']:5d}  {one['at'][11:19]}  "
    kind = Span(padded(kind_name(one["kind"]), _KIND) + " ", "dim" if not is_new else "")
    spans = [badge(one["status"])] if is_new else []
    spans += [Span(f"-{code}", "good") for code in one["closed"]]
    spans += [Span(f"+{code}", "bad") for code in one["opened"]]
    column = cells(lead) + cells(kind.text)
    if width - column >= _NARROW:
        first, *others = _flowed(spans, width - column)
        return [(Span(lead, "dim"), kind, *first), *((Span(" " * column), *more) for more in others)]
    indent = " " * cells(lead)
    return [line(Span(lead, "dim"), kind), *((Span(indent), *more) for more in _flowed(spans, width - cells(lead)))]


def _flowed(spans: Iterable[Span], room: int) -> list[Line]:
    """The spans two blanks apart, in as many lines as they need."""
    lines: list[list[Span]] = [[]]
    used = 0
    for span in spans:
        text = cut(span.text, room)
        if lines[-1] and used + 2 + cells(text) > room:
            lines.append([])
        if lines[-1]:
            lines[-1].append(Span("  "))
            used += 2
        else:
            used = 0
        lines[-1].append(Span(text, span.style))
        used += cells(text)
    return [tuple(one) for one in lines]
