"""Progress: what each pass of a loop came to, measured from the events, and whether the loop still gets anywhere."""

from immutables import Map
from msgspec.structs import replace

from omk.domain.decider import Decider, Table
from omk.domain.digest import digest_of
from omk.domain.event import Command, Digest, Event, Recorded, Text, Tree, Value, quoted
from omk.domain.subjects.budget import UsageReported
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import GateOutcome, ReviewPass

KEPT = 10
"""Iterations that the state remembers (behaviour 1.19)."""

# --- Events: the stored names. Change one only by adding a version. ---


class GateScore(Value):
    """How a gate stood at the end of an iteration; null before its first run."""

    gate: str
    required: bool
    outcome: GateOutcome | None


class Objection(Value):
    """A review that blocked, and the codes of what it found, each once and sorted."""

    review: ReviewPass
    codes: tuple[str, ...]


class IterationMeasured(Event, tag="iteration_measured.v1"):
    """A pass of agents, gates and reviews is over; what it came to, for the *iteration*-th time since the order was given.

    Of *total* required gates *passed* have passed on *tree*. `trees` counts what the content became since the last
    measurement, `files` the paths touched since then, whose sorted names `paths` is the digest of (null: none). `output` is
    what failed last printed; `likeness` is how alike its beginning is to that of the last time, in permille (null: there is
    none to compare). `owed` are the codes that the agents owe.
    """

    iteration: int
    tree: Tree
    passed: int
    total: int
    gates: tuple[GateScore, ...]
    objections: tuple[Objection, ...]
    owed: tuple[str, ...]
    trees: int
    files: int
    paths: Digest | None
    tokens: int
    output: Digest | None
    likeness: int | None


class StagnationDetected(Event, tag="stagnation_detected.v1"):
    """The loop no longer gets nearer to ready: the likeliest *cause*, confidence in percent, over *attempts* iterations.

    `metrics` are those that stand still, `strategy` is what is recommended.
    """

    cause: str
    confidence: int
    attempts: int
    metrics: tuple[str, ...]
    strategy: str
    reason: Text


# --- State, and evolve: what we remember ---


class Iteration(Value):
    """One measurement, and the event it is."""

    measured: IterationMeasured
    seq: int


class Stagnation(Value):
    """Why the loop was stopped; `reason` is a quoted text, `code` the cause."""

    seq: int
    code: str
    confidence: int
    attempts: int
    metrics: tuple[str, ...]
    strategy: str
    reason: str | None


class Progress(Value):
    """The last iterations of the order in force, what has happened since the last of them, and the verdict on the loop.

    `authors` maps each path that agents changed to the task that changed it last. Since the last measurement: `touched` are
    the paths, `trees` counts what the content became, `tokens` what was used.
    """

    history: tuple[Iteration, ...] = ()
    stagnation: Stagnation | None = None
    authors: Map[str, str] = Map()
    touched: Map[str, None] = Map()
    trees: int = 0
    tokens: int = 0

    @property
    def iteration(self) -> int:
        """How many iterations there were since the order was given."""
        return self.history[-1].measured.iteration if self.history else 0

    @property
    def measured_seq(self) -> int:
        """The last measurement; 0 before the first."""
        return self.history[-1].seq if self.history else 0

    @property
    def touched_paths(self) -> Digest | None:
        """The digest of the names of the touched paths, null for none."""
        return digest_of("\0".join(sorted(self.touched)).encode()) if self.touched else None


def changed(progress: Progress, event: FilesChanged, record: Recorded) -> Progress:
    """An agent's work became part of the goal's tree."""
    if event.task is None or not event.changes:
        return progress
    authors, touched = progress.authors.mutate(), progress.touched.mutate()
    for one in event.changes:
        authors[one.path] = event.task
        touched[one.path] = None
    return replace(progress, authors=authors.finish(), touched=touched.finish(), trees=progress.trees + 1)


def used(progress: Progress, event: UsageReported, record: Recorded) -> Progress:
    spent = event.tokens_in + event.tokens_out + event.tokens_cached
    return replace(progress, tokens=progress.tokens + spent) if spent else progress


def measured(progress: Progress, event: IterationMeasured, record: Recorded) -> Progress:
    history = (*progress.history, Iteration(measured=event, seq=record.seq))[-KEPT:]
    return replace(progress, history=history, touched=Map(), trees=0, tokens=0)


def stagnated(progress: Progress, event: StagnationDetected, record: Recorded) -> Progress:
    stopped = Stagnation(
        seq=record.seq,
        code=event.cause,
        confidence=event.confidence,
        attempts=event.attempts,
        metrics=event.metrics,
        strategy=event.strategy,
        reason=quoted(record, event.reason),
    )
    return replace(progress, stagnation=stopped)


def ordered(progress: Progress, event: ControllerStarted, record: Recorded) -> Progress:
    """A new order begins a new history; one who goes on with what a dead controller was asked goes on with it."""
    if event.resumes is not None:
        return progress
    return replace(progress, history=(), stagnation=None, touched=Map(), trees=0, tokens=0)


def forked(progress: Progress, event: GoalForked, record: Recorded) -> Progress:
    """A fork's attempts are its own."""
    return Progress()


EVOLVE: Table = {
    GoalForked: forked,
    ControllerStarted: ordered,
    FilesChanged: changed,
    UsageReported: used,
    IterationMeasured: measured,
    StagnationDetected: stagnated,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class DetectStagnation(Command, frozen=True):
    """Say that the loop gets nowhere."""

    detected: StagnationDetected


ProgressCommand = DetectStagnation


def decide(command: ProgressCommand, progress: Progress) -> list[Event]:
    """The events that answer *command*."""
    return [] if progress.stagnation else [command.detected]


PROGRESS = Decider(initial=Progress(), decide=decide, evolve=EVOLVE, commands=(DetectStagnation,))
