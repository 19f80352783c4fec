"""GOAL: the one decider of a whole goal. It routes a command to its subject, and says what crosses subjects.

What several subjects must agree on stands here: a goal that is paused, blocked, cancelled or ready takes no work, and a
plan is many tasks at once.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from omk.domain.breaker import answered
from omk.domain.catalogue import SUBJECTS
from omk.domain.event import Command, Event, Recorded
from omk.domain.forking import unforkable
from omk.domain.graph import faults, violations
from omk.domain.halting import GOING_ON
from omk.domain.measuring import MeasureIteration, measured
from omk.domain.plan import BEGUN
from omk.domain.proof.holds import executors
from omk.domain.proof.rules import judged, open_codes
from omk.domain.spending import ExtendTaskBudget, noted, task_extended, task_reached
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AskPermission, CallTool, StartAgent
from omk.domain.subjects.budget import ExtendBudget
from omk.domain.subjects.controller import AbortEffect, StartController
from omk.domain.subjects.delivery import AUTO, AcceptChange, ChangeAccepted, RejectChange, StartMerge
from omk.domain.subjects.gate import ConfigureGates, RecordGate, StartGate
from omk.domain.subjects.goal import (
    CancelGoal,
    CreateGoal,
    ForkGoal,
    GoalPlanned,
    PauseGoal,
    RecordDecision,
    ResumeGoal,
)
from omk.domain.subjects.landing import RequestLanding
from omk.domain.subjects.lease import ClaimTask
from omk.domain.subjects.policy import ConfigurePolicy
from omk.domain.subjects.proposal import AcceptTask, ProposeTask, TaskProposed
from omk.domain.subjects.publication import RequestPullRequest, StartPush
from omk.domain.subjects.review import GrantWaiver, StartReview
from omk.domain.subjects.task import CONTROLLER, FinishTask, RetryTask, StartTask
from omk.domain.wanted import controlling, wanted
from omk.domain.work_decider import LandSlice, RecordWork, landed, recorded
from omk.errors import Refused


class PlanGoal(Command, frozen=True):
    """Take these tasks as the plan, all at once."""

    tasks: tuple[TaskProposed, ...]


BLANK = Recorded(goal="", seq=0, at="", actor="", causes=(), prev="", event=None)
ROUTES = {command: part for part, subject in SUBJECTS.items() for command in subject.commands}
WORK = (
    *(StartAgent, StartGate, StartReview, StartTask, ClaimTask),
    *(AskPermission, StartMerge, StartPush, RequestPullRequest, RequestLanding),
)
ADVICE = {
    "paused": f"Resume it: {GOING_ON['paused']}",
    "blocked_on_human": f"Answer it: {GOING_ON['blocked_on_human']}, or start a goal that says more.",
    "blocked_on_external": "See what it waits for: omk why {goal}",
    "cancelled": "This is final. Start another goal with omk run.",
    "failed_infra": "See what failed: omk why {goal}",
    "needs_more_budget": "Extend it: omk budget {goal} --add-time 10m",
    "ready": "See the proof: omk proof {goal}",
}


def decide(command: Command, state: GoalState) -> list[Event]:
    """The events that answer *command* in *state*; `Refused`, with a sentence, when it may not be. Pure."""
    if not state.seq and not isinstance(command, CreateGoal):
        raise Refused("The goal does not exist yet. Start it with `omk run`.")
    if state.strange is not None:
        odd = state.strange
        raise Refused(f"Event {odd.seq} of {state.goal.id} is a {odd.kind}, which this omk does not know. Upgrade omk.")
    _guard(command, state)
    if (across := ACROSS.get(type(command))) is not None:
        return across(command, state)
    if isinstance(command, AbortEffect) and command.obligation not in state.obligation:
        return []  # closed already
    part = ROUTES[type(command)]
    events = SUBJECTS[part].decide(command, getattr(state, part))
    if isinstance(command, StartController) and events:
        events += _reopened(command, state)
    if isinstance(command, AcceptChange) and not events and not state.worktree.is_accepted:
        return [ChangeAccepted(tree=command.tree, summary=command.summary)]  # this tree, but on another base
    if isinstance(command, StartMerge | StartPush | RequestLanding) and events:
        _guard_proven(command, state)
    return events


def is_ready(state: GoalState) -> bool:
    """Whether no rule has a gap."""
    return all(evidence is not None for _, _, evidence in judged(state))


def _guard(command: Command, state: GoalState) -> None:
    """Refuse what the goal's status forbids."""
    ruling = controlling(state)
    match command:
        case StartController(started=event):
            is_work = bool({"execute", "verify", "review"} & set(event.steps))
            ends = ruling or ("ready" if is_work and event.resumes is None and is_ready(state) else None)
            _refuse(state, ends)
        case _ if _begins_work(command):
            _refuse(state, ruling)
        case ExtendBudget() | ExtendTaskBudget():
            _refuse(state, ruling if ruling == "cancelled" else "ready" if ruling is None and is_ready(state) else None)
        case ConfigureGates() | ConfigurePolicy() if state.gate.seq:
            _refuse(state, ruling or ("ready" if is_ready(state) else None))
        case AcceptChange() | RejectChange() | GrantWaiver():
            _refuse(state, ruling if ruling != "needs_more_budget" else None)
            _guard_word(state)
            _guard_merged(command, state)
            _guard_tree(command, state)
        case PauseGoal() | CancelGoal():
            is_over = ruling is None and is_ready(state) and not wanted(state)  # a ready change may be on its way still
            ends = "ready" if is_over else ruling if ruling == "cancelled" else None
            again = isinstance(command, CancelGoal) and ends == "cancelled"
            _refuse(state, None if again else ends)
        case ResumeGoal() if ruling in {"cancelled", "failed_infra"}:
            _refuse(state, ruling)
        case RecordDecision() if ruling in {"cancelled", "failed_infra", "paused"}:
            _refuse(state, ruling)
        case _:
            pass


