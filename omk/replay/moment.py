"""A moment: one place in a history, and the verdict as of then."""

from dataclasses import dataclass
from functools import cached_property

from omk.domain.event import Recorded
from omk.domain.proof.proof import GoalProof, prove
from omk.domain.proof.standing import Standing
from omk.domain.proof.status import status_of
from omk.domain.state import GoalState


@dataclass(frozen=True, eq=False)
class Moment:
    """State and standing after *record* (null: before the first event); proof and status are judged when asked for."""

    state: GoalState
    standing: Standing
    record: Recorded | None

    @cached_property
    def proof(self) -> GoalProof:
        """The verdict as of this moment."""
        return prove(self.state, self.standing)

    @cached_property
    def status(self) -> str:
        """The status alone, which costs less than the whole proof."""
        return status_of(self.state, is_ready=not self.standing.open)
