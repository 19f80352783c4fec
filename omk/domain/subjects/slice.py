"""A slice: what the work on one task left in its own worktree, on its way into the goal's tree."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Tree, Value, quoted
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import Change, Unreadable

Side = Literal["safe", "unsafe"]

# --- Events: the stored names. Change one only by adding a version. ---


class SliceRecorded(Event, tag="slice_recorded.v1"):
    """The *attempt*-th work on *task* made *tree* of *base*, while the goal's tree moved on: it has to be merged.

    `changes` lead from *base* to *tree*; `outside` are those beyond the task's write set.
    """

    task: str
    attempt: int
    fence: int
    base: Tree
    tree: Tree
    changes: tuple[Change, ...]
    unreadable: tuple[Unreadable, ...]
    outside: tuple[str, ...]


class Collision(Value):
    """A path that both sides changed: `safe` if they differ in blanks, line ends or comments alone, and why not."""

    path: str
    side: Side
    reason: str


class SliceMended(Event, tag="slice_mended.v1"):
    """The slice of *task* met the goal's tree *ours* in places that differ in nothing that counts: ours were kept."""

    task: str
    ours: Tree
    theirs: Tree
    collisions: tuple[Collision, ...]


class SliceConflicted(Event, tag="slice_conflicted.v1"):
    """The slice of *task* (*theirs*, made of *base*) and the goal's tree *ours* change the same places; it stays out."""

    task: str
    attempt: int
    base: Tree
    ours: Tree
    theirs: Tree
    collisions: tuple[Collision, ...]


class WorkKept(Event, tag="work_kept.v1"):
    """What an attempt left that does not become part of the goal (it died, or was late) is kept as *tree*, for the record."""

    task: str
    attempt: int
    base: Tree
    tree: Tree
    changes: tuple[Change, ...]
    reason: Text


class OutsideTouched(Event, tag="outside_touched.v1"):
    """While *agents* ran, something changed *where* no change was due: nobody can say who did it.

    `where` is `checkout` (the person's), `git` (its git folder), or the worktree of an agent, beyond the write set of whose
    task the change lies. `paths` are the first of all *total* of them.
    """

    agents: tuple[str, ...]
    where: str
    paths: tuple[str, ...]
    total: int


# --- State, and evolve: what we remember ---


class Slice(Value):
    """A slice that waits to be merged; `mended` is the goal's tree that it was found to meet only where it does not count."""

    attempt: int
    base: Tree
    tree: Tree
    unreadable: tuple[Unreadable, ...]
    outside: tuple[str, ...]
    seq: int
    mended: Tree | None = None


class Conflict(Value):
    """A slice that could not be merged, the tree it was made of, and the paths in its way."""

    attempt: int
    base: Tree
    tree: Tree
    paths: tuple[str, ...]
    seq: int


class Kept(Value):
    """What an attempt left that went nowhere; `reason` is a quoted text."""

    attempt: int
    tree: Tree
    reason: str | None
    seq: int


class Touched(Value):
    """What changed in a place where no change was due, while which agents ran."""

    agents: tuple[str, ...]
    paths: tuple[str, ...]
    total: int
    seq: int


class Slices(Value):
    """By task: the slice that waits, the last one that could not be merged, what was kept last, what could not be recorded.

    And by place: what was last seen to change where no change was due.
    """

    waiting: Map[str, Slice] = Map()
    conflicts: Map[str, Conflict] = Map()
    kept: Map[str, Kept] = Map()
    unreadable: Map[str, tuple[Unreadable, ...]] = Map()
    touched: Map[str, Touched] = Map()

    def unread(self, task: str, own: tuple[Unreadable, ...]) -> tuple[Unreadable, ...]:
        """What could not be recorded of any task's work, once *task* left *own* unrecorded; by path."""
        others = (one for name, some in self.unreadable.items() if name != task for one in some)
        return tuple(sorted({one.path: one for one in (*others, *own)}.values(), key=lambda one: one.path))


