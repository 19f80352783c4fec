"""What an audit says of the work: what was done, and the evidence tree by tree."""

from collections.abc import Callable

from omk.domain.amounts import dollars
from omk.domain.words import counted
from omk.views.audit_page import (
    NOTHING,
    Block,
    Cell,
    Document,
    Facts,
    Section,
    Table,
    Words,
    code,
    event,
    first,
    number,
    plain,
    rows_of,
    table,
)
from omk.views.lines import cut, style_of, word
from omk.views.times import moment, took

Columns = dict[str, Callable[[Document], Cell]]


def outcome(value: str | None, unanswered: str = "open") -> Cell:
    """How something ended; what had not ended yet is open."""
    return Cell(word(value), style_of(value)) if value else Cell(unanswered, "warn")


def ending(row: Document) -> Cell:
    """How a process ended: its exit code, or the signal that ended it."""
    if row["signal"] is not None:
        return Cell(f"signal {row['signal']}")
    return plain(row["exit_code"])


def done(document: Document) -> Section:
    """Counts and cost, tasks, agents, tools, files, and how the change left."""
    blocks = [_counts(document), _usage(document), _tasks(document), _agents(document), _tools(document), _files(document)]
    return Section("done", "What was done", [*blocks, _deliveries(document)])


def _counts(document: Document) -> Block:
    counts = first(document, "counts") or {}
    labels = {
        "task_attempts": "attempts at tasks",
        "agent_runs": "runs of agents",
        "messages": "messages of agents",
        "tool_calls": "tool calls",
        "file_changes": "recorded changes of files",
        "gate_runs": "runs of gates",
        "gate_runs_not_passed": "of them not passed",
        "review_passes": "review passes",
        "person_events": "events of persons and policies",
    }
    return Facts("In numbers", [(label, number(counts[name])) for name, label in labels.items()], ("counts",))


def _usage(document: Document) -> Block:
    used = first(document, "usage") or {}
    sorts = f"{used['tokens_in']:,} read, {used['tokens_out']:,} written, {used['tokens_cached']:,} cached"
    rows = [
        ("time of agents", Cell(took(used["active_ms"]))),
        ("tokens", Cell(f"{used['tokens']:,} ({sorts})")),
        ("money, US dollars", Cell(dollars(used["micro_usd"]))),
        ("reports", number(used["reports"])),
    ]
    before = (used["inherited_active_ms"], used["inherited_tokens"], used["inherited_micro_usd"])
    if any(before):
        text = f"{took(before[0])}, {before[1]:,} tokens, {dollars(before[2])}"
        rows.append(("inherited, not counted above", Cell(text)))
    return Facts("Spent", rows, ("usage",))


def _tasks(document: Document) -> Block:
    columns: Columns = {
        "task": lambda one: Cell(one["task"] + (" (inherited)" if one["inherited"] else ""), "bold"),
        "status": lambda one: outcome(one["status"]),
        "attempts": lambda one: number(one["attempts"]),
        "last event": lambda one: event(one["seq"]),
        "title": lambda one: plain(one["title"]),
        "failed last because": lambda one: plain(one["failed_because"]),
    }
    return table(document, "tasks", "Tasks", columns, "No task was planned.")


def _agents(document: Document) -> Block:
    columns: Columns = {
        "event": lambda one: event(one["started_seq"], inherited=one["inherited"]),
        "run": lambda one: Cell(one["agent"], "bold"),
        "outcome": lambda one: outcome(one["outcome"], "at work"),
        "exit": ending,
        "took": lambda one: plain(took(one["duration_ms"])),
        "driver": lambda one: code(one["driver"]),
        "output": lambda one: code(one["output"]),
    }
    return table(document, "agents", "Runs of agents", columns, "No agent was started.")


def _tools(document: Document) -> Block:
    columns: Columns = {
        "tool": lambda one: Cell(one["tool"], "bold"),
        "calls": lambda one: number(one["calls"]),
        "not succeeded": lambda one: Cell(f"{one['failures']:,}", "bad" if one["failures"] else ""),
        "open": lambda one: number(one["still_open"]),
        "took together": lambda one: Cell(took(one["duration_ms"])),
        "longest": lambda one: plain(took(one["longest_ms"])),
    }
    return table(document, "tools", "Tool calls, by what was called", columns, "No tool call was recorded.")


def _files(document: Document) -> Block:
    columns: Columns = {
        "path": lambda one: code(one["path"]),
        "became": lambda one: Cell(one["operation"]),
        "changes": lambda one: number(one["changes"]),
        "last event": lambda one: event(one["last_seq"]),
        "blob before": lambda one: code(one["old_blob"]),
        "blob after": lambda one: code(one["new_blob"]),
    }
    return table(document, "files", "Files that differ from the base", columns, "No file differs from the base.")


