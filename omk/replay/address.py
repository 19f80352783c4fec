"""Addresses: which goal, and which moment of its history (design 5). `GOAL[@POS]`."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from omk.domain.event import Recorded, kind_of
from omk.domain.proof.standing import Judge
from omk.domain.proof.status import Status
from omk.domain.subjects.agent import ToolCalled
from omk.domain.subjects.gate import GateRan
from omk.errors import NotFound

Read = Callable[[int, int | None], Iterable[Recorded]]
"""`read(after, upto)`: the records of one goal with after < seq <= upto (null: all)."""

LATEST, HEAD, READY = "latest", "head", "ready"
FORMS = "12, -1, head, ready, 2026-11-22T10:15:00Z, gate_ran#2, gate:NAME#2 or tool:ID"
_SHOWN = 5
_NUMBER = r"-?[0-9]{1,18}"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?)?"
_NTH = r"(?s)(?P<name>.+?)(?:#(?P<nth>[0-9]{1,18}))?"
_KIND = r"(?P<kind>[a-z][a-z0-9_]*)(?P<version>\.v[0-9]+)?"


class Address(Struct, frozen=True):
    """A goal's name as it was given, and a position in its history."""

    goal: str
    position: str = HEAD


class Known(Struct, frozen=True):
    """A goal that exists, and when it was created."""

    goal: str
    created_at: str


def parse_address(text: str) -> Address:
    """The two halves of `GOAL[@POS]`. Raises NotFound if one of them is empty."""
    goal, at, position = text.strip().partition("@")
    if not goal:
        raise NotFound("The goal's name is empty. Use an id, the beginning of one, or latest; `omk list` shows them.")
    if at and not position:
        raise NotFound(f"The position after {goal}@ is empty. Use {FORMS}.")
    return Address(goal, position or HEAD)


def find_goal(name: str, known: Sequence[Known]) -> str:
    """The id that *name* (an id, the beginning of one, or `latest`) means. Raises NotFound if none or several fit."""
    if not name:
        raise NotFound("The goal's name is empty. Use an id, the beginning of one, or latest; `omk list` shows them.")
    if any(one.goal == name for one in known):
        return name
    if name == LATEST:
        if not known:
            raise NotFound('No goals found here. Start one: omk run "what should be true when it is done".')
        return max(known, key=lambda one: (one.created_at, one.goal)).goal
    fitting = sorted(one.goal for one in known if one.goal.startswith(name))
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise NotFound(f"Goal {name!r} not found. `omk list` shows the goals of this repository, --all those of others.")
    more = f" and {len(fitting) - _SHOWN} more" if len(fitting) > _SHOWN else ""
    raise NotFound(f"{name!r} fits several goals: {', '.join(fitting[:_SHOWN])}{more}. Give more of the id.")


def locate(position: str, *, goal: str, head: int, read: Read) -> int:
    """The seq (0: before the first event) that *position* means in a history of *head* events.

    Raises NotFound, naming what there is, for a position outside of it and for one that cannot be read.
    """
    if position == HEAD:
        return head
    if re.fullmatch(_NUMBER, position):
        return _counted(position, goal, head)
    if position == READY:
        return _first_ready(goal, read)
    if re.fullmatch(_TIME, position):
        return _at_time(position, goal, read)
    match = re.fullmatch(_NTH, position)
    name, nth = (match["name"], int(match["nth"] or 1)) if match else (position, 1)
    if position.startswith("tool:"):
        tool = position.removeprefix("tool:")
        return _nth(1, f"tool call {tool}", goal, (one.seq for one in read(0, None) if _calls(one, tool)))
    if name.startswith("gate:"):
        gate = name.removeprefix("gate:")
        runs = (one.seq for one in read(0, None) if isinstance(one.event, GateRan) and one.event.gate == gate)
        return _nth(nth, f"run of gate {gate}", goal, runs)
    kind = re.fullmatch(_KIND, name)
    if kind is None:
        raise NotFound(f"{position!r} is no position. Use {FORMS}.")
    return _nth(nth, name, goal, (one.seq for one in read(0, None) if _is_kind(one, kind)))


def _counted(position: str, goal: str, head: int) -> int:
    number = int(position)
    seq = head + number if position.startswith("-") else number
    if not 0 <= seq <= head:
        raise NotFound(f"Position {position} is outside of {goal}, which has events 0..{head}.")
    return seq


def _first_ready(goal: str, read: Read) -> int:
    judge = Judge()
    status = Status(judge)
    for record in read(0, None):
        judge.add(record)
        if not judge.open and status.now() == "ready":
            return record.seq
    raise NotFound(f"{goal} was never ready. See what it lacks: omk why {goal}")


def _at_time(position: str, goal: str, read: Read) -> int:
    try:
        moment = datetime.fromisoformat(position)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotFound(f"{position!r} is no time. Write it like 2026-11-22T10:15:00Z.") from None
    limit, first, seq = f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z", "", 0
    for record in read(0, None):
        first = first or record.at
        if record.at > limit:
            break
        seq = record.seq
    if not seq:
        raise NotFound(f"{position} is before the first event of {goal}, which is of {first or 'no time yet'}.")
    return seq


def _calls(record: Recorded, tool: str) -> bool:
    return isinstance(record.event, ToolCalled) and record.event.tool == tool


def _is_kind(record: Recorded, kind: re.Match[str]) -> bool:
    tag = kind_of(record.event)
    return tag == kind[0] if kind["version"] else tag.partition(".v")[0] == kind["kind"]


def _nth(nth: int, what: str, goal: str, seqs: Iterable[int]) -> int:
    count = 0
    for seq in seqs:
        count += 1
        if count == nth:
            return seq
    if not count:
        raise NotFound(f"{goal} has no {what}. `omk replay {goal}` shows all events. A position is {FORMS}.")
    raise NotFound(f"{goal} has no {what} number {nth}: it has {count}. `omk replay {goal}` shows all events.")
