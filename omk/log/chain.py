"""The chain of one goal's records: no hole, no swap, no change, no step back in time; a fork's begins in its parent."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from omk.domain.digest import digest_of
from omk.domain.event import Recorded
from omk.domain.subjects.goal import GoalForked
from omk.errors import Damaged
from omk.log.codec import decode, readers, sealed_bytes

if TYPE_CHECKING:
    from omk.log.protocol import Log

Bodies = Callable[[str, int, int | None], Iterator[bytes]]
"""The stored bodies of a goal's own records with after < seq <= upto, in order of seq: how each log is read."""


def verified(records: Iterable[Recorded], *, goal: str = "", prev: str = "", after: int = 0) -> Iterator[Recorded]:
    """The same records, each checked against the one before it; the last one also for being canonical.

    *prev* is the digest of record *after*, which precedes the first; without *goal* the first record says whose they
    are. Raises Damaged with code `seq.hole`, `chain.broken`, `time.backwards` or `body.canonical`.
    """
    seq, at, record, problem = after, "", None, None
    try:
        for record in records:
            seq += 1
            if record.seq != seq or record.prev != prev or record.at < at or record.goal != goal:
                goal = goal or record.goal
                problem = _problem(record, goal, seq, prev, at)
                if problem is not None:
                    break
            prev, at = record.digest, record.at
            yield record
    except (Damaged, TypeError, AttributeError, IndexError) as unread:
        raise unreadable(unread, goal, seq + 1) from unread
    if problem is not None:
        raise problem
    if record is not None and digest_of(sealed_bytes(record)) != record.digest:
        raise Damaged(goal, seq, "body.canonical", "its stored body is not canonical JSON.")


def read(bodies: Bodies, goal: str, *, after: int, upto: int | None, verify: bool, texts: bool = True) -> Iterator[Recorded]:
    """The records of *goal* with *after* < seq <= *upto*, a fork's inherited ones first.

    Unverified, only the last record has its digest: the others would say what nobody has checked. Without *texts* the open
    halves are left unread, which a fold has no use for.
    """
    parts = [part for part in segments(bodies, goal) if part.within(after, upto)]
    if not verify:
        return chain.from_iterable(
            _decoded(part.bodies(bodies, after, upto), part, after, is_last=part is parts[-1], texts=texts) for part in parts
        )
    prev = _digest_at(bodies, goal, after) if after else ""
    if len(parts) == 1:
        return _checked(bodies, parts[0], after, upto, prev, texts=texts)
    return _joined(bodies, parts, after, upto, prev, texts=texts)


def pick(bodies: Bodies, chosen: Bodies, goal: str, *, after: int, upto: int) -> Iterator[Recorded]:
    """The records of the history of *goal* whose bodies *chosen* gives, unverified; *bodies* tells whose they are."""
    for part in segments(bodies, goal):
        if part.within(after, upto):
            try:
                yield from map(readers().peek, part.bodies(chosen, after, upto))
            except (Damaged, TypeError, AttributeError, IndexError) as problem:
                raise unreadable(problem, part.goal, max(after, part.start) + 1) from problem


class Segment(Struct, frozen=True):
    """One goal's own records in a history: those after *start*, up to *end* (null: all)."""

    goal: str
    start: int
    end: int | None

    def within(self, after: int, upto: int | None) -> bool:
        """Whether it has any of the records with *after* < seq <= *upto*."""
        return (upto is None or upto > self.start) and (self.end is None or self.end > after)

    def bodies(self, bodies: Bodies, after: int, upto: int | None) -> Iterator[bytes]:
        """The stored bodies of those it has."""
        ends = [end for end in (self.end, upto) if end is not None]
        return bodies(self.goal, max(after, self.start), min(ends) if ends else None)


