"""A landing: the pull request checked and merged, where everybody else's are.

The merge is announced before it happens and answered afterwards; one that is open after a crash is looked at.
"""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Tree, Value
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.publication import PullRequestOpened

Verdict = Literal["passed", "failed", "pending", "none"]

# --- Events: the stored names. Change one only by adding a version. ---


class Check(Value):
    """What one check of the pull request came to: `pass`, `fail`, `pending`, `skipping` or `cancel`."""

    name: str
    outcome: str


class PullRequestChecked(Event, tag="pull_request_checked.v1"):
    """What the checks of the pull request said of *commit* in the end, or when waiting for them was over."""

    url: str
    commit: str
    outcome: Verdict
    checks: tuple[Check, ...]


class PullRequestMergeRequested(Event, tag="pull_request_merge_requested.v1"):
    """omk is about to have the pull request merged into *into*, which is at *before*: its *commit*, whose tree is *tree*."""

    attempt: int
    url: str
    commit: str
    tree: Tree
    into: str
    before: str


class PullRequestMerged(Event, tag="pull_request_merged.v1"):
    """The pull request is merged, as *commit*, whose tree is *tree*."""

    attempt: int
    url: str
    commit: str
    tree: Tree


class PullRequestMergeFailed(Event, tag="pull_request_merge_failed.v1"):
    """The pull request was not merged."""

    attempt: int
    url: str
    reason: Text


# --- State, and evolve: what we remember ---


class Checked(Value):
    """What the checks said last."""

    commit: str
    outcome: Verdict
    seq: int


class RemoteMerge(Value):
    """The last merge of the pull request; `tree` is what was to be merged, and once it is what was."""

    url: str
    into: str
    commit: str
    tree: Tree
    outcome: Literal["requested", "merged", "failed"]
    seq: int


class Landing(Value):
    """What the checks said last, and the last merge, of the pull request at *url*.

    `open` holds what was announced and not answered, by the id of the obligation (`pull_request_merge:1`), with its seq.
    """

    url: str | None = None
    checks: Checked | None = None
    merge: RemoteMerge | None = None
    merges: int = 0
    open: Map[str, int] = Map()

    @property
    def is_busy(self) -> bool:
        """Whether a merge that was announced is not answered."""
        return bool(self.open)

    def is_green(self, commit: str) -> bool:
        """Whether the checks have passed on that commit."""
        return self.checks is not None and (self.checks.commit, self.checks.outcome) == (commit, "passed")

    def holds(self, tree: Tree) -> bool:
        """Whether exactly that tree was merged."""
        return self.merge is not None and (self.merge.outcome, self.merge.tree) == ("merged", tree)


def landing_id(attempt: int) -> str:
    """The obligation that merging the pull request is."""
    return f"pull_request_merge:{attempt}"


def opened(landing: Landing, event: PullRequestOpened, record: Recorded) -> Landing:
    """Another pull request than the last has nothing of what was found of that."""
    return landing if landing.url == event.url else Landing(url=event.url, merges=landing.merges, open=landing.open)


def checked(landing: Landing, event: PullRequestChecked, record: Recorded) -> Landing:
    return replace(landing, checks=Checked(commit=event.commit, outcome=event.outcome, seq=record.seq))


def merge_requested(landing: Landing, event: PullRequestMergeRequested, record: Recorded) -> Landing:
    merge = RemoteMerge(url=event.url, into=event.into, commit=event.commit, tree=event.tree, outcome="requested", seq=record.seq)
    announced = landing.open.set(landing_id(event.attempt), record.seq)
    return replace(landing, merge=merge, merges=event.attempt, open=announced)


def merged(landing: Landing, event: PullRequestMerged, record: Recorded) -> Landing:
    landing, merge = _answered(landing, landing_id(event.attempt)), landing.merge
    if merge is None or event.attempt < landing.merges:
        return landing
    return replace(landing, merge=replace(merge, commit=event.commit, tree=event.tree, outcome="merged", seq=record.seq))


def merge_failed(landing: Landing, event: PullRequestMergeFailed, record: Recorded) -> Landing:
    return _unmerged(_answered(landing, landing_id(event.attempt)), event.attempt)


def _unmerged(landing: Landing, attempt: int) -> Landing:
    merge = landing.merge
    is_newest = merge is not None and attempt == landing.merges
    return replace(landing, merge=replace(merge, outcome="failed")) if merge and is_newest else landing


def aborted(landing: Landing, event: EffectAborted, record: Recorded) -> Landing:
    """What was given up may have happened all the same: the next attempt looks before it asks."""
    if event.obligation not in landing.open:
        return landing
    return _unmerged(_answered(landing, event.obligation), int(event.obligation.partition(":")[2]))


def _answered(landing: Landing, name: str) -> Landing:
    return replace(landing, open=without(landing.open, name))


def forked(landing: Landing, event: GoalForked, record: Recorded) -> Landing:
    """What was merged is the parent's."""
    return Landing()


EVOLVE: Table = {
    GoalForked: forked,
    EffectAborted: aborted,
    PullRequestOpened: opened,
    PullRequestChecked: checked,
    PullRequestMergeRequested: merge_requested,
    PullRequestMerged: merged,
    PullRequestMergeFailed: merge_failed,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class RecordChecks(Command, frozen=True):
    """Record what the checks of the pull request said."""

    checked: PullRequestChecked


class RequestLanding(Command, frozen=True):
    """Announce that the pull request is to be merged."""

    requested: PullRequestMergeRequested


class FinishLanding(Command, frozen=True):
    """Record how merging the pull request ended."""

    answer: PullRequestMerged | PullRequestMergeFailed


LandingCommand = RecordChecks | RequestLanding | FinishLanding


def decide(command: LandingCommand, landing: Landing) -> list[Event]:
    """The events that answer *command*."""
    match command:
        case RecordChecks(checked=event):
            last = landing.checks
            is_known = last is not None and (last.commit, last.outcome) == (event.commit, event.outcome)
            return [] if is_known else [event]
        case RequestLanding(requested=event):
            return [] if landing.is_busy or event.attempt <= landing.merges else [event]
        case FinishLanding(answer=event):
            return [event] if landing_id(event.attempt) in landing.open else []


LANDING = Decider(initial=Landing(), decide=decide, evolve=EVOLVE, commands=LandingCommand.__args__)
