"""Histories that are told otherwise than they came: events changed, left out or moved, and then recorded anew."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from omk.domain.event import Recorded, kind_of
from omk.domain.state import INITIAL, evolve
from omk.replay.history import History
from omk.replay.redecide.again import asked_again
from omk.replay.redecide.difference import Difference
from tests.domain.simulated import Simulated
from tests.scenario import GOAL, Story, create, gate_named, gates, goal, order, record

Told = tuple[object, str, str]
"""An event, who recorded it, and when."""


def driven(world: Simulated | None = None, *, max_attempts: int = 2, **settings: Any) -> list[Recorded]:
    """A goal that a simulated controller drove to its end, merged by policy: the agent is red once, then green."""
    usual = Simulated(gate=lambda _, attempt: "failed" if attempt == 1 else "passed")
    usual_settings = {"accept": "auto", "merge": "gated", "until_ready": True, **settings}
    steps = ("execute", "verify", "review", "accept", "merge")
    begun = goal.given(create(**usual_settings), gates(gate_named()), order(*steps, max_attempts=max_attempts))
    return list((world or usual).drive(begun).records)


def told(records: Iterable[Recorded]) -> list[Told]:
    """What was recorded, without its place."""
    return [(one.event, one.actor, one.at) for one in records]


def retold(story: Iterable[Told]) -> list[Recorded]:
    """The same as a whole log: places, causes and times fit again."""
    state, records = INITIAL, list[Recorded]()
    for event, actor, at in story:
        records.append(record(event, state, actor=actor, at=max(at, state.at)))
        state = evolve(state, records[-1])
    return records


def history_of(records: Sequence[Recorded]) -> History:
    """The history that these records tell."""

    def read(after: int, upto: int | None) -> Iterable[Recorded]:
        return iter([one for one in records if after < one.seq <= (len(records) if upto is None else upto)])

    return History(GOAL, read)


def differences(records: Sequence[Recorded], *questions: str) -> list[Difference]:
    """What is answered otherwise, to these kinds of questions or to all."""
    found = [one.difference for one in asked_again(history_of(records)) if one.difference is not None]
    return [one for one in found if not questions or one.question in questions]


def place_of(records: Sequence[Recorded], kind: str, is_wanted: Callable[[Any], bool] = lambda _: True) -> int:
    """Where the first event of a kind stands in the list."""
    return next(at for at, one in enumerate(records) if kind_of(one.event) == kind and is_wanted(one.event))


def end_of(story: Story) -> list[Recorded]:
    """The records of a story."""
    return list(story.records)
