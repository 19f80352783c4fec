"""A checkpoint: everything a fold knows after one record, so that it can go on from there."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from omk.domain.event import Digest, Recorded, Unknown, Value, kind_of
from omk.domain.proof.standing import Standing
from omk.domain.state import GoalState


class Checkpoint(Value):
    """State and standing after event *seq*, whose record has digest *head*.

    `kinds` counts the events after *after* (the place of the checkpoint before it) and up to *seq*, by their stored names.
    """

    seq: int
    head: Digest
    state: GoalState
    standing: Standing
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    after: int = 0


def kinds_of(records: Sequence[Recorded]) -> Counter[str]:
    """How many events of *records* there are of each stored name; counts by type first, for there may be thousands."""
    events = [record.event for record in records]
    types = Counter(map(type, events))
    odd = types.pop(Unknown, 0)
    found = Counter({kind_of(event): types[kind] for kind, event in {type(one): one for one in events}.items() if kind in types})
    return found + Counter(kind_of(event) for event in events if isinstance(event, Unknown)) if odd else found
