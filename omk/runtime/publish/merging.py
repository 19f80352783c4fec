"""The pull request's checks awaited, and its merge: of the proven commit, onto the base it was proven on."""

from typing import NoReturn

from omk.domain.effects import AwaitChecks, MergePullRequest
from omk.domain.event import Command
from omk.domain.subjects.landing import (
    Check,
    FinishLanding,
    PullRequestChecked,
    PullRequestMerged,
    PullRequestMergeFailed,
    PullRequestMergeRequested,
    RecordChecks,
    RequestLanding,
    Verdict,
)
from omk.domain.subjects.worktree import FilesChanged, RebaseChange, WorktreeRebased
from omk.domain.values import Base
from omk.runtime.landing import hand_over
from omk.runtime.publish.branch import Told, announce, base_branch, follow_base, held_up, remote_of, untroubled
from omk.runtime.publish.hub import CheckView, Hub, View
from omk.runtime.publish.remote import Remote
from omk.runtime.publish.trouble import CHECKS, LANDING, Stopped, Trouble
from omk.runtime.session import Session
from omk.runtime.steps.files import guarded

FIRST_SECONDS, MOST_SECONDS, ALL_SECONDS = 0.5, 10.0, 360.0
"""How long between two looks at the checks: twice as long each time up to the most, until all is used up."""
GREEN, RED = frozenset({"pass", "skipping"}), frozenset({"fail", "cancel"})
UNDECIDED_SECONDS = 8.0
IN_THE_WAY = {
    "DIRTY": "conflicts with its base",
    "UNSTABLE": "has checks that are not green",
    "BEHIND": "is behind its base, and the branch may only be merged when it is not",
    "DRAFT": "is a draft",
}
"""What each word for the state of a merge means that forbids it; BLOCKED alone does not (behaviour 7.4)."""
REVIEWS = {"CHANGES_REQUESTED": "has a review that asks for changes", "REVIEW_REQUIRED": "needs a review first"}


def await_checks(session: Session, effect: AwaitChecks) -> None:
    """Look at the checks again and again until they have ended, for six minutes at most; red ones hold the goal up."""
    session.tell("checks")
    untroubled(lambda: _await(session, effect.commit), session)


def _await(session: Session, commit: str) -> None:
    url = session.state.publication.url or ""
    hub = Hub(session.user.top, remote_of(session).address, session.stop)
    waited, pause = 0.0, FIRST_SECONDS
    while (outcome := verdict(checks := hub.checks(url))) in {"pending", "none"} and waited < ALL_SECONDS:
        if session.stop.wait(pause):
            raise Stopped("It is not wanted any more.")
        waited, pause = waited + pause, min(2 * pause, MOST_SECONDS)
    said = tuple(Check(name=one.name, outcome=one.bucket) for one in sorted(checks, key=lambda one: one.name))
    record = RecordChecks(actor=session.actor, checked=PullRequestChecked(url=url, commit=commit, outcome=outcome, checks=said))
    if outcome == "passed":
        session.handle(record)
    else:
        held_up(session, _unchecked(url, outcome, checks), record)


def verdict(checks: tuple[CheckView, ...]) -> Verdict:
    """What all checks together say: red as soon as one is, and nothing where there is none."""
    if any(one.bucket in RED for one in checks):
        return "failed"
    if not checks:
        return "none"
    return "passed" if all(one.bucket in GREEN for one in checks) else "pending"


def _unchecked(url: str, outcome: Verdict, checks: tuple[CheckView, ...]) -> Trouble:
    if outcome == "none":
        return Trouble(CHECKS, f"{url} has no checks, and only what is green is merged. Merge it yourself: omk merge")
    which = ", ".join(one.name for one in checks if one.bucket not in GREEN)
    return Trouble(CHECKS, f"{url} has checks that are {'red' if outcome == 'failed' else 'not done'}: {which}. Mend them.")


def merge_pull_request(session: Session, effect: MergePullRequest) -> None:
    """Have the pull request merged; where its base has moved, only put the change on it, to be proven there."""
    session.tell("merge")
    untroubled(lambda: land_remotely(session, effect.commit), session)


def land_remotely(session: Session, commit: str) -> None:
    """Merge the pull request at *commit* and record what came of it. Raises `Trouble`, `Told`, `Stopped`."""
    remote = remote_of(session)
    hub = Hub(session.user.top, remote.address, session.stop)
    url = session.state.publication.url or ""
    view = _decided(hub, url, session)
    if view.state != "MERGED":
        _require_mergeable(view, commit)
        if follow_base(session, remote):
            return
    base = session.state.worktree.base
    requested = PullRequestMergeRequested(
        attempt=session.state.landing.merges + 1, url=url, commit=commit, tree=session.state.worktree.tree,
        into=base_branch(session), before=base.commit if base else "",
    )  # fmt: skip
    announce(session, RequestLanding(actor=session.actor, requested=requested))
    if view.state != "MERGED":
        view = _merged(session, hub, requested)
    session.handle(*as_merged(session, remote, view, requested.attempt))


