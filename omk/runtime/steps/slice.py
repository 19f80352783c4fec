"""Merge what an attempt left into the goal's tree, which has moved on since the attempt began."""

from omk.domain.event import Command, Tree
from omk.domain.subjects.slice import Collision, RejectSlice, Slice, SliceConflicted
from omk.domain.subjects.task import FailTask, FinishTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.wanted import MergeSlice
from omk.domain.work_decider import LandSlice
from omk.runtime.session import Session
from omk.runtime.steps.files import guarded


def merge_slice(session: Session, effect: MergeSlice) -> None:
    """Merge the slice in omk's own repository, and record the goal's new tree, or what it conflicts with."""
    made = session.state.slice.waiting[effect.task]
    session.tell(f"merge {effect.task}:{effect.attempt}")
    while not _settled(session, effect.task, made, session.state.worktree.tree):
        pass  # the goal's tree moved on once more while the merge was made


def _settled(session: Session, task: str, made: Slice, ours: Tree) -> bool:
    """Merge with the goal's tree *ours*; false, with nothing recorded, if that is not its tree any more."""
    base = session.state.worktree.base
    merged = session.workshop.merge_into(ours, made.base, made.tree, base.commit if base else "")
    if merged.tree is None:
        collisions = tuple(Collision(path=path, side="unsafe", reason="both sides changed it") for path in merged.conflicts)
        conflict = SliceConflicted(
            task=task, attempt=made.attempt, base=made.base, ours=ours, theirs=made.tree, collisions=collisions
        )
        commands: list[Command] = [RejectSlice(actor=session.actor, conflicted=conflict)]
        reason = f"It conflicts with the goal's tree in {', '.join(merged.conflicts)}."
        commands.append(FailTask(actor=session.actor, task=task, attempt=made.attempt, reason=reason))
    else:
        changed = FilesChanged(
            worktree="merge",
            task=task,
            agent=f"{task}:{made.attempt}",
            old=ours,
            tree=merged.tree,
            changes=session.workshop.changes(ours, merged.tree),
            unreadable=made.unreadable,
            guarded=guarded(session, merged.tree),
        )
        commands = [LandSlice(actor=session.actor, changed=changed), _end(session, task, made, merged.tree)]

    def record() -> bool:
        if session.state.worktree.tree != ours:
            return False
        session.handle(*commands)
        return True

    return session.handle.mailbox.ask(record)


def _end(session: Session, task: str, made: Slice, tree: Tree) -> Command:
    """The task is done if its agent succeeded."""
    run = session.state.agent.last.get(task)
    if run is not None and run.outcome == "succeeded":
        return FinishTask(actor=session.actor, task=task, attempt=made.attempt, tree=tree)
    outcome = run.outcome if run and run.outcome else "stopped"
    reason = f"The agent ended {outcome.replace('_', ' ')}; what it left is merged."
    return FailTask(actor=session.actor, task=task, attempt=made.attempt, reason=reason)
