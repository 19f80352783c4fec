"""GoalState: the sum of a goal's events, and the fold that makes it."""

from collections.abc import Iterable
from typing import Any

from immutables import Map

from omk.domain.catalogue import SUBJECTS
from omk.domain.event import Event, Recorded, Unknown, Value
from omk.domain.owed import obligations
from omk.domain.subjects.agent import Agents
from omk.domain.subjects.budget import Budget
from omk.domain.subjects.controller import Controllers
from omk.domain.subjects.delivery import Delivery
from omk.domain.subjects.gate import Gates
from omk.domain.subjects.goal import Goal
from omk.domain.subjects.obligation import Obligations
from omk.domain.subjects.policy import Policy
from omk.domain.subjects.progress import Progress
from omk.domain.subjects.review import Reviews
from omk.domain.subjects.slice import Slices
from omk.domain.subjects.task import Tasks
from omk.domain.subjects.verdict import Verdicts
from omk.domain.subjects.worktree import Files


class Strange(Value):
    """The events this omk does not understand: the first one's seq and kind, and how many there are."""

    seq: int
    kind: str
    count: int


class GoalState(Value):
    """Everything omk knows of a goal after event *seq*, one part per subject; `head` is that record's digest.

    Its size is O(tasks + gates + reviews + changed paths + open obligations), whatever the number of events.
    """

    seq: int = 0
    head: str = ""
    at: str = ""
    goal: Goal = Goal()
    policy: Policy = Policy()
    task: Tasks = Map()
    worktree: Files = Files()
    slice: Slices = Slices()
    agent: Agents = Agents()
    gate: Gates = Gates()
    review: Reviews = Reviews()
    budget: Budget = Budget()
    delivery: Delivery = Delivery()
    verdict: Verdicts = Verdicts()
    controller: Controllers = Controllers()
    progress: Progress = Progress()
    strange: Strange | None = None

    @property
    def obligation(self) -> Obligations:
        """What was announced and is not answered, by id."""
        return obligations(self)


PARTS = (*SUBJECTS, "strange")
"""The names of the parts, in the order of the slots a fold works on."""

STRANGE = PARTS.index("strange")
Steps = tuple[tuple[int, Any], ...]


def _table() -> dict[type[Event], Steps]:
    steps: dict[type[Event], list[tuple[int, Any]]] = {}
    for slot, part in enumerate(SUBJECTS):
        for event, function in SUBJECTS[part].evolve.items():
            steps.setdefault(event, []).append((slot, function))
    return {event: tuple(functions) for event, functions in steps.items()}


EVOLVE: dict[type[Event], Steps] = _table()
"""Event type to what remembers it: (slot in `PARTS`, function). A law test proves it complete."""

INITIAL = GoalState()


def parts_of(state: GoalState) -> list[Any]:
    """The parts of a state as the slots of a fold."""
    return [getattr(state, name) for name in PARTS]


def state_of(parts: list[Any], last: Recorded) -> GoalState:
    """The state that the slots of a fold make after record *last*."""
    return GoalState(last.seq, last.digest, last.at, *parts)  # type: ignore[call-arg]


def strange(known: Strange | None, record: Recorded) -> Strange:
    """One more event that cannot be understood."""
    if known is None:
        kind = record.event.kind if isinstance(record.event, Unknown) else type(record.event).__name__
        return Strange(seq=record.seq, kind=kind, count=1)
    return Strange(seq=known.seq, kind=known.kind, count=known.count + 1)


def step(parts: list[Any], record: Recorded) -> None:
    """Remember one record in the slots of a fold."""
    event = record.event
    steps = EVOLVE.get(type(event))  # type: ignore[arg-type]
    if steps is None:
        parts[STRANGE] = strange(parts[STRANGE], record)
        return
    for slot, function in steps:
        parts[slot] = function(parts[slot], event, record)


def fold(records: Iterable[Recorded], state: GoalState = INITIAL) -> GoalState:
    """The state after *records*, which begin after `state.seq`. Total: it judges nothing and never raises."""
    parts, last = parts_of(state), None
    for last in records:
        step(parts, last)
    return state if last is None else state_of(parts, last)


def evolve(state: GoalState, record: Recorded) -> GoalState:
    """The state after one more record."""
    return fold((record,), state)
