"""Bring a ready change into its branch; a merged tree that was not proven is proven first."""

from collections.abc import Callable

from omk.domain.subjects.delivery import ChangeMerged, FinishMerge, MergeFailed, MergeStarted, StartMerge
from omk.domain.subjects.worktree import (
    CommitMade,
    FilesChanged,
    MergeConflicted,
    RebaseChange,
    RecordCommit,
    RecordConflict,
    WorktreeRebased,
)
from omk.domain.values import Base
from omk.errors import OmkError, Refused
from omk.runtime.alone import alone
from omk.runtime.landing import land
from omk.runtime.session import Session
from omk.runtime.steps.files import guarded

SUBJECT = 72


def merge_change(session: Session, into: str | None, prove_again: Callable[[], None] | None = None) -> bool:
    """Merge the goal's change into its base branch, or *into*; false when there is nothing to do.

    When the branch has moved, the change is put on its new tip and *prove_again* has to prove it there. Raises `Refused`
    when the change is not ready, the branch is gone, or the two conflict.
    """
    with alone(session.handle.folder):
        aim = _aim(session, into)
    if aim is None:
        return False
    branch, tip = aim
    if not _stands_on(session, tip):
        rebase(session, branch, tip)
        if prove_again is not None and session.handle.proof.status != "ready":
            prove_again()
        require_mergeable(session)
    with alone(session.handle.folder):
        _land(session, branch, tip)
    return True


def merge_or_follow(session: Session) -> None:
    """Merge the change into its base branch; where that has moved, only put it on the new tip, to be proven there first.

    Raises `Refused` as `merge_change` does.
    """
    with alone(session.handle.folder):
        aim = _aim(session, None)
        if aim is None:
            return
        branch, tip = aim
        if _stands_on(session, tip):
            _land(session, branch, tip)
            return
    rebase(session, branch, tip)


def _aim(session: Session, into: str | None) -> tuple[str, str] | None:
    """The branch to merge into, and its tip; null when the change is there already. For one who holds the store's lock."""
    session.handle.refresh()
    settle_merge(session)
    require_mergeable(session)
    base = session.state.goal.base
    branch = into or (base.branch if base else None)
    if branch is None:
        raise Refused("The goal began on a detached HEAD. Name the branch: omk merge --into BRANCH")
    if _is_merged(session, branch):
        return None
    tip = session.user.tip(branch)
    if tip is None:
        raise Refused(f"There is no branch {branch}. Name another: omk merge --into BRANCH")
    return branch, tip


def _stands_on(session: Session, tip: str) -> bool:
    base = session.state.worktree.base
    return base is not None and base.commit == tip


def settle_merge(session: Session) -> None:
    """Answer a merge that ended without a word, as its branch tells; for one who holds the store's lock."""
    merge, attempt = session.state.delivery.merge, session.state.delivery.merges
    if merge is None or merge.outcome != "started":
        return
    tip = session.user.tip(merge.branch)
    before, commit, tree = merge.before or "", merge.commit or "", merge.tree or ""
    answer: ChangeMerged | MergeFailed
    if tip is not None and session.user.is_ancestor(commit, tip):
        answer = ChangeMerged(attempt=attempt, branch=merge.branch, before=before, commit=commit, tree=tree)
    else:
        answer = MergeFailed(attempt=attempt, branch=merge.branch, reason="It was interrupted before it took place.")
    session.handle(FinishMerge(actor=session.actor, answer=answer))


def require_ready(session: Session) -> None:
    """Raise `Refused` unless nothing is open."""
    proof = session.handle.proof
    if proof.status != "ready":
        codes = ", ".join(gap.code for gap in proof.gaps) or proof.status
        raise Refused(f"{session.goal} is {proof.status}; open: {codes}. See `omk why {session.goal}`.")


def require_mergeable(session: Session) -> None:
    """Raise `Refused` unless the goal is ready, and is one that may be merged."""
    require_ready(session)
    policy = session.state.goal.settings.merge if session.state.goal.settings else "manual"
    if policy == "disabled":
        raise Refused(f"{session.goal} was started with --merge disabled; only manual and gated goals are merged.")


def _is_merged(session: Session, branch: str) -> bool:
    merge, tip = session.state.delivery.merge, session.user.tip(branch)
    return (
        tip is not None
        and merge is not None
        and merge.outcome == "merged"
        and merge.branch == branch
        and merge.tree == session.state.worktree.tree
        and merge.commit is not None
        and session.user.is_ancestor(merge.commit, tip)
    )


def rebase(session: Session, branch: str, tip: str) -> None:
    """Put the change on the branch's new tip, as a tree that nothing has judged yet."""
    files, workshop = session.state.worktree, session.workshop
    old = files.base
    if old is None:
        raise Refused(f"{session.goal} has no base commit to merge from.")
    workshop.purge()
    workshop.require_whole(files.tree, old.commit)
    merged = workshop.merge_trees(old.commit, tip, files.tree)
    if merged.tree is None:
        conflict = MergeConflicted(theirs=tip, tree=files.tree, paths=merged.conflicts)
        session.handle(RecordConflict(actor=session.actor, conflicted=conflict))
        session.handle.issue_proof(session.actor)
        raise Refused(
            f"{branch} has moved to {tip[:12]} and conflicts with the change in {', '.join(merged.conflicts)}. "
            f"Start a goal from there, or undo those changes in {branch}."
        )
    session.user.hold(session.goal, tip)
    base = Base(branch=old.branch or branch, commit=tip, tree=session.user.tree_of(tip))
    changed = FilesChanged(
        worktree="merge",
        task=None,
        agent=None,
        old=files.tree,
        tree=merged.tree,
        changes=workshop.changes(files.tree, merged.tree),
        unreadable=files.unreadable,
        guarded=guarded(session, merged.tree),
    )
    rebased = WorktreeRebased(base=base, tree=merged.tree, changes=workshop.changes(base.tree, merged.tree))
    session.tell(f"{branch} has moved to {tip[:12]}: proving the merged tree first")
    session.handle(RebaseChange(actor=session.actor, changed=changed, rebased=rebased))


def _land(session: Session, branch: str, tip: str) -> None:
    handle, actor = session.handle, session.actor
    tree = session.state.worktree.tree
    message = commit_message(session)
    session.workshop.purge()
    session.workshop.require_whole(tree, tip)
    commit = session.workshop.commit_tree(tree, [tip], message)
    made = CommitMade(commit=commit, tree=tree, parents=(tip,), message=message)
    handle(RecordCommit(actor=actor, made=made))
    attempt = session.state.delivery.merges + 1
    started = MergeStarted(attempt=attempt, branch=branch, before=tip, commit=commit, tree=tree)
    handle(StartMerge(actor=actor, started=started))
    try:
        land(session.user, branch, tip, commit)
    except OmkError as error:
        failed = MergeFailed(attempt=attempt, branch=branch, reason=str(error))
        handle(FinishMerge(actor=actor, answer=failed))
        raise
    merged = ChangeMerged(attempt=attempt, branch=branch, before=tip, commit=commit, tree=tree)
    handle(FinishMerge(actor=actor, answer=merged))


def commit_message(session: Session) -> str:
    """The commit message: the goal's words, and where its proof is."""
    state = session.state
    prompt = " ".join(session.handle.text(state.goal.prompt).split())
    subject = prompt if len(prompt) <= SUBJECT else prompt[: SUBJECT - 1].rstrip() + "…"
    body = f"\n\n{prompt}" if subject != prompt else ""
    return f"{subject}{body}\n\nOmk-Goal: {session.goal}\nOmk-Head: {state.seq} {state.head}\n"
