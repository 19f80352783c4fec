"""Publication: the change on a remote: its branch pushed, and a pull request that asks for it.

Each is announced before it happens and answered afterwards; what is open after a crash is looked at, and never repeated.
"""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Tree, Value
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.goal import GoalForked

# --- Events: the stored names. Change one only by adding a version. ---


class PushStarted(Event, tag="push_started.v1"):
    """omk is about to make *commit* (*tree* on top of *base*) the tip of *branch*, if that is at *expected* (null: nowhere)."""

    attempt: int
    remote: str
    branch: str
    commit: str
    tree: Tree
    base: str
    expected: str | None


class BranchPushed(Event, tag="branch_pushed.v1"):
    """*branch* of *remote* holds *commit* now."""

    attempt: int
    remote: str
    branch: str
    commit: str


class PushFailed(Event, tag="push_failed.v1"):
    """*branch* of *remote* was left as it was."""

    attempt: int
    remote: str
    branch: str
    reason: Text


class PullRequestRequested(Event, tag="pull_request_requested.v1"):
    """omk is about to ask for *head*, at *commit*, to be pulled: at *url* if there is one already, else anew."""

    attempt: int
    url: str | None
    head: str
    commit: str
    into: str
    draft: bool
    title: Text


class PullRequestOpened(Event, tag="pull_request_opened.v1"):
    """The pull request exists, and says what was asked."""

    attempt: int
    url: str


class PullRequestFailed(Event, tag="pull_request_failed.v1"):
    """The pull request could not be opened or brought up to date."""

    attempt: int
    reason: Text


# --- State, and evolve: what we remember ---


class Push(Value):
    """A commit that was pushed, or was to be: a tree on top of a base commit."""

    remote: str
    branch: str
    commit: str
    tree: Tree
    base: str
    seq: int


class PullRequest(Value):
    """The pull request as it was last asked for; `url` is null until it is known to exist."""

    url: str | None
    head: str
    commit: str
    into: str
    draft: bool
    outcome: Literal["requested", "opened", "failed"]
    seq: int


class Publication(Value):
    """The push that was announced last and the one that arrived last, the pull request, and the address it has.

    `open` holds what was announced and not answered, by the id of the obligation (`push:2`), with its seq.
    """

    push: Push | None = None
    pushes: int = 0
    pushed: Push | None = None
    pull_request: PullRequest | None = None
    pull_requests: int = 0
    url: str | None = None
    open: Map[str, int] = Map()

    @property
    def is_busy(self) -> bool:
        """Whether something that was announced is not answered."""
        return bool(self.open)

    def shows(self, tree: Tree, base: str) -> bool:
        """Whether the pull request is open for exactly that tree on that base commit."""
        asked, pushed = self.pull_request, self.pushed
        is_there = asked is not None and pushed is not None and asked.outcome == "opened" and asked.commit == pushed.commit
        return is_there and pushed is not None and (pushed.tree, pushed.base) == (tree, base)


def push_id(attempt: int) -> str:
    """The obligation that a push is."""
    return f"push:{attempt}"


def pull_request_id(attempt: int) -> str:
    """The obligation that asking for a pull request is."""
    return f"pull_request:{attempt}"


def push_started(publication: Publication, event: PushStarted, record: Recorded) -> Publication:
    push = Push(remote=event.remote, branch=event.branch, commit=event.commit, tree=event.tree, base=event.base, seq=record.seq)
    announced = publication.open.set(push_id(event.attempt), record.seq)
    return replace(publication, push=push, pushes=event.attempt, open=announced)


def branch_pushed(publication: Publication, event: BranchPushed, record: Recorded) -> Publication:
    publication, push = _answered(publication, push_id(event.attempt)), publication.push
    is_newest = push is not None and push.commit == event.commit
    return replace(publication, pushed=push) if is_newest else publication


def push_failed(publication: Publication, event: PushFailed, record: Recorded) -> Publication:
    return _answered(publication, push_id(event.attempt))


def requested(publication: Publication, event: PullRequestRequested, record: Recorded) -> Publication:
    asked = PullRequest(
        url=event.url, head=event.head, commit=event.commit, into=event.into, draft=event.draft, outcome="requested",
        seq=record.seq,
    )  # fmt: skip
    announced = publication.open.set(pull_request_id(event.attempt), record.seq)
    return replace(publication, pull_request=asked, pull_requests=event.attempt, open=announced)


def opened(publication: Publication, event: PullRequestOpened, record: Recorded) -> Publication:
    publication, asked = _answered(publication, pull_request_id(event.attempt)), publication.pull_request
    if asked is None or event.attempt < publication.pull_requests:
        return publication
    return replace(publication, url=event.url, pull_request=replace(asked, url=event.url, outcome="opened", seq=record.seq))


def failed(publication: Publication, event: PullRequestFailed, record: Recorded) -> Publication:
    return _unopened(_answered(publication, pull_request_id(event.attempt)), event.attempt)


def _unopened(publication: Publication, attempt: int) -> Publication:
    asked = publication.pull_request
    is_newest = asked is not None and attempt == publication.pull_requests
    return replace(publication, pull_request=replace(asked, outcome="failed")) if asked and is_newest else publication


def aborted(publication: Publication, event: EffectAborted, record: Recorded) -> Publication:
    """What was given up may have happened all the same: the next attempt looks before it asks."""
    if event.obligation not in publication.open:
        return publication
    publication = _answered(publication, event.obligation)
    subject, _, attempt = event.obligation.partition(":")
    return _unopened(publication, int(attempt)) if subject == "pull_request" else publication


def _answered(publication: Publication, name: str) -> Publication:
    return replace(publication, open=without(publication.open, name))


def forked(publication: Publication, event: GoalForked, record: Recorded) -> Publication:
    """What was published is the parent's."""
    return Publication()


EVOLVE: Table = {
    GoalForked: forked,
    EffectAborted: aborted,
    PushStarted: push_started,
    BranchPushed: branch_pushed,
    PushFailed: push_failed,
    PullRequestRequested: requested,
    PullRequestOpened: opened,
    PullRequestFailed: failed,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class StartPush(Command, frozen=True):
    """Announce a push."""

    started: PushStarted


class FinishPush(Command, frozen=True):
    """Record how a push ended."""

    answer: BranchPushed | PushFailed


class RequestPullRequest(Command, frozen=True):
    """Announce a pull request, or a change of one."""

    requested: PullRequestRequested


class RecordPullRequest(Command, frozen=True):
    """Record how the request for a pull request ended."""

    answer: PullRequestOpened | PullRequestFailed


PublicationCommand = StartPush | FinishPush | RequestPullRequest | RecordPullRequest


def decide(command: PublicationCommand, publication: Publication) -> list[Event]:
    """The events that answer *command*: nothing is announced while something is open, nothing answered that is not."""
    match command:
        case StartPush(started=event):
            return [] if publication.is_busy or event.attempt <= publication.pushes else [event]
        case FinishPush(answer=event):
            return [event] if push_id(event.attempt) in publication.open else []
        case RequestPullRequest(requested=event):
            return [] if publication.is_busy or event.attempt <= publication.pull_requests else [event]
        case RecordPullRequest(answer=event):
            return [event] if pull_request_id(event.attempt) in publication.open else []


PUBLICATION = Decider(initial=Publication(), decide=decide, evolve=EVOLVE, commands=PublicationCommand.__args__)
