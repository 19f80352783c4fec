"""A goal's history: the state and the verdict at every position, by the real fold."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from omk.domain.checkpoint import Checkpoint
from omk.domain.event import Recorded, kind_of
from omk.domain.proof.proof import GoalProof
from omk.domain.proof.standing import Judge
from omk.domain.proof.status import Status
from omk.domain.state import INITIAL, GoalState
from omk.errors import NotFound
from omk.replay.address import Read
from omk.replay.moment import Moment

Nearest = Callable[[int], Checkpoint | None]
"""`nearest(seq)`: the last checkpoint at or before an event, if somebody kept one."""


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


class Turning:
    """Tells, record by record, which ones change the verdict; *judge* stands before the first one."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.status = ""
        self._now = Status(judge)
        self._codes: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Stand where the judge stands, and tell nothing of what is so already."""
        self.status, self._codes = self._now.now(), frozenset(self.judge.open)

    def add(self, record: Recorded) -> Verdict | None:
        """How *record*, which comes next, changes the verdict; None if it does not."""
        has_moved, status = self.judge.add(record), self._now.now()
        if not has_moved and status == self.status:
            return None
        codes, before = frozenset(self.judge.open), self._codes
        self.status, self._codes = status, codes
        opened, closed = tuple(sorted(codes - before)), tuple(sorted(before - codes))
        return Verdict(record.seq, record.at, kind_of(record.event), status, opened, closed)


Pick = Callable[[frozenset[str], int, int], Iterable[Recorded]]
"""`pick(kinds, after, upto)`: the records stored under these kinds, unverified, for one who knows how many there are."""


class History:
    """What happened to *goal*, as `read(after, upto)` tells it. Nothing is kept: each question reads again.

    A checkpoint that *nearest* gives is believed only if the record it was made after is still the one in the log.
    """

    def __init__(self, goal: str, read: Read, nearest: Nearest = lambda _: None, pick: Pick = lambda *_: ()) -> None:
        self.goal, self.read, self.nearest, self.pick = goal, read, nearest, pick

    def judge(self) -> Judge:
        """The judge before the first event: feed it records, then ask for `state` and `standing`."""
        return Judge(replace(INITIAL, goal=replace(INITIAL.goal, id=self.goal)))

    def judge_at(self, seq: int) -> Judge:
        """The judge after event *seq*, from the nearest checkpoint on. Raises NotFound beyond the end."""
        judge = self.begun(seq)
        if judge.state.seq < seq:
            judge.add_all(self.read(judge.state.seq, seq))
        if judge.state.seq != seq:
            raise NotFound(f"Position {seq} is outside of {self.goal}, which has events 0..{judge.state.seq}.")
        return judge

    def moment(self, seq: int) -> Moment:
        """The moment after event *seq* (0: before the first). Raises NotFound beyond the end."""
        judge = self.judge_at(seq)
        return Moment(judge.state, judge.standing, judge.last or self.record(seq))

    def at(self, seq: int) -> tuple[GoalState, GoalProof]:
        """State and proof after event *seq* (0: before the first). Raises NotFound beyond the end."""
        moment = self.moment(seq)
        return moment.state, moment.proof

    def record(self, seq: int) -> Recorded | None:
        """One record, or None."""
        return next(iter(self.read(seq - 1, seq)), None) if seq > 0 else None

    def begun(self, seq: int) -> Judge:
        """The judge at the last checkpoint up to *seq* that is believed, or else before the first event."""
        checkpoint = self.believed(seq)
        return self.judge() if checkpoint is None else Judge(checkpoint.state, checkpoint.standing)

    def believed(self, seq: int) -> Checkpoint | None:
        """The last checkpoint up to event *seq* that the log agrees with."""
        while seq > 0:
            checkpoint = self.nearest(seq)
            if checkpoint is None or not 0 < checkpoint.seq <= seq:
                return None
            if self._agrees(checkpoint):
                return checkpoint
            seq = checkpoint.seq - 1
        return None

    def _agrees(self, checkpoint: Checkpoint) -> bool:
        """Whether the record that it was made after is the one that stands in the log."""
        state = checkpoint.state
        record = self.record(checkpoint.seq) if (state.seq, state.head) == (checkpoint.seq, checkpoint.head) else None
        return record is not None and record.digest != "" and record.digest == checkpoint.head

    def steps(self) -> Iterator[Step]:
        """Each record with the state before and after it."""
        judge = self.judge()
        after = judge.state
        for record in self.read(0, None):
            before = after
            judge.add(record)
            after = judge.state
            yield Step(record, before, after)

    def verdicts(self, upto: int | None = None) -> Iterator[Verdict]:
        """Each event up to *upto* that opened or closed a gap or changed the status; the first one opens every gap there is."""
        turning = Turning(self.judge())
        for record in self.read(0, upto) if upto != 0 else ():
            change = turning.add(record)
            if change is not None:
                yield change
