"""The stories that a population is made of: what becomes of a goal, from ready at first try to a controller that died."""

import random
from collections.abc import Callable

from omk.domain.plan import EXECUTE
from omk.domain.subjects.gate import CloseBreaker, ConfigureGates, GatesConfigured, OpenBreaker
from omk.domain.subjects.progress import DetectStagnation, StagnationDetected
from omk.domain.subjects.worktree import (
    MergeConflicted,
    RecordConflict,
)
from tests.lake.told.people import AGAIN, HOUR, Goal
from tests.lake.told.setting import Setting
from tests.lake.told.teller import time
from tests.lake.told.troubles import (
    at_work,
    broke_down,
    cancelled,
    crashed,
    crashed_late,
    decided,
    extended,
    forked,
    leased,
    paused,
    resumed,
    spent,
    vague,
    waited,
    waiting,
)
from tests.lake.told.work import Turn


def merged(goal: Goal) -> None:
    goal.turns = goal.usual_turns()
    goal.begin(until=8, flaky=goal.chance(0.4))
    goal.control(attempts=8)
    goal.accept()
    goal.merge()


def automatic(goal: Goal) -> None:
    goal.policy, goal.turns = ("auto", "gated", "local"), goal.usual_turns()
    goal.begin(until=8, flaky=goal.chance(0.4))
    goal.control(attempts=8)


