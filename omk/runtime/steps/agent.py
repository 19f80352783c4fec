"""Let an agent work on a task in a worktree of its own, and record what it left."""

from pathlib import Path
from typing import NamedTuple

from omk.agents.child import Child, Exit
from omk.agents.driver import driver_of
from omk.domain.event import Command, Tree
from omk.domain.proof.holds import executors
from omk.domain.subjects.agent import AgentFinished, AgentOutcome, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget, ReportUsage, UsageReported
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.slice import KeepWork, NoteOutside, OutsideTouched, WorkKept
from omk.domain.subjects.task import ClaimTask, FailTask, FinishTask, StartTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.wanted import RunAgent
from omk.domain.work_decider import RecordWork, is_slice
from omk.errors import Refused
from omk.log.blobs import Blob
from omk.runtime import edge
from omk.runtime.naming import agent_worktree
from omk.runtime.prompt import prompt_for
from omk.runtime.session import Session
from omk.runtime.site import is_plain
from omk.runtime.steps.files import excused, files_of, outside
from omk.runtime.watch import SHOWN

GONE = "Its worktree was gone when the agent ended, so nothing of it is taken. Delete files, and keep the folder."
"""Why an attempt failed that left no worktree."""


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


def run_agent(session: Session, effect: RunAgent) -> None:
    """Claim the task, start the agent on it, wait for it, record what it left and how the task ended: all at once."""
    work = _claimed(session, effect)
    session.watch.begin(work.agent)
    try:
        ended = _converse(session, work)
    finally:
        beside, touched = session.watch.end(work.agent)
    changed = None
    if is_plain(work.worktree, ""):
        changed = files_of(session, work.worktree, work.base, task=work.task, agent=work.agent)
        touched += _strays(session, work, changed, beside)
    session.handle.mailbox.ask(lambda: _record(session, work, ended, changed, touched))
    _leave(session, work, changed)


def _leave(session: Session, work: Work, changed: FilesChanged | None) -> None:
    """Close the worktree, or have it hold for the next attempt what is on record and nothing else."""
    name = work.worktree.name
    if len(executors(session.state)) > 1:
        session.close_worktree(name)
        return
    tree = session.state.worktree.open_named(name)[-1].tree
    if changed is None or changed.tree != tree:
        session.renew_worktree(name, tree)


def _strays(session: Session, work: Work, changed: FilesChanged, beside: tuple[str, ...]) -> list[OutsideTouched]:
    """What lies outside the task's write set may be the work of an agent that ran beside."""
    beyond = outside(session, work.task, changed.changes)
    if not beyond or not beside:
        return []
    agents, name = tuple(sorted((work.agent, *beside))), work.worktree.name
    return [OutsideTouched(agents=agents, where=name, paths=beyond[:SHOWN], total=len(beyond))]


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


def _converse(session: Session, work: Work) -> Exit:
    """Run the agent's process to its end, once its pid is on record."""
    settings = session.state.goal.settings
    spec = session.agent or (settings.agent if settings else None)
    if spec is None:
        raise Refused("No agent is named. Give one: --agent 'command:…', or `agent = …` in omk.toml.")
    prompt = prompt_for(session, work.task, work.attempt)
    file = session.prompt_file(f"{work.worktree.name}-{work.attempt}", prompt)
    launch = driver_of(spec).launch(prompt, str(file))
    environment = {**session.environment(), **launch.environment}
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
    return child.wait(time_left(session), stop=session.stop)


def _record(session: Session, work: Work, ended: Exit, changed: FilesChanged | None, touched: list[OutsideTouched]) -> None:
    """One append for all that came of the attempt; of one whose lease is over, only that it ended and what it left."""
    commands, blobs = _end(session, work, ended, touched)
    task = session.state.task[work.task]
    if task.holder is None or task.fence != work.fence:
        commands += kept(session, work, changed, "Its lease was over when it ended.") if changed else []
    elif changed is None:
        commands.append(_outcome_of_task(session.actor, work, ended, None, wrong=GONE))
    else:
        commands += _landed(session, work, ended, changed)
    session.handle(*commands, blobs=blobs)


def _landed(session: Session, work: Work, ended: Exit, changed: FilesChanged) -> list[Command]:
    """What an attempt left as a part of the goal, and the end of its task, unless it has to be merged before."""
    actor, now = session.actor, session.state.worktree.tree
    beyond = outside(session, work.task, changed.changes)
    commands: list[Command] = [RecordWork(actor=actor, changed=changed, attempt=work.attempt, fence=work.fence, outside=beyond)]
    if is_slice(changed, session.state) and not ended.stopped:
        return commands
    has_moved = changed.old != now
    commands += excused(session, work.task) if has_moved and changed.tree == now else []
    return [*commands, _outcome_of_task(actor, work, ended, now if has_moved else changed.tree)]


def _outcome_of_task(actor: str, work: Work, ended: Exit, tree: Tree | None, *, wrong: str | None = None) -> Command:
    """What has become of the task; an attempt that was stopped is given up, and the next one begins where it left off."""
    if ended.stopped:
        return AbortEffect(actor=actor, obligation=f"task:{work.agent}", reason="The agent was stopped.")
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


def _end(session: Session, work: Work, ended: Exit, touched: list[OutsideTouched]) -> tuple[list[Command], list[Blob]]:
    """What was seen outside while it ran, how the agent's process ended, and what it spent."""
    output, blob = session.packed(ended)
    finished = AgentFinished(
        agent=work.agent,
        task=work.task,
        outcome=outcome_of(ended),
        exit_code=ended.status,
        signal=ended.signal,
        duration_ms=ended.duration_ms,
        output=output,
    )
    commands: list[Command] = [NoteOutside(actor=session.actor, touched=one) for one in touched]
    commands.append(FinishAgent(actor=f"agent:{work.agent}", finished=finished))
    return commands + _spent(session, work.agent, ended.duration_ms), [blob]


def _spent(session: Session, agent: str, active_ms: int) -> list[Command]:
    """The time the agent took; a command reports no tokens and no money."""
    budget = session.state.budget
    usage = UsageReported(
        report=budget.reports + 1, agent=agent, active_ms=active_ms, tokens_in=0, tokens_out=0, tokens_cached=0, micro_usd=0
    )
    commands: list[Command] = [ReportUsage(actor=session.actor, usage=usage)]
    used = budget.used_ms + active_ms
    if budget.time_ms is not None and used >= budget.time_ms:
        out = BudgetExhausted(dimension="time", limit=budget.time_ms, used=used)
        commands.append(ExhaustBudget(actor=session.actor, exhausted=out))
    return commands


def time_left(session: Session) -> int | None:
    """Milliseconds an agent may still take: its own limit or what the goal's budget leaves, null without either."""
    settings, budget = session.state.goal.settings, session.state.budget
    limits = [settings.agent_timeout_ms if settings else None]
    limits.append(None if budget.time_ms is None else max(0, budget.time_ms - budget.used_ms))
    return min((limit for limit in limits if limit is not None), default=None)


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
