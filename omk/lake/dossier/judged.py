"""What the fold says beside the lake: the verdict as of an event, and each verdict on record judged again."""

from collections.abc import Collection
from typing import NamedTuple

from omk.domain.proof.proof import GoalProof, prove, verdict_digest
from omk.domain.state import GoalState
from omk.replay.history import History


class Judged(NamedTuple):
    """State and proof after the last event that was read, and the digests of today's verdicts after some before it."""

    state: GoalState
    proof: GoalProof
    digests: dict[int, str]
    """By seq; also of those among *places* that are not there, which are missing."""


def judged(history: History, seq: int, places: Collection[int]) -> Judged:
    """Read events 1 to *seq*, every one of them, so that the whole chain is verified, and judge after each of *places*.

    Raises Damaged where the log is not what was written.
    """
    judge, digests, wanted = history.judge(), dict[int, str](), set(places)
    for record in history.read(0, seq) if seq else ():
        judge.add(record)
        if record.seq in wanted:
            digests[record.seq] = verdict_digest(prove(judge.state, judge.standing))
    return Judged(judge.state, prove(judge.state, judge.standing), digests)
