"""The goal's files: the worktrees they are made in, and the tree they have become."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import attempt_key, without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Tree, Value
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.delivery import ChangeAccepted
from omk.domain.subjects.goal import GoalCreated, GoalForked
from omk.domain.values import Base, Change, Unreadable
from omk.errors import Refused

Purpose = Literal["agent", "verify", "merge"]

# --- Events: the stored names. Change one only by adding a version. ---


class WorktreeOpened(Event, tag="worktree_opened.v1"):
    """A worktree of omk's own repository holds *tree* now; *number* counts the goal's worktrees."""

    worktree: str
    number: int
    purpose: Purpose
    tree: Tree


class FilesChanged(Event, tag="files_changed.v1"):
    """The content of the goal became *tree*, by the work on *task* (null: a merge).

    `changes` lead from tree `old` to `tree`; `unreadable` could not be recorded; `guarded` are all paths of *tree* whose
    guarded part differs from the base commit.
    """

    worktree: str
    task: str | None
    agent: str | None
    old: Tree
    tree: Tree
    changes: tuple[Change, ...]
    unreadable: tuple[Unreadable, ...]
    guarded: tuple[str, ...]


class ScopeViolated(Event, tag="scope_violated.v1"):
    """The work on *task* changed *paths* that lie outside its declared write set, in *tree*."""

    task: str
    tree: Tree
    paths: tuple[str, ...]


class CommitMade(Event, tag="commit_made.v1"):
    """omk wrote a commit of *tree* in its own repository."""

    commit: str
    tree: Tree
    parents: tuple[str, ...]
    message: Text


class WorktreeRebased(Event, tag="worktree_rebased.v1"):
    """The goal's change stands on another *base* now; `changes` lead from the new base to *tree*."""

    base: Base
    tree: Tree
    changes: tuple[Change, ...]


class MergeConflicted(Event, tag="merge_conflicted.v1"):
    """The goal's tree and commit *theirs* change the same places."""

    theirs: str
    tree: Tree
    paths: tuple[str, ...]


class WorktreeClosed(Event, tag="worktree_closed.v1"):
    """The worktree is gone."""

    worktree: str
    number: int


# --- State, and evolve: what we remember ---


class Net(Value):
    """How a path differs from the base: blob ids and file modes before and after, null where absent."""

    old: str | None
    new: str | None
    old_mode: str | None
    mode: str | None


Paths = Map[str, Net]


class Violation(Value):
    """All paths that the task changed outside its write set, as of a tree; one that is back as it was does not count."""

    tree: Tree
    paths: tuple[str, ...]
    seq: int


class Conflicted(Value):
    """A merge that did not come out clean."""

    tree: Tree
    paths: tuple[str, ...]
    seq: int


class Open(Value):
    """A worktree that is there: its name and number, what it is for, the tree work in it begins from, and since which event."""

    worktree: str
    number: int
    purpose: Purpose
    tree: Tree
    seq: int


