"""A course of events that might come: commands are decided one after another, and what nobody needs is left out."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from msgspec import Struct

from omk.domain.event import Command, Event, kind_of
from omk.domain.goal_decider import decide, is_ready
from omk.domain.state import GoalState
from omk.domain.wanted import controlling
from omk.errors import Refused
from omk.replay.suppose.fill import fill
from omk.replay.suppose.supposed import Supposed, following, supposed_state

PERSON, CONTROLLER = "person:supposed", "controller:supposed"


class Way(Struct, frozen=True):
    """A choice among what may be done: another tree or this one, waivers or reviews, given up or answered."""

    another_tree: bool = False
    waive: bool = False
    abort: bool = False


WAYS = tuple(Way(another_tree=tree, waive=waive, abort=abort) for tree, waive, abort in product((False, True), repeat=3))
"""Every choice, the plainest first."""


class Course:
    """What might happen from *state* on: the state it has led to, and the events that were decided on the way."""

    def __init__(self, state: GoalState) -> None:
        self.state = state
        self.records: list[Supposed] = []

    def ask(self, command: Command) -> bool:
        """Carry a command out as the decider answers it; false if it refuses or has nothing to record."""
        try:
            events = decide(command, self.state)
        except Refused:
            return False
        for event in events:
            self.take(event, command.actor)
        return bool(events)

    def take(self, event: Event, actor: str) -> None:
        """Go on after an event that was decided."""
        self.records.append(following(event, self.state, actor=actor))
        self.state = supposed_state(self.records[-1:], self.state)

    def event(self, kind: str, **where: Any) -> Any:
        """An event of that kind, with what is not said as the state has it."""
        return fill(kind, where, self.state)

    def has(self, obligation: str) -> bool:
        """Whether that is announced and not answered."""
        return obligation in self.state.obligation


def is_good(state: GoalState) -> bool:
    """Whether the status is ready."""
    return controlling(state) is None and is_ready(state)


BEGINNINGS = (
    "task_retried.v1",
    "task_started.v1",
    "gate_started.v1",
    "review_started.v1",
    "breaker_closed.v1",
    "goal_blocked.v1",
)
"""What announces something else: left out first, for what ends may then be left out, too."""
ENDS = ("task_finished.v1",)


def minimal(records: Sequence[Supposed], state: GoalState) -> list[Supposed]:
    """The same course without every event whose absence still leads from *state* to ready."""
    kept, before = list(records), -1
    while len(kept) != before:
        before = len(kept)
        for one in sorted(kept, key=_need):
            rest = [other for other in kept if other is not one]
            if is_good(supposed_state(rest, state)):
                kept = rest
    return kept


def _need(record: Supposed) -> int:
    kind = kind_of(record.event)
    return 0 if kind in BEGINNINGS else 1 if kind in ENDS else 2
