"""Why a goal is not ready: every gap as of then, and the fewest missing events that would close them all."""

from collections.abc import Iterable

from omk.domain.halting import going_on
from omk.domain.proof.gaps import Missing
from omk.domain.proof.proof import Gap, GoalProof
from omk.domain.spending import noted
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
    goal, status, command = state.goal, controlling(state), going_on(state)
    if command is None:
        return None
    told: Document = {"status": status, "command": command.format(goal=goal.id)}
    if (out := noted(state)) is not None and status == "needs_more_budget":
        seq = state.budget.exhausted.seq if state.budget.exhausted else 0
        return told | {"code": "budget.within", "reason": f"The goal's budget is used up: {out.words}.", "seq": seq}
    halt = goal.paused if status == "paused" else goal.blocked
    return told | ({"code": halt.code, "reason": halt.reason, "seq": halt.seq} if halt else {})


def fewest(gaps: Iterable[Gap]) -> list[Missing]:
    """What is missing in the gaps that follow from nothing, each event once, in the order of the gaps.

    What this leaves out is what `follows_from` explains.
    """
    found: list[Missing] = []
    for gap in gaps:
        if not gap.follows_from:
            found += [one for one in (gap.missing, *gap.also) if one not in found]
    return found
