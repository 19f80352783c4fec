"""Let an agent work on a task in a worktree of its own, and record what it left."""

from omk.domain.effects import RunAgent
from omk.domain.proof.holds import executors
from omk.domain.subjects.lease import ClaimTask
from omk.domain.subjects.slice import OutsideTouched
from omk.domain.subjects.task import StartTask
from omk.domain.subjects.worktree import FilesChanged
from omk.runtime import edge
from omk.runtime.naming import agent_worktree
from omk.runtime.proposals import clear_proposals
from omk.runtime.session import Session
from omk.runtime.site import is_plain
from omk.runtime.steps.conversing import Work, converse
from omk.runtime.steps.files import files_of, outside
from omk.runtime.steps.recording import record
from omk.runtime.watch import SHOWN


def run_agent(session: Session, effect: RunAgent) -> None:
    """Claim the task, start the agent on it, wait for it, record what it left and how the task ended: all at once."""
    work = _claimed(session, effect)
    clear_proposals(work.worktree)
    session.watch.begin(work.agent)
    try:
        ended = converse(session, work)
    finally:
        beside, touched = session.watch.end(work.agent)
    session.workshop.regain(session.goal)
    changed = None
    if is_plain(work.worktree, ""):
        changed = files_of(session, work.worktree, work.base, task=work.task, agent=work.agent)
        touched += _strays(session, work, changed, beside)
    session.handle.mailbox.ask(lambda: record(session, work, ended, changed, touched))
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
    worker = f"agent:{effect.agent}"
    lease_ends = edge.later(session.state.policy.lease_ms)
    claim = ClaimTask(actor=actor, task=task, worker=worker, now=edge.now(), lease_ends=lease_ends)
    handle(claim, StartTask(actor=actor, task=task, worker=worker))
    fence = session.state.task[task].fence
    name = agent_worktree(session.goal, task, is_only=len(executors(session.state)) == 1)
    worktree = session.worktree(name, "agent")
    base = session.state.worktree.open_named(name)[-1].tree
    return Work(task=task, attempt=effect.attempt, fence=fence, worktree=worktree, base=base)
