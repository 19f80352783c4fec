"""Recovery: what a controller that is gone left behind is ended, kept or closed, before anybody goes on.

Each step leaves what the next time begins from: a crash in the midst of it is recovered from as well.
"""

import contextlib
from collections.abc import Iterator

from omk.agents.left import end_left
from omk.agents.process import end_process, is_alive
from omk.domain.attempts import attempt_parts
from omk.domain.ending import left_over
from omk.domain.proof.holds import executors
from omk.domain.state import GoalState
from omk.domain.subjects.agent import Running
from omk.domain.subjects.controller import AbortEffect, StopController
from omk.domain.subjects.obligation import BOOKKEEPING
from omk.errors import OmkError
from omk.runtime.alone import alone
from omk.runtime.merge import settle_merge
from omk.runtime.naming import agent_worktree
from omk.runtime.publish.settle import Told, is_owed_by_others, settle_publishing, told_by_others
from omk.runtime.session import Session
from omk.runtime.steps.conversing import Work
from omk.runtime.steps.files import files_of
from omk.runtime.steps.recording import kept
from omk.runtime.sweeping import forget, sweep
from omk.runtime.usage import unheard, worked_ms

RECOVERY = "controller:recovery"
"""Who cleans up after a dead controller: whichever process comes first, in nobody's name."""


def recover(session: Session) -> None:
    """Close what a dead controller left: end its processes, keep what its agents made, abort its obligations.

    Does nothing while the goal's controller is alive.
    """
    with recovered(session):
        pass


@contextlib.contextmanager
def recovered(session: Session) -> Iterator[None]:
    """Hold the store's lock, after all is closed that a dead controller left: whoever takes the goal over does so here.

    Others are asked what became of what was announced to them before the lock is held: they may take their time.
    """
    person, session.actor = session.actor, RECOVERY
    with contextlib.ExitStack() as held:
        try:
            told = _told(session)
            held.enter_context(alone(session.handle.folder))
            if _end_dead(session):
                _clean_up(session, told)
        finally:
            session.actor = person
        yield


def _told(session: Session) -> Told:
    """What others tell of what a dead controller announced to them."""
    session.handle.refresh()
    if not is_owed_by_others(session.state):
        return Told()
    with alone(session.handle.folder):
        is_dead = _end_dead(session)
    return told_by_others(session) if is_dead else Told()


def _end_dead(session: Session) -> bool:
    """End what a dead controller started, and remove what is half made; false when the goal's controller is alive."""
    session.handle.refresh()
    active = session.state.controller.active
    if active is not None and is_alive(active.pid, active.started):
        return False
    if active is not None:
        end_left(active.pid, active.started)
    session.workshop.regain(session.goal)
    sweep(session)
    return True


def _clean_up(session: Session, told: Told) -> None:
    settle_merge(session)
    settle_publishing(session, told)
    abort_open(session, "The controller that announced this is gone.")
    active = session.state.controller.active
    if active is not None or session.state.worktree.open_worktrees:
        session.close_worktrees()
    if active is not None and not left_over(session.state):
        gone = StopController(actor=RECOVERY, controller=active.controller, reason="It is gone, and nothing is left to do.")
        session.handle(gone)
    forget(session)


def abort_open(session: Session, reason: str) -> None:
    """End what is still at work, keep what it made, and close what is owed but not bookkeeping, the last one first.

    What an agent spent that nobody heard the end of is recorded with that.
    """
    worked = {agent: worked_ms(session, agent) for agent in session.state.agent.running}
    for process in session.state.obligation.values():
        if process.pid is not None and process.started:
            end_process(process.pid, process.started)
    for agent, run in list(session.state.agent.running.items()):
        _keep_left(session, agent, run, reason)
    owed = sorted(session.state.obligation.items(), key=lambda item: -item[1].seq)
    waiting = _waiting(session.state)
    for name, _ in owed:
        if not name.startswith(BOOKKEEPING) and name not in waiting:
            agent = name.removeprefix("agent:")
            spent = unheard(session, agent, worked[agent]) if name.startswith("agent:") and agent in worked else []
            session.handle(*spent, AbortEffect(actor=session.actor, obligation=name, reason=reason))


def _waiting(state: GoalState) -> set[str]:
    """The attempts whose work is recorded and waits to be merged: nobody has to do it again, unless nobody wants it."""
    if state.goal.cancelled or state.goal.failed:
        return set()
    return {f"task:{task}:{made.attempt}" for task, made in state.slice.waiting.items()}


def _keep_left(session: Session, agent: str, run: Running, reason: str) -> None:
    """Keep what an agent that never came to its end left in its worktree, as a tree of its own."""
    task = session.state.task.get(run.of or "")
    if task is None:
        return
    name = agent_worktree(session.goal, task.id, is_only=len(executors(session.state)) == 1)
    worktree, places = session.workshop.place(session.goal, name), session.state.worktree.open_named(name)
    if not places or not session.workshop.is_open(worktree):
        return
    attempt = int(attempt_parts(agent)[1])
    work = Work(task=task.id, attempt=attempt, fence=task.fence, worktree=worktree, base=places[-1].tree)
    try:
        changed = files_of(session, worktree, work.base, task=task.id, agent=agent)
        session.handle(*kept(session, work, changed, reason))
    except (OmkError, OSError) as error:
        session.tell(f"what {agent} left cannot be kept: {error}")
