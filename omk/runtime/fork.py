"""A fork: a goal of its own words, whose history begins with another's, read and not copied."""

from collections.abc import Callable

from omk.domain.event import Recorded
from omk.domain.forking import unforkable
from omk.domain.oracle import assess
from omk.domain.proof.standing import Judge
from omk.domain.subjects.goal import ForkGoal, GoalForked
from omk.errors import Refused
from omk.log.protocol import Log
from omk.runtime import edge
from omk.runtime.handle import Handle
from omk.runtime.intake import as_event, require_words
from omk.runtime.session import Session
from omk.runtime.store import Store


def fork_goal(
    store: Store,
    place: tuple[str, int],
    prompt: str,
    kind: str | None,
    *,
    listen: Callable[[Recorded], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Session:
    """Begin a goal with the history of another up to an event, *place*; nothing is written to the other goal.

    Its base commit is held in the user's repository before anything speaks of it. Raises `Refused` where no fork can
    begin, `Unusable` when the tree as of then is not there any more.
    """
    parent, seq = place
    require_words(prompt)
    assessed = as_event(assess(prompt, kind))
    require_forkable(store.log, parent, seq)
    handle = Handle(store.log, edge.new_goal_id(), store.folder, listen)
    handle.inherit(parent, seq)
    session = store.session_of(handle, tell)
    base = session.state.worktree.base
    commit = base.commit if base else store.user.commit
    session.workshop.require_whole(session.state.worktree.tree, commit)
    forked = GoalForked(goal=parent, seq=seq, head=session.state.head, prompt=prompt)
    store.user.hold(handle.goal, commit)
    try:
        handle(ForkGoal(actor=session.actor, forked=forked, assessed=assessed))
    except BaseException:
        store.user.release(handle.goal)
        raise
    return session


def require_forkable(log: Log, goal: str, seq: int) -> None:
    """Raise `Refused`, naming the next event that will do, unless a fork may begin after event *seq*."""
    judge = Judge()
    judge.add_all(log.read(goal, upto=seq) if seq else ())
    later = log.read(goal, after=seq)
    following = next(later, None)
    reason = unforkable(judge.state, following and following.event)
    if reason is None:
        return
    while following is not None:
        judge.add(following)
        following = next(later, None)
        if unforkable(judge.state, following and following.event) is None:
            there = f"{goal}@{judge.state.seq}"
            raise Refused(f"{goal} cannot be forked at {seq}: {reason}. The next event that will do is {there}")
    raise Refused(f"{goal} cannot be forked at {seq}: {reason}, nor anywhere after it. Start a goal: omk run")
