"""What a check of the store found, as lines."""

from typing import Any

from omk.domain.words import counted
from omk.views.lines import Line, Span, line, wrapped

Document = dict[str, Any]


def fsck_lines(report: Document, width: int) -> list[Line]:
    """`{goals, events, ok, problems}` as lines."""
    verdict = Span(" SOUND ", "badge-good") if report["ok"] else Span(" DAMAGED ", "badge-bad")
    lines = [line(verdict, f"  {checked(report)}, {counted(len(report['problems']), 'problem')}")]
    for problem in report["problems"]:
        place = problem["goal"] if problem["seq"] is None else f"{problem['goal']} event {problem['seq']}"
        lines.append(line("  ", Span(problem["code"], "bad"), f"  {place}"))
        lines += wrapped(problem["text"], width, indent="    ")
    return lines


def checked(report: Document) -> str:
    """How much was looked at: `1 goal, 73 events`."""
    return f"{counted(report['goals'], 'goal')}, {counted(report['events'], 'event')}"
