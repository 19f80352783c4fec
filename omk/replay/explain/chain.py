"""The causal chain of a gap: from what it rests on back to a person's word or the start of a controller."""

from collections.abc import Callable, Iterable
from functools import cache
from heapq import heapify, heappop, heappush

from msgspec import Struct

from omk.domain.event import Recorded
from omk.domain.state import GoalState
from omk.replay.documents import Document, plain
from omk.replay.history import History
from omk.replay.timeline import Entry, timeline_entry

LONGEST = 200
Find = Callable[[int], Recorded | None]


class Chain(Struct, frozen=True):
    """The entries in the order of their seqs, and how many causes of theirs were not followed any more."""

    entries: tuple[Entry, ...]
    left_out: int


def chain(find: Find, seqs: Iterable[int], limit: int = LONGEST) -> Chain:
    """The events *seqs* and all that they rest on, the nearest *limit* of them.

    It asks *find* for single records, each once, the latest first; so it costs the same in a log of any length.
    """
    found: list[Entry] = []
    ahead = [-seq for seq in set(seqs)]
    heapify(ahead)
    known = set(ahead)
    while ahead and len(found) < limit:
        record = find(-heappop(ahead))
        if record is None:
            continue
        found.append(timeline_entry(record))
        for cause in record.causes:
            if -cause not in known:
                known.add(-cause)
                heappush(ahead, -cause)
    return Chain(tuple(reversed(found)), len(ahead))


def due(state: GoalState, code: str) -> tuple[int, ...]:
    """What made the rule due, for a gap that rests on nothing because nothing has happened yet."""
    goal, files, gates = state.goal, state.worktree, state.gate
    assessed, changed = goal.oracle.seq if goal.oracle else 0, files.seq or files.base_seq
    seqs: dict[str, tuple[int, ...]] = {
        "agent": (goal.planned_seq,),
        "files": (goal.planned_seq,),
        "gate": (gates.seq, changed),
        "integration": (changed,),
        "oracle": (assessed,),
        "plan": (assessed,),
        "review": (changed,),
    }
    known = tuple(seq for seq in seqs.get(code.partition(".")[0], ()) if seq)
    return known or ((goal.created_seq,) if goal.created_seq else ())


def with_chains(why: Document, state: GoalState, history: History) -> Document:
    """The same, with `chain` and `chain_left_out` in each gap: what led to its evidence, and to the event that opened it.

    Done after the texts are resolved, for the entries of the timeline have theirs already.
    """
    find = cache(history.record)
    for gap in why["blocking"]:
        seqs = {*gap["evidence"], gap["since"] or 0} - {0}
        one = chain(find, seqs or due(state, gap["code"]))
        gap["chain"], gap["chain_left_out"] = plain(one.entries), one.left_out
    return why