def _begins_work(command: Command) -> bool:
    """Whether something would begin that a goal without work must not have; a tool that an agent called is a fact."""
    return isinstance(command, WORK) or (isinstance(command, CallTool) and command.called.agent is None)


def _fork(command: ForkGoal, state: GoalState) -> list[Event]:
    """A fork stands on its own from its first record on, and so must what it begins with."""
    if reason := unforkable(state):
        raise Refused(f"{command.forked.goal} cannot be forked at event {state.seq}: {reason}.")
    return SUBJECTS["goal"].decide(command, state.goal)


def _refuse(state: GoalState, status: str | None) -> None:
    out, goal = noted(state), state.goal.id
    if status == "needs_more_budget" and out is not None:
        raise Refused(f"{goal} needs more budget ({out.words}). Extend it: omk budget {goal} {out.flag}")
    if status is not None:
        raise Refused(f"{goal} is {status}. {ADVICE[status].format(goal=goal)}")


def _guard_word(state: GoalState) -> None:
    """No word on a change while a process of the goal runs: it could be that process's own, and the tree may still move."""
    gates = [name for name in state.gate.order if state.gate.at_work(name)]
    at_work = [*(f"agent {name}" for name in state.agent.running), *(f"gate {name}" for name in gates)]
    if at_work:
        raise Refused(f"{', '.join(at_work)} of {state.goal.id} is at work. Wait until it has ended, then look again.")


def _guard_merged(command: AcceptChange | RejectChange | GrantWaiver, state: GoalState) -> None:
    merge = state.delivery.merge
    if isinstance(command, RejectChange) and merge is not None and merge.outcome == "merged" and merge.tree == command.tree:
        commit = (merge.commit or "")[:12]
        raise Refused(f"{state.goal.id} is merged into {merge.branch} as {commit}. To undo it: git revert {commit}")


