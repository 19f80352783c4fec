"""Let an agent work on a task in a worktree of its own, and record what it left."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from omk.agents.child import Child, Exit
from omk.agents.driver import driver_of
from omk.domain.event import Command, Time, Tree
from omk.domain.proof.holds import executors
from omk.domain.spending import spent_on
from omk.domain.subjects.agent import AgentFinished, AgentOutcome, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.slice import KeepWork, WorkKept
from omk.domain.subjects.task import ClaimTask, FailTask, FinishTask, StartTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import Spent
from omk.domain.wanted import RunAgent
from omk.domain.work_decider import RecordWork
from omk.errors import Refused
from omk.log.blobs import Blob
from omk.runtime import edge
from omk.runtime.approvals import asking
from omk.runtime.naming import agent_worktree
from omk.runtime.prompt import prompt_for
from omk.runtime.proposals import clear_proposals, proposed_by
from omk.runtime.session import Session
from omk.runtime.steps.files import files_of, outside
from omk.runtime.usage import Cut, Meter, cut, reported


class Work(NamedTuple):
    """An attempt at a task: its holder's fence, the worktree it has, and the tree that one began from."""

    task: str
    attempt: int
    fence: int
    worktree: Path
    base: Tree

    @property
    def agent(self) -> str:
        """The agent's id."""
        return f"{self.task}:{self.attempt}"


class Ended(NamedTuple):
    """How an agent's process ended and when, and what it reported to have spent."""

    exit: Exit
    at: Time
    spent: Spent


def run_agent(session: Session, effect: RunAgent) -> None:
    """Claim the task, start the agent on it, wait for it, record what it left and how the task ended: all at once."""
    work = _claimed(session, effect)
    clear_proposals(work.worktree)
    ended = converse(session, work)
    changed = files_of(session, work.worktree, work.base, task=work.task, agent=work.agent)
    session.handle.mailbox.ask(lambda: _record(session, work, ended, changed))
    if len(executors(session.state)) > 1:
        session.close_worktree(work.worktree.name)


def _claimed(session: Session, effect: RunAgent) -> Work:
    """Take the task, and open its worktree."""
    handle, actor, task = session.handle, session.actor, effect.task
    worker = f"agent:{task}:{effect.attempt}"
    lease_ends = edge.later(session.state.policy.lease_ms)
    claim = ClaimTask(actor=actor, task=task, worker=worker, now=edge.now(), lease_ends=lease_ends)
    handle(claim, StartTask(actor=actor, task=task, worker=worker))
    fence = session.state.task[task].fence
    name = agent_worktree(session.goal, task, is_only=len(executors(session.state)) == 1)
    worktree = session.worktree(name, "agent")
    base = session.state.worktree.open_named(name)[-1].tree
    return Work(task=task, attempt=effect.attempt, fence=fence, worktree=worktree, base=base)


def converse(session: Session, work: Work) -> Ended:
    """Run the agent's process to its end, once its pid is on record; it may ask what it may do."""
    with asking(session, work.agent, f"{work.worktree.name}-{work.attempt}.socket") as channel:
        return _conversed(session, work, channel)


def _conversed(session: Session, work: Work, channel: Mapping[str, str]) -> Ended:
    settings = session.state.goal.settings
    spec = session.agent or (settings.agent if settings else None)
    if spec is None:
        raise Refused("No agent is named. Give one: --agent 'command:…', or `agent = …` in omk.toml.")
    prompt = prompt_for(session, work.task, work.attempt)
    file = session.prompt_file(f"{work.worktree.name}-{work.attempt}", prompt)
    launch = driver_of(spec).launch(prompt, str(file))
    meter = Meter(session, work.agent)
    environment = {**session.environment(), **launch.environment, "OMK_USAGE_FILE": str(meter.path), **channel}
    child = Child.prepare(
        (launch.line,),
        shell=True,
        directory=session.directory(work.worktree),
        environment=environment,
        stdin=launch.stdin,
    )
    try:
        started = AgentStarted(
            agent=work.agent,
            task=work.task,
            attempt=work.attempt,
            driver=spec,
            prompt=prompt,
            pid=child.pid,
            started=child.started,
        )
        session.handle(StartAgent(actor=session.actor, started=started))
    except BaseException:
        child.abandon()
        raise
    session.tell(f"agent {work.agent}")
    child.release()
    ended = child.wait(settings.agent_timeout_ms if settings else None, stop=session.stop, on_tick=meter.tick)
    return Ended(ended, edge.now(), meter.finish())


def _record(session: Session, work: Work, ended: Ended, changed: FilesChanged) -> None:
    """One append for all that came of the attempt; of one whose lease is over, only that it ended and what it left."""
    actor = session.actor
    limit = cut(session, work.agent, ended.spent, ended.at) if ended.exit.stopped else None
    commands, blobs = end_of(session, work, ended, limit)
    task = session.state.task[work.task]
    if task.holder is None or task.fence != work.fence:
        session.handle(*commands, *kept(session, work, changed, "Its lease was over when it ended."), blobs=blobs)
        return
    commands += proposed_by(session, work.task, work.agent, work.worktree)
    beyond = outside(session, work.task, changed.changes)
    commands.append(RecordWork(actor=actor, changed=changed, attempt=work.attempt, fence=work.fence, outside=beyond))
    has_moved = changed.old != session.state.worktree.tree
    is_slice = has_moved and (changed.tree != changed.old or bool(changed.unreadable))
    tree = session.state.worktree.tree if has_moved else changed.tree
    if not is_slice or ended.exit.stopped:
        commands.append(_outcome_of_task(actor, work, ended.exit, limit, tree))
    session.handle(*commands, blobs=blobs)


def _outcome_of_task(actor: str, work: Work, ended: Exit, limit: Cut | None, tree: Tree) -> Command:
    """What has become of the task; an attempt that was stopped is given up, and the next one begins where it left off."""
    if limit is not None and limit.is_own:
        return FailTask(actor=actor, task=work.task, attempt=work.attempt, reason=limit.reason)
    if ended.stopped:
        reason = limit.reason if limit else "The agent was stopped."
        return AbortEffect(actor=actor, obligation=f"task:{work.agent}", reason=reason)
    if outcome_of(ended) == "succeeded":
        return FinishTask(actor=actor, task=work.task, attempt=work.attempt, tree=tree)
    return FailTask(actor=actor, task=work.task, attempt=work.attempt, reason=how(ended))


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
