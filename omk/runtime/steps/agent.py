"""Let an agent work on a task, and record what it left."""

from pathlib import Path

from omk.agents.child import Child, Exit
from omk.agents.driver import driver_of
from omk.domain.paths import in_scope
from omk.domain.subjects.agent import AgentFinished, AgentOutcome, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget, ReportUsage, UsageReported
from omk.domain.subjects.task import FailTask, FinishTask, StartTask
from omk.domain.subjects.worktree import FilesChanged, RecordFiles
from omk.domain.wanted import RunAgent
from omk.errors import Refused
from omk.runtime.gates.guards import broken
from omk.runtime.prompt import prompt_for
from omk.runtime.session import Session


def run_agent(session: Session, effect: RunAgent) -> None:
    """Start the agent on the task, wait for it, record its files and how the task ended."""
    handle, actor = session.handle, session.actor
    handle(StartTask(actor=actor, task=effect.task, worker=f"agent:{effect.task}:{effect.attempt}"))
    attempt = session.state.task[effect.task].attempts
    worktree = session.worktree("agent")
    ended = _converse(session, effect.task, attempt, worktree)
    _finish(session, effect.task, attempt, ended)
    record_files(session, effect.task, f"{effect.task}:{attempt}", worktree)
    tree = session.state.worktree.tree
    if ended.stopped:
        return  # by a pause: what is begun is aborted with the controller, and begins again with the next
    if _outcome(ended) == "succeeded":
        handle(FinishTask(actor=actor, task=effect.task, attempt=attempt, tree=tree))
    else:
        handle(FailTask(actor=actor, task=effect.task, attempt=attempt, reason=_how(ended)))


def _converse(session: Session, task: str, attempt: int, worktree: Path) -> Exit:
    """Run the agent's process to its end, once its pid is on record."""
    settings = session.state.goal.settings
    spec = session.agent or (settings.agent if settings else None)
    if spec is None:
        raise Refused("No agent is named. Give one: --agent 'command:…', or `agent = …` in omk.toml.")
    prompt = prompt_for(session, task, attempt)
    file = session.prompt_file(f"{task}-{attempt}", prompt)
    launch = driver_of(spec).launch(prompt, str(file))
    environment = {**session.environment(), **launch.environment}
    child = Child.prepare(
        (launch.line,),
        shell=True,
        directory=session.directory(worktree),
        environment=environment,
        stdin=launch.stdin,
    )
    try:
        started = AgentStarted(
            agent=f"{task}:{attempt}",
            task=task,
            attempt=attempt,
            driver=spec,
            prompt=prompt,
            pid=child.pid,
            started=child.started,
        )
        session.handle(StartAgent(actor=session.actor, started=started))
    except BaseException:
        child.abandon()
        raise
    session.tell(f"agent {task}:{attempt}")
    child.release()
    return child.wait(time_left(session), stop=session.stop)


def _finish(session: Session, task: str, attempt: int, ended: Exit) -> None:
    output, blob = session.packed(ended)
    finished = AgentFinished(
        agent=f"{task}:{attempt}",
        task=task,
        outcome=_outcome(ended),
        exit_code=ended.status,
        signal=ended.signal,
        duration_ms=ended.duration_ms,
        output=output,
    )
    actor = f"agent:{task}:{attempt}"
    session.handle(FinishAgent(actor=actor, finished=finished), blobs=[blob])
    _spend(session, f"{task}:{attempt}", ended.duration_ms)


def _spend(session: Session, agent: str, active_ms: int) -> None:
    """Report the time the agent took; a command reports no tokens and no money."""
    report = session.state.budget.reports + 1
    usage = UsageReported(
        report=report, agent=agent, active_ms=active_ms, tokens_in=0, tokens_out=0, tokens_cached=0, micro_usd=0
    )
    session.handle(ReportUsage(actor=session.actor, usage=usage))
    budget = session.state.budget
    if budget.time_ms is not None and budget.used_ms >= budget.time_ms:
        out = BudgetExhausted(dimension="time", limit=budget.time_ms, used=budget.used_ms)
        session.handle(ExhaustBudget(actor=session.actor, exhausted=out))


def time_left(session: Session) -> int | None:
    """Milliseconds an agent may still take: its own limit or what the goal's budget leaves, null without either."""
    settings, budget = session.state.goal.settings, session.state.budget
    limits = [settings.agent_timeout_ms if settings else None]
    limits.append(None if budget.time_ms is None else max(0, budget.time_ms - budget.used_ms))
    return min((limit for limit in limits if limit is not None), default=None)


def _outcome(ended: Exit) -> AgentOutcome:
    if ended.stopped:
        return "stopped"
    if ended.timed_out:
        return "timed_out"
    return "succeeded" if ended.status == 0 else "failed"


def _how(ended: Exit) -> str:
    how = f"exit code {ended.status}" if ended.status is not None else f"signal {ended.signal}"
    return f"The agent ended {_outcome(ended).replace('_', ' ')} with {how}."


def record_files(session: Session, task: str | None, agent: str | None, worktree: Path) -> None:
    """Write what the worktree holds as a tree, and record how it differs from the goal's tree."""
    state = session.state
    old = state.worktree.tree
    snapshot = session.workshop.snapshot(worktree, old)
    changed = FilesChanged(
        worktree=worktree.name,
        task=task,
        agent=agent,
        old=old,
        tree=snapshot.tree,
        changes=snapshot.changes,
        unreadable=snapshot.unreadable,
        guarded=guarded(session, snapshot.tree),
    )
    scope = state.task[task].write_set if task is not None and task in state.task else ()
    outside = tuple(one.path for one in snapshot.changes if scope and not in_scope(one.path, scope))
    session.handle(RecordFiles(actor=session.actor, changed=changed, outside=outside))


def guarded(session: Session, tree: str) -> tuple[str, ...]:
    """The guarded paths whose guarded part differs, in *tree*, from the base commit."""
    base, workshop = session.state.worktree.base, session.workshop
    if base is None or not session.state.gate.guards:
        return ()
    changes = {one.path: one for one in workshop.changes(base.tree, tree)}
    held = tuple(one for one in session.state.gate.guards if one.path in changes)

    def read(path: str) -> tuple[str | None, bytes | None]:
        blob = changes[path].new
        return blob, workshop.read_path(tree, path) if blob else None

    return broken(held, read)
