"""The timeline as lines: when (since the first event), what, and how long it took."""

from functools import cache
from typing import Any

from omk.domain.words import counted
from omk.views.lines import BLANK, Line, Span, cells, cut, heading, line, padded, style_of, task_word, word, wrapped
from omk.views.times import moment, took

Document = dict[str, Any]
_KIND = 22
_PEOPLE = ("person:", "policy:")
_QUIET = ("_started", "_opened", "_closed", "_called")
_PROCESS = ("succeeded", "failed", "timed_out", "stopped")
_GATE = ("passed", "failed", "timed_out", "errored", "skipped", "inconclusive")
_LOUD = {
    name: tuple((f" {word(outcome)}", style_of(outcome)) for outcome in outcomes)
    for name, outcomes in (("gate_ran", _GATE), ("agent_finished", _PROCESS), ("tool_finished", _PROCESS))
}
_STYLES = {
    "review_passed": "good", "review_blocked": "bad", "review_errored": "bad", "task_failed": "bad", "agent_died": "bad",
    "change_accepted": "good", "change_rejected": "bad", "change_merged": "good", "merge_failed": "bad",
    "goal_failed": "bad", "goal_cancelled": "bad", "goal_blocked": "warn", "goal_paused": "warn",
    "scope_violated": "bad", "effect_aborted": "warn", "proof_issued": "bold", "files_changed": "name",
    "decision_recorded": "name", "waiver_granted": "warn", "goal_created": "bold",
}  # fmt: skip


def replay_head(goal: str, prompt: str | None, *, seq: int, head: int, at: str | None, width: int) -> list[Line]:
    """Which goal, up to which event, and what the columns mean."""
    place = f"event {seq}" if seq == head else f"event {seq} of {head}"
    lines = [line(Span(goal, "bold"), "  ", Span(f"{place}, {moment(at)}", "dim"))]
    return [*lines, *(wrapped(prompt, width, indent="  ", style="name") if prompt else []), BLANK]


def entry_line(entry: Any, elapsed_ms: int, took_ms: int | None, width: int) -> Line:
    """One entry (`.seq`, `.kind`, `.actor`, `.summary`); milliseconds since the first event, and since it was announced."""
    lead, column, summary, after = _parts(entry, elapsed_ms, took_ms, width)
    return (Span(lead, "dim"), Span(column, _style(column.rstrip(), summary)), Span(summary), Span(after, "dim"))


def entry_text(entry: Any, elapsed_ms: int, took_ms: int | None, width: int) -> str:
    """The same without styles, for a million of them."""
    lead, column, summary, after = _parts(entry, elapsed_ms, took_ms, width)
    return f"{lead}{column}{summary}{after}"


def _parts(entry: Any, elapsed_ms: int, took_ms: int | None, width: int) -> tuple[str, str, str, str]:
    summary: str = entry.summary
    actor: str = entry.actor
    if actor.startswith(_PEOPLE):
        summary = f"{actor}: {summary}"
    lead = f"{entry.seq:5d}  {'+' + took(elapsed_ms):>8}  "
    after = "" if took_ms is None else f"  [{took(took_ms)}]"
    room = max(20, width - len(lead) - _KIND - 1)
    if len(summary) > room - len(after) or not summary.isascii():
        after = after if cells(summary) <= room - len(after) else ""  # what happened comes before how long it took
        summary = cut(summary, room)
    return lead, _column(entry.kind), summary, after


@cache
def _column(kind: str) -> str:
    return padded(kind.rpartition(".v")[0] or kind, _KIND) + " "


def _style(name: str, summary: str) -> str:
    for outcome, style in _LOUD.get(name, ()):
        if outcome in summary:
            return style
    return _STYLES.get(name) or ("dim" if name.endswith(_QUIET) else "")


def replay_tail(state: Document) -> list[Line]:
    """What stands at the end of the timeline: tasks, usage and what is still owed."""
    usage = state["usage"]
    lines = [BLANK, line("Phase: ", Span(state["phase"].replace("_", " "), "bold"))]
    lines += [*heading("Tasks"), *(_task(task) for task in state["tasks"])] if state["tasks"] else []
    spent = f"  {took(usage['active_ms'])} of agents, {usage['tokens']:,} tokens, {counted(usage['gate_runs'], 'gate run')}"
    lines += [*heading("Usage"), line(spent)]
    if state["obligations"]:
        lines += heading("Announced and not answered")
        lines += [
            line(f"  {one['id']}  ", Span(f"{one['owner']}, since event {one['since']}", "dim")) for one in state["obligations"]
        ]
    return lines


def _task(task: Document) -> Line:
    again = f"  ({task['attempts']} attempts)" if task["attempts"] > 1 else ""
    return line("  ", Span(padded(task_word(task["status"]), 9), style_of(task["status"])), f" {task['id']}", Span(again, "dim"))
