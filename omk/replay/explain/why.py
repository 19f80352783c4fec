"""Why a goal is not ready: every gap as of then, and the fewest missing events that would close them all."""

from collections.abc import Iterable

from omk.domain.proof.gaps import Missing
from omk.domain.proof.proof import Gap, GoalProof
from omk.domain.state import GoalState
from omk.domain.wanted import controlling
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


def halt_of(state: GoalState) -> Document | None:
    """What holds the goal up whatever its gaps are: `{status, code, reason, seq, command}`; none if nothing does."""
    goal, status = state.goal, controlling(state)
    halts = {"blocked_on_human": goal.blocked, "blocked_on_external": goal.blocked, "paused": goal.paused}
    halt = halts.get(status or "")
    if status is None or halt is None:
        return None
    command = {"paused": "omk resume", "blocked_on_human": "omk decide", "blocked_on_external": "omk pr"}[status]
    return {"status": status, "code": halt.code, "reason": halt.reason, "seq": halt.seq, "command": f"{command} {goal.id}"}


def fewest(gaps: Iterable[Gap]) -> list[Missing]:
    """What is missing in the gaps that follow from nothing, each event once, in the order of the gaps.

    What this leaves out is what `follows_from` explains.
    """
    found: list[Missing] = []
    for gap in gaps:
        if not gap.follows_from:
            found += [one for one in (gap.missing, *gap.also) if one not in found]
    return found