def _deliveries(document: Document) -> Block:
    columns: Columns = {
        "event": lambda one: event(one["seq"], inherited=one["inherited"]),
        "time": lambda one: Cell(moment(one["recorded_at"])),
        "what": lambda one: Cell(word(one["name"])),
        "by": lambda one: Cell(one["actor"]),
        "branch": lambda one: code(one["branch"]),
        "commit": lambda one: code(one["commit"]),
        "said": lambda one: plain(one["said"] or one["url"]),
    }
    return table(document, "deliveries", "Commits, pull requests and merges", columns, "The change has not left omk.")


# --- Evidence ---

_LONGEST = 240
_PARTS = {"gate_runs": "gate run", "reviews": "review"}


def evidence(document: Document) -> Section:
    """Each tree that was judged, what judged it, and which one the verdict is on."""
    trees = rows_of(document, "trees")
    if not trees:
        return Section("evidence", "Evidence by tree", [Words("There was no tree yet.", parts=("trees",))])
    known = {one["tree"] for one in trees}
    total = trees[0]["of"]
    text = f"The content was {counted(total, 'tree')} in turn. Shown are the base, the last, and each that something judged."
    kept = document["parts"]["trees"]
    left = f" {counted(kept['left_out'], 'tree')} of these are left out here." if kept["left_out"] else ""
    blocks: list[Block] = [Words(text + left, parts=("trees",))]
    for tree in trees:
        blocks += _tree(document, tree)
    told = " and ".join(_together(document, part, known) for part in _PARTS)
    return Section("evidence", "Evidence by tree", [*blocks, Words(f"Together {told}.", parts=(*_PARTS, "decisions"))])


def _tree(document: Document, tree: Document) -> list[Block]:
    mark = ", THE TREE OF THE VERDICT" if tree["is_last"] else ""
    place = f"Tree {tree['number']} of {tree['of']}" if tree["number"] else "A tree that the content never was"
    since = f" made by {tree['made_by']}, event {tree['made_seq']}" if tree["made_seq"] else ""
    again = f", again until event {tree['last_seq']}" if tree["times"] and tree["times"] > 1 else ""
    base = " (the base)" if tree["is_base"] else ""
    caption = f"{place}{base}{mark}: {tree['tree']}{since}{again}{' (inherited)' if tree['inherited'] else ''}"
    rows = [_gate(one) for one in rows_of(document, "gate_runs") if one["tree"] == tree["tree"]]
    rows += [_review(one) for one in rows_of(document, "reviews") if one["tree"] == tree["tree"]]
    rows += [_decision(one) for one in rows_of(document, "decisions") if one["tree"] == tree["tree"]]
    head = ("by", "outcome", "exit", "took", "event", "output", "words")
    told = f"{counted(tree['gate_runs'], 'gate run')}, {counted(tree['reviews'], 'review')} and "
    nothing = f"{told}{counted(tree['decisions'], 'decision')} on it."
    return [Table(caption, head, rows, nothing=nothing)]


def _gate(one: Document) -> tuple[Cell, ...]:
    old = "" if one["is_current"] else " (another definition than the one in force)"
    return (
        Cell(f"gate {one['gate']}", "bold"),
        outcome(one["outcome"], "at work"),
        ending(one),
        plain(took(one["duration_ms"])),
        event(one["seq"] or one["started_seq"], inherited=one["inherited"]),
        code(one["output"]),
        plain((_brief(one["reason"]) + old).strip()),
    )


def _review(one: Document) -> tuple[Cell, ...]:
    many = f"{counted(one['findings'], 'finding')}. " if one["findings"] else ""
    where = event(one["seq"] or one["started_seq"], inherited=one["inherited"])
    words = plain(many + _brief(one["said"]))
    how = outcome(one["outcome"], "at work")
    return (Cell(f"review {one['review']}", "bold"), how, NOTHING, NOTHING, where, NOTHING, words)


def _brief(text: str | None) -> str:
    """The beginning of what was said; whole it stands among the decisions, and in the log."""
    return cut(" ".join((text or "").split()), _LONGEST)


def _decision(one: Document) -> tuple[Cell, ...]:
    about = f" {one['about']}" if one["about"] else ""
    where, words = event(one["seq"], inherited=one["inherited"]), plain(_brief(one["said"]))
    style = {"change_accepted": "good", "change_rejected": "bad"}.get(one["name"], "warn")
    return (Cell(one["actor"], "bold"), Cell(word(one["name"]) + about, style), NOTHING, NOTHING, where, NOTHING, words)


def _together(document: Document, part: str, known: set[str]) -> str:
    """How many runs or passes there were, and how many the page does not show."""
    kept = document["parts"][part]
    left = kept["total"] - sum(one["tree"] in known for one in kept["rows"])
    return f"{counted(kept['total'], _PARTS[part])}{f' ({left:,} of them left out here)' if left else ''}"
