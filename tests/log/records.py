"""Made-up records for the tests of logs: a goal's history, sealed with counted salts."""

from collections.abc import Iterator, Sequence
from itertools import count

from omk.domain.event import Event
from omk.domain.subjects.agent import AgentSaid, AgentStarted
from omk.domain.subjects.goal import GoalPaused, GoalPlanned
from omk.log.codec import Entry, decode, seal

GOAL = "mend-the-tests-0a1b"
OTHER = "write-the-docs-2c3d"
TIMES = [f"2026-11-22T10:15:{second:02}.000000Z" for second in range(60)]
STORY: tuple[Event, ...] = (
    GoalPlanned(tasks=("implement", "überprüfen")),
    GoalPaused(reason="lunch — back at one"),
    GoalPaused(reason=None),
    AgentSaid(agent="agent:implement:1", number=1, text='I will edit "cli.py" now.\n'),
    AgentStarted(agent="a", task="implement", attempt=1, driver="command", prompt="mend it", pid=7, started="123"),
)


def salts() -> Iterator[bytes]:
    return (number.to_bytes(16, "big") for number in count(1))


def history(events: Sequence[Event] = STORY, *, goal: str = GOAL, after: int = 0, prev: str = "") -> list[Entry]:
    """The events sealed one after the other, the first as event *after* + 1 resting on *prev*."""
    salt, entries = salts(), []
    for seq, event in enumerate(events, after + 1):
        entry = seal(
            event,
            goal=goal,
            seq=seq,
            at=TIMES[seq % 60],
            actor="controller:c1",
            causes=(seq - 1,) if seq > 1 else (),
            prev=prev,
            salt=lambda: next(salt),
        )
        prev = entry.record.digest
        entries.append(entry)
    return entries


def many(number: int, *, goal: str = GOAL) -> list[Entry]:
    return history([GoalPlanned(tasks=(f"t{place}",)) for place in range(number)], goal=goal)


def foreign() -> Entry:
    """A record of a kind that this omk does not know."""
    body = (
        b'{"open":{},"sealed":{"actor":"controller:c1","at":"2026-11-22T10:15:01.000000Z","causes":[],'
        b'"event":{"crew":["ann"],"kind":"moon_landed.v9"},"goal":"' + GOAL.encode() + b'","prev":"","seq":1}}'
    )
    return Entry(decode(body), body)
