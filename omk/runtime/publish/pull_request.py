"""The pull request: opened, or brought up to date if there is one; its text is made of what is on record."""

from omk.domain.effects import OpenPullRequest
from omk.domain.subjects.publication import (
    PullRequestFailed,
    PullRequestOpened,
    PullRequestRequested,
    RecordPullRequest,
    RequestPullRequest,
)
from omk.domain.text import resolve
from omk.log.redact import cut
from omk.replay.documents import Document, state_document
from omk.replay.proof_document import proof_document
from omk.runtime.publish.branch import (
    Told,
    announce,
    base_branch,
    branch_of,
    follow_base,
    held_up,
    push_branch,
    remote_of,
    untroubled,
)
from omk.runtime.publish.hub import Hub, View
from omk.runtime.publish.trouble import HUB, Trouble
from omk.runtime.session import Session
from omk.views.pull_request import fitted, pull_request_body, pull_request_title


def open_pull_request(session: Session, _: OpenPullRequest) -> None:
    """Push the proven tree and have a pull request ask for it; where the base has moved, only put the change on it.

    What is in the way is recorded, and the goal waits for it.
    """
    session.tell("pull request")
    untroubled(lambda: _open(session), session)


def _open(session: Session) -> None:
    remote = remote_of(session)
    hub = Hub(session.user.top, remote.address, session.stop)
    hub.find(branch_of(session.goal))  # whether gh works at all, before anything is touched
    if follow_base(session, remote):
        return  # to be proven there first
    commit = push_branch(session, remote)
    there = still_open(hub, branch_of(session.goal))
    draft = is_draft(session)
    text = text_of(session)
    requested = PullRequestRequested(
        attempt=session.state.publication.pull_requests + 1, url=there.url if there else None,
        head=branch_of(session.goal), commit=commit, into=base_branch(session), draft=draft, title=text["title"],
    )  # fmt: skip
    announce(session, RequestPullRequest(actor=session.actor, requested=requested))
    try:
        url = _ask(hub, requested, there, text)
    except Trouble as trouble:
        url = _look(session, hub, requested, trouble)
    opened = PullRequestOpened(attempt=requested.attempt, url=url)
    session.handle(RecordPullRequest(actor=session.actor, answer=opened))


def _ask(hub: Hub, requested: PullRequestRequested, there: View | None, text: Document) -> str:
    title, body, into, draft = text["title"], text["body"], requested.into, requested.draft
    if there is not None:
        hub.edit(there, title=title, body=body, into=into, draft=draft)
        return there.url
    url = hub.create(title=title, body=body, head=requested.head, into=into, draft=draft)
    if url is not None:
        return url
    found = still_open(hub, requested.head)
    if found is None:
        raise Trouble(HUB, "gh pr create ended well, but there is no pull request. Look at GitHub.")
    return found.url


def _look(session: Session, hub: Hub, requested: PullRequestRequested, trouble: Trouble) -> str:
    """After a request that did not end well: the pull request if it is there all the same, else it is on record as failed."""
    try:
        found = still_open(hub, requested.head) if requested.url is None else None
    except Trouble:
        found = None
    if found is not None:
        return found.url
    failure = PullRequestFailed(attempt=requested.attempt, reason=str(trouble))
    held_up(session, trouble, RecordPullRequest(actor=session.actor, answer=failure))
    raise Told(str(trouble))


def still_open(hub: Hub, head: str) -> View | None:
    """The open pull request for a branch; there is one at most."""
    return next((one for one in hub.find(head) if one.state == "OPEN"), None)


def is_draft(session: Session) -> bool:
    """Whether the pull request is to be a draft: as the policy says, or who runs `omk pr`."""
    settings, asked = session.state.goal.settings, session.state.publication.pull_request
    by_policy = settings is not None and settings.delivery == "draft-pr"
    return session.draft or by_policy or (asked is not None and asked.draft)


def text_of(session: Session) -> Document:
    """`{title, body}` of the pull request, from the goal as it is, without secrets."""
    state, proof = session.state, session.handle.proof
    record_at = session.handle.record_at
    told = resolve(proof_document(state, proof), record_at)
    known = resolve(state_document(state, proof), record_at)
    return {"title": cut(pull_request_title(told)), "body": fitted(cut(pull_request_body(known, told)))}
