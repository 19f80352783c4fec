"""Whether a loop gets anywhere: a line for each iteration, then what stands still and why."""

from typing import Any

from omk.domain.words import counted
from omk.views.lines import BLANK, Line, Span, badge, heading, line, table, word, wrapped
from omk.views.markdown import code, escaped
from omk.views.markdown import table as markdown_table
from omk.views.rows import described

Document = dict[str, Any]
LEGEND = {
    "#, event": "the pass of agents, gates and reviews, and the event that measured it",
    "gates": "required gates that passed, of all required ones",
    "trees": "trees the goal had since the pass before; one at least if anything was changed",
    "files, tokens": "files touched and tokens spent since then",
    "alike": "how like what failed printed is to what it printed in the pass before",
}
"""What the columns of the iterations mean."""
SCORE = "✗ marks what stands still. `proof_score` goes by the share of the required gates that passed."
HEAD = ("#", "event", "gates", "trees", "files", "tokens", "alike", "owed by the agent")


def diagnose_lines(told: Document, width: int) -> list[Line]:
    """A diagnosis as lines of at most *width* columns."""
    lines = [line(badge(told["status"]), "  ", Span(told["goal"], "bold"), Span(f"  at event {told['seq']}", "dim"))]
    lines += wrapped(in_short(told), width, indent="  ")
    if not told["iterations"]:
        return lines
    rows = [tuple(Span(one, "dim") for one in HEAD), *(tuple(map(Span, row_of(one))) for one in told["iterations"])]
    lines += [*heading(f"Iterations ({len(told['iterations'])})"), *table(rows, width)]
    lines.append(BLANK)
    lines += described([(Span(name, "dim"), Span(text, "dim")) for name, text in LEGEND.items()], width)
    if told["metrics"]:
        lines += [*heading("What is looked at, over the last iterations"), *described(list(map(_metric, told["metrics"])), width)]
        lines += wrapped(SCORE, width, indent="  ", style="dim")
    return [*lines, *_diagnosis(told["diagnosis"], width)] if told["diagnosis"] else lines


def in_short(told: Document) -> str:
    """The answer in a sentence or two."""
    policy, count = told["policy"], len(told["iterations"])
    if not count:
        none = "No iteration was measured since the last order was given"
        return f"{none}: only a loop is (omk run --until-ready), each time its gates and reviews are through."
    if not policy["window"]:
        return "This loop is never stopped for standing still."
    still = [one["name"] for one in told["metrics"] if one["stagnant"]]
    if told["stagnant"]:
        return f"Stagnation: in the last {counted(policy['window'], 'iteration')} {', '.join(still)} stood still."
    if not told["judged"]:
        needed = policy["warmup"] + policy["window"]
        return f"Too early to tell: {counted(needed, 'iteration')} are needed, there were {told['iterations'][-1]['iteration']}."
    return "No stagnation detected."


def row_of(one: Document) -> tuple[str, ...]:
    """An iteration in columns, as `HEAD` names them."""
    alike = "" if one["likeness"] is None else f"{one['likeness'] / 10:.0f} %"
    gates = f"{one['passed']}/{one['total']}"
    numbers = (str(one["iteration"]), str(one["seq"]), gates, str(one["trees"]), str(one["files"]), f"{one['tokens']:,}", alike)
    return (*numbers, ", ".join(one["owed"]) or "nothing")


def _metric(one: Document) -> tuple[Span, ...]:
    mark = Span("✗", "bad") if one["stagnant"] else Span("✓", "good")
    return (
        mark,
        Span(one["name"], "bold"),
        Span(f"{one['value']:g}"),
        Span(f"{one['sentence']}, still if {one['when']}"),
    )


def _diagnosis(found: Document, width: int) -> list[Line]:
    cause = f"{word(found['cause'])}, {found['confidence']} % sure: {found['sentence']}"
    return [
        *heading("Likeliest cause"),
        *wrapped(cause, width, indent="  "),
        *heading("What to do"),
        *wrapped(f"{found['advice']} {price(found)}", width, indent="  "),
        line("    → ", Span(found["command"], "name")),
    ]


def price(found: Document) -> str:
    """What the advice takes."""
    tokens = f", about {found['tokens']:,} tokens" if found["tokens"] else ""
    return f"(Risk: {found['risk']}{tokens}.)"


def diagnose_markdown(told: Document) -> list[str]:
    """The same as Markdown."""
    lines = ["# Diagnosis", "", f"**{word(told['status'])}** – {code(told['goal'])} at event {told['seq']}", ""]
    lines += [escaped(in_short(told)), ""]
    rows = [tuple(escaped(text) for text in row_of(one)) for one in told["iterations"]]
    lines += markdown_table(HEAD, rows)
    lines += [*(f"- {escaped(name)}: {text}" for name, text in LEGEND.items()), ""]
    measured = [
        (code(one["name"]), f"{one['value']:g}", one["when"], "yes" if one["stagnant"] else "no", one["sentence"])
        for one in told["metrics"]
    ]
    lines += markdown_table(("metric", "value", "stands still", "stands still now", "what it is"), measured)
    if found := told["diagnosis"]:
        lines += [f"Likeliest cause: {code(found['cause'])}, {found['confidence']} % sure: {found['sentence']}.", ""]
        lines += [f"{found['advice']} {price(found)} {code(found['command'])}", ""]
    return lines
