"""Going on with a goal that somebody began before: after a pause, or after its controller died."""

import contextlib
import time

from omk.agents.process import is_alive
from omk.cli.options import Format
from omk.cli.output import say
from omk.cli.place import locate
from omk.cli.progress import Progress
from omk.cli.question import Questions, is_attended
from omk.cli.writing import finish, interruptible, open_store, saying_how_it_goes_on, settle
from omk.domain.ending import ALL_STEPS, left_over
from omk.domain.proof.holds import executors
from omk.domain.proof.status import FINAL
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AgentStarted
from omk.domain.wanted import controlling
from omk.errors import NotFound, OmkError, Refused
from omk.log.open import store_folder
from omk.replay.address import LATEST, Known, find_goal
from omk.runtime.controller import drive
from omk.runtime.handle import Handle
from omk.runtime.inside import dead_marks, refuse_inside
from omk.runtime.intake import check_agent
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store, require_ours

LOOKS, PAUSE_SECONDS = 200, 0.05
MOST_NAMED = 3
"""How often, and how far apart, a controller that winds up is looked at: for ten seconds."""


def carry_on(session: Session, agent: str | None, *, form: Format | None, as_json: bool) -> bool:
    """Do what an ended or dead controller was asked for and did not come to; false when nothing is left to do.

    Of a goal that was planned and that no agent has worked on yet, everything is left.
    """
    is_new = is_only_planned(session.state)
    steps = ALL_STEPS if is_new else left_over(session.state)
    if not steps:
        return False
    settings = session.state.goal.settings
    session.agent = agent_of(session, agent)
    if "execute" in steps and (is_new or not session.state.agent.last):
        require_agent(session, "resume")
    attempts = settings.max_attempts if settings else 1
    proof = drive(session, steps, max_attempts=attempts, resume=not is_new)
    finish(session, proof, form=form, as_json=as_json, is_driven=True)
    return True


def is_only_planned(state: GoalState) -> bool:
    """Whether the goal has a plan, and nobody was asked yet to carry it out."""
    request = state.controller.request or state.controller.previous
    is_asked = request is None or "execute" in request.steps
    is_begun = any(task.id in state.agent.last for task in executors(state))
    return bool(state.goal.planned_seq) and not is_asked and not is_begun and controlling(state) is None


def agent_of(session: Session, given: str | None) -> str | None:
    """The agent that is named now, or was when the goal began, or else the one that worked last."""
    state = session.state
    named = given or (state.goal.settings.agent if state.goal.settings else None)
    runs = [run.started_seq for task in executors(state) if (run := state.agent.last.get(task.id))]
    if named or not runs:
        return named
    last = session.handle.record_at(max(runs))
    return last.event.driver if last and isinstance(last.event, AgentStarted) else None


def require_agent(session: Session, verb: str) -> None:
    """Raise `Refused` unless the session has an agent that can be started."""
    if session.agent is None:
        raise Refused(f"No agent is named. Name one: omk {verb} {session.goal} --agent 'command:…'")
    check_agent(session.agent)


def waits_for(state: GoalState) -> str | None:
    """Why there is something to resume, in a few words; none where there is not."""
    ruling = controlling(state)
    if ruling in FINAL or is_at_work(state):
        return None
    if state.controller.active is not None:
        return "its controller died"
    if ruling is not None:
        return "paused" if ruling == "paused" else None
    if is_only_planned(state):
        return "planned, and not begun"
    return "it ended before all was done" if left_over(state) else None


def one_that_waits(known: Store) -> str:
    """The goal that a bare `omk resume` means: the latest one if it waits to be resumed, else the only one that does.

    Where none does it is the latest one. Raises `Refused` where it could be several. Of older goals a plan alone is not counted.
    """
    goals = [Known(goal, at) for goal, at in known.goals()]
    latest = find_goal(LATEST, goals)
    why = _waits(known, latest)
    if why is not None:
        return latest
    others = sorted((one.created_at, one.goal) for one in goals if one.goal != latest)
    waiting = [(goal, why) for _, goal in others if (why := _waits(known, goal, is_latest=False)) is not None]
    if len(waiting) > 1:
        more = f"; and {len(waiting) - MOST_NAMED} more" if len(waiting) > MOST_NAMED else ""
        names = "; ".join(f"{goal} ({why})" for goal, why in waiting[-MOST_NAMED:])
        raise Refused(f"{len(waiting)} goals wait to be resumed: {names}{more}. Name one: omk resume {waiting[-1][0]}")
    for goal, why in waiting:
        say(f"resuming {goal} ({why}).")
        return goal
    return latest


def _waits(known: Store, goal: str, *, is_latest: bool = True) -> str | None:
    with contextlib.suppress(OmkError):  # damaged: who goes there is told
        state = Handle(known.log, goal, known.folder).state
        return waits_for(state) if is_latest or not is_only_planned(state) else None
    return None


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
        with saying_how_it_goes_on(session):
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
