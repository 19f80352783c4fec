"""The outcome of a fold: its status and the codes of its gaps, and nothing that could be taken for a proof."""

from msgspec import Struct

from omk.domain.proof.rules import open_codes
from omk.domain.proof.status import status_of
from omk.domain.state import GoalState


class Outcome(Struct, frozen=True):
    """A status, and the codes of the gaps in the order of the rules."""

    status: str
    gaps: tuple[str, ...]


def outcome_of(state: GoalState) -> Outcome:
    """How *state* is judged."""
    gaps = open_codes(state)
    return Outcome(status_of(state, is_ready=not gaps), gaps)
