"""After a crash: what was announced to others and not answered is looked at, never asked for again."""

import contextlib

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
from omk.runtime.publish.merging import record_merged
from omk.runtime.publish.pull_request import still_open
from omk.runtime.publish.trouble import Trouble
from omk.runtime.session import Session

NOT_YET = "It was interrupted before it took place."
HALF_DONE = "It was interrupted, and will be asked for again."


def settle_publishing(session: Session) -> None:
    """Answer it as the remote tells; what cannot be looked at stays open. For one who holds the store's lock."""
    for name in (*session.state.publication.open, *session.state.landing.open):
        with contextlib.suppress(Trouble):
            subject, _, attempt = name.partition(":")
            SETTLE[subject](session, int(attempt))


def _push(session: Session, attempt: int) -> None:
    push, remote = session.state.publication.push, remote_of(session, seconds=LOOK_SECONDS)
    if push is None:
        return
    answer: BranchPushed | PushFailed
    if remote.tip(push.branch) == push.commit:
        answer = BranchPushed(attempt=attempt, remote=push.remote, branch=push.branch, commit=push.commit)
    else:
        answer = PushFailed(attempt=attempt, remote=push.remote, branch=push.branch, reason=NOT_YET)
    session.handle(FinishPush(actor=session.actor, answer=answer))


def _pull_request(session: Session, attempt: int) -> None:
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
    session.handle(RecordPullRequest(actor=session.actor, answer=answer))


def _merge(session: Session, attempt: int) -> None:
    merge = session.state.landing.merge
    if merge is None:
        return
    view = _hub(session).view(merge.url)
    if view.state == "MERGED":
        record_merged(session, remote_of(session, seconds=LOOK_SECONDS), view, attempt)
        return
    failure = PullRequestMergeFailed(attempt=attempt, url=merge.url, reason=NOT_YET)
    session.handle(FinishLanding(actor=session.actor, answer=failure))


def _hub(session: Session) -> Hub:
    address = remote_of(session).address
    return Hub(session.user.top, address, session.stop, seconds=LOOK_SECONDS)


SETTLE = {"push": _push, "pull_request": _pull_request, "pull_request_merge": _merge}
