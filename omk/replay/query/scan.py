"""When an expression came true, or changed: first and last."""

from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct

from omk.domain.event import kind_of
from omk.replay.history import History
from omk.replay.moment import Moment
from omk.replay.query.expression import Expression
from omk.replay.query.follow import Turn, turns
from omk.replay.query.stretches import head_of, records_of, stretches
from omk.replay.query.values import Value

SHOWN = 10
"""How many keys a hint names."""


class Occurrence(Struct, frozen=True):
    """An event after which an expression is true, or has another value: *old* before the event, *new* after it.

    `since` is the event since which a condition has been true without a break up to this one.
    """

    seq: int
    at: str
    kind: str
    old: Value
    new: Value
    since: int | None = None


def first(history: History, expression: Expression, upto: int | None = None) -> Occurrence | None:
    """The first event after which a condition is true, or a value is another than before it; null if there is none."""
    start = history.moment(0)
    if expression.is_condition and expression.value(start):
        return _true_from_the_beginning(history, expression, upto)
    found = turns(expression, start, history.read(0, upto) if upto != 0 else ())
    return next((_occurrence(expression, one) for one in found if one.new or not expression.is_condition), None)


def _true_from_the_beginning(history: History, expression: Expression, upto: int | None) -> Occurrence | None:
    """The first event leaves it true, or the first that makes it so again."""
    before: Turn | None = None
    for record in history.read(0, 1) if upto != 0 else ():
        before = next(turns(expression, history.moment(0), [record]), None)
        if before is None:
            return Occurrence(record.seq, record.at, kind_of(record.event), old=True, new=True, since=record.seq)
    if before is None:
        return None
    found = turns(expression, history.moment(1), history.read(1, upto) if upto != 1 else ())
    return next((_occurrence(expression, one) for one in found if one.new), None)


def last(history: History, expression: Expression, upto: int | None = None) -> Occurrence | None:
    """The last event after which a condition is true, or a value is another than before it; null if there is none."""
    end = head_of(history) if upto is None else upto
    backwards = _backwards(history, expression, end)
    turn = next(backwards, None)
    if not expression.is_condition:
        return None if turn is None else _occurrence(expression, turn)
    if turn is None:
        return _standing(history, 0, end) if expression.value(history.moment(0)) else None
    if turn.new:
        return _standing(history, turn.record.seq, end)
    became = next(backwards, None)
    return _standing(history, became.record.seq if became else 0, turn.record.seq - 1)


def _standing(history: History, since: int, end: int) -> Occurrence | None:
    """The end of a stretch in which a condition is true."""
    record = history.record(end)
    if record is None:
        return None
    return Occurrence(end, record.at, kind_of(record.event), old=since < end, new=True, since=max(1, since))


def _occurrence(expression: Expression, turn: Turn) -> Occurrence:
    record = turn.record
    since = record.seq if expression.is_condition and turn.new else None
    return Occurrence(record.seq, record.at, kind_of(record.event), turn.old, turn.new, since)


def _backwards(history: History, expression: Expression, end: int) -> Iterator[Turn]:
    """The turns up to *end*, the last one first: stretch by stretch, each folded forwards."""
    for one in stretches(history, expression.reads, 0, end):
        if one.finish is None or expression.value(one.start) != expression.value(one.finish):
            yield from reversed(list(turns(expression, one.start, records_of(history, one, expression.reads))))


def hint(expression: Expression, moment: Moment) -> str | None:
    """Why nothing was found, where a path leads nowhere as of *moment*: which key is not there, and which are."""
    absent = expression.absent(moment)
    if absent is None:
        return None
    where, key, known = absent
    if not known:
        return f"{where} is empty at event {moment.state.seq}."
    close = get_close_matches(key, known, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"{where} has no {key} at event {moment.state.seq}. It has {', '.join(known[:SHOWN])}{more}.{meant}"
