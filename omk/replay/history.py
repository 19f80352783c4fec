"""A goal's history: the state and the verdict at every position, by the real fold."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from omk.domain.event import Recorded, kind_of
from omk.domain.proof.proof import GoalProof, prove, status_of
from omk.domain.proof.standing import Judge
from omk.domain.state import INITIAL, GoalState
from omk.errors import NotFound
from omk.replay.address import Read


class Step(Struct, frozen=True):
    """One record, and the state before and after it."""

    recorded: Recorded
    before: GoalState
    after: GoalState


class Verdict(Struct, frozen=True):
    """An event that opened or closed a gap, or changed the status; codes in alphabetical order."""

    seq: int
    at: str
    kind: str
    status: str
    opened: tuple[str, ...]
    closed: tuple[str, ...]


class History:
    """What happened to *goal*, as `read(after, upto)` tells it. Nothing is kept: each question reads again."""

    def __init__(self, goal: str, read: Read) -> None:
        self.goal, self.read = goal, read

    def judge(self) -> Judge:
        """The judge before the first event: feed it records, then ask for `state` and `standing`."""
        return Judge(replace(INITIAL, goal=replace(INITIAL.goal, id=self.goal)))

    def at(self, seq: int) -> tuple[GoalState, GoalProof]:
        """State and proof after event *seq* (0: before the first). Raises NotFound beyond the end."""
        judge = self.judge()
        for record in self.read(0, seq) if seq else ():
            judge.add(record)
        state = judge.state
        if state.seq != seq:
            raise NotFound(f"Position {seq} is outside of {self.goal}, which has events 0..{state.seq}.")
        return state, prove(state, judge.standing)

    def steps(self) -> Iterator[Step]:
        """Each record with the state before and after it."""
        judge = self.judge()
        after = judge.state
        for record in self.read(0, None):
            before = after
            judge.add(record)
            after = judge.state
            yield Step(record, before, after)

    def verdicts(self) -> Iterator[Verdict]:
        """Each event that opened or closed a gap or changed the status; the first one opens every gap there is."""
        judge, status = self.judge(), ""
        codes: frozenset[str] = frozenset()
        for record in self.read(0, None):
            judge.add(record)
            now, before = frozenset(judge.open), status
            status = status_of(judge.state, is_ready=not now)
            if now != codes or status != before:
                opened, closed = tuple(sorted(now - codes)), tuple(sorted(codes - now))
                yield Verdict(record.seq, record.at, kind_of(record.event), status, opened, closed)
            codes = now
