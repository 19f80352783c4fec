"""Delivery: whether the change was accepted, and how it reached its branch here."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import attempt_key, without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Tree, Value, quoted
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.goal import GoalForked
from omk.errors import Refused

# --- Events: the stored names. Change one only by adding a version. ---


class ChangeAccepted(Event, tag="change_accepted.v1"):
    """A person, or the policy `--accept auto`, took *tree* as what was asked for."""

    tree: Tree
    summary: Text


class ChangeRejected(Event, tag="change_rejected.v1"):
    """A person turned *tree* down."""

    tree: Tree
    reason: Text


class MergeStarted(Event, tag="merge_started.v1"):
    """omk is about to move *branch* from commit *before* to *commit*, whose tree is *tree*."""

    attempt: int
    branch: str
    before: str
    commit: str
    tree: Tree


class ChangeMerged(Event, tag="change_merged.v1"):
    """*branch* holds the change: *commit*, whose tree is *tree*."""

    attempt: int
    branch: str
    before: str
    commit: str
    tree: Tree


class MergeFailed(Event, tag="merge_failed.v1"):
    """The branch was left as it was."""

    attempt: int
    branch: str
    reason: Text


# --- State, and evolve: what we remember ---


class Acceptance(Value):
    """The last word on the change; `summary` is a quoted text."""

    status: Literal["accepted", "rejected"]
    tree: Tree
    summary: str | None
    actor: str
    at: str
    seq: int


class Merge(Value):
    """The last merge; `reason` is a quoted text."""

    branch: str
    before: str | None
    commit: str | None
    tree: Tree | None
    outcome: Literal["started", "merged", "failed"]
    reason: str | None
    seq: int


class Delivery(Value):
    """What became of the change here; `merging` (by `main:2`) are the seqs of the merges that were not answered."""

    acceptance: Acceptance | None = None
    merge: Merge | None = None
    merges: int = 0
    merging: Map[str, int] = Map()

    @property
    def is_busy(self) -> bool:
        """Whether a merge is open."""
        return bool(self.merging)


def accepted(delivery: Delivery, event: ChangeAccepted, record: Recorded) -> Delivery:
    return replace(delivery, acceptance=_word("accepted", event.tree, event.summary, record))


def rejected(delivery: Delivery, event: ChangeRejected, record: Recorded) -> Delivery:
    return replace(delivery, acceptance=_word("rejected", event.tree, event.reason, record))


def _word(status: Literal["accepted", "rejected"], tree: Tree, words: str, record: Recorded) -> Acceptance:
    summary = quoted(record, words)
    return Acceptance(status=status, tree=tree, summary=summary, actor=record.actor, at=record.at, seq=record.seq)


def merge_started(delivery: Delivery, event: MergeStarted, record: Recorded) -> Delivery:
    merge = Merge(
        branch=event.branch,
        before=event.before,
        commit=event.commit,
        tree=event.tree,
        outcome="started",
        reason=None,
        seq=record.seq,
    )
    merging = delivery.merging.set(attempt_key(event.branch, event.attempt), record.seq)
    return replace(delivery, merge=merge, merges=event.attempt, merging=merging)


def merged(delivery: Delivery, event: ChangeMerged, record: Recorded) -> Delivery:
    delivery = _ended(delivery, attempt_key(event.branch, event.attempt))
    if event.attempt < delivery.merges:
        return delivery
    merge = Merge(
        branch=event.branch,
        before=event.before,
        commit=event.commit,
        tree=event.tree,
        outcome="merged",
        reason=None,
        seq=record.seq,
    )
    return replace(delivery, merge=merge)


def merge_failed(delivery: Delivery, event: MergeFailed, record: Recorded) -> Delivery:
    delivery = _ended(delivery, attempt_key(event.branch, event.attempt))
    return delivery if event.attempt < delivery.merges else _failed(delivery, record, event.reason)


def _ended(delivery: Delivery, key: str) -> Delivery:
    return replace(delivery, merging=without(delivery.merging, key))


def _failed(delivery: Delivery, record: Recorded, reason: str) -> Delivery:
    merge = delivery.merge
    if merge is None:
        return delivery
    return replace(delivery, merge=replace(merge, outcome="failed", reason=quoted(record, reason), seq=record.seq))


def aborted(delivery: Delivery, event: EffectAborted, record: Recorded) -> Delivery:
    key, merge = aborted_key(event, "merge"), delivery.merge
    if key not in delivery.merging:
        return delivery
    is_newest = merge is not None and key == attempt_key(merge.branch, delivery.merges)
    delivery = _ended(delivery, key)
    return _failed(delivery, record, event.reason) if is_newest else delivery


def forked(delivery: Delivery, event: GoalForked, record: Recorded) -> Delivery:
    return Delivery()


EVOLVE: Table = {
    GoalForked: forked,
    EffectAborted: aborted,
    ChangeAccepted: accepted,
    ChangeRejected: rejected,
    MergeStarted: merge_started,
    ChangeMerged: merged,
    MergeFailed: merge_failed,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class AcceptChange(Command, frozen=True):
    """Take *tree* as what was asked for."""

    tree: Tree
    summary: str


class RejectChange(Command, frozen=True):
    """Turn *tree* down."""

    tree: Tree
    reason: str


class StartMerge(Command, frozen=True):
    """Announce a merge."""

    started: MergeStarted


class FinishMerge(Command, frozen=True):
    """Record how the merge ended."""

    answer: ChangeMerged | MergeFailed


DeliveryCommand = AcceptChange | RejectChange | StartMerge | FinishMerge
AUTO = "policy:auto"


def decide(command: DeliveryCommand, delivery: Delivery) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case AcceptChange(tree=tree, summary=summary):
            return _accept(command.actor, delivery, tree, summary)
        case RejectChange(tree=tree, reason=reason):
            return _reject(command.actor, delivery, tree, reason)
        case StartMerge(started=event):
            at_work = delivery.merge is not None and delivery.merge.outcome == "started"
            return [] if at_work or event.attempt <= delivery.merges else [event]
        case FinishMerge(answer=event):
            return [event] if attempt_key(event.branch, event.attempt) in delivery.merging else []


def _accept(actor: str, delivery: Delivery, tree: Tree, summary: str) -> list[Event]:
    if actor != AUTO and not actor.startswith("person:"):
        raise Refused("Only a person accepts. Run `omk accept` yourself, outside of the agent.")
    if not summary.strip():
        raise Refused("The summary is empty. Say in words what you accept: --summary TEXT.")
    word = delivery.acceptance
    same = word is not None and word.status == "accepted" and word.tree == tree
    return [] if same else [ChangeAccepted(tree=tree, summary=summary)]


def _reject(actor: str, delivery: Delivery, tree: Tree, reason: str) -> list[Event]:
    if not actor.startswith("person:"):
        raise Refused("Only a person rejects. Run `omk reject` yourself, outside of the agent.")
    if not reason.strip():
        raise Refused("The reason is empty. Say in words what is wrong: --reason TEXT.")
    word = delivery.acceptance
    same = word is not None and word.status == "rejected" and word.tree == tree
    return [] if same else [ChangeRejected(tree=tree, reason=reason)]


DELIVERY = Decider(initial=Delivery(), decide=decide, evolve=EVOLVE, commands=DeliveryCommand.__args__)
