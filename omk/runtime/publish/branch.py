"""The goal's branch on the remote: one commit on the remote's own base, which nobody but omk moves."""

from collections.abc import Callable

from omk.domain.event import Command
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.goal import BlockGoal
from omk.domain.subjects.publication import BranchPushed, FinishPush, PushFailed, PushStarted, StartPush
from omk.domain.subjects.worktree import CommitMade, RecordCommit
from omk.errors import Refused
from omk.runtime.landing import hand_over
from omk.runtime.merge import commit_message, rebase
from omk.runtime.publish.remote import Remote
from omk.runtime.publish.trouble import BASE, BRANCH, Stopped, Trouble
from omk.runtime.session import Session

OUTSIDE = ("push:", "pull_request:", "pull_request_merge:")
"""The obligations of what is done elsewhere."""


class Told(Stopped):
    """What is in the way is on record already."""


def branch_of(goal: str) -> str:
    """The name of a goal's branch on the remote."""
    return f"omk/{goal}"


def remote_of(session: Session, **options: int) -> Remote:
    """The remote that the goal's policy names."""
    return Remote(session.workshop.bare, session.state.policy.remote, session.stop, **options)


def base_branch(session: Session) -> str:
    """The branch of the remote that the change is for."""
    base, asked = session.state.worktree.base, session.state.publication.pull_request
    name = session.into or (asked.into if asked else None) or (base.branch if base else None)
    if not name:
        raise Trouble(BASE, "The goal began on a detached HEAD. Name the branch it is for: omk pr --base BRANCH")
    return name


def follow_base(session: Session, remote: Remote) -> bool:
    """Put the change on the tip of its branch at the remote; false, with nothing recorded, if it is there already."""
    branch = base_branch(session)
    tip, base = remote.fetch(branch), session.state.worktree.base
    if base is not None and tip == base.commit:
        return False
    if base is not None and not session.user.is_ancestor(tip, tip):  # the user does not have it yet
        hand_over(session.user, base.commit, tip)
    try:
        rebase(session, branch, tip)
    except Refused as refusal:
        raise Trouble(BASE, str(refusal)) from refusal
    return True


def push_branch(session: Session, remote: Remote) -> str:
    """Have the proven tree on the goal's branch of the remote; the commit it is there as.

    Only what omk itself pushed is ever replaced. Raises `Trouble` when somebody else was there.
    """
    branch, published = branch_of(session.goal), session.state.publication
    tip, commit = remote.tip(branch), _commit(session)
    pushed = published.pushed
    if pushed is not None and tip == commit == pushed.commit:
        return commit
    ours = {commit, *(one.commit for one in (pushed, published.push) if one is not None)}
    if tip is not None and tip not in ours:
        raise _foreign(session, remote, tip)
    files, attempt = session.state.worktree, published.pushes + 1
    started = PushStarted(
        attempt=attempt, remote=remote.name, branch=branch, commit=commit, tree=files.tree,
        base=files.base.commit if files.base else "", expected=tip,
    )  # fmt: skip
    announce(session, StartPush(actor=session.actor, started=started))
    try:
        if tip != commit:
            remote.push(branch, commit, tip)
    except Trouble as trouble:
        _look(session, remote, started, trouble)
    arrived = BranchPushed(attempt=attempt, remote=remote.name, branch=branch, commit=commit)
    session.handle(FinishPush(actor=session.actor, answer=arrived))
    return commit


def _commit(session: Session) -> str:
    """The commit of the proven tree on its base: the one that was announced for it before, else a new one."""
    files, last = session.state.worktree, session.state.publication.push
    base = files.base.commit if files.base else ""
    if last is not None and (last.tree, last.base) == (files.tree, base) and session.workshop.has_commit(last.commit):
        return last.commit
    session.workshop.purge()
    session.workshop.require_whole(files.tree, base)
    message = commit_message(session)
    commit = session.workshop.commit_tree(files.tree, [base], message)
    made = CommitMade(commit=commit, tree=files.tree, parents=(base,), message=message)
    session.handle(RecordCommit(actor=session.actor, made=made))
    return commit


def _look(session: Session, remote: Remote, started: PushStarted, trouble: Trouble) -> None:
    """After a push that did not end well: nothing if the commit has arrived all the same, else it is on record as failed."""
    try:
        tip = remote.tip(started.branch)
    except Trouble:
        tip = None
    if tip == started.commit:
        return
    if tip != started.expected and tip is not None:
        trouble = _foreign(session, remote, tip)
    failure = PushFailed(attempt=started.attempt, remote=remote.name, branch=started.branch, reason=str(trouble))
    held_up(session, trouble, FinishPush(actor=session.actor, answer=failure))
    raise Told(str(trouble))


def _foreign(session: Session, remote: Remote, tip: str) -> Trouble:
    name = branch_of(session.goal)
    return Trouble(
        BRANCH,
        f"{name} of {remote.name} is at {tip[:12]}, which omk did not push. Whoever did has to take it away or merge it; "
        f"to give it up: git push {remote.name} --delete {name}",
    )


def announce(session: Session, command: Command) -> None:
    """Record what is about to be done elsewhere. Raises `Told` when another process is at it."""
    if not session.handle(command):
        raise Told(f"Another omk is publishing {session.goal}.")


def held_up(session: Session, trouble: Trouble, *answers: Command) -> None:
    """Record *answers*, and that the goal waits until *trouble* is mended."""
    again = f"{trouble} Then: omk pr {session.goal}"
    session.handle(*answers, BlockGoal(actor=session.actor, on="external", code=trouble.code, reason=again))


def _give_up(session: Session) -> None:
    """Close what this process announced and was told to leave: whoever goes on looks what came of it, and announces anew."""
    state = session.state
    if state.publication.is_busy or state.landing.is_busy:
        settle = [name for name in state.obligation if name.startswith(OUTSIDE)]
        for name in settle:
            session.handle(AbortEffect(actor=session.actor, obligation=name, reason="It was stopped."))


def untroubled(work: Callable[[], None], session: Session) -> None:
    """Do *work*; what is in the way outside of omk holds the goal up."""
    try:
        work()
    except Told:
        return
    except Stopped:
        _give_up(session)
    except Trouble as trouble:
        held_up(session, trouble)
