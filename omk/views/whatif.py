"""What if, as lines and as Markdown: said first of all that it did not happen."""

from collections.abc import Sequence
from typing import Any

from omk.domain.words import counted
from omk.views.lines import Line, Span, badge, cut, heading, line, padded, word, wrapped
from omk.views.markdown import code, escaped, table
from omk.views.why import kind_name

Document = dict[str, Any]
SHOWN = 10
_KIND = 22


def whatif_lines(told: Document, entries: Sequence[Any], width: int) -> list[Line]:
    """A whatif document as lines of at most *width* columns; *entries* are the first dropped ones of the timeline."""
    lines = [
        line(Span(" HYPOTHETICAL ", "badge-warn"), "  ", Span(told["goal"], "bold"), Span(f"  at event {told['seq']}", "dim"))
    ]
    lines += wrapped("This did not happen. Nothing of it is stored, and no verdict is issued.", width, indent="  ", style="dim")
    if told["dropped"]:
        lines += heading(f"Dropped: {counted(len(told['dropped']), 'event')}")
        lines += [_entry(one, width) for one in entries]
        lines += _more(told, entries)
    if told["added"]:
        lines += heading(f"Added: {counted(len(told['added']), 'event')}")
        lines += [line(f"  {kind_name(kind)}") for kind in told["added"]]
    lines += heading("Verdict")
    lines += [line(f"  {name:<8}", badge(told[name]["status"]), _gaps(told[name])) for name in ("before", "after")]
    for name in ("opened", "closed"):
        first, *rest = wrapped(", ".join(told[name]) or "no gap", width, indent=" " * 10)
        lines += [line(f"  {name:<8}", *first[1:]), *rest]
    return lines


def _entry(entry: Any, width: int) -> Line:
    head = f"  {entry.seq:5d}  {padded(kind_name(entry.kind), _KIND)} "
    return line(Span(head, "dim"), cut(entry.summary, max(20, width - len(head))))


def _more(told: Document, entries: Sequence[Any]) -> list[Line]:
    left = len(told["dropped"]) - len(entries)
    return [line(Span(f"         and {left} more", "dim"))] if left > 0 else []


def _gaps(outcome: Document) -> Span:
    return Span(f"  {counted(len(outcome['gaps']), 'gap')}", "dim")


def whatif_markdown(told: Document, entries: Sequence[Any]) -> list[str]:
    """A whatif document."""
    lines = ["# What if", "", f"**HYPOTHETICAL** – {code(told['goal'])} at event {told['seq']}. This did not happen.", ""]
    rows = [(str(one.seq), escaped(kind_name(one.kind)), escaped(one.summary)) for one in entries]
    lines += [f"## Dropped ({len(told['dropped'])})", "", *table(("event", "kind", "what"), rows)] if rows else []
    lines += ["## Added", "", *(f"- {escaped(kind_name(kind))}" for kind in told["added"]), ""] if told["added"] else []
    verdicts = [(name, word(told[name]["status"]), str(len(told[name]["gaps"]))) for name in ("before", "after")]
    lines += ["## Verdict", "", *table(("", "status", "gaps"), verdicts)]
    return [*lines, *(f"- {name}: {', '.join(map(code, told[name])) or 'no gap'}" for name in ("opened", "closed"))]
