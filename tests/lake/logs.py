"""Logs of several goals for the tests of the lake: interleaved, some of them forks, and what brute force tells of them."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import msgspec
import pyarrow as pa
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.event import Recorded, Unknown
from omk.domain.subjects.goal import GoalForked
from omk.lake.lane import Lane
from omk.lake.project.changes import JUDGED
from omk.lake.stored import STORED
from omk.log.codec import Entry, decode, erased, seal
from omk.log.memory import MemoryLog
from omk.log.protocol import Log
from omk.replay.history import History
from omk.replay.moment import Moment
from omk.replay.query.difference import Path, leaves
from omk.replay.query.values import path_text
from tests.histories import histories
from tests.noise import noise
from tests.scenario import time

# --- Logs ---

NAMES = ("g-a", "g-b", "g-c")
FORK = "g-fork"


def sealed(events: Iterable[Any], goal: str, *, after: int = 0, prev: str = "", actor: str = "controller:c-1") -> list[Entry]:
    """The events as stored records that follow event *after*, whose digest is *prev*; those of unknown kinds, too."""
    salts, made = count(1), list[Entry]()
    for seq, event in enumerate(events, after + 1):
        place: dict[str, Any] = {"goal": goal, "seq": seq, "prev": prev, "at": time(seq), "actor": actor}
        place["causes"] = (seq - 1,) if seq > 1 else ()
        if isinstance(event, Unknown):
            made.append(foreign(event.raw, **place))
        else:
            made.append(seal(event, salt=lambda: next(salts).to_bytes(16, "big"), **place))
        prev = made[-1].record.digest
    return made


def foreign(event: bytes, *, opened: bytes = b"{}", **place: Any) -> Entry:
    """A record around the bytes of an event, whatever they are; *place* are the other fields."""
    fields = {**place, "event": msgspec.Raw(event)}
    body = b'{"open":' + opened + b',"sealed":' + msgspec.json.encode(fields, order="sorted") + b"}"
    return Entry(decode(body), body)


def mixed(streams: list[list[Entry]], order: Iterable[int] = ()) -> MemoryLog:
    """A log of these goals' records: *order* names the stream of each next one; what is left follows stream by stream."""
    log, waiting = MemoryLog(), [iter(stream) for stream in streams]
    for number in (*order, *(number for number, stream in enumerate(streams) for _ in stream)):
        for entry in waiting[number % len(waiting)]:
            log.append(entry.record.goal, [entry], after=entry.record.seq - 1)
            break
    return log


def told(records: list[Recorded]) -> list[Any]:
    """The events of a story; a fork of nothing cannot be stored as the first one."""
    events = [one.event for one in records]
    return events[1:] if events and isinstance(events[0], GoalForked) else events


@st.composite
def logs(draw: st.DrawFn, most: int = 25) -> MemoryLog:
    """A log of up to three goals and a fork of the first one, whose records come in any order that a log allows."""
    stories: st.SearchStrategy[list[Recorded]] = histories(most=most) | histories(most=most) | noise(most=most)
    streams = [sealed(told(draw(stories)), name) for name in NAMES[: draw(st.integers(1, 3))]]
    is_forked: bool = draw(st.booleans())
    if streams[0] and is_forked:
        parent = streams[0][draw(st.integers(0, len(streams[0]) - 1))].record
        begun = GoalForked(goal=parent.goal, seq=parent.seq, head=parent.digest, prompt="Greet twice.")
        more = [one for one in told(draw(stories))[draw(st.integers(0, 9)) :] if not isinstance(one, GoalForked)]
        streams.append(sealed([begun, *more], FORK, after=parent.seq, prev=parent.digest))
    return mixed(streams, draw(st.lists(st.integers(0, 3), max_size=60)))


def head_of(log: Log) -> int:
    """The last place of a log."""
    return max((head.position for head in log.heads()), default=0)


def history_of(log: Log, goal: str) -> History:
    """The history of a goal in a log."""
    return History(goal, lambda after, upto: log.read(goal, after=after, upto=upto))


def cut(log: MemoryLog, end: int) -> MemoryLog:
    """The log as it was when it had *end* places."""
    shorter = MemoryLog()
    for _, _, body in log.stretch(0, end):
        entry = Entry(decode(body), body)
        shorter.append(entry.record.goal, [entry], after=entry.record.seq - 1)
    return shorter


# --- Tables ---


def projected(log: Log, *, window: int = 7, start: int = 0, folder: Any = None) -> list[tuple[int, dict[str, pa.Table]]]:
    """Each window's end and tables, of all goals."""
    lane = Lane(log, 0, start, folder, window=window)
    return [(end, made.tables()) for end, made in lane.windows(head_of(log), count=1)]


def rows_of(log: Log, *, window: int = 7) -> dict[str, list[dict[str, Any]]]:
    """All rows of each stored table."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in STORED}
    for _, tables in projected(log, window=window):
        for name, table in tables.items():
            found[name] += table.to_pylist()
    return found


# --- Brute force ---


def is_told(path: Path) -> bool:
    """Whether a path is one of the state, and no judgement; the status is told as well."""
    return path == ("status",) or not any(path[: len(one)] == one for one in JUDGED)


def moments(history: History) -> Iterator[Moment]:
    """Every moment of a history after its first event."""
    judge = history.judge()
    for record in history.read(0, None):
        judge.add(record)
        yield Moment(judge.state, judge.standing, record)


def state_at(moment: Moment) -> dict[str, str]:
    """The values of the state by their paths, as JSON."""
    return {path_text(path): msgspec.json.encode(leaf).decode() for path, leaf in leaves(moment).items() if is_told(path)}


def position_of(log: Log) -> dict[tuple[str, int], int]:
    """The place of each record in the log."""
    return {(record.goal, record.seq): position for position, record in log.follow()}


def forgotten(entry: Entry) -> Entry:
    """The same record after its texts were erased."""
    return Entry(replace(entry.record, open=b"{}"), erased(entry.body))