def recorded(slices: Slices, event: SliceRecorded, record: Recorded) -> Slices:
    made = Slice(
        attempt=event.attempt,
        base=event.base,
        tree=event.tree,
        unreadable=event.unreadable,
        outside=event.outside,
        seq=record.seq,
    )
    unreadable = slices.unreadable.set(event.task, event.unreadable)
    if not event.unreadable:
        unreadable = without(slices.unreadable, event.task)
    return replace(slices, waiting=slices.waiting.set(event.task, made), unreadable=unreadable)


def mended(slices: Slices, event: SliceMended, record: Recorded) -> Slices:
    waiting = slices.waiting.get(event.task)
    if waiting is None:
        return slices
    return replace(slices, waiting=slices.waiting.set(event.task, replace(waiting, mended=event.ours)))


def conflicted(slices: Slices, event: SliceConflicted, record: Recorded) -> Slices:
    paths = tuple(one.path for one in event.collisions)
    conflict = Conflict(attempt=event.attempt, base=event.base, tree=event.theirs, paths=paths, seq=record.seq)
    return replace(slices, waiting=without(slices.waiting, event.task), conflicts=slices.conflicts.set(event.task, conflict))


def kept(slices: Slices, event: WorkKept, record: Recorded) -> Slices:
    left = Kept(attempt=event.attempt, tree=event.tree, reason=quoted(record, event.reason), seq=record.seq)
    return replace(slices, kept=slices.kept.set(event.task, left))


def touched(slices: Slices, event: OutsideTouched, record: Recorded) -> Slices:
    seen = Touched(agents=event.agents, paths=event.paths, total=event.total, seq=record.seq)
    return replace(slices, touched=slices.touched.set(event.where, seen))


def landed(slices: Slices, event: FilesChanged, record: Recorded) -> Slices:
    """The work on a task is part of the goal's tree."""
    task = event.task
    if task is None or (task not in slices.waiting and task not in slices.conflicts):
        return slices
    return replace(slices, waiting=without(slices.waiting, task), conflicts=without(slices.conflicts, task))


def forked(slices: Slices, event: GoalForked, record: Recorded) -> Slices:
    """What was not merged is the parent's."""
    return Slices()


EVOLVE: Table = {
    GoalForked: forked,
    SliceRecorded: recorded,
    SliceMended: mended,
    SliceConflicted: conflicted,
    WorkKept: kept,
    OutsideTouched: touched,
    FilesChanged: landed,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class RecordSlice(Command, frozen=True):
    """Record a slice that has to be merged."""

    made: SliceRecorded


class MendSlice(Command, frozen=True):
    """Record that a slice met the goal's tree in places that do not count."""

    mended: SliceMended


class RejectSlice(Command, frozen=True):
    """Record that a slice cannot be merged."""

    conflicted: SliceConflicted


class KeepWork(Command, frozen=True):
    """Keep what an attempt left, for the record."""

    kept: WorkKept


class NoteOutside(Command, frozen=True):
    """Record that something changed where no change was due."""

    touched: OutsideTouched


SliceCommand = RecordSlice | MendSlice | RejectSlice | KeepWork | NoteOutside


def decide(command: SliceCommand, slices: Slices) -> list[Event]:
    """The events that answer *command*."""
    match command:
        case RecordSlice(made=event):
            known = slices.waiting.get(event.task)
            return [] if known and known.attempt == event.attempt else [event]
        case MendSlice(mended=event):
            known = slices.waiting.get(event.task)
            return [event] if known and known.mended != event.ours else []
        case RejectSlice(conflicted=event):
            return [event] if event.task in slices.waiting else []
        case KeepWork(kept=event):
            left = slices.kept.get(event.task)
            return [] if left and (left.attempt, left.tree) == (event.attempt, event.tree) else [event]
        case NoteOutside(touched=event):
            seen = slices.touched.get(event.where)
            return [] if seen and (seen.agents, seen.paths, seen.total) == (event.agents, event.paths, event.total) else [event]


SLICE = Decider(initial=Slices(), decide=decide, evolve=EVOLVE, commands=SliceCommand.__args__)
