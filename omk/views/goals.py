"""Goals as lists and as single cards."""

from typing import Any

from omk.domain.amounts import dollars
from omk.domain.subjects.task import EXECUTOR
from omk.domain.visible import visible
from omk.domain.words import counted
from omk.views.lines import Line, Span, badge, cut, cut_left, heading, line, padded, style_of, table, task_word, word, wrapped
from omk.views.rows import described
from omk.views.times import moment, took

Document = dict[str, Any]
_STATUS = 2 + len("blocked on external") + 2
"""The columns of the longest status and of the gaps around it."""


def list_lines(goals: list[Document], width: int) -> list[Line]:
    """The goals, newest first, one line each and its words below."""
    if not goals:
        return [line("No goals found."), line('Start one: omk run "what should be true when it is done"')]
    lines = [line(Span(f"Goals ({len(goals)}):", "bold"))]
    for goal in goals:
        status = Span(padded(word(goal["status"]), _STATUS - 2), style_of(goal["status"]))
        facts = f"  {(moment(goal['updated_at']))[:16]}"
        lines.append(line("  ", status, Span(goal["goal"], "bold"), Span(facts, "dim")))
        lines.append(line(" " * _STATUS, Span(cut(" ".join((goal["prompt"] or "").split()), width - _STATUS), "name")))
        if goal["forked_from"]:
            lines.append(line(" " * _STATUS, Span(cut(f"from {place(goal['forked_from'])}", width - _STATUS), "dim")))
    return lines


def status_lines(state: Document, proof: Document, width: int) -> list[Line]:
    """Where a goal stands, in a few lines."""
    lines = [line(badge(state["status"]), "  ", Span(state["goal"], "bold"))]
    work = [
        f"{one['id']} {task_word(one['status'])}"
        for one in state["tasks"]
        if one["role"] == EXECUTOR and one["status"] != "rejected"
    ]
    rows = [
        ("Phase", word(state["phase"])),
        ("Goal", " ".join((state["prompt"] or "").split())),
        ("Readiness", " ".join(proof["readiness"].split())),
        ("Gaps", ", ".join(gap["code"] for gap in proof["gaps"]) or "none"),
        *([("Loop", f"stopped: {stagnation['reason']}")] if (stagnation := state["stagnation"]) else []),
        ("Tasks", ", ".join(work) or "not planned"),
        ("Updated", moment(state["updated_at"])),
    ]
    for name, text in rows:
        first, *rest = wrapped(text, width, indent=" " * 13)
        lines += [line(f"  {name:<11}", *first[1:]), *rest]
    return lines


def show_lines(state: Document, width: int) -> list[Line]:
    """Everything that is known of a goal."""
    base, usage, agent = state["base"], state["usage"], (state["settings"] or {}).get("agent")
    lines = [line(badge(state["status"]), "  ", Span(state["goal"], "bold"))]
    lines += wrapped(state["prompt"] or "", width, indent="  ", style="name")
    facts = [
        ("phase", word(state["phase"])),
        ("kind", state["kind"] or "not assessed"),
        ("created", moment(state["created_at"])),
        ("updated", moment(state["updated_at"])),
        *([("forked from", place(state["forked_from"]))] if state["forked_from"] else []),
        ("base", f"{base['branch'] or 'detached'} at {base['commit'][:12]}" if base else "none"),
        ("tree", (state["tree"] or "none")[:12]),
        *([("agent", agent or "none")] if agent or not usage["agent_runs"] else []),  # commands may have named theirs
        ("usage", f"{took(usage['active_ms'])}, {usage['tokens']:,} tokens, {counted(usage['agent_runs'], 'agent run')}"),
        *([("inherited", _spent(usage["inherited"]))] if "inherited" in usage else []),
    ]
    lines += [*heading("Facts"), *_pairs(facts, width)]
    lines += _tasks(state["tasks"], width)
    if state["changes"]:
        lines += heading("Changes")
        lines += table(
            [(Span(one["operation"], "dim"), Span(cut_left(visible(one["path"]), width - 13))) for one in state["changes"]], width
        )
    refused = [one for one in state.get("permissions", []) if one["answer"] == "refused"]
    if refused:
        asked = [(f"event {one['seq']}", f"{one['agent']}, {one['action']}: {one['title']} ({one['rule']})") for one in refused]
        lines += [
            *heading("Asked and refused"),
            *described([(Span(at, "dim"), Span(visible(text))) for at, text in asked], width),
        ]
    if state.get("forks"):
        lines += [*heading("Forks"), *table([(Span(place(one)),) for one in state["forks"]], width)]
    for name in ("paused", "blocked", "cancelled", "failed"):
        if state[name]:
            reason = state[name]["reason"] or "no reason given"
            lines += [*heading(word(name).capitalize()), *wrapped(reason, width, indent="  ", style="warn")]
    owed = [(one["id"], f"{one['owner']}, since event {one['since']}") for one in state["obligations"]]
    lines += [*heading("Announced and not answered"), *_pairs(owed, width)] if owed else []
    return lines


def _spent(usage: Document) -> str:
    return f"{took(usage['active_ms'])}, {usage['tokens']:,} tokens, {dollars(usage['micro_usd'])}, before the fork began"


def place(one: Document) -> str:
    """A place in a goal's history, as an address."""
    return f"{one['goal']}@{one['seq']}"


def _tasks(tasks: list[Document], width: int) -> list[Line]:
    rows = [
        (
            Span(task_word(task["status"]), style_of(task["status"])),
            Span(task["id"], "bold"),
            Span(f"×{task['attempts']}", "dim"),
            Span(" ".join((task["reason"] or task["title"] or "").split())),
        )
        for task in tasks
    ]
    return [*heading("Tasks"), *table(rows, width)] if rows else []


def _pairs(pairs: list[tuple[str, str]], width: int) -> list[Line]:
    return table([(Span(name, "dim"), Span(text)) for name, text in pairs], width)
