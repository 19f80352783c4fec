"""The controller: carry out what the state wants, until it wants nothing."""

import contextlib
import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from omk.agents.process import is_alive, started_at
from omk.domain.effects import (
    AcceptByPolicy,
    AwaitChecks,
    BeginTask,
    Effect,
    EndTask,
    MakePlan,
    MakeReview,
    MeasurePass,
    MergeByPolicy,
    MergePullRequest,
    MergeSlice,
    OpenPullRequest,
    RunAgent,
    RunGate,
    RunPlanner,
    StopLoop,
    TryAgain,
)
from omk.domain.ending import ending
from omk.domain.proof.proof import GoalProof
from omk.domain.subjects.controller import ControllerStarted, StartController, Step, StopController
from omk.domain.subjects.delivery import AUTO, AcceptChange
from omk.domain.subjects.task import CONTROLLER, FailTask, FinishTask, RetryTask, StartTask
from omk.errors import OmkError
from omk.runtime import edge
from omk.runtime.dispatcher import Dispatcher
from omk.runtime.handle import Superseded
from omk.runtime.inside import marked_as_controller
from omk.runtime.merge import merge_or_follow
from omk.runtime.publish.merging import await_checks, merge_pull_request
from omk.runtime.publish.pull_request import open_pull_request
from omk.runtime.recovery import abort_open, recovered
from omk.runtime.session import Session
from omk.runtime.steps.agent import run_agent
from omk.runtime.steps.gate import run_gate
from omk.runtime.steps.measure import measure_pass, stop_loop
from omk.runtime.steps.planner import run_planner, usual_plan
from omk.runtime.steps.review import make_review
from omk.runtime.steps.slice import merge_slice
from omk.runtime.undisturbed import undisturbed


def drive(session: Session, steps: tuple[Step, ...], *, max_attempts: int = 1, resume: bool = False) -> GoalProof:
    """Carry out *steps* on the goal, and issue the proof; with *resume*, what a dead controller was asked.

    Raises `Refused` when the goal takes no work, `Superseded` when another controller took it. Whatever ends it, nothing
    it started is left behind.
    """
    dispatcher = Dispatcher(session, PERFORM)

    def start(controller: str) -> None:
        held.enter_context(dispatcher.listening())  # who has taken the goal lets it go, whatever comes
        _start(session, controller, steps, max_attempts=max_attempts, resume=resume)

    with contextlib.ExitStack() as held:
        return _hold(session, start, dispatcher.run)


def drive_by_hand(session: Session, steps: tuple[Step, ...], work: Callable[[], None]) -> GoalProof:
    """Hold the goal as its controller while *work*, which a person asked for as *steps*, is done in the person's name.

    Raises what *work* raises, and what `drive` does.
    """
    person = session.actor

    def by_hand() -> None:
        controller, session.actor = session.actor, person
        try:
            work()
        finally:
            session.actor = controller

    return _hold(session, lambda controller: _start(session, controller, steps), by_hand)


def _hold(session: Session, start: Callable[[str], None], work: Callable[[], None]) -> GoalProof:
    """Take the goal, do the work, and let the goal go, however that ends."""
    with marked_as_controller(session.handle.folder, session.goal):
        controller = edge.new_controller_id()
        try:
            with recovered(session):
                start(controller)
            work()
            reason = ending(session.state)
        except KeyboardInterrupt:
            reason = "interrupted"
            raise
        except OmkError as error:
            reason = str(error)
            raise
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            raise
        finally:
            with undisturbed():
                proof = _stop(session, controller, reason)
        return proof


def _start(session: Session, controller: str, steps: tuple[Step, ...], *, max_attempts: int = 1, resume: bool = False) -> None:
    controllers = session.state.controller
    active = controllers.active
    session.actor = f"controller:{controller}"
    started = ControllerStarted(
        controller=controller,
        pid=os.getpid(),
        started=started_at(os.getpid()) or "",
        steps=steps,
        max_attempts=max_attempts,
        resumes=controllers.last if resume else None,
        version=version("omk"),
    )
    alive = active is not None and is_alive(active.pid, active.started)
    session.handle(StartController(actor=session.actor, started=started, alive=alive))
    session.handle.controller = controller


def _stop(session: Session, controller: str, reason: str) -> GoalProof:
    """Close what is open, let the goal go, issue the proof."""
    with contextlib.suppress(Superseded):
        session.handle.refresh()
    active = session.state.controller.active
    if active is None or active.controller != controller:
        return session.handle.proof  # another one has the goal, and its worktrees
    try:
        abort_open(session, f"The controller stopped: {reason}.")
    finally:
        session.close_worktrees()
    session.handle(StopController(actor=session.actor, controller=controller, reason=reason))
    return session.handle.issue_proof(session.actor)


# --- The effects that are only a decision ---


def _plan(session: Session, _: MakePlan) -> None:
    session.handle(usual_plan(session))


def _begin(session: Session, effect: BeginTask) -> None:
    actor = session.actor
    again = RetryTask(actor=actor, task=effect.task, reason="asked for again")
    session.handle(again, StartTask(actor=actor, task=effect.task, worker=CONTROLLER))


def _end(session: Session, effect: EndTask) -> None:
    attempt, actor = session.state.task[effect.task].attempts, session.actor
    if effect.gaps:
        reason = f"open: {', '.join(effect.gaps)}"
        session.handle(FailTask(actor=actor, task=effect.task, attempt=attempt, reason=reason))
    else:
        tree = session.state.worktree.tree
        session.handle(FinishTask(actor=actor, task=effect.task, attempt=attempt, tree=tree))


def _accept(session: Session, _: AcceptByPolicy) -> None:
    summary = "Accepted by the policy --accept auto: every other rule holds."
    session.handle(AcceptChange(actor=AUTO, tree=session.state.worktree.tree, summary=summary))


def _again(session: Session, effect: TryAgain) -> None:
    why = f" ({effect.because})" if effect.because else ""
    reason = f"open: {', '.join(effect.gaps)}{why}"
    session.handle(RetryTask(actor=session.actor, task=effect.task, reason=reason))


def _merge(session: Session, _: MergeByPolicy) -> None:
    merge_or_follow(session)


PERFORM: dict[type[Effect], Callable[[Session, Any], None]] = {
    MakePlan: _plan,
    RunPlanner: run_planner,
    RunAgent: run_agent,
    MergeSlice: merge_slice,
    BeginTask: _begin,
    RunGate: run_gate,
    MakeReview: make_review,
    EndTask: _end,
    MeasurePass: measure_pass,
    StopLoop: stop_loop,
    AcceptByPolicy: _accept,
    TryAgain: _again,
    MergeByPolicy: _merge,
    OpenPullRequest: open_pull_request,
    AwaitChecks: await_checks,
    MergePullRequest: merge_pull_request,
}
