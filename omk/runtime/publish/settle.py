"""After a crash: what was announced to others and not answered is looked at, never asked for again."""

import contextlib
from collections.abc import Callable, Mapping

from omk.domain.event import Command, Value
from omk.domain.state import GoalState
from omk.domain.subjects.controller import Active
from omk.domain.subjects.landing import FinishLanding, PullRequestMergeFailed
from omk.domain.subjects.publication import (
    BranchPushed,
    FinishPush,
    PullRequestFailed,
    PullRequestOpened,
    PushFailed,
    RecordPullRequest,
)
from omk.runtime.publish.branch import branch_of, remote_of
from omk.runtime.publish.hub import LOOK_SECONDS, Hub
from omk.runtime.publish.merging import as_merged
from omk.runtime.publish.pull_request import still_open
from omk.runtime.publish.trouble import Trouble
from omk.runtime.session import Session

NOT_YET = "It was interrupted before it took place."
HALF_DONE = "It was interrupted, and will be asked for again."


Answers = tuple[Command, ...]


class Told(Value):
    """What others told of attempts that a controller (null: none) left open, each by its name."""

    controller: Active | None = None
    answers: Mapping[str, Answers] = {}


def is_owed_by_others(state: GoalState) -> bool:
    """Whether something was announced to others and not answered."""
    return bool(_open(state))


def _open(state: GoalState) -> tuple[str, ...]:
    return (*state.publication.open, *state.landing.open)


def told_by_others(session: Session) -> Told:
    """Ask the remote and GitHub what became of it, recording nothing; what cannot be looked at has no answer."""
    answers: dict[str, Answers] = {}
    for name in _open(session.state):
        with contextlib.suppress(Trouble):
            subject, _, attempt = name.partition(":")
            answers[name] = LOOK[subject](session, int(attempt))
    return Told(controller=session.state.controller.active, answers=answers)


def settle_publishing(session: Session, told: Told) -> None:
    """Record what they told of what is still open, unless another controller had the goal meanwhile."""
    if session.state.controller.active == told.controller:
        for name in _open(session.state):
            session.handle(*told.answers.get(name, ()))


def _push(session: Session, attempt: int) -> Answers:
    push, remote = session.state.publication.push, remote_of(session, seconds=LOOK_SECONDS)
    if push is None:
        return ()
    answer: BranchPushed | PushFailed
    if remote.tip(push.branch) == push.commit:
        answer = BranchPushed(attempt=attempt, remote=push.remote, branch=push.branch, commit=push.commit)
    else:
        answer = PushFailed(attempt=attempt, remote=push.remote, branch=push.branch, reason=NOT_YET)
    return (FinishPush(actor=session.actor, answer=answer),)


def _pull_request(session: Session, attempt: int) -> Answers:
    """One that was to be opened is there or not; one that was to be changed may be half changed: it is asked for again."""
    asked, found = session.state.publication.pull_request, None
    if asked is not None and asked.url is None:
        found = still_open(_hub(session), branch_of(session.goal))
    answer: PullRequestOpened | PullRequestFailed
    if found is not None:
        answer = PullRequestOpened(attempt=attempt, url=found.url)
    else:
        is_new = asked is None or asked.url is None
        answer = PullRequestFailed(attempt=attempt, reason=NOT_YET if is_new else HALF_DONE)
    return (RecordPullRequest(actor=session.actor, answer=answer),)


def _merge(session: Session, attempt: int) -> Answers:
    merge = session.state.landing.merge
    if merge is None:
        return ()
    view = _hub(session).view(merge.url)
    if view.state == "MERGED":
        return as_merged(session, remote_of(session, seconds=LOOK_SECONDS), view, attempt)
    failure = PullRequestMergeFailed(attempt=attempt, url=merge.url, reason=NOT_YET)
    return (FinishLanding(actor=session.actor, answer=failure),)


def _hub(session: Session) -> Hub:
    address = remote_of(session).address
    return Hub(session.user.top, address, session.stop, seconds=LOOK_SECONDS)


LOOK: Mapping[str, Callable[[Session, int], Answers]] = {
    "push": _push,
    "pull_request": _pull_request,
    "pull_request_merge": _merge,
}
"""How to look what became of an attempt, by the name of its subject."""
