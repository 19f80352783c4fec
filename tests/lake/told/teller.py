"""A goal as it is told: every command goes through the real decider, every event is sealed and judged as a real one.

`Teller` is the log's side of a story (time, records, verdicts); `tests.lake.told.world` says what happens in it.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from omk.domain.causes import causes_of
from omk.domain.event import Command, Event, Output
from omk.domain.goal_decider import decide
from omk.domain.owed import obligations
from omk.domain.proof.proof import prove, verdict_core, verdict_digest
from omk.domain.proof.rules import VERSION
from omk.domain.proof.standing import Judge
from omk.domain.state import GoalState
from omk.domain.subjects.verdict import IssueProof, ProofIssued
from omk.log.blobs import Blob, pack
from omk.log.codec import Entry, seal
from tests.lake.told.setting import Setting
from tests.lake.told.words import MAKERS

START = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "goal-20260101-000000-000-{:08x}"


class Printed(NamedTuple):
    """An output that was told: its blob, what came before its last line, and what drew that line."""

    blob: Blob
    body: bytes
    maker: str


class Die(Exception):
    """The controller's process is gone."""


class Halt(Exception):
    """Somebody said that the goal has to stop."""


class Teller:
    """One goal so far. `makers` tells what drew a text, `cores` the bytes that the verdict of an event is a digest of."""

    def __init__(self, dice: random.Random, setting: Setting, number: int) -> None:
        self.dice, self.setting, self.name = dice, setting, NAME.format(number)
        self.judge, self.entries = Judge(), list[Entry]()
        self.seconds = 0.0
        self.makers: dict[str, str] = {}
        self.printed: dict[str, Printed] = {}
        self.cores: dict[int, bytes] = {}
        self.contents: dict[str, str] = {}
        self.forks: list[Any] = []
        self.due: tuple[int, Callable[[], None]] | None = None

    @property
    def state(self) -> GoalState:
        """The goal as of now."""
        return self.judge.state

    def tell(self, command: Command, after: float = 0.004) -> None:
        """What one command brings about, so many seconds later; the decider has to take it."""
        self.seconds += after
        for event in decide(command, self.state):
            self._record(event, command.actor)
        if self.due is not None and self.state.seq >= self.due[0]:
            what, self.due = self.due[1], None
            what()

    def _record(self, event: Event, actor: str) -> None:
        state = self.state
        entry = seal(
            event,
            goal=self.name,
            seq=state.seq + 1,
            at=time(self.seconds),
            actor=actor,
            causes=causes_of(event, state, actor),
            prev=state.head,
            salt=lambda: self.dice.randbytes(16),
        )
        self.entries.append(entry)
        self.judge.add(entry.record)

    def prove(self, actor: str) -> None:
        """Put the verdict on record."""
        proof = prove(self.judge.state, self.judge.standing)
        self.cores[proof.seq + 1] = msgspec.json.encode(verdict_core(proof), order="sorted")
        verdict = ProofIssued(status=proof.status, rules=VERSION, verdict=verdict_digest(proof), tree=proof.tree, seq=proof.seq)
        self.tell(IssueProof(actor=actor, issued=verdict), 0.002)

    # --- What is drawn ---

    def say(self, maker: str) -> str:
        """A fresh text of that sort."""
        text = MAKERS[maker](self.dice)
        self.makers[text] = maker
        return text

    def output(self, maker: str, lines: int = 6) -> Output:
        """What a process printed: some lines, and a last one of that sort."""
        body = "".join(f"{MAKERS['printed'](self.dice)}\n" for _ in range(self.dice.randrange(lines + 1))).encode()
        content = body + self.say(maker).encode()
        output, blob = pack(content, b"", len(content), self.dice.randbytes(16))
        self.printed[output.digest] = Printed(blob, body, maker)
        return output

    def hex(self, digits: int = 40) -> str:
        """An id that nothing else has: of a tree, a commit, a call."""
        return f"{self.dice.getrandbits(4 * digits):0{digits}x}"

    def chance(self, probability: float) -> bool:
        """Whether it happens."""
        return self.dice.random() < probability

    def about(self, seconds: float) -> float:
        """A time that is mostly less than that, and sometimes much more."""
        return min(self.dice.expovariate(1 / seconds), 6 * seconds) + 0.001

    def open(self, subject: str) -> list[str]:
        """The names of the open obligations of a subject, newest first."""
        found = [key.partition(":")[2] for key in obligations(self.state) if key.startswith(f"{subject}:")]
        return found[::-1]

    def when(self, share: float, what: Callable[[], None], *, least: int) -> None:
        """Let something happen once the goal has that share of its events, and *least* events at least."""
        self.due = (max(least, self.state.seq + int(share * (self.setting.size - self.state.seq))), what)


def time(seconds: float) -> str:
    """The time so long after the story began."""
    return (START + timedelta(microseconds=int(seconds * 1e6))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