def _guard_tree(command: AcceptChange | RejectChange | GrantWaiver, state: GoalState) -> None:
    tree = state.worktree.tree
    if command.tree != tree:
        raise Refused(f"The tree is {tree[:12]} now, not {command.tree[:12]}. Look at it again: omk proof {state.goal.id}")
    if isinstance(command, AcceptChange) and command.actor == AUTO:
        settings = state.goal.settings
        if settings is None or settings.accept != "auto":
            raise Refused("This goal was not started with --accept auto. Accept it yourself: omk accept --summary TEXT")
        codes = open_codes(state)
        if codes not in {(), ("integration.accepted",)}:
            raise Refused(f"The policy accepts only what is proven; open: {', '.join(codes)}.")
    if isinstance(command, GrantWaiver):
        _guard_waiver(command, state)


def _guard_proven(command: StartMerge | StartPush | RequestLanding, state: GoalState) -> None:
    """Only a proven tree goes into a branch, here or elsewhere."""
    codes = open_codes(state)
    if codes:
        raise Refused(f"{state.goal.id} is not ready; open: {', '.join(codes)}. See `omk why {state.goal.id}`.")
    going = command.requested.tree if isinstance(command, RequestLanding) else command.started.tree
    if going != state.worktree.tree:
        tree, proven = going[:12], state.worktree.tree[:12]
        raise Refused(f"Tree {tree} is not the proven tree {proven}. Merge that one: omk merge {state.goal.id}")


def _guard_waiver(command: GrantWaiver, state: GoalState) -> None:
    codes = {code for _, code, _ in judged(state)}
    if command.code not in codes:
        raise Refused(f"There is no rule {command.code}. Rules: {', '.join(sorted(codes))}.")


def _plan(command: PlanGoal, state: GoalState) -> list[Event]:
    """Propose, accept and close the plan; all violations at once."""
    if state.goal.planned_seq:
        return []
    _refuse(state, controlling(state))
    tasks, events = state.task, list[Event]()

    def add(one: Command) -> None:
        nonlocal tasks
        for event in SUBJECTS["task"].decide(one, tasks):
            events.append(event)
            record = replace(BLANK, goal=state.goal.id, seq=state.seq + len(events), event=event)
            tasks = SUBJECTS["task"].evolve[type(event)](tasks, event, record)

    for proposed in command.tasks:
        add(ProposeTask(actor=command.actor, proposed=proposed))
        add(AcceptTask(actor=command.actor, task=proposed.task))
    wrong = (*faults(command.tasks), *violations(tasks))
    if wrong:
        raise Refused(f"The plan cannot be carried out: {' '.join(wrong)}")
    events.append(GoalPlanned(tasks=tuple(one.task for one in command.tasks)))
    for name in BEGUN:
        if name in tasks:
            add(StartTask(actor=command.actor, task=name, worker=CONTROLLER))
            add(FinishTask(actor=command.actor, task=name, attempt=1))
    return events


def _reopened(command: StartController, state: GoalState) -> list[Event]:
    """An order to execute opens the agents' tasks again that an earlier order finished, but for those without budget.

    An order of no attempts takes those alone that are open.
    """
    started = command.started
    if "execute" not in started.steps or started.resumes is not None or not started.max_attempts:
        return []
    events: list[Event] = []
    for task in (one for one in executors(state) if task_reached(state, one.id) is None):
        again = RetryTask(actor=command.actor, task=task.id, reason="asked to execute again")
        events += SUBJECTS["task"].decide(again, state.task)
    return events


ACROSS: dict[type[Command], Callable[[Any, GoalState], list[Event]]] = {
    PlanGoal: _plan,
    ForkGoal: _fork,
    RecordWork: recorded,
    LandSlice: landed,
    RecordGate: answered,
    MeasureIteration: measured,
    ExtendTaskBudget: task_extended,
}
"""The commands that several subjects have a say in."""