def _decided(hub: Hub, url: str, session: Session) -> View:
    """The pull request once GitHub knows whether it can be merged, or after a while."""
    waited, pause = 0.0, FIRST_SECONDS
    while (view := hub.view(url)).state == "OPEN" and view.mergeable == "UNKNOWN" and waited < UNDECIDED_SECONDS:
        if session.stop.wait(pause):
            raise Stopped("It is not wanted any more.")
        waited, pause = waited + pause, 2 * pause
    return view


def _require_mergeable(view: View, commit: str) -> None:
    """Raise `Trouble` with what is in the way (behaviour 7.4)."""
    why = IN_THE_WAY.get(view.merge_state_status) or REVIEWS.get(view.review_decision or "")
    if view.state == "CLOSED":
        why = "was closed"
    elif view.head_ref_oid != commit:
        why = f"is at {view.head_ref_oid[:12]}, which was not proven; {commit[:12]} was"
    elif view.is_draft:
        why = IN_THE_WAY["DRAFT"]
    elif view.mergeable != "MERGEABLE":
        why = "conflicts with its base" if view.mergeable == "CONFLICTING" else "may or may not be mergeable: GitHub does not say"
    if why:
        raise Trouble(LANDING, f"{view.url} {why}. Settle that there.")


def _merged(session: Session, hub: Hub, requested: PullRequestMergeRequested) -> View:
    """Ask for the merge, and look at what came of it, whatever gh says."""
    trouble = Trouble(LANDING, f"gh merged {requested.url}, but it is open still: it may wait in a queue.")
    try:
        hub.merge(requested.url, requested.commit)
    except Trouble as other:
        trouble = Trouble(LANDING, str(other))
    try:
        view = hub.view(requested.url)
    except Trouble as unseen:
        _unmerged(session, requested, Trouble(LANDING, f"{trouble} Whether it was merged is not known: {unseen}"))
    if view.state != "MERGED":
        _unmerged(session, requested, trouble)
    return view


def _unmerged(session: Session, requested: PullRequestMergeRequested, trouble: Trouble) -> NoReturn:
    failure = PullRequestMergeFailed(attempt=requested.attempt, url=requested.url, reason=str(trouble))
    held_up(session, trouble, FinishLanding(actor=session.actor, answer=failure))
    raise Told(str(trouble))


def as_merged(session: Session, remote: Remote, view: View, attempt: int) -> tuple[Command, ...]:
    """What records the merge with the tree that it made; one that was not proven becomes the goal's, to be proven now."""
    if view.merge_commit is None:
        raise Trouble(LANDING, f"{view.url} is merged, but GitHub does not say as what.")
    remote.fetch(view.base_ref_name or base_branch(session))
    commit = view.merge_commit.oid
    if not remote.has(commit):
        raise Trouble(LANDING, f"{view.url} is merged as {commit[:12]}, which {remote.name} does not have.")
    tree = session.workshop.tree_of(commit)
    merged = PullRequestMerged(attempt=attempt, url=view.url, commit=commit, tree=tree)
    answer = FinishLanding(actor=session.actor, answer=merged)
    return (answer,) if tree == session.state.worktree.tree else (answer, _moved(session, commit, tree))


def _moved(session: Session, commit: str, tree: str) -> RebaseChange:
    """The goal's tree is what was merged: somebody moved the base at that very moment."""
    files, workshop = session.state.worktree, session.workshop
    parent = workshop.parent_of(commit)
    old = files.base.commit if files.base else ""
    hand_over(session.user, old, commit)
    session.user.hold(session.goal, parent)
    workshop.keep(tree, parent)
    base = Base(branch=files.base.branch if files.base else None, commit=parent, tree=workshop.tree_of(parent))
    changed = FilesChanged(
        worktree="merge", task=None, agent=None, old=files.tree, tree=tree, changes=workshop.changes(files.tree, tree),
        unreadable=files.unreadable, guarded=guarded(session, tree),
    )  # fmt: skip
    rebased = WorktreeRebased(base=base, tree=tree, changes=workshop.changes(base.tree, tree))
    return RebaseChange(actor=session.actor, changed=changed, rebased=rebased)
