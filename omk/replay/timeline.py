"""The timeline: each record as one short line for people, whoever wrote it and whatever it holds."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from omk.domain.amounts import dollars
from omk.domain.digest import digest_of
from omk.domain.duration import show_span
from omk.domain.event import Event, Recorded, kind_of, kind_tag
from omk.domain.instant import moment
from omk.domain.spending import Reached
from omk.domain.subjects import (
    agent,
    budget,
    controller,
    delivery,
    gate,
    goal,
    landing,
    lease,
    policy,
    progress,
    proposal,
    publication,
    review,
    task,
    verdict,
    worktree,
)
from omk.domain.subjects import slice as slices
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.text import ERASED, texts
from omk.domain.visible import visible
from omk.domain.words import counted
from omk.replay.printable import LIMIT, shortened

Texts = Mapping[str, str]
Summary = Callable[[Any, Texts], str]
_NONE: Texts = {}
_PREVIEW = "output.preview"
_opened = msgspec.json.Decoder(dict[str, tuple[str, str]]).decode
_HEX = 12
_PATHS = 3


class Entry(Struct, frozen=True, gc=False):
    """One line of the timeline; `kind` is the full tag, `summary` at most 160 printable characters."""

    seq: int
    at: str
    kind: str
    actor: str
    causes: tuple[int, ...]
    summary: str


def timeline_entry(record: Recorded) -> Entry:
    """The line of one record; it depends on that record alone. Raises Damaged if a text is not the one sealed."""
    event = record.event
    kind: Any = type(event)
    summary = SUMMARIES.get(kind, _unknown)(event, _NONE if record.open == b"{}" else _texts(record, event))
    if len(summary) > LIMIT or not summary.isprintable():
        summary = shortened(summary)
    return Entry(record.seq, record.at, TAGS.get(kind) or kind_of(event), record.actor, record.causes, summary)


def _texts(record: Recorded, event: Any) -> Texts:
    """The same as `texts`, at half the price for what most records have: one text, which is the one that was sealed."""
    try:
        ((path, (grain, text)),) = _opened(record.open).items()
        sealed = event.output.preview if path == _PREVIEW else getattr(event, path)
        if sealed == digest_of(bytes.fromhex(grain) + text.encode()):
            return {path: text}
    except (AttributeError, msgspec.DecodeError, ValueError, RecursionError):
        pass  # none, several, or damage: `texts` tells
    return texts(record)


def _said(event: object, found: Texts, *paths: str) -> str:
    """The first of these texts there is, after a colon; `(erased)` for one that is gone."""
    for path in paths:
        if path in found:
            return f": {found[path]}" if found[path] else ""
        value: Any = event
        for name in path.split("."):
            value = getattr(value, name, None)
        if value is not None:
            return f": {ERASED}"
    return ""


def _reason(head: str) -> Summary:
    return lambda event, found: head + _said(event, found, "reason")


def _word(value: str) -> str:
    return value.replace("_", " ")


def _ending(event: Any) -> str:
    """` exit 1, 2.3 s` of what a process did."""
    signal = getattr(event, "signal", None)
    how = f"signal {signal}, " if signal is not None else ""
    how = f"exit {event.exit_code}, " if event.exit_code is not None else how
    return f" ({how}{show_span(event.duration_ms)})"


def _names(values: tuple[str, ...]) -> str:
    more = f" and {len(values) - _PATHS} more" if len(values) > _PATHS else ""
    return ", ".join(map(visible, values[:_PATHS])) + more


def _files(event: worktree.FilesChanged, _: Texts) -> str:
    signs = {"added": "+", "modified": "~", "deleted": "-"}
    paths = _names(tuple(f"{signs[one.operation]}{one.path}" for one in event.changes)) or "nothing"
    missed = f"; {len(event.unreadable)} could not be recorded" if event.unreadable else ""
    return f"{event.tree[:_HEX]}: {paths}{missed}"


def touched_text(event: slices.OutsideTouched) -> str:
    """What changed where, while which agents ran: nobody can say whose work it is, and it may be within another's scope."""
    where = {"checkout": "checkout changed", "git": "git folder changed"}.get(event.where)
    where = where or f"beyond the scope of its task, worktree {event.where} changed"
    return f"{where} while {_names(event.agents)} ran: {_names(event.paths)}"


def _paths(event: slices.SliceMended | slices.SliceConflicted) -> tuple[str, ...]:
    return tuple(one.path for one in event.collisions)


def _policy(event: policy.PolicyConfigured, _: Texts) -> str:
    breaker = f"breaker after {counted(event.breaker_failures, 'failure')}" if event.breaker_failures else "no breaker"
    again = f", red gates again {counted(event.rerun_failed, 'time')}" if event.rerun_failed else ""
    return f"leases of {show_span(event.lease_ms)}, {counted(event.gates_at_once, 'gate')} at once, {breaker}{again}"


def _oracle(event: goal.OracleAssessed, found: Texts) -> str:
    if not event.testable:
        return f"{event.oracle}, not testable{_said(event, found, 'reason')}"
    return f"{event.oracle}, to prove: {', '.join(event.checks) or 'nothing'}"


