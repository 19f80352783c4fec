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


def entry_lines(entry: Any, elapsed_ms: int, took_ms: int | None, width: int) -> list[Line]:
    """The same; a failure that does not fit goes on below, for its end says why."""
    if not is_cut_failure(entry, width):
        return [entry_line(entry, elapsed_ms, took_ms, width)]
    lead, column, *_ = _parts(entry, elapsed_ms, took_ms, width)
    first, *rest = wrapped(_told(entry), width, indent=" " * (len(lead) + len(column)))
    return [(Span(lead, "dim"), Span(column, "bad"), *first[1:]), *rest]


def is_cut_failure(entry: Any, width: int) -> bool:
    """Whether it tells of a failure in more words than fit into its line."""
    return cells(_told(entry)) > _room(entry.seq, width) and _style(_column(entry.kind).rstrip(), entry.summary) == "bad"


def entry_text(entry: Any, elapsed_ms: int, took_ms: int | None, width: int) -> str:
    """The same without styles, for a million of them."""
    lead, column, summary, after = _parts(entry, elapsed_ms, took_ms, width)
    return f"{lead}{column}{summary}{after}"


def _parts(entry: Any, elapsed_ms: int, took_ms: int | None, width: int) -> tuple[str, str, str, str]:
    summary = _told(entry)
    lead = f"{entry.seq:5d}  {'+' + took(elapsed_ms):>8}  "
    after = "" if took_ms is None else f"  [{took(took_ms)}]"
    room = _room(entry.seq, width)
    if len(summary) > room - len(after) or not summary.isascii():
        after = after if cells(summary) <= room - len(after) else ""  # what happened comes before how long it took
        summary = cut(summary, room)
    return lead, _column(entry.kind), summary, after


def _told(entry: Any) -> str:
    """The summary, and before it the person whose word it is."""
    return f"{entry.actor}: {entry.summary}" if entry.actor.startswith(_PEOPLE) else str(entry.summary)


def _room(seq: int, width: int) -> int:
    return max(20, width - max(5, len(str(seq))) - 12 - _KIND - 1)


@cache
def _column(kind: str) -> str:
    return padded(kind.rpartition(".v")[0] or kind, _KIND) + " "


def _style(name: str, summary: str) -> str:
    found = [(summary.index(outcome), style) for outcome, style in _LOUD.get(name, ()) if outcome in summary]
    if found:
        return min(found)[1]  # what was printed comes after the outcome
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
