"""Unblock: ordered sequences of future events that lead to ready, each decided by the real decider and proven by folding."""

from collections.abc import Sequence

from msgspec import Struct

from omk.domain.goal_decider import ADVICE
from omk.domain.proof.rules import open_codes
from omk.domain.proof.standing import Judge, Standing
from omk.domain.proof.status import FINAL, status_of
from omk.domain.state import GoalState
from omk.domain.wanted import controlling
from omk.replay.future.control import answer, lift
from omk.replay.future.course import WAYS, Course, Way, is_good, minimal
from omk.replay.future.evidence import accept, configure, make_reviews, verify, waive
from omk.replay.future.step import Step, step_of
from omk.replay.future.work import plan, work
from omk.replay.suppose.supposed import Supposed, refold

MOST = 8
"""How many ways are shown."""
PHASES = (lift, answer, plan, work, configure, verify, make_reviews, waive, accept)
"""What is done on a way, in the order in which the decider takes it."""


class Unblocked(Struct, frozen=True):
    """The ways to ready, the shortest first; *reason* says why there is none."""

    goal: str
    seq: int
    status: str
    ways: tuple[tuple[Step, ...], ...]
    reason: str | None = None


def unblock(state: GoalState, standing: Standing) -> Unblocked:
    """At most eight sequences of events that lead from here to ready, and of which no event can be left out."""
    status = status_of(state, is_ready=is_good(state))
    hopeless = _hopeless(state)
    if hopeless is not None:
        return Unblocked(state.goal.id, state.seq, status, (), hopeless)
    found: dict[tuple[str, ...], tuple[Step, ...]] = {}
    courses = [taken for taken in (course(state, way) for way in WAYS) if is_good(taken.state)]
    shortest = sorted((minimal(taken.records, state) for taken in courses), key=len)
    for records in (one for one in shortest if is_proven(one, state, standing)):
        steps, before = [], state
        for record in records:
            steps.append(step_of(record, before, state))
            before = refold(Judge(before), [record]).state
        found.setdefault(tuple(repr(one) for one in steps), tuple(steps))
    ways = tuple(found.values())[:MOST]
    return Unblocked(state.goal.id, state.seq, status, ways, None if ways else _nowhere(state))


def course(state: GoalState, way: Way) -> Course:
    """Everything that is done on a way from *state*, whether it is needed or not."""
    taken = Course(state)
    for phase in PHASES:
        phase(taken, way)
    return taken


def is_proven(records: Sequence[Supposed], state: GoalState, standing: Standing) -> bool:
    """Whether the real fold of *records* after *state* leaves no gap and nothing that controls the goal."""
    judge = refold(Judge(state, standing), records)
    return not judge.open and controlling(judge.state) is None


def _hopeless(state: GoalState) -> str | None:
    """Why no event can make this goal ready, or why none has to."""
    goal, status = state.goal.id, controlling(state)
    if not state.seq:
        return f"{goal} does not exist before event 1."
    if state.strange is not None:
        odd = state.strange
        return f"Event {odd.seq} of {goal} is a {odd.kind}, which this omk does not know. Upgrade omk."
    if status in FINAL:
        return f"{goal} is {status}. {ADVICE[status].format(goal=goal)}"
    return f"{goal} is ready. Nothing is missing." if is_good(state) else None


def _nowhere(state: GoalState) -> str:
    """Which gaps stay open whatever is done."""
    now = course(state, WAYS[0]).state
    codes = open_codes(now)
    what = ", ".join(codes) or f"the status {controlling(now)}"
    return f"No sequence of events makes {state.goal.id} ready: {what} stays open. See omk why {state.goal.id}."
