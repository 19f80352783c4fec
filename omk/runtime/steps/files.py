"""What a worktree holds, as a change of files that can be recorded."""

from pathlib import Path

from omk.domain.event import Command, Tree
from omk.domain.paths import in_scope
from omk.domain.subjects.proposal import ExcuseTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import Change
from omk.runtime.gates.guards import broken
from omk.runtime.session import Session

THERE_ALREADY = "What it changed was in the goal's tree already, by another task."


def files_of(session: Session, worktree: Path, old: Tree, *, task: str | None, agent: str | None) -> FilesChanged:
    """How what the worktree holds, written as a tree, differs from *old*."""
    snapshot = session.workshop.snapshot(worktree, old)
    return FilesChanged(
        worktree=worktree.name,
        task=task,
        agent=agent,
        old=old,
        tree=snapshot.tree,
        changes=snapshot.changes,
        unreadable=snapshot.unreadable,
        guarded=guarded(session, snapshot.tree),
    )


def outside(session: Session, task: str, changes: tuple[Change, ...]) -> tuple[str, ...]:
    """The changed paths that lie outside the task's write set; none where it may write any."""
    known = session.state.task.get(task)
    scope = known.write_set if known else ()
    return tuple(one.path for one in changes if scope and not in_scope(one.path, scope))


def guarded(session: Session, tree: Tree) -> tuple[str, ...]:
    """The guarded paths whose guarded part differs, in *tree*, from the base commit."""
    base, workshop = session.state.worktree.base, session.workshop
    if base is None or not session.state.gate.guards:
        return ()
    changes = {one.path: one for one in workshop.changes(base.tree, tree)}
    held = tuple(one for one in session.state.gate.guards if one.path in changes)

    def read(path: str) -> tuple[str | None, bytes | None]:
        blob = changes[path].new
        return blob, workshop.read_path(tree, path) if blob else None

    return broken(held, read)


def excused(session: Session, task: str) -> list[Command]:
    """The command that excuses *task* of a change of its own: all that it left is in the goal's tree by another's."""
    if task in session.state.worktree.owners:
        return []
    return [ExcuseTask(actor=session.actor, task=task, reason=THERE_ALREADY)]