def accepted(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.accept()


def pull_request(goal: Goal) -> None:
    goal.policy, goal.turns = ("auto", "manual", "draft-pr"), goal.usual_turns()
    goal.begin(until=8)
    goal.control(attempts=8)
    goal.ask_for_pull_request()


def unaccepted(goal: Goal) -> None:
    goal.turns = goal.usual_turns(most=2)
    goal.begin(until=8)
    goal.control(attempts=8)


def red(goal: Goal) -> None:
    goal.turns = (Turn(red=("tests",), how=goal.dice.choice(("failed", "failed", "timed_out", "errored", "inconclusive"))),)
    goal.begin()
    goal.control()


def stagnated(goal: Goal) -> None:
    goal.turns = (Turn(red=("tests",)),) * 4 + (Turn(red=("lint", "tests")),)
    goal.begin(until=4)
    goal.control(attempts=4)
    reason = goal.say("summary")
    detected = StagnationDetected(
        cause="circular_fix",
        confidence=60 + goal.dice.randrange(40),
        attempts=4,
        metrics=("proof_score", "commit_velocity", "gate_pass_rate"),
        strategy="refactor_approach",
        reason=reason,
    )
    goal.tell(DetectStagnation(actor=goal.by, detected=detected))
    goal.prove(goal.by)


def agent_failed(goal: Goal) -> None:
    goal.turns = (Turn(outcome=goal.dice.choice(("failed", "timed_out")), writes=goal.chance(0.5), red=("tests",)),)
    goal.begin()
    goal.control()


def idle(goal: Goal) -> None:
    goal.turns = (Turn(writes=False),)
    goal.begin()
    goal.control()


def unproven(goal: Goal) -> None:
    goal.begin(proving=False)
    goal.control()
    goal.accept()


def flaky(goal: Goal) -> None:
    """The gate fails, and passes when it runs again on the same tree."""
    names = [gate.name for gate in goal.setting.gates()]
    goal.flaky = goal.dice.choices(names, [3 if name == "tests" else 1 for name in names])[0]
    goal.begin()
    goal.control()
    goal.control(AGAIN)
    goal.accept()
    if goal.chance(0.6):
        goal.merge()


def rejected(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.reject()
    if goal.chance(0.5):
        goal.control(("execute", *AGAIN))
        goal.accept()


def taken_back(goal: Goal) -> None:
    """Ready, and then the person thinks again."""
    goal.begin()
    goal.control()
    goal.accept()
    goal.reject()


def base_moved(goal: Goal) -> None:
    """Ready, until the branch moved; proven again, or left at that."""
    goal.policy = ("auto", "manual", "local")
    goal.begin(until=4)
    goal.control(attempts=4)
    goal.move_base()
    if goal.chance(0.7):
        goal.control(AGAIN)
        goal.merge()
    else:
        goal.prove(goal.person)


def changed_after_ready(goal: Goal) -> None:
    """Ready, and then what a killed agent had left in its worktree is found and recorded."""
    goal.begin()
    goal.control()
    goal.accept()
    goal.controller = f"controller-{goal.hex(12)}"
    goal.seconds += goal.about(HOUR)
    goal._write(None, EXECUTE, goal._chosen(2))
    goal.prove(goal.by)


def conflicted(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.accept()
    paths = tuple(sorted(goal.state.worktree.paths))[:2]
    conflict = MergeConflicted(theirs=goal.hex(), tree=goal.state.worktree.tree, paths=paths)
    goal.tell(RecordConflict(actor=goal.person, conflicted=conflict), HOUR)
    goal.prove(goal.person)


def merge_failed(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.accept()
    goal.merge(fails=True)
    goal.merge()


def review_blocked(goal: Goal) -> None:
    goal.turns = (Turn(blocked=(goal.dice.choice(("anti-slop", "code", "test", "security")),)), Turn())
    goal.begin(until=4)
    goal.control(attempts=4)
    goal.accept()


def waived(goal: Goal) -> None:
    name = goal.dice.choice(("anti-slop", "architect", "code"))
    goal.turns = (Turn(blocked=(name,)),)
    goal.begin()
    goal.control()
    goal.waive(f"review.{name}")
    goal.accept()


def guard_changed(goal: Goal) -> None:
    goal.turns = (Turn(guarded=("omk.toml",)),)
    goal.begin()
    goal.control()
    if goal.chance(0.6):
        goal.waive("gates.unchanged")
        goal.accept()


def scope_violated(goal: Goal) -> None:
    goal.scope, goal.turns = (f"src/{goal.setting.package}", "tests"), (Turn(outside=True),)
    goal.begin()
    goal.control()
    if goal.chance(0.5):
        goal.waive("scope.respected")
        goal.accept()


def gates_anew(goal: Goal) -> None:
    """The gates are defined anew, so that what they said is worth nothing any more."""
    goal.begin()
    goal.control()
    configured = GatesConfigured(gates=goal.setting.gates(version=2), guards=goal.setting.guards)
    goal.tell(ConfigureGates(actor=goal.person, configured=configured), HOUR)
    goal.prove(goal.person)
    if goal.chance(0.6):
        goal.control(AGAIN)
        goal.accept()


def broken_circuit(goal: Goal) -> None:
    goal.turns = (Turn(red=("tests",)), Turn(red=("tests",)), Turn())
    goal.begin(until=2)
    goal.control(attempts=2)
    until = time(goal.seconds + HOUR)
    goal.tell(OpenBreaker(actor=goal.by, gate="tests", until=until))
    goal.tell(CloseBreaker(actor=goal.by, gate="tests"), HOUR)
    goal.control(("execute", *AGAIN))
    goal.accept()


WEIGHTS: dict[Callable[[Goal], None], float] = {
    merged: 26, automatic: 14, accepted: 5, pull_request: 4, unaccepted: 5, red: 5, stagnated: 4, agent_failed: 4, idle: 1,
    unproven: 1, flaky: 4, rejected: 2, taken_back: 1, base_moved: 3, changed_after_ready: 1, conflicted: 1, merge_failed: 1,
    review_blocked: 3, waived: 2, guard_changed: 2, scope_violated: 1.5, gates_anew: 1, broken_circuit: 1, paused: 0.7,
    resumed: 1.3, cancelled: 4, vague: 1, decided: 0.7, waiting: 0.5, waited: 0.7, spent: 1, extended: 1, crashed: 2,
    crashed_late: 1, at_work: 3, broke_down: 1, leased: 0.5, forked: 1.5,
}  # fmt: skip
"""The stories, and of how many of a hundred goals or so each is told."""
ENDINGS = {tell.__name__: tell for tell in WEIGHTS}


def told(ending: str, setting: Setting, dice: random.Random) -> Goal:
    """A goal that comes to that ending."""
    goal = Goal(dice, setting, dice.getrandbits(31))
    ENDINGS[ending](goal)
    return goal