def _unknown(event: object, _: Texts) -> str:
    return f"a kind this omk does not know ({kind_of(event)})"


SUMMARIES: dict[type[Event], Summary] = {
    goal.GoalCreated: lambda e, t: f"on {e.base.branch or e.base.commit[:_HEX]}{_said(e, t, 'prompt')}",
    goal.GoalConfigured: lambda e, _: (
        f"agent {e.agent or 'none'}, accept {e.accept}, merge {e.merge}, at most {counted(e.max_attempts, 'attempt')}"
    ),
    goal.GoalPlanned: lambda e, _: f"{counted(len(e.tasks), 'task')}: {', '.join(e.tasks)}",
    goal.GoalPaused: _reason("paused"),
    goal.GoalResumed: lambda _, __: "resumed",
    goal.GoalBlocked: lambda e, t: f"waits for {e.on} ({e.code}){_said(e, t, 'reason')}",
    goal.GoalUnblocked: lambda e, _: f"{e.on} has answered",
    goal.GoalCancelled: _reason("cancelled"),
    goal.GoalFailed: _reason("failed"),
    goal.GoalForked: lambda e, t: f"from {e.goal}@{e.seq}{_said(e, t, 'prompt')}",
    goal.DecisionRecorded: lambda e, t: f"{e.code}{_said(e, t, 'answer')}",
    goal.OracleAssessed: _oracle,
    proposal.TaskProposed: lambda e, t: f"{e.task}{_said(e, t, 'title')}",
    proposal.TaskAccepted: lambda e, _: e.task,
    proposal.TaskRejected: lambda e, t: f"{e.task} ({e.code}){_said(e, t, 'reason')}",
    lease.TaskClaimed: lambda e, _: f"{e.task} by {e.worker} until {moment(e.lease_ends)}",
    lease.LeaseRenewed: lambda e, _: f"{e.task} until {moment(e.lease_ends)}",
    lease.LeaseExpired: lambda e, _: e.task,
    task.TaskStarted: lambda e, _: f"{e.task}, attempt {e.attempt}",
    task.TaskFinished: lambda e, _: f"{e.task}, attempt {e.attempt}",
    task.TaskFailed: lambda e, t: f"{e.task}, attempt {e.attempt}{_said(e, t, 'reason')}",
    task.TaskRetried: lambda e, t: f"{e.task}, attempt {e.attempt}{_said(e, t, 'reason')}",
    proposal.TaskExcused: lambda e, t: f"{e.task} owes no change{_said(e, t, 'reason')}",
    policy.PolicyConfigured: _policy,
    slices.SliceRecorded: lambda e, _: f"{e.task}, attempt {e.attempt}: {e.tree[:_HEX]}, to be merged",
    slices.SliceMended: lambda e, _: f"{e.task} differs only in blanks or comments: {_names(_paths(e))}",
    slices.SliceConflicted: lambda e, _: f"{e.task}, attempt {e.attempt}, with {e.ours[:_HEX]}: {_names(_paths(e))}",
    slices.OutsideTouched: lambda e, _: touched_text(e),
    slices.WorkKept: lambda e, t: f"{e.task}, attempt {e.attempt}, as {e.tree[:_HEX]}{_said(e, t, 'reason')}",
    worktree.WorktreeOpened: lambda e, _: f"{e.worktree} ({e.purpose}) at {e.tree[:_HEX]}",
    worktree.FilesChanged: _files,
    worktree.ScopeViolated: lambda e, _: f"{e.task} outside its scope: {_names(e.paths)}",
    worktree.CommitMade: lambda e, t: f"{e.commit[:_HEX]}{_said(e, t, 'message')}",
    worktree.WorktreeRebased: lambda e, _: f"onto {e.base.commit[:_HEX]}, now {e.tree[:_HEX]}",
    worktree.MergeConflicted: lambda e, _: f"with {e.theirs[:_HEX]}: {_names(e.paths)}",
    worktree.WorktreeClosed: lambda e, _: e.worktree,
    agent.AgentStarted: lambda e, _: f"{e.agent} on {e.task}, attempt {e.attempt}",
    agent.AgentSaid: lambda e, t: f"{e.agent}{_said(e, t, 'text')}",
    agent.ToolCalled: lambda e, t: f"{e.name} {e.tool}{_said(e, t, 'title')}",
    agent.ToolFinished: lambda e, t: f"{e.tool} {_word(e.outcome)}{_ending(e)}{_said(e, t, 'output.preview')}",
    agent.PermissionAsked: lambda e, t: f"{e.agent}, {e.action}{_said(e, t, 'title')}",
    agent.PermissionAnswered: lambda e, _: f"{e.answer} by {e.rule}",
    agent.AgentFinished: lambda e, t: f"{e.agent} {_word(e.outcome)}{_ending(e)}{_said(e, t, 'output.preview')}",
    agent.AgentDied: lambda e, t: f"{e.agent}{_said(e, t, 'reason')}",
    gate.GatesConfigured: lambda e, _: _names(tuple(one.name for one in e.gates)) or "no gate",
    gate.GateStarted: lambda e, _: f"{e.gate}, attempt {e.attempt}, on {e.tree[:_HEX]}",
    gate.GateRan: lambda e, t: f"{e.gate} {_word(e.outcome)}{_ending(e)}{_said(e, t, 'reason', 'output.preview')}",
    gate.BreakerOpened: lambda e, _: f"{e.gate} until {moment(e.until)}, after {counted(e.failures, 'failure')} in a row",
    gate.BreakerHalfOpened: lambda e, _: f"{e.gate}, {counted(e.probes, 'run')} may begin",
    gate.BreakerClosed: lambda e, _: e.gate,
    review.ReviewStarted: lambda e, _: f"{e.review}, attempt {e.attempt}",
    review.ReviewPassed: lambda e, t: f"{e.review}{_said(e, t, 'summary')}",
    review.ReviewBlocked: lambda e, t: f"{e.review}, {counted(e.total, 'finding')}{_said(e, t, 'summary')}",
    review.ReviewErrored: lambda e, t: f"{e.review}{_said(e, t, 'reason')}",
    review.ReviewNotApplicable: lambda e, t: f"{e.review}{_said(e, t, 'reason')}",
    review.WaiverGranted: lambda e, t: f"{e.code}{_said(e, t, 'reason')}",
    budget.BudgetSet: lambda e, _: _limits(e),
    budget.UsageReported: lambda e, _: f"{e.agent}: {show_span(e.active_ms)}, {e.tokens_in:,}+{e.tokens_out:,} tokens",
    budget.BudgetExhausted: lambda e, _: Reached(e.dimension, e.limit, e.used).words,
    budget.BudgetExtended: lambda e, _: f"+{show_span(e.time_ms)}, +{e.tokens:,} tokens, +{dollars(e.micro_usd)}",
    budget.TaskBudgetSet: lambda e, _: f"{e.task}: {_limits(e)}",
    delivery.ChangeAccepted: lambda e, t: f"{e.tree[:_HEX]}{_said(e, t, 'summary')}",
    delivery.ChangeRejected: lambda e, t: f"{e.tree[:_HEX]}{_said(e, t, 'reason')}",
    delivery.MergeStarted: lambda e, _: f"{e.commit[:_HEX]} into {e.branch}",
    delivery.ChangeMerged: lambda e, _: f"{e.commit[:_HEX]} into {e.branch}",
    delivery.MergeFailed: lambda e, t: f"{e.branch}{_said(e, t, 'reason')}",
    progress.IterationMeasured: lambda e, _: (
        f"{e.iteration}: {e.passed} of {counted(e.total, 'gate')}, {counted(e.files, 'file')} touched, {e.tokens:,} tokens"
    ),
    progress.StagnationDetected: lambda e, t: f"{e.cause} ({e.confidence} %){_said(e, t, 'reason')}",
    publication.PushStarted: lambda e, _: f"{e.commit[:_HEX]} to {e.branch} of {e.remote}",
    publication.BranchPushed: lambda e, _: f"{e.branch} to {e.remote}",
    publication.PushFailed: lambda e, t: f"{e.branch} to {e.remote}{_said(e, t, 'reason')}",
    publication.PullRequestRequested: lambda e, t: f"{e.head} into {e.into}{_said(e, t, 'title')}",
    publication.PullRequestOpened: lambda e, _: e.url,
    publication.PullRequestFailed: _reason("failed"),
    landing.PullRequestChecked: lambda e, _: f"{e.outcome}: {_names(tuple(f'{one.name} {one.outcome}' for one in e.checks))}",
    landing.PullRequestMergeRequested: lambda e, _: f"{e.commit[:_HEX]} into {e.into}",
    landing.PullRequestMerged: lambda e, _: f"{e.url} as {e.commit[:_HEX]}",
    landing.PullRequestMergeFailed: _reason("failed"),
    verdict.ProofIssued: lambda e, _: f"{_word(e.status)} at event {e.seq}",
    verdict.TextErased: lambda e, t: f"{_names(e.paths)} of event {e.seq}{_said(e, t, 'reason')}",
    controller.ControllerStarted: lambda e, _: f"{e.controller}: {', '.join(e.steps)}",
    controller.ControllerStopped: lambda e, t: f"{e.controller}{_said(e, t, 'reason')}",
    EffectAborted: lambda e, t: f"{e.obligation}{_said(e, t, 'reason')}",
}
TAGS: dict[type, str] = {event: kind_tag(event) for event in SUMMARIES}


def _limits(event: budget.BudgetSet | budget.TaskBudgetSet) -> str:
    """What may be spent: the dimensions that have a limit."""
    spans = [] if event.time_ms is None else [show_span(event.time_ms)]
    tokens = [] if event.tokens is None else [f"{event.tokens:,} tokens"]
    money = [] if event.micro_usd is None else [dollars(event.micro_usd)]
    return ", ".join([*spans, *tokens, *money]) or "no limit"
