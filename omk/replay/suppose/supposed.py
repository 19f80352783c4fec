"""A record that did not happen, which no log, chain or anchor can take; and what rests on a record."""

from collections.abc import Collection, Iterable
from typing import ClassVar, cast

from msgspec import Struct

from omk.domain.causes import causes_of
from omk.domain.event import Event, Recorded, Time
from omk.domain.proof.standing import Judge
from omk.domain.state import GoalState, fold

WHO = "policy:supposed"
"""Who acts in an event that nobody has brought about."""


class Supposed(Struct, frozen=True, gc=False):
    """What a fold reads of a record, and nothing that a log needs.

    It has no `prev`, so that it cannot be sealed or stand in a chain; its digest is empty, so that no anchor, checkpoint or
    verdict can name a state that it led to.
    """

    goal: str
    seq: int
    at: Time
    actor: str
    causes: tuple[int, ...]
    event: object
    digest: ClassVar[str] = ""
    open: ClassVar[bytes] = b"{}"


def supposing(record: Recorded) -> Supposed:
    """A record of a history that goes another way than it went."""
    return Supposed(record.goal, record.seq, record.at, record.actor, record.causes, record.event)


def following(event: Event, state: GoalState, *, seq: int | None = None, actor: str = WHO) -> Supposed:
    """The record of an event that might come after *state*, as event *seq* (the next one unless given)."""
    place = state.seq + 1 if seq is None else seq
    return Supposed(state.goal.id, place, state.at, actor, causes_of(event, state, actor), event)


def refold(judge: Judge, records: Iterable[Supposed]) -> Judge:
    """The same judge, after it has folded *records* by the real fold."""
    for record in records:
        judge.add(cast("Recorded", record))  # the fold reads only what both have
    return judge


def dependents(records: Iterable[Recorded | Supposed], seqs: Collection[int]) -> frozenset[int]:
    """These *seqs* and those of all *records* (in their order) that rest on them, directly or through others."""
    gone = set(seqs)
    spread(records, gone)
    return frozenset(gone)


def spread(records: Iterable[Recorded | Supposed], gone: set[int]) -> None:
    """Add to *gone* the seqs of all *records* (in their order) that rest on it."""
    for record in records:
        if not gone.isdisjoint(record.causes):
            gone.add(record.seq)


def supposed_state(records: Iterable[Supposed], state: GoalState) -> GoalState:
    """The state after *records*, which might follow *state*."""
    return fold(cast("Iterable[Recorded]", records), state)
