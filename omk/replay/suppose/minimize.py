"""Minimize: the smallest causally closed part of a history that is judged like the whole.

Delta debugging (Zeller and Hildebrandt, 2002): leave out large pieces first, each with what rests on it, then smaller ones, then
single events until none can go.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from omk.domain.event import Recorded
from omk.domain.subjects.verdict import ProofIssued, TextErased
from omk.errors import Refused
from omk.replay.history import History
from omk.replay.suppose.outcome import Outcome, outcome_of
from omk.replay.suppose.supposed import Supposed, dependents, supposed_state, supposing

Same = Callable[[Sequence[Supposed]], bool]
SPOKEN = (ProofIssued, TextErased)
"""Kinds that speak of other events by number, and that no rule reads: what rests on one rests on what it rests on."""


class Kept(Struct, frozen=True):
    """One event that is needed, by its seq, and the kept events that it rests on."""

    seq: int
    causes: tuple[int, ...]


class Smallest(Struct, frozen=True):
    """The events that are needed for *outcome*, of a goal's first *seq*."""

    goal: str
    seq: int
    outcome: Outcome
    kept: tuple[Kept, ...]


def smallest(history: History, upto: int) -> Smallest:
    """The smallest part of the first *upto* events with the same status and the same gaps.

    The first event always stays. Without any other one, and what rests on it, the verdict is another. Raises Refused where
    there is no event.
    """
    if not upto:
        raise Refused(f"{history.goal} has no event up to position 0. Name a later one: omk minimize {history.goal}")
    start = history.judge().state
    whole = list(map(supposing, history.read(0, upto)))
    outcome = outcome_of(supposed_state(whole, start))
    kept = reduced(without_spoken(whole), lambda records: outcome_of(supposed_state(records, start)) == outcome)
    return Smallest(history.goal, upto, outcome, tuple(Kept(one.seq, one.causes) for one in kept))


def without_spoken(records: Iterable[Supposed]) -> list[Supposed]:
    """The records without those that only speak of others; what rested on one of these rests on its causes."""
    through: dict[int, tuple[int, ...]] = {}
    kept: list[Supposed] = []
    for record in records:
        causes = tuple(sorted({cause for seq in record.causes for cause in through.get(seq, (seq,))}))
        if isinstance(record.event, SPOKEN):
            through[record.seq] = causes
        else:
            kept.append(replace(record, causes=causes))
    return kept


def reduced(records: Sequence[Supposed], is_same: Same) -> list[Supposed]:
    """As few of *records* as *is_same* allows; the first one stays."""
    kept, size = list(records), max(1, len(records) // 2)
    while True:
        before = len(kept)
        kept = _pass(kept, size, is_same)
        if size > 1:
            size //= 2
        elif len(kept) == before:
            return kept


def _pass(records: list[Supposed], size: int, is_same: Same) -> list[Supposed]:
    """One walk from the end to the beginning, which leaves out *size* neighbours at a time where that changes nothing."""
    kept, end = records, len(records)
    while end > 1:
        begin = max(1, end - size)
        gone = dependents(kept[begin:], {one.seq for one in kept[begin:end]})
        rest = [one for one in kept if one.seq not in gone]
        if is_same(rest):
            kept = rest
        end = begin
    return kept


def places(records: Iterable[Recorded], least: Smallest) -> Iterable[tuple[Recorded, int, tuple[int, ...]]]:
    """Each kept record with its number and its causes' numbers in the smaller history."""
    numbers = {one.seq: number for number, one in enumerate(least.kept, 1)}
    causes = {one.seq: tuple(numbers[cause] for cause in one.causes if cause in numbers) for one in least.kept}
    for record in records:
        if record.seq in numbers:
            yield record, numbers[record.seq], causes[record.seq]
