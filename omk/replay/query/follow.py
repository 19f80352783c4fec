"""Following expressions along a history: no more is folded than they need, and nothing is evaluated that cannot have changed."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from omk.domain.catalogue import EVENTS
from omk.domain.event import Recorded
from omk.domain.proof.standing import Judge, Standing
from omk.domain.proof.watcher import Watcher
from omk.domain.state import EVOLVE, PARTS, STRANGE, Steps, parts_of, state_of, strange
from omk.replay.moment import Moment
from omk.replay.query.expression import Expression
from omk.replay.query.values import Value

STANDING = "standing"
ALWAYS = frozenset({"seq", "at", "head", "record"})
"""What is another with every event."""


class Turn(NamedTuple):
    """An event after which an expression has another value than before it."""

    record: Recorded
    old: Value
    new: Value


def slots_of(reads: Iterable[str]) -> frozenset[int]:
    """The parts of the state that these reads are of, as slots of a fold."""
    parts = (read.partition(".")[0] for read in reads)
    return frozenset(PARTS.index(part) for part in parts if part in PARTS)


def touches(kinds: Iterable[str], reads: frozenset[str]) -> bool:
    """Whether an event of these stored names may change what is read."""
    slots = slots_of(reads)
    return bool(reads & ALWAYS) or any(not slots.isdisjoint(_slots_of_kind(kind)) for kind in kinds)


def _slots_of_kind(kind: str) -> set[int]:
    event = EVENTS.get(kind)
    return {STRANGE} if event is None else {slot for slot, _ in EVOLVE[event]}


def turns(expression: Expression, start: Moment, records: Iterable[Recorded]) -> Iterator[Turn]:
    """Each event of *records*, which follow *start*, after which the value is another."""
    before = expression.value(start)
    for moment in changed_moments(expression.reads, start, records):
        now = expression.value(moment)
        if now != before and moment.record is not None:
            yield Turn(moment.record, before, now)
        before = now


def changed_moments(reads: frozenset[str], start: Moment, records: Iterable[Recorded]) -> Iterator[Moment]:
    """The moments after those events of *records*, which follow *start*, that may have changed what is read."""
    return _judged(reads, start, records) if STANDING in reads else _folded(reads, start, records)


def _watcher(reads: frozenset[str]) -> Watcher:
    return Watcher(reads - ALWAYS - {STANDING})


def _judged(reads: frozenset[str], start: Moment, records: Iterable[Recorded]) -> Iterator[Moment]:
    judge, watcher, is_always = Judge(start.state, start.standing), _watcher(reads), bool(reads & ALWAYS)
    watcher.changed(judge.parts)
    for record in records:
        has_turned = judge.add(record)
        if watcher.changed(judge.parts) or has_turned or is_always:
            yield Moment(judge.state, judge.standing, record)


def _folded(reads: frozenset[str], start: Moment, records: Iterable[Recorded]) -> Iterator[Moment]:
    """The same without the verdict: only the parts that are read are folded, the others stay as they were."""
    parts, watcher, is_always = parts_of(start.state), _watcher(reads), bool(reads & ALWAYS)
    watcher.changed(parts)
    slots = slots_of(reads)
    needed: dict[Any, Steps] = {kind: tuple(one for one in steps if one[0] in slots) for kind, steps in EVOLVE.items()}
    for record in records:
        steps = needed.get(type(record.event))
        if steps is None:
            parts[STRANGE] = strange(parts[STRANGE], record)
        else:
            for slot, function in steps:
                parts[slot] = function(parts[slot], record.event, record)
        if is_always or (steps != () and watcher.changed(parts)):
            yield Moment(state_of(parts, record), Standing(), record)
