"""Noise for Hypothesis: any well-typed events and commands, whether they make sense or not."""

from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from omk.domain.catalogue import EVENTS, SUBJECTS
from omk.domain.event import Command, Event, Recorded, Unknown
from omk.domain.goal_decider import ACROSS, decide
from omk.domain.state import INITIAL, GoalState, evolve
from omk.domain.values import PASSES
from omk.errors import Refused
from tests.scenario import (
    ANN,
    BOT,
    record,
    time,
    tree,
)

NAMES = ("t1", "t2", "goal-agent-execute", "tests", "lint", "hello.py", "main", "a:1", "c-1", "", tree("base"), tree("x"))
OWED = ("task:t1:1", "agent:a:1", "gate:tests:1", "review:code:1", "merge:main:1", "pull_request:1", "worktree:t1:1")
WORDS = st.sampled_from(("", "words", "b2:" + 64 * "0"))
NUMBERS = st.sampled_from((0, 1, 2, 3, -1, 1_000_000))
ACTORS = st.sampled_from((ANN, BOT, "agent:a:1", "policy:auto"))
TIMES = tuple(time(second) for second in (0, 10, 60, 3600))
CODES = ("review.code", "gate.tests", "gates.unchanged", "scope.respected", "files.recorded", "goal.testable")
POOLS = {
    "obligation": OWED,
    "now": TIMES,
    "lease_ends": TIMES,
    "until": TIMES,
    "code": CODES,
    "gate": ("tests", "lint"),
    "review": PASSES,
    "tree": (tree("base"), tree("x"), tree("y")),
    "task": ("t1", "t2", "goal-agent-execute"),
    "agent": ("a:1", "b:1"),
    "path": ("hello.py", "a/b", "a"),
}
"""Values that meet one another; every other name comes from `NAMES`."""


def values(kind: inspect.Type, field: str = "") -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - one case per type
    """Values of a msgspec type; *field* is the name it goes by."""
    match kind:
        case inspect.Metadata(extra={"free_text": True}):
            return WORDS
        case inspect.Metadata(type=inner):
            return values(inner, field)
        case inspect.StrType():
            return st.sampled_from(POOLS.get(field, NAMES))
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return NUMBERS
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType(values=allowed):
            return st.sampled_from(allowed)
        case inspect.UnionType(types=types):
            return st.one_of([values(one, field) for one in types])
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item, field.rstrip("s")), max_size=3).map(tuple)
        case inspect.StructType(cls=cls):
            return structs(cls)
        case _:
            raise TypeError(kind)


@cache
def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Instances of a struct with any values of the right types."""
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    fields = {one.name: values(one.type, one.name) for one in shape.fields}
    if issubclass(kind, Command):
        fields["actor"] = ACTORS
    return st.builds(kind, **fields)


COMMANDS: tuple[type[Command], ...] = tuple({**ACROSS, **{one: None for part in SUBJECTS.values() for one in part.commands}})


def events() -> st.SearchStrategy[Event]:
    """Any event of any kind."""
    return st.sampled_from(sorted(EVENTS)).flatmap(lambda tag: structs(EVENTS[tag]))


def commands() -> st.SearchStrategy[Command]:
    """Any command of any kind."""
    return st.sampled_from(COMMANDS).flatmap(structs)


@st.composite
def noise(draw: st.DrawFn, most: int = 25) -> list[Recorded]:
    """Any well-typed events one after another, whether they make sense or not, some of them of unknown kinds."""
    odd = st.builds(Unknown, kind=st.just("tea_made.v7"), raw=st.just(b'{"kind":"tea_made.v7"}'))
    state, records = INITIAL, []
    for event in draw(st.lists(events() | events() | events() | odd, max_size=most)):
        records.append(record(event, state, actor=draw(ACTORS)))
        state = evolve(state, records[-1])
    return records


def answers(command: Command, state: GoalState) -> list[Event] | None:
    """What the decider says to a command; None when it refuses."""
    try:
        return decide(command, state)
    except Refused:
        return None
