"""Breakpoints: where an expression becomes true, or changes its value; the next such event, and the one before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from omk.debugger.model.survey import Survey, within_reach
from omk.debugger.model.tape import Tape
from omk.debugger.model.work import PIECE, Work
from omk.domain.proof.standing import Judge
from omk.replay.moment import Moment
from omk.replay.printable import shortened
from omk.replay.query.expression import Expression
from omk.replay.query.scan import hint
from omk.replay.query.stretches import stretches

_OWN = {"standing", "record"}
_WIDEST = 60


@dataclass
class Breakpoint:
    """An expression to stop at: where a condition has become true, or where a value has become another one."""

    number: int
    expression: Expression
    is_on: bool = True

    def told(self) -> str:
        """In one line what it stops at."""
        return f"Breakpoint {self.number}: where {self.expression.text} {self.sense}."

    @property
    def sense(self) -> str:
        """What has to happen to the expression."""
        return "becomes true" if self.expression.is_condition else "changes"


@dataclass(frozen=True)
class Hit:
    """The event after which breakpoints are hit, which ones, and for each the value before and after."""

    seq: int
    points: tuple[Breakpoint, ...]
    values: tuple[tuple[Any, Any], ...]

    def told(self) -> str:
        """In one line which breakpoints are hit, and what their expressions were worth before."""
        told = []
        for point, (old, new) in zip(self.points, self.values, strict=True):
            change = "is true now" if point.expression.is_condition else f"{_shown(old)} -> {_shown(new)}"
            told.append(f"Breakpoint {point.number}: {point.expression.text} {change}")
        return "; ".join(told)


def _shown(value: Any) -> str:
    return shortened(msgspec.json.encode(value).decode(), _WIDEST)


class Watched:
    """A breakpoint and what its expression was worth at the moment looked at last."""

    def __init__(self, point: Breakpoint, moment: Moment) -> None:
        self.point = point
        reads = [read if read in _OWN else f"state.{read}" for read in sorted(point.expression.reads)]
        self._get = attrgetter(*reads, "__class__") if reads else lambda _: ()  # with one more it is always a tuple
        self._seen: tuple[Any, ...] = self._get(moment)
        self.before = self.value = point.expression.value(moment)

    def hits(self, moment: Moment) -> bool:
        """Whether the breakpoint is hit by the step to *moment*."""
        if not self.has_changed(moment):
            return False
        return bool(self.value) if self.point.expression.is_condition else True

    def has_changed(self, moment: Moment) -> bool:
        """Whether the value is another at *moment*; asks again only if something that the expression reads is."""
        seen = self._get(moment)
        if all(now is before for now, before in zip(seen, self._seen, strict=True)):
            return False
        self.before, self._seen = self.value, seen
        self.value = self.point.expression.value(moment)
        return bool(self.value != self.before)


def forward(tape: Tape, survey: Survey, points: Sequence[Breakpoint], now: int) -> Work:
    """The first hit after event *now*, or None."""
    yield from within_reach(tape, survey, now)
    for hit in _hits(tape, points, tape.history.moment(now), tape.head):
        if isinstance(hit, Hit):
            return hit
        yield hit
    return None


def backward(tape: Tape, survey: Survey, points: Sequence[Breakpoint], now: int) -> Work:
    """The last hit before event *now*, or None: stretch by stretch, of which the quiet ones need not be read."""
    yield from within_reach(tape, survey, now - 1)
    reads = frozenset(read for point in points for read in point.expression.reads)
    for one in stretches(tape.history, reads, 0, now - 1):
        yield one.end
        if one.finish is not None and not any(Watched(point, one.start).has_changed(one.finish) for point in points):
            continue
        last = None
        for hit in _hits(tape, points, one.start, one.end):
            if isinstance(hit, Hit):
                last = hit
            else:
                yield hit
        if last is not None:
            return last
    return None


def doubts(tape: Tape, survey: Survey, expression: Expression) -> Work:
    """Why the expression may never come to anything: its path leads nowhere at the head. None if it leads somewhere."""
    yield from within_reach(tape, survey, tape.head)
    return hint(expression, tape.history.moment(tape.head))


def _hits(tape: Tape, points: Sequence[Breakpoint], start: Moment, end: int) -> Iterator[Hit | int]:
    """Every hit after the moment *start* and up to event *end*; between them now and then how far it has come."""
    watched = [Watched(point, start) for point in points]
    judge, standing, begin = Judge(start.state, start.standing), start.standing, start.state.seq
    for record in tape.source.read(begin, end) if begin < end else ():
        if judge.add(record):
            standing = judge.standing
        moment = Moment(judge.state, standing, record)
        hit = [one for one in watched if one.hits(moment)]
        if hit:
            values = tuple((one.before, one.value) for one in hit)
            yield Hit(record.seq, tuple(one.point for one in hit), values)
        elif record.seq % PIECE == 0:
            yield record.seq
