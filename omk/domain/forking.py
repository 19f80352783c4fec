"""Where a goal may be forked: at moments that stand on their own, and not within what was recorded as one."""

from omk.domain.event import Event
from omk.domain.plan import BEGUN
from omk.domain.state import GoalState
from omk.domain.subjects.budget import BudgetSet
from omk.domain.subjects.worktree import ScopeViolated, WorktreeRebased

COMPLETES: tuple[type[Event], ...] = (BudgetSet, ScopeViolated, WorktreeRebased)
"""What says more of the event before it: a limit of the beginning, a change that left its scope, a tree's new base."""


def unforkable(state: GoalState, following: object = None) -> str | None:
    """Why no fork may begin with *state*, which *following* comes after in the parent; None when one may."""
    goal = state.goal
    if not (goal.created_seq and goal.settings and goal.oracle and state.gate.seq):
        return "its beginning (words, settings, assessment, gates) is not complete there"
    if state.task and not (goal.planned_seq and all(state.task[name].status == "done" for name in BEGUN if name in state.task)):
        return "its plan is not complete there"
    if isinstance(following, COMPLETES):
        return "the next event belongs to that one"
    return None
