"""What if: a history without some of its events, or with others, folded by the real fold into another outcome."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from omk.domain.event import Event
from omk.domain.proof.gaps import Missing
from omk.errors import Refused
from omk.replay.history import History
from omk.replay.suppose.fill import fill
from omk.replay.suppose.outcome import Outcome, outcome_of
from omk.replay.suppose.supposed import Supposed, dependents, following, refold, supposing


class WhatIf(Struct, frozen=True):
    """The outcome of a history that did not happen, beside that of the one that did.

    It is no proof, holds no state and names no digest: there is nothing in it that could be stored, issued or anchored.
    """

    goal: str
    seq: int
    dropped: tuple[int, ...]
    added: tuple[Event, ...]
    before: Outcome
    after: Outcome

    @property
    def opened(self) -> tuple[str, ...]:
        """The codes of the gaps that are there only afterwards."""
        return tuple(code for code in self.after.gaps if code not in self.before.gaps)

    @property
    def closed(self) -> tuple[str, ...]:
        """The codes of the gaps that are there only before."""
        return tuple(code for code in self.before.gaps if code not in self.after.gaps)


def what_if(
    history: History,
    upto: int,
    drop: Collection[int] = (),
    add: Sequence[Missing] = (),
    *,
    replace: Mapping[int, Missing] | None = None,
) -> WhatIf:
    """The first *upto* events without those of *drop*, with others in the place of those of *replace*, and *add* at the end.

    What rests on an event that goes, goes with it. Surviving events keep their seqs. Raises Refused for a seq that is not
    there and for an event that cannot be made.
    """
    others = replace or {}
    named = {*drop, *others}
    _require_places(history.goal, named, upto)
    first = min(named, default=upto + 1)
    gone = dependents(history.read(first - 1, upto), named) if named else frozenset()
    judge = history.judge_at(upto)
    before = outcome_of(judge.state)
    judge, added = history.judge_at(first - 1) if named else judge, list[Event]()

    def put(one: Missing, seq: int) -> None:
        added.append(fill(one.kind, one.where, judge.state))
        refold(judge, [following(added[-1], judge.state, seq=seq)])

    place = first - 1
    for seq in sorted(others):
        refold(judge, _survivors(history, place, seq, gone))
        put(others[seq], seq)
        place = seq
    refold(judge, _survivors(history, place, upto, gone))
    for number, one in enumerate(add, upto + 1):
        put(one, number)
    return WhatIf(history.goal, upto, tuple(sorted(gone)), tuple(added), before, outcome_of(judge.state))


def _survivors(history: History, after: int, upto: int, gone: frozenset[int]) -> Iterator[Supposed]:
    records = history.read(after, upto) if after < upto else ()
    return (supposing(record) for record in records if record.seq not in gone)


def _require_places(goal: str, seqs: Collection[int], upto: int) -> None:
    for seq in sorted(seqs):
        if not 1 <= seq <= upto:
            raise Refused(
                f"{goal} has no event {seq} up to event {upto}. Name one of 1..{upto}, or an address such as gate_ran#1."
            )