def segments(bodies: Bodies, goal: str) -> list[Segment]:
    """Whose records make up the history of *goal*: a forked goal's own begin after its parent's. Raises Damaged.

    A fork may begin within what its parent inherited; of the parent itself it then has nothing.
    """
    found: list[Segment] = []
    end: int | None = None
    seen: set[str] = set()
    while True:
        first = next(bodies(goal, 0, None), None)
        may_fork = isinstance(first, bytes) and b'"goal_forked.v' in first
        record = decode(first) if first is not None and may_fork else None
        if record is None or not isinstance(record.event, GoalForked):
            return [Segment(goal, 0, end), *found]
        fork = record.event
        seen.add(goal)
        if fork.goal in seen:
            raise Damaged(goal, record.seq, "chain.broken", f"it was forked from {fork.goal}, which was forked from it.")
        if fork.seq != record.seq - 1 or fork.head != record.prev:
            raise Damaged(goal, record.seq, "chain.broken", f"it does not begin where {fork.goal} was forked.")
        if end is None or end > fork.seq:
            found.insert(0, Segment(goal, fork.seq, end))
        goal, end = fork.goal, fork.seq if end is None else min(end, fork.seq)


def lineage(log: "Log", goal: str) -> list[Segment]:
    """Whose records make up the history of *goal*, as `segments` tells it of an open log. Raises Damaged."""
    return segments(lambda name, *_: (one.body for one in log.bodies(name)), goal)


def owner_of(parts: Iterable[Segment], seq: int) -> str:
    """The goal whose own record a seq of a history is."""
    return next(part.goal for part in parts if part.within(seq - 1, seq))


def _decoded(bodies: Iterator[bytes], part: Segment, after: int, *, is_last: bool, texts: bool) -> Iterator[Recorded]:
    """Unverified records, one behind, so that the last one gets its digest."""
    seq, waiting, glance = max(after, part.start), None, readers().glance if texts else readers().peek
    try:
        for body in bodies:
            if waiting is not None:
                yield glance(waiting)
                seq += 1
            waiting = body
        if waiting is not None:
            yield decode(waiting) if is_last else glance(waiting)
    except (Damaged, TypeError, AttributeError, IndexError) as problem:
        raise unreadable(problem, part.goal, seq + 1) from problem


def _checked(bodies: Bodies, part: Segment, after: int, upto: int | None, prev: str, *, texts: bool) -> Iterator[Recorded]:
    start = max(after, part.start)
    own = part.bodies(bodies, after, upto)
    return verified(map(readers().decode if texts else readers().unread, own), goal=part.goal, prev=prev, after=start)


def _joined(bodies: Bodies, parts: list[Segment], after: int, upto: int | None, prev: str, *, texts: bool) -> Iterator[Recorded]:
    """A fork's history: each part goes on where the one before it ended."""
    for part in parts:
        for record in _checked(bodies, part, after, upto, prev, texts=texts):
            prev = record.digest
            yield record


def _digest_at(bodies: Bodies, goal: str, seq: int) -> str:
    """The digest of one record of a history; "" where there is none."""
    for part in segments(bodies, goal):
        if part.within(seq - 1, seq):
            for record in _alone(part.bodies(bodies, seq - 1, seq), part.goal, seq):
                return record.digest
    return ""


def _alone(bodies: Iterable[bytes], goal: str, seq: int) -> Iterator[Recorded]:
    """Records read one by one, each by itself; what cannot be read is named by *goal* and *seq*."""
    try:
        yield from map(decode, bodies)
    except (Damaged, TypeError, AttributeError, IndexError) as problem:
        raise unreadable(problem, goal, seq) from problem


def unreadable(problem: Exception, goal: str, seq: int) -> Damaged:
    """The same damage, named by where it stands and not by what the damaged bytes say."""
    if isinstance(problem, Damaged):
        return Damaged(goal, seq, problem.code, problem.text)
    return Damaged(goal, seq, "body.unreadable", "its stored body is not bytes.")


def _problem(record: Recorded, goal: str, seq: int, prev: str, at: str) -> Damaged | None:
    if record.seq != seq:
        return Damaged(goal, seq, "seq.hole", f"event {record.seq} stands where event {seq} belongs.")
    if record.goal != goal:
        return Damaged(goal, seq, "chain.broken", f"a record of {record.goal} stands in its place.")
    if record.prev != prev:
        text = f"the record before it has digest {prev or 'none'}, and it rests on {record.prev or 'none'}."
        return Damaged(goal, seq, "chain.broken", text)
    if record.at < at:
        return Damaged(goal, seq, "time.backwards", f"its time {record.at} is before {at}, the one before it.")
    return None
