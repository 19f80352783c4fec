"""What is under way and would close a gap: the runs of gates and reviews that are about the goal as it is now."""

from collections.abc import Sequence

from omk.domain.oracle import is_about_performance, measures, proves
from omk.domain.proof import holds
from omk.domain.state import GoalState


def is_being_made(state: GoalState, review: str) -> bool:
    """Whether the newest attempt of a review is open, and is about the tree and the base of now."""
    begun, files = state.review.at_work(review), state.worktree
    return begun is not None and (begun.event.tree, begun.event.base) == (files.tree, files.base.tree if files.base else "")


def is_at_work(state: GoalState, gate: str) -> bool:
    """Whether the newest run of a gate is open, and is about the tree and the definition of now."""
    begun = state.gate.at_work(gate)
    now = (state.worktree.tree, state.gate.by_name[gate].definition.digest) if begun else None
    return begun is not None and (begun.event.tree, begun.event.definition) == now


def is_gap(state: GoalState, gate: str) -> bool:
    """Whether the gate is required and has not passed."""
    required = state.gate.by_name[gate].definition.required
    return required and holds.gate_passed(state, f"gate.{gate}") is None


def verdict_kind(state: GoalState, review: str) -> str:
    """The kind of answer by which a pass would hold: that it passed, or that it does not apply."""
    gates = [state.gate.by_name[name] for name in state.gate.order]
    about = [gate.definition for gate in gates if measures(gate.definition.name, gate.definition.proves)]
    ran = any(is_at_work(state, one.name) or holds.gate_passed(state, f"gate.{one.name}") is not None for one in about)
    kind = state.goal.oracle.kind if state.goal.oracle else ""
    applies = ran or is_about_performance(kind, is_required=any(one.required for one in about))
    return "review_passed.v1" if review != "performance" or applies else "review_not_applicable.v1"


def provers(state: GoalState, check: str) -> list[str]:
    """The gates whose pass would prove the check."""
    return [name for name in state.gate.order if proves(state.gate.by_name[name].definition, check)]


def prover(state: GoalState, named: Sequence[str]) -> str:
    """The gate that is nearest to proving what these all would: one that is at work, else the first."""
    return next((name for name in named if is_at_work(state, name)), named[0])
