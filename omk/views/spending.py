"""What may be spent, what was and what is left, of a goal and its tasks; and sums over goals."""

from collections.abc import Sequence
from typing import Any

from omk.domain.amounts import dollars
from omk.domain.spending import MORE
from omk.domain.words import counted
from omk.views.amounts import amount
from omk.views.lines import BLANK, Line, Span, badge, line, wrapped
from omk.views.markdown import code
from omk.views.rows import Head, Layout, rows_markdown
from omk.views.times import took

Document = dict[str, Any]
DIMENSIONS = {"active_ms": "time", "tokens": "tokens", "micro_usd": "cost"}
STANDING = (Head("of"), Head("what", is_whole=True), *(Head(name, is_number=True) for name in ("limit", "used", "left")))
NO_LIMIT, ENDLESS = "no limit", "–"


def budget_lines(budget: Document, width: int) -> list[Line]:
    """Limits, what was spent and what is left."""
    layout = Layout(STANDING, _standing(budget), width)
    lines = [line(badge(budget["status"]), "  ", Span(budget["goal"], "bold")), BLANK]
    lines += [*layout.head(), *layout.lines(_standing(budget)), BLANK]
    for text, command in _remarks(budget):
        lines += [*wrapped(text, width, indent="  ", style="dim"), *([line(f"  → {command}")] if command else [])]
    return lines


def budget_markdown(budget: Document) -> list[str]:
    """The same as Markdown."""
    lines = [f"# Budget of {code(budget['goal'])}", "", *rows_markdown(STANDING, _standing(budget)), ""]
    remarks = [text if command is None else f"{text} {code(command)}" for text, command in _remarks(budget)]
    return [*lines, *remarks, ""]


def _standing(budget: Document) -> list[list[str]]:
    """A row per dimension: all of the goal, and of each task those that are limited or were spent."""
    rows = [["goal", *_row(budget, name)] for name in DIMENSIONS]
    for task in budget["tasks"]:
        names = [name for name in DIMENSIONS if task["used"][name] or task["limits"][name] is not None]
        rows += [[task["task"], *_row(task, name)] for name in names]
    return rows


def _row(standing: Document, name: str) -> list[str]:
    absent = {"limits": NO_LIMIT, "left": ENDLESS}
    pairs = [(key, standing[key][name]) for key in ("limits", "used", "left")]
    texts = [absent[key] if count is None else amount(name, count) for key, count in pairs]
    return [DIMENSIONS[name], *texts]


def _remarks(budget: Document) -> list[tuple[str, str | None]]:
    """What there is to say, each with the command that goes with it."""
    running, inherited = budget["running"], budget["inherited"]
    told: list[tuple[str, str | None]] = [("Time is what agents worked: pauses, gates and reviews do not count.", None)]
    if running:
        names = ", ".join(one["agent"] for one in running)
        told.append((f"At work, and its time not yet counted: {names}.", None))
    if inherited:
        spent = f"{took(inherited['active_ms'])}, {inherited['tokens']:,} tokens, {dollars(inherited['micro_usd'])}"
        told.append((f"Spent before the fork began, and counted there: {spent}.", None))
    out = [(one["task"], MORE[one["exhausted"]]) for one in budget["tasks"] if one["exhausted"]]
    if budget["exhausted"]:
        more = MORE[budget["exhausted"]["dimension"]]
        told.append(("The goal's budget is used up. More of it:", f"omk budget {budget['goal']} {more}"))
    if out:
        told.append(("Not tried again until there is more:", f"omk budget {budget['goal']} --task {out[0][0]} {out[0][1]}"))
    return told


# --- Over goals ---


def cost_lines(cost: Document, width: int) -> list[Line]:
    """What was spent, in rows, and all of it."""
    if not cost["rows"]:
        return [
            line(
                f"Nothing was spent in {counted(cost['goals'], 'goal')}."
                if cost["goals"]
                else "Nothing was spent: there is no goal here."
            )
        ]
    heads, rows = _cost(cost)
    layout = Layout(heads, rows, width)
    return [*layout.head(), *layout.lines(rows[:-1]), BLANK, *layout.lines(rows[-1:])]


def cost_markdown(cost: Document) -> list[str]:
    """The same as Markdown."""
    return [f"# Spent in {counted(cost['goals'], 'goal')}", "", *rows_markdown(*_cost(cost)), ""]


def _cost(cost: Document) -> tuple[Sequence[Head], list[list[str]]]:
    """The columns, and the rows with the total at the end."""
    keys = {"goal": ("goal",), "task": ("goal", "task"), "agent": ("agent",)}[cost["by"]]
    heads = [Head(key, is_whole=key == "goal") for key in keys]
    heads += [Head(name, is_number=True) for name in DIMENSIONS.values()]
    rows = [[*(row[key] or "unknown" for key in keys), *(amount(name, row[name]) for name in DIMENSIONS)] for row in cost["rows"]]
    total = [*("total", "")[: len(keys)], *(amount(name, cost["total"][name]) for name in DIMENSIONS)]
    return heads, [*rows, total]