class Files(Value):
    """What the goal's content has become.

    `paths` are the net changes against the base; `owners` maps a task to the seq of its first own change; `accepted` are the
    net changes that were accepted, so that acceptance survives a merge that leaves them as they are. `open_worktrees` go by
    name and number (`verify:3`).
    """

    base: Base | None = None
    tree: Tree = ""
    seq: int = 0
    base_seq: int = 0
    paths: Paths = Map()
    owners: Map[str, int] = Map()
    unreadable: tuple[Unreadable, ...] = ()
    guarded: tuple[str, ...] = ()
    violations: Map[str, Violation] = Map()
    conflict: Conflicted | None = None
    accepted: Paths | None = None
    commits: tuple[str, ...] = ()
    worktrees: int = 0
    open_worktrees: Map[str, Open] = Map()

    def open_named(self, name: str) -> tuple[Open, ...]:
        """The open worktrees of that name."""
        return tuple(one for one in self.open_worktrees.values() if one.worktree == name)

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the base."""
        return bool(self.paths)

    @property
    def outside(self) -> tuple[tuple[str, Violation], ...]:
        """The tasks, and what they changed outside their scope that is still changed, in the order of the events."""
        if not self.violations:
            return ()
        known = (pair for pair in self.violations.items() if any(path in self.paths for path in pair[1].paths))
        return tuple(sorted(known, key=lambda pair: pair[1].seq))

    @property
    def is_accepted(self) -> bool:
        """Whether the net change is the one that was accepted, be it on another base."""
        return self.accepted is not None and self.accepted == self.paths


def created(files: Files, event: GoalCreated, record: Recorded) -> Files:
    return replace(files, base=event.base, tree=event.base.tree, base_seq=record.seq)


def opened(files: Files, event: WorktreeOpened, record: Recorded) -> Files:
    place = Open(worktree=event.worktree, number=event.number, purpose=event.purpose, tree=event.tree, seq=record.seq)
    key = attempt_key(event.worktree, event.number)
    return replace(files, worktrees=event.number, open_worktrees=files.open_worktrees.set(key, place))


def closed(files: Files, event: WorktreeClosed, record: Recorded) -> Files:
    return replace(files, open_worktrees=without(files.open_worktrees, attempt_key(event.worktree, event.number)))


def changed(files: Files, event: FilesChanged, record: Recorded) -> Files:
    paths = files.paths.mutate()
    for change in event.changes:
        before = paths.get(change.path)
        old, old_mode = (change.old, change.old_mode) if before is None else (before.old, before.old_mode)
        if (old, old_mode) == (change.new, change.mode):
            paths.pop(change.path, None)
        else:
            paths[change.path] = Net(old=old, new=change.new, old_mode=old_mode, mode=change.mode)
    owners = files.owners
    if event.task is not None and event.changes and event.task not in owners:
        owners = owners.set(event.task, record.seq)
    return replace(
        files,
        tree=event.tree,
        seq=record.seq,
        paths=paths.finish(),
        owners=owners,
        unreadable=event.unreadable,
        guarded=event.guarded,
        open_worktrees=_moved_on(files, event),
    )


def _moved_on(files: Files, event: FilesChanged) -> Map[str, Open]:
    """The worktree that the change was made in goes on from it."""
    places = files.open_worktrees
    for place in files.open_named(event.worktree):
        if place.tree == event.old:
            places = places.set(attempt_key(place.worktree, place.number), replace(place, tree=event.tree))
    return places


def violated(files: Files, event: ScopeViolated, record: Recorded) -> Files:
    known = files.violations.get(event.task)
    before = () if known is None else tuple(path for path in known.paths if path in files.paths)
    paths = tuple(dict.fromkeys((*before, *event.paths)))
    violation = Violation(tree=event.tree, paths=paths, seq=record.seq)
    return replace(files, violations=files.violations.set(event.task, violation))


def committed(files: Files, event: CommitMade, record: Recorded) -> Files:
    return replace(files, commits=(*files.commits, event.commit))


def rebased(files: Files, event: WorktreeRebased, record: Recorded) -> Files:
    net = Map({one.path: Net(old=one.old, new=one.new, old_mode=one.old_mode, mode=one.mode) for one in event.changes})
    return replace(files, base=event.base, base_seq=record.seq, tree=event.tree, paths=net, conflict=None)


def conflicted(files: Files, event: MergeConflicted, record: Recorded) -> Files:
    return replace(files, conflict=Conflicted(tree=event.tree, paths=event.paths, seq=record.seq))


def accepted(files: Files, event: ChangeAccepted, record: Recorded) -> Files:
    return replace(files, accepted=files.paths) if event.tree == files.tree else files


def aborted(files: Files, event: EffectAborted, record: Recorded) -> Files:
    return replace(files, open_worktrees=without(files.open_worktrees, aborted_key(event, "worktree")))


def forked(files: Files, event: GoalForked, record: Recorded) -> Files:
    """The files stay; that a task changed some of them, that they were accepted or committed, is the parent's."""
    return replace(files, owners=Map(), accepted=None, conflict=None, commits=(), open_worktrees=Map())


EVOLVE: Table = {
    EffectAborted: aborted,
    GoalCreated: created,
    GoalForked: forked,
    WorktreeOpened: opened,
    FilesChanged: changed,
    ScopeViolated: violated,
    CommitMade: committed,
    WorktreeRebased: rebased,
    MergeConflicted: conflicted,
    WorktreeClosed: closed,
    ChangeAccepted: accepted,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class OpenWorktree(Command, frozen=True):
    """Announce a worktree before it is made."""

    worktree: str
    purpose: Purpose
    tree: Tree


class CloseWorktree(Command, frozen=True):
    """Say that a worktree is gone."""

    worktree: str


class RecordFiles(Command, frozen=True):
    """Record what a worktree holds now; `outside` are changed paths beyond the task's write set."""

    changed: FilesChanged
    outside: tuple[str, ...] = ()


class RecordCommit(Command, frozen=True):
    """Record a commit that omk made."""

    made: CommitMade


class RebaseChange(Command, frozen=True):
    """Put the goal's change on another base, where it becomes another tree."""

    changed: FilesChanged
    rebased: WorktreeRebased


class RecordConflict(Command, frozen=True):
    """Record that a merge did not come out clean."""

    conflicted: MergeConflicted


WorktreeCommand = OpenWorktree | CloseWorktree | RecordFiles | RecordCommit | RebaseChange | RecordConflict


def decide(command: WorktreeCommand, files: Files) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case OpenWorktree(worktree=name, purpose=purpose, tree=tree):
            if files.open_named(name):
                return []
            return [WorktreeOpened(worktree=name, number=files.worktrees + 1, purpose=purpose, tree=tree)]
        case CloseWorktree(worktree=name):
            places = sorted(files.open_named(name), key=lambda one: one.number)
            return [WorktreeClosed(worktree=name, number=one.number) for one in places]
        case RecordFiles(changed=event, outside=outside):
            return _record(files, event, outside)
        case RecordCommit(made=event):
            return [] if event.commit in files.commits else [event]
        case RebaseChange(changed=event, rebased=onto):
            return [] if files.base == onto.base else [event, onto]
        case RecordConflict(conflicted=event):
            known = files.conflict
            return [] if known and known.tree == event.tree and known.paths == event.paths else [event]


def _record(files: Files, event: FilesChanged, outside: tuple[str, ...]) -> list[Event]:
    if event.tree == files.tree and event.unreadable == files.unreadable:
        return []
    if event.old != files.tree:
        raise Refused(f"The tree moved from {event.old[:12]} to {files.tree[:12]} meanwhile. Take the snapshot again.")
    if outside and event.task is not None:
        return [event, ScopeViolated(task=event.task, tree=event.tree, paths=outside)]
    return [event]


WORKTREE = Decider(initial=Files(), decide=decide, evolve=EVOLVE, commands=WorktreeCommand.__args__)
