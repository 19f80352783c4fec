"""A checkpoint: everything a fold knows after one record, so that it can go on from there."""

from collections.abc import Sequence

from omk.domain.event import Digest, Recorded, Unknown, Value, kind_of
from omk.domain.proof.standing import Standing
from omk.domain.state import GoalState


class Checkpoint(Value):
    """State and standing after event *seq*, whose record has digest *head*.

    `kinds` are the stored names of the events after *after* (the place of the checkpoint before it) and up to *seq*.
    """

    seq: int
    head: Digest
    state: GoalState
    standing: Standing
    kinds: frozenset[str] = frozenset()
    after: int = 0


def kinds_of(records: Sequence[Recorded]) -> set[str]:
    """The stored names of the events of *records*; asks one event of each known kind, for there may be thousands."""
    one_of_each = {type(record.event): record.event for record in records}
    odd = [record.event for record in records] if Unknown in one_of_each else []
    return {kind_of(event) for event in (*one_of_each.values(), *odd)}
