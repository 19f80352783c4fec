"""A checkpoint: everything a fold knows after one record, so that it can go on from there."""

from omk.domain.event import Digest, Value
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
