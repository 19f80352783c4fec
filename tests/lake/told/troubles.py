"""The stories in which something stops the work: a person, a limit, a crash, a question; and forks."""

from omk.domain.plan import EXECUTE
from omk.domain.subjects.budget import BudgetExtended, BudgetSet, ExtendBudget
from omk.domain.subjects.goal import (
    BlockGoal,
    CancelGoal,
    FailGoal,
    PauseGoal,
    RecordDecision,
    ResumeGoal,
    UnblockGoal,
)
from omk.domain.subjects.lease import ClaimTask
from tests.lake.told.people import AGAIN, HOUR, Goal
from tests.lake.told.teller import time
from tests.lake.told.work import Turn

LONG = 300
"""From so many events on an agent has its share of them, beside plan, gates and reviews."""


def paused(goal: Goal) -> None:
    goal.interrupt(0.4, PauseGoal(actor=goal.person, reason=goal.say("summary")))
    goal.begin(until=4)
    goal.control(attempts=4)


def resumed(goal: Goal) -> None:
    paused(goal)
    goal.tell(ResumeGoal(actor=goal.person), goal.about(4 * HOUR))
    goal.control(attempts=4, resumes=goal.controller)
    goal.accept()


def cancelled(goal: Goal) -> None:
    goal.interrupt(goal.dice.random(), CancelGoal(actor=goal.person, reason=goal.say("summary")))
    goal.begin(until=4)
    goal.control(attempts=4)
    if not goal.state.goal.cancelled:
        goal.due = None
        goal.tell(CancelGoal(actor=goal.person, reason=None))
        goal.prove(goal.person)


def vague(goal: Goal) -> None:
    goal.begin(vague=True)
    goal.prove(goal.person)


def decided(goal: Goal) -> None:
    vague(goal)
    goal.tell(RecordDecision(actor=goal.person, answer=goal.say("summary")), goal.about(4 * HOUR))
    goal.control()
    goal.accept()


def waiting(goal: Goal) -> None:
    """Something outside has to be there first."""
    goal.interrupt(0.3, BlockGoal(actor=goal.person, on="external", code="external.wait", reason=goal.say("summary")))
    goal.begin(until=4)
    goal.control(attempts=4)


def waited(goal: Goal) -> None:
    waiting(goal)
    goal.tell(UnblockGoal(actor=goal.person), goal.about(4 * HOUR))
    goal.control(attempts=4, resumes=goal.controller)


def spent(goal: Goal) -> None:
    goal.begin(budget=BudgetSet(time_ms=None, tokens=None, micro_usd=3_000))
    goal.control()


def extended(goal: Goal) -> None:
    spent(goal)
    more = BudgetExtended(time_ms=0, tokens=0, micro_usd=900_000_000)
    goal.tell(ExtendBudget(actor=goal.person, extended=more), goal.about(HOUR))
    goal.control(resumes=goal.controller)
    goal.accept()


def crashed(goal: Goal, share: float = 0.3) -> None:
    goal.turns = goal.usual_turns()
    goal.begin(until=8)
    goal.die(share if goal.setting.size > LONG else 0.0)
    goal.recover()
    if goal.chance(0.7):
        goal.accept()


def crashed_late(goal: Goal) -> None:
    """Gates or reviews were at work."""
    goal.begin(until=8)
    goal.die(0.95)
    goal.recover()


def at_work(goal: Goal) -> None:
    """The log ends in the middle of the work: it goes on now, or nobody has seen yet that it does not."""
    goal.turns = goal.usual_turns()
    goal.begin(until=8)
    goal.die(0.9)


def broke_down(goal: Goal) -> None:
    goal.begin(until=8)
    goal.die(0.7)
    goal.tell(FailGoal(actor=goal.by, reason="The disk is full."))
    goal.wind_down(goal.by, lost=True)
    goal.let_go("failed")


def leased(goal: Goal) -> None:
    goal.begin()
    goal.control(("plan",))
    for worker, held in (("worker-1", 900.0), ("worker-2", 5400.0)):
        goal.seconds += HOUR
        now, ends = time(goal.seconds), time(goal.seconds + held)
        goal.tell(ClaimTask(actor=goal.by, task=EXECUTE, worker=worker, now=now, lease_ends=ends), 0.0)
    goal.control(("execute", *AGAIN))
    goal.accept()


def forked(goal: Goal) -> None:
    """Somebody tries another way from the same point; the first one stays as it is."""
    goal.turns = (Turn(red=("tests",)),)
    goal.begin()
    goal.control()
    other = goal.fork(0xF0000000, max(60, goal.setting.size // 2))
    other.control(("execute", *AGAIN))
    other.accept()
    other.merge()
