"""What a check of the store found, as lines."""

from typing import Any

from omk.views.lines import Line, Span, line, wrapped

Document = dict[str, Any]


def fsck_lines(report: Document, width: int) -> list[Line]:
    """`{goals, events, ok, problems}` as lines."""
    counted = f"{report['goals']} goal(s), {report['events']} event(s)"
    verdict = Span(" SOUND ", "badge-good") if report["ok"] else Span(" DAMAGED ", "badge-bad")
    lines = [line(verdict, f"  {counted}, {len(report['problems'])} problem(s)")]
    for problem in report["problems"]:
        place = problem["goal"] if problem["seq"] is None else f"{problem['goal']} event {problem['seq']}"
        lines.append(line("  ", Span(problem["code"], "bad"), f"  {place}"))
        lines += wrapped(problem["text"], width, indent="    ")
    return lines
