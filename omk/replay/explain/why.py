"""Why a goal is not ready: every gap as of then, and the fewest missing events that would close them all."""

from collections.abc import Iterable

from omk.domain.proof.gaps import Missing
from omk.domain.proof.proof import Gap, GoalProof
from omk.replay.documents import Document, plain


def why_document(proof: GoalProof) -> Document:
    """`{goal, seq, status, blocking, fewest}`: every gap, and the fewest missing events that would close them all."""
    return {
        "goal": proof.goal,
        "seq": proof.seq,
        "status": proof.status,
        "blocking": plain(proof.gaps),
        "fewest": plain(fewest(proof.gaps)),
    }


def fewest(gaps: Iterable[Gap]) -> list[Missing]:
    """What is missing in the gaps that follow from nothing, each event once, in the order of the gaps.

    What this leaves out is what `follows_from` explains.
    """
    found: list[Missing] = []
    for gap in gaps:
        if not gap.follows_from:
            found += [one for one in (gap.missing, *gap.also) if one not in found]
    return found
