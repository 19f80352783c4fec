"""The gates of a goal and their breakers, at a glance."""

from typing import Any

from omk.domain.words import counted
from omk.views.lines import Line, Span, line, style_of, word, wrapped
from omk.views.markdown import code, escaped
from omk.views.markdown import table as markdown_table
from omk.views.rows import described
from omk.views.times import moment

Document = dict[str, Any]
LEGEND = (
    "Runs are all that were recorded, also by earlier definitions and skipped ones. Failures in a row are those since the gate "
    "last passed, was defined otherwise, or had its breaker closed; a skipped run is none."
)


def gates_lines(document: Document, width: int) -> list[Line]:
    """A line per gate, and below what keeps one from being run or from counting."""
    gates = document["gates"]
    rows = [
        (
            Span(word(gate["outcome"]), style_of(gate["outcome"])),
            Span(gate["name"], "bold"),
            Span(f"breaker {word(gate['breaker'])}", "dim" if gate["breaker"] == "closed" else "warn"),
            Span(", ".join(facts_of(gate)), "dim"),
        )
        for gate in gates
    ]
    head = line(Span(f"Gates of {document['goal']} at event {document['seq']}", "bold"))
    lines = [head, *(described(rows, width) if rows else [line("  none")])]
    lines += wrapped(LEGEND, width, indent="  ", style="dim") if any(gate["runs"] for gate in gates) else []
    for gate in gates:
        if gate["breaker"] == "open":
            lines += wrapped(f"{gate['name']}: not run before {moment(gate['breaker_until'])}", width, indent="  ", style="warn")
            lines.append(line(f"    → omk gates {document['goal']} --reset {gate['name']}"))
        if gate["reason"]:
            lines += wrapped(f"{gate['name']}: {gate['reason']}", width, indent="  ", style="dim")
    return lines


def facts_of(gate: Document) -> list[str]:
    """How often it ran and failed, and what limits what it says."""
    stale = gate["seq"] is not None and not gate["fresh"]
    return [
        counted(gate["runs"], "run"),
        *([f"{counted(gate['failures'], 'failure')} in a row"] if gate["failures"] else []),
        *(["optional"] if not gate["required"] else []),
        *(["stale"] if stale else []),
        *(["at work"] if gate["is_running"] else []),
        *([f"needs {', '.join(gate['needs'])}"] if gate["needs"] else []),
    ]


def gates_markdown(document: Document) -> list[str]:
    """The same as Markdown."""
    rows = [
        (
            code(one["name"]),
            word(one["outcome"]),
            escaped(", ".join(facts_of(one))),
            word(one["breaker"]) + (f" until {moment(one['breaker_until'])}" if one["breaker_until"] else ""),
            escaped(one["reason"] or ""),
        )
        for one in document["gates"]
    ]
    head = ["# Gates", "", f"{code(document['goal'])} at event {document['seq']}", ""]
    return [*head, *markdown_table(("gate", "outcome", "what", "breaker", "reason"), rows)]
