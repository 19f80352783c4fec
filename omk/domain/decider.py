"""A decider: what a subject starts as, how it answers commands, and what it remembers of events."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from omk.domain.event import Command, Event, Recorded

State = TypeVar("State")
Evolve = Callable[[Any, Any, Recorded], Any]
"""One step of remembering: (part of the state, event, its record) to the new part."""
Table = dict[type[Event], Evolve]


class Decider(msgspec.Struct, Generic[State], frozen=True):
    """`decide(command, state)` gives the events to record, or raises `Refused`; `evolve` maps event type to function.

    Both are pure. `evolve` is a table and not a `match`: a match over fifty classes costs five times as much per event.
    """

    initial: State
    decide: Callable[[Any, State], list[Event]]
    evolve: Table
    commands: tuple[type[Command], ...]


def joined(*subjects: Decider[State]) -> Decider[State]:
    """The decider of several subjects that remember in one and the same part of the state."""
    answers = {command: one.decide for one in subjects for command in one.commands}

    def decide(command: Any, state: State) -> list[Event]:
        return answers[type(command)](command, state)

    table = {event: step for one in subjects for event, step in one.evolve.items()}
    return Decider(initial=subjects[0].initial, decide=decide, evolve=table, commands=tuple(answers))
