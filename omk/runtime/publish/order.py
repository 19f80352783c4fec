"""What a person orders of the pull request: `omk pr`, and `omk merge` where there is one."""

from collections.abc import Callable

from omk.agents.process import is_alive
from omk.domain.proof.rules import open_codes
from omk.domain.state import GoalState
from omk.domain.subjects.controller import Step
from omk.domain.subjects.goal import UnblockGoal
from omk.errors import Refused
from omk.replay.documents import Document
from omk.runtime.alone import alone
from omk.runtime.controller import drive
from omk.runtime.merge import require_mergeable, require_ready
from omk.runtime.publish.branch import branch_of
from omk.runtime.publish.merging import land_remotely
from omk.runtime.publish.pull_request import is_draft, text_of
from omk.runtime.publish.trouble import PREFIX
from omk.runtime.session import Session

TRIES = 3
"""How often the base may move while the change is proven on it."""


def ask_for_pull_request(session: Session, *, dry_run: bool) -> Document:
    """`{goal_id, policy, dry_run, draft, title, body, head_branch, existing_pr_url, proof_path, mutated, operation, …}`.

    With the policy `local`, or *dry_run*, nothing outside is touched. Raises `Refused` with what is in the way.
    """
    _require_evidence(session.state)
    state, settings = session.state, session.state.goal.settings
    policy = settings.delivery if settings else "local"
    known = state.publication.url
    answer: Document = {"goal_id": session.goal, "policy": policy, "dry_run": dry_run, "draft": is_draft(session)}
    answer |= {**text_of(session), "head_branch": branch_of(session.goal), "existing_pr_url": known, "proof_path": None}
    answer |= {"mutated": False, "operation": None, "pr_url": known}
    if dry_run:
        return answer | {"reason": "This is a dry run: nothing was pushed, and GitHub was not asked."}
    if policy == "local":
        return answer | {"reason": "The goal is delivered locally: nothing was pushed, and GitHub was not asked."}
    asked = state.publication.pull_requests
    _publish(session)
    now = session.state.publication
    if now.pull_requests == asked:
        return answer | {"pr_url": now.url, "reason": f"Nothing to do: {now.url} is up to date."}
    operation = "update" if now.url == known else "create"
    reason = f"{branch_of(session.goal)} is pushed to {session.state.policy.remote}, and {now.url} asks for it."
    return answer | {"mutated": True, "operation": operation, "pr_url": now.url, "reason": reason}


def _require_evidence(state: GoalState) -> None:
    ran = any(gate.last for gate in state.gate.by_name.values())
    if not (ran or state.worktree.paths or state.agent.last or state.review.by_pass):
        raise Refused(f"{state.goal.id}: proof evidence is missing. Let an agent work on it: omk execute {state.goal.id}")


def _publish(session: Session) -> None:
    """Let a controller open or update the pull request; where the base has moved, after it has proven the change there."""
    _lift(session)
    asked = session.state.publication.pull_request
    if asked is not None and asked.outcome == "opened" and (session.into or asked.into) != asked.into:
        raise Refused(f"{asked.url} is for {asked.into}. Change that there: gh pr edit {asked.url} --base {session.into}")
    _drive(session, ("merge",))
    for _ in range(TRIES):
        if session.state.goal.blocked or not open_codes(session.state):
            break
        _drive(session, ("verify", "review", "accept", "merge"))
    _require_unblocked(session)
    if open_codes(session.state):
        require_ready(session)


def _drive(session: Session, steps: tuple[Step, ...]) -> None:
    person = session.actor
    try:
        drive(session, steps)
    finally:
        session.actor, session.handle.controller = person, None


def _lift(session: Session) -> None:
    """Take what held the delivery up as mended, once everything else is as it should be."""
    blocked = session.state.goal.blocked
    if blocked is None or not (blocked.code or "").startswith(PREFIX):
        require_ready(session)
        return
    if codes := open_codes(session.state):
        raise Refused(f"{session.goal} is not ready; open: {', '.join(codes)}. See `omk why {session.goal}`.")
    session.handle(UnblockGoal(actor=session.actor))


def _require_unblocked(session: Session) -> None:
    blocked = session.state.goal.blocked
    if blocked is not None:
        raise Refused(session.handle.text(blocked.reason))


def is_published(state: GoalState) -> bool:
    """Whether the goal's change goes where it goes by a pull request that is there."""
    settings = state.goal.settings
    return settings is not None and settings.delivery != "local" and state.publication.url is not None


def merge_published(session: Session, into: str | None, prove_again: Callable[[], None]) -> bool:
    """Have the goal's pull request merged; false when it is. *prove_again* proves and publishes it where its base is now."""
    if into is not None:
        raise Refused(f"{session.state.publication.url} is merged where it goes. Leave out --into.")
    if _is_landed(session):
        return False
    _lift(session)
    require_mergeable(session)
    for _ in range(TRIES):
        _land(session)
        if _is_landed(session) and not open_codes(session.state):
            return True
        prove_again()
        _require_unblocked(session)
        if _is_landed(session):
            return True  # whatever the verdict on it
        require_ready(session)
    raise Refused(f"The base of {session.state.publication.url} moves faster than it is proven. Try again: omk merge")


def _is_landed(session: Session) -> bool:
    return session.state.landing.holds(session.state.worktree.tree)


def _land(session: Session) -> None:
    """Merge the pull request, if it shows what was accepted, while no other omk takes the goal."""
    with alone(session.handle.folder):
        session.handle.refresh()
        state = session.state
        active = state.controller.active
        if active is not None and is_alive(active.pid, active.started):
            raise Refused(f"{active.controller} is at work on {session.goal}. Wait, or stop it: omk pause {session.goal}")
        base, asked = state.worktree.base, state.publication.pull_request
        if base is None or asked is None or not state.publication.shows(state.worktree.tree, base.commit):
            raise Refused(f"{state.publication.url} does not show what was accepted. Bring it up to date: omk pr {session.goal}")
        land_remotely(session, asked.commit)
