"""Merge what an attempt left into the goal's tree, which has moved on since the attempt began."""

from omk.domain.attempts import attempt_key
from omk.domain.effects import MergeSlice
from omk.domain.event import Command, Tree
from omk.domain.subjects.slice import Collision, MendSlice, RejectSlice, Slice, SliceConflicted, SliceMended
from omk.domain.subjects.task import FailTask, FinishTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.work_decider import LandSlice
from omk.runtime.session import Session
from omk.runtime.steps.files import excused, guarded


def merge_slice(session: Session, effect: MergeSlice) -> None:
    """Merge the slice in omk's own repository, and record the goal's new tree, or what it conflicts with."""
    made = session.state.slice.waiting[effect.task]
    session.tell(f"merge {effect.task}:{effect.attempt}")
    while not _settled(session, effect.task, made, session.state.worktree.tree):
        pass  # the goal's tree moved on once more while the merge was made


def _settled(session: Session, task: str, made: Slice, ours: Tree) -> bool:
    """Merge with the goal's tree *ours*; false, with nothing recorded, if that is not its tree any more."""
    base = session.state.worktree.base
    mended = session.workshop.merge_into(ours, made.base, made.tree, base.commit if base else "")
    if mended.tree is None:
        commands = _rejected(session, task, made, ours, mended.collisions)
    else:
        commands = _landed(session, task, made, ours, mended.tree)
        if mended.collisions:
            event = SliceMended(task=task, ours=ours, theirs=made.tree, collisions=mended.collisions)
            commands.insert(0, MendSlice(actor=session.actor, mended=event))

    def record() -> bool:
        if session.state.worktree.tree != ours:
            return False
        session.handle(*commands)
        return True

    return session.handle.mailbox.ask(record)


def _rejected(session: Session, task: str, made: Slice, ours: Tree, collisions: tuple[Collision, ...]) -> list[Command]:
    """The slice stays out, and the task has failed."""
    conflict = SliceConflicted(
        task=task, attempt=made.attempt, base=made.base, ours=ours, theirs=made.tree, collisions=collisions
    )
    found = "; ".join(f"{one.path}: {one.reason}" for one in collisions if one.side == "unsafe")
    reason = f"It conflicts with the goal's tree in {found}."
    return [
        RejectSlice(actor=session.actor, conflicted=conflict),
        FailTask(actor=session.actor, task=task, attempt=made.attempt, reason=reason),
    ]


def _landed(session: Session, task: str, made: Slice, ours: Tree, tree: Tree) -> list[Command]:
    """The slice is part of the goal's tree; the task is done if its agent succeeded."""
    changed = FilesChanged(
        worktree="merge",
        task=task,
        agent=attempt_key(task, made.attempt),
        old=ours,
        tree=tree,
        changes=session.workshop.changes(ours, tree),
        unreadable=made.unreadable,
        guarded=guarded(session, tree),
    )
    commands: list[Command] = [LandSlice(actor=session.actor, changed=changed)]
    if tree == ours and made.tree != made.base:
        commands += excused(session, task)
    return [*commands, _end(session, task, made, tree)]


def _end(session: Session, task: str, made: Slice, tree: Tree) -> Command:
    """The task is done if its agent succeeded."""
    run = session.state.agent.last.get(task)
    if run is not None and run.outcome == "succeeded":
        return FinishTask(actor=session.actor, task=task, attempt=made.attempt, tree=tree)
    outcome = run.outcome if run and run.outcome else "stopped"
    reason = f"The agent ended {outcome.replace('_', ' ')}; what it left is merged."
    return FailTask(actor=session.actor, task=task, attempt=made.attempt, reason=reason)
