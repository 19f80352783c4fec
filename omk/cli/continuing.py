"""Going on with a goal that somebody began before: after a pause, or after its controller died."""

import contextlib
import time

from omk.agents.process import is_alive
from omk.cli.options import Format
from omk.cli.output import say
from omk.cli.place import locate
from omk.cli.progress import Progress
from omk.cli.question import Questions, is_attended
from omk.cli.writing import finish, interruptible, open_store, settle
from omk.domain.state import GoalState
from omk.domain.wanted import controlling
from omk.errors import NotFound, OmkError
from omk.log.open import store_folder
from omk.runtime.controller import drive
from omk.runtime.handle import Handle
from omk.runtime.inside import dead_marks, refuse_inside
from omk.runtime.intake import check_agent
from omk.runtime.recovery import left_over
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store, require_ours

LOOKS, PAUSE_SECONDS = 200, 0.05
"""How often, and how far apart, a controller that winds up is looked at: for ten seconds."""


def carry_on(session: Session, agent: str | None, *, form: Format | None, as_json: bool) -> bool:
    """Do what an ended or dead controller was asked for and did not come to; false when nothing is left to do."""
    steps = left_over(session.state)
    if not steps:
        return False
    settings = session.state.goal.settings
    session.agent = agent or (settings.agent if settings else None)
    if "execute" in steps and not session.state.agent.last:
        check_agent(session.agent)
    attempts = settings.max_attempts if settings else 1
    proof = drive(session, steps, max_attempts=attempts, resume=True)
    finish(session, proof, form=form, as_json=as_json, is_driven=True)
    return True


def is_at_work(state: GoalState) -> bool:
    """Whether the goal's controller is alive."""
    active = state.controller.active
    return active is not None and is_alive(active.pid, active.started)


def goes_on(session: Session) -> bool:
    """Wait until a controller that was paused has ended, or has begun something again; whether it goes on."""
    resumed = session.state.seq
    for _ in range(LOOKS):
        session.handle.refresh()
        if not is_at_work(session.state):
            return False
        if any(owed.seq > resumed for owed in session.state.obligation.values()):
            return True
        time.sleep(PAUSE_SECONDS)
    return True


# --- omk run, where a controller died ---


def continued(
    user: UserRepository, store: str | None, prompt: str, agent: str | None, *, form: Format | None, as_json: bool
) -> bool:
    """Go on with the goal of these words whose controller died, if there is one; tell of others that wait for that."""
    if not dead_marks(store_folder(locate(store).url, user.store_folder)):
        return False
    try:
        known = open_store(store, user)
    except NotFound:
        return False
    try:
        refuse_inside("run", is_known=known.has, folder=known.folder)
        left = abandoned(known)
        same = next((goal for goal, (words, may) in left.items() if may and words == normalized(prompt)), None)
        for goal in sorted(left.keys() - {same}):
            say(f"the controller of {goal} died. Continue it: omk resume {goal}")
        if same is not None:
            say(f"the controller of {same}, which has the same words, died: going on with it, as it was configured.")
            _go_on(known, same, agent, form=form, as_json=as_json)
        return same is not None
    finally:
        known.log.close()


def _go_on(known: Store, goal: str, agent: str | None, *, form: Format | None, as_json: bool) -> None:
    with Progress() as progress, interruptible():
        session = known.session(goal, progress.record, progress.begin)
        session.warn, session.consult = say, Questions(progress).ask if is_attended() else None
        if not carry_on(session, agent, form=form, as_json=as_json):
            settle(session, form=form, as_json=as_json)


def abandoned(known: Store) -> dict[str, tuple[str, bool]]:
    """The goals of this repository whose controller died: their words, and whether they take work now."""
    found: dict[str, tuple[str, bool]] = {}
    for goal in sorted({mark.goal for mark in dead_marks(known.folder) if mark.goal}):
        with contextlib.suppress(OmkError):  # another repository's, or damaged: who goes there is told
            handle = Handle(known.log, goal, known.folder)
            state = handle.state
            require_ours(state, known.identity)
            if state.controller.active is not None and not is_at_work(state) and not state.goal.cancelled:
                found[goal] = (normalized(handle.text(state.goal.prompt)), controlling(state) is None)
    return found


def normalized(words: str) -> str:
    """A goal's words with every run of blanks as one space."""
    return " ".join(words.split())
