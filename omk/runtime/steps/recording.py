"""Record what came of an attempt at a task: how its agent ended, what it spent, what it left, and the end of the task."""

from omk.agents.child import Exit
from omk.domain.event import Command, Tree
from omk.domain.spending import spent_on
from omk.domain.subjects.agent import AgentFinished, AgentOutcome, FinishAgent
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.slice import KeepWork, NoteOutside, OutsideTouched, WorkKept
from omk.domain.subjects.task import FailTask, FinishTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.work_decider import RecordWork, is_slice
from omk.log.blobs import Blob
from omk.runtime.proposals import proposed_by
from omk.runtime.session import Session
from omk.runtime.steps.conversing import Ended, Work
from omk.runtime.steps.files import excused, outside
from omk.runtime.usage import Cut, cut, reported

GONE = "Its worktree was gone when the agent ended, so nothing of it is taken. Delete files, and keep the folder."
"""Why an attempt failed that left no worktree."""


def record(session: Session, work: Work, ended: Ended, changed: FilesChanged | None, touched: list[OutsideTouched]) -> None:
    """One append for all that came of the attempt; of one whose lease is over, only that it ended and what it left.

    *changed* is null for an attempt that left no worktree; *touched* was seen outside of it meanwhile.
    """
    limit = cut(session, work.agent, ended.spent, ended.at) if ended.exit.stopped else None
    ends, blobs = end_of(session, work, ended, limit)
    commands: list[Command] = [*(NoteOutside(actor=session.actor, touched=one) for one in touched), *ends]
    task = session.state.task[work.task]
    if task.holder is None or task.fence != work.fence:
        commands += kept(session, work, changed, "Its lease was over when it ended.") if changed else []
    elif changed is None:
        commands.append(_end_of_task(session.actor, work, ended.exit, limit, None, wrong=GONE))
    else:
        commands += proposed_by(session, work.task, work.agent, work.worktree)
        commands += _landed(session, work, ended.exit, limit, changed)
    session.handle(*commands, blobs=blobs)


def _landed(session: Session, work: Work, ended: Exit, limit: Cut | None, changed: FilesChanged) -> list[Command]:
    """What an attempt left as a part of the goal, and the end of its task, unless it has to be merged before."""
    actor, now = session.actor, session.state.worktree.tree
    beyond = outside(session, work.task, changed.changes)
    commands: list[Command] = [RecordWork(actor=actor, changed=changed, attempt=work.attempt, fence=work.fence, outside=beyond)]
    if is_slice(changed, session.state) and not ended.stopped:
        return commands
    has_moved = changed.old != now
    commands += excused(session, work.task) if has_moved and changed.tree == now else []
    return [*commands, _end_of_task(actor, work, ended, limit, now if has_moved else changed.tree)]


def _end_of_task(
    actor: str, work: Work, ended: Exit, limit: Cut | None, tree: Tree | None, *, wrong: str | None = None
) -> Command:
    """What has become of the task; an attempt that was stopped is given up, and the next one begins where it left off."""
    if limit is not None and limit.is_own:
        return FailTask(actor=actor, task=work.task, attempt=work.attempt, reason=limit.reason)
    if ended.stopped:
        reason = limit.reason if limit else "The agent was stopped."
        return AbortEffect(actor=actor, obligation=f"task:{work.agent}", reason=reason)
    if outcome_of(ended) == "succeeded" and wrong is None:
        return FinishTask(actor=actor, task=work.task, attempt=work.attempt, tree=tree)
    return FailTask(actor=actor, task=work.task, attempt=work.attempt, reason=wrong or how(ended))


def kept(session: Session, work: Work, changed: FilesChanged, reason: str) -> list[Command]:
    """The command that keeps what an attempt left apart from the goal; none if it left nothing."""
    if changed.tree == changed.old:
        return []
    left = WorkKept(
        task=work.task, attempt=work.attempt, base=changed.old, tree=changed.tree, changes=changed.changes, reason=reason
    )
    return [KeepWork(actor=session.actor, kept=left)]


def end_of(session: Session, work: Work, ended: Ended, limit: Cut | None) -> tuple[list[Command], list[Blob]]:
    """How the agent's process ended, and what it spent since it said so last."""
    output, blob = session.packed(ended.exit)
    is_late = limit is not None and limit.reached.dimension == "time"
    finished = AgentFinished(
        agent=work.agent,
        task=work.task,
        outcome="timed_out" if is_late else outcome_of(ended.exit),
        exit_code=ended.exit.status,
        signal=ended.exit.signal,
        duration_ms=ended.exit.duration_ms,
        output=output,
    )
    commands: list[Command] = [FinishAgent(actor=f"agent:{work.agent}", finished=finished)]
    return commands + reported(session, work.agent, ended.spent, _active_ms(session, work, ended, limit)), [blob]


def _active_ms(session: Session, work: Work, ended: Ended, limit: Cut | None) -> int:
    """The time the agent took; whoever is ended because the task's time is over has used it up, to the millisecond."""
    took = ended.exit.duration_ms
    if limit is None or not limit.is_own or limit.reached.dimension != "time":
        return took
    return max(took, limit.reached.limit - spent_on(session.state, work.task).time_ms)


def outcome_of(ended: Exit) -> AgentOutcome:
    """What an agent's exit says."""
    if ended.stopped:
        return "stopped"
    if ended.timed_out:
        return "timed_out"
    return "succeeded" if ended.status == 0 else "failed"


def how(ended: Exit) -> str:
    """How an agent ended, as a sentence."""
    code = f"exit code {ended.status}" if ended.status is not None else f"signal {ended.signal}"
    return f"The agent ended {outcome_of(ended).replace('_', ' ')} with {code}."
