"""Why a rule does not hold: the sentence, what supports it, who owes which event, and what it only follows from.

Called only for rules whose `holds` said no. Texts may contain quoted texts (`§<seq>:<commitment>`), which views resolve.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from omk.domain.event import Value
from omk.domain.graph import violations
from omk.domain.plan import EXECUTE, WELL_KNOWN
from omk.domain.proof import holds
from omk.domain.proof.holds import executors
from omk.domain.spending import MORE, Reached, task_reached
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AgentRun
from omk.domain.subjects.task import CONTROLLER, EXECUTOR
from omk.domain.visible import visible

Owner = Literal["agent", "controller", "operator", "external"]
_SHOWN = 5


class Missing(Value):
    """The event that never came: its kind, and the values of its fields."""

    kind: str
    where: dict[str, object] = msgspec.field(default_factory=dict)


class Lack(Value):
    """What a rule lacks: an event that never came, and those that have to come `also`.

    `owner` and `command` replace the rule's own where the case asks for it.
    """

    text: str
    missing: Missing
    also: tuple[Missing, ...] = ()
    evidence: tuple[int, ...] = ()
    follows_from: tuple[str, ...] = ()
    owner: Owner | None = None
    command: str | None = None


def _some(names: Sequence[str]) -> str:
    """The first few of the names, and how many more there are: a goal may have hundreds of tasks."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _some_paths(paths: Sequence[str]) -> str:
    return _some([visible(path) for path in paths])


def log_understood(state: GoalState, _: str) -> Lack:
    odd = state.strange
    kind, seq, count = (odd.kind, odd.seq, odd.count) if odd else ("?", 0, 0)
    are = "event is" if count == 1 else "events are"
    text = f"{count} {are} of a kind this omk does not know, the first is {kind} at event {seq}. Upgrade omk."
    return Lack(text=text, missing=Missing(kind=kind), evidence=(seq,))


def goal_testable(state: GoalState, _: str) -> Lack:
    oracle = state.goal.oracle
    missing = Missing(kind="decision_recorded.v1", where={"code": "goal.testable"})
    if oracle is None:
        missing = Missing(kind="oracle_assessed.v1", where={"testable": True})
        return Lack(text="The goal was not assessed yet.", missing=missing, owner="controller", command="omk resume {goal}")
    return Lack(text=f"The goal cannot be tested as worded: {oracle.reason}", missing=missing, evidence=(oracle.seq,))


def plan_valid(state: GoalState, _: str) -> Lack:
    missing = Missing(kind="goal_planned.v1")
    if not state.goal.planned_seq:
        return Lack(text="The goal has no plan yet.", missing=missing, also=_to_propose(state))
    wrong = " ".join(violations(state.task))
    return Lack(text=f"The plan cannot be carried out: {wrong}", missing=missing, evidence=(state.goal.planned_seq,))


def _to_propose(state: GoalState) -> tuple[Missing, ...]:
    """The tasks that a plan under way lacks: those that others wait for, and one for an agent at the least."""
    absent = _absent(state)
    names = absent if executors(state) or _to_come(state) else [*absent, EXECUTE]
    roles = {name: CONTROLLER if name in OWN else EXECUTOR for name in names}
    proposed = [Missing(kind="task_proposed.v1", where={"task": name, "role": role}) for name, role in roles.items()]
    accepted = [Missing(kind="task_accepted.v1", where={"task": name}) for name in names]
    return tuple(one for pair in zip(proposed, accepted, strict=True) for one in pair)


OWN = WELL_KNOWN - {EXECUTE}
"""The tasks that are omk's own work."""


def _absent(state: GoalState) -> list[str]:
    """The tasks that others of a plan under way depend on, and nobody has proposed."""
    if state.goal.planned_seq:
        return []
    live = (task for task in state.task.values() if task.status != "rejected")
    return sorted({name for task in live for name in task.dependencies if name not in state.task})


def _to_come(state: GoalState) -> list[str]:
    """Those of them that are agents' work."""
    return [name for name in _absent(state) if name not in OWN]


def agent_executed(state: GoalState, _: str) -> Lack:
    runs = [(task.id, state.agent.last.get(task.id)) for task in executors(state)]
    lacking = [(name, run) for name, run in runs if run is None or run.outcome != "succeeded"]
    ends = [_success(name, run) for name, run in lacking] + [_success(name, None) for name in _to_come(state)]
    if not lacking:
        ends = ends or [_success(EXECUTE, None)]
        return Lack(text="The plan has no task for an agent yet.", missing=ends[0], also=tuple(ends[1:]))
    name, run = lacking[0]
    if run is None:
        return Lack(text=f"No agent has worked on {name} yet.", missing=ends[0], also=tuple(ends[1:]))
    text = f"{run.agent} is still at work." if run.outcome is None else _ended(run, run.outcome)
    lack = Lack(text=text, missing=ends[0], also=tuple(ends[1:]), evidence=(run.seq,))
    spent = [task_reached(state, one) for one, _ in lacking]
    return _without_budget(lack, name, spent[0]) if spent[0] and all(spent) else lack


def _without_budget(lack: Lack, task: str, out: Reached) -> Lack:
    """The same where no task that lacks success is tried again before somebody adds to its budget."""
    command = f"omk budget {{goal}} --task {task} {out.flag}"
    return replace(lack, text=f"{lack.text} The budget of {task} is used up: {out.words}.", owner="operator", command=command)


def _success(task: str, run: AgentRun | None) -> Missing:
    """The end that an agent's work on the task should have had; by the agent that is at it, if one is."""
    where: dict[str, object] = {"task": task, "outcome": "succeeded"}
    at_work = run is not None and run.outcome is None
    return Missing(kind="agent_finished.v1", where={"agent": run.agent, **where} if run and at_work else where)


ENDED = {"succeeded": "succeeded", "failed": "failed", "timed_out": "ran out of time", "stopped": "was stopped"}


def _ended(run: AgentRun, outcome: str) -> str:
    how = "no exit code" if run.signal is None else f"signal {run.signal}"
    how = how if run.exit_code is None else f"exit code {run.exit_code}"
    words = run.reason or (run.output.preview if run.output and run.output.size else None)
    return f"Agent {run.agent} {ENDED[outcome]} ({how}, event {run.seq})" + (f": {words}" if words else ".")


def files_changed(state: GoalState, _: str) -> Lack:
    idle = [one.id for one in executors(state) if one.id not in state.worktree.owners and one.excused is None]
    apart = [one.id for one in executors(state) if one.id in state.slice.conflicts or one.id in state.slice.waiting]
    if apart:
        return _unmerged(state, apart, [name for name in idle if name not in apart])
    names = _some(idle) or "the agent"
    if idle or not state.worktree.seq:
        text = f"No file was changed by {names}.{_why_idle(state, idle)}"
    else:
        text = "The changes made cancel out: nothing differs from the base commit."
    evidence = tuple(state.agent.last[name].seq for name in idle if name in state.agent.last)
    missing, also = _changes([*idle, *_to_come(state)])
    return Lack(text=text, missing=missing, also=also, evidence=tuple(sorted(evidence)))


def _why_idle(state: GoalState, idle: Sequence[str]) -> str:
    """Why attempts failed whose agents ended well, such as one that removed its worktree."""
    runs = state.agent.last
    ended = [name for name in idle if name in runs and runs[name].outcome == "succeeded"]
    failed = [state.task[name] for name in ended if state.task[name].status == "blocked" and state.task[name].reason]
    return "".join(f" {f'{one.id}: ' if len(idle) > 1 else ''}{one.reason}" for one in failed[:_SHOWN])


def _unmerged(state: GoalState, apart: Sequence[str], idle: Sequence[str]) -> Lack:
    """What was made and is not in the goal's tree: it conflicts with it, or its merge is still to come."""
    conflicts, waiting = state.slice.conflicts, state.slice.waiting
    words = [
        f"The work on {name} conflicts with the goal's tree in {_some_paths(conflicts[name].paths)}"
        if name in conflicts
        else f"The work on {name} is not merged yet"
        for name in apart[:_SHOWN]
    ]
    words += [f"{len(apart) - _SHOWN} more are not merged"] if len(apart) > _SHOWN else []
    seqs = sorted((conflicts.get(name) or waiting[name]).seq for name in apart)
    missing, also = _changes([*apart, *idle])
    owner: Owner = "agent" if any(name in conflicts for name in apart) else "controller"
    command = None if owner == "agent" else "omk resume {goal}"
    return Lack(text=f"{'; '.join(words)}.", missing=missing, also=also, evidence=tuple(seqs), owner=owner, command=command)


def _changes(tasks: Sequence[str]) -> tuple[Missing, tuple[Missing, ...]]:
    """A change of files by each of these tasks; by whatever task where there is none."""
    changes = tuple(Missing(kind="files_changed.v1", where={"task": name}) for name in tasks)
    return (changes[0], changes[1:]) if changes else (Missing(kind="files_changed.v1"), ())


def files_recorded(state: GoalState, code: str) -> Lack:
    files = state.worktree
    names = _some([f"{visible(one.path)} ({one.reason})" for one in files.unreadable])
    missing = Missing(kind="waiver_granted.v1", where={"code": code, "tree": files.tree})
    return Lack(text=f"Could not be recorded: {names}.", missing=missing, evidence=(files.seq,))


def scope_respected(state: GoalState, code: str) -> Lack:
    bad = state.worktree.outside
    still = [(name, [path for path in one.paths if path in state.worktree.paths]) for name, one in bad]
    if len(still) == 1:
        text = f"{still[0][0]} changed files outside its declared scope: {_some_paths(still[0][1])}."
    else:
        each = "; ".join(f"{name} changed {_some_paths(paths)}" for name, paths in still[:_SHOWN])
        more = f"; so did {len(still) - _SHOWN} more" if len(still) > _SHOWN else ""
        text = f"{len(still)} tasks changed files outside their declared scopes: {each}{more}."
    missing, also = _changes([name for name, _ in bad])
    return Lack(
        text=text,
        missing=missing,
        also=also,
        evidence=tuple(one.seq for _, one in bad),
    )


def tree_known(state: GoalState) -> dict[str, object]:
    """The tree that evidence has to be about; nobody knows it as long as the change itself is owed."""
    return {} if holds.files_changed(state, "") is None else {"tree": state.worktree.tree}


def budget_within(state: GoalState, _: str) -> Lack:
    out = state.budget.exhausted
    missing = Missing(kind="budget_extended.v1")
    if out is None:
        return Lack(text="A budget limit is reached.", missing=missing, evidence=(state.budget.seq,))
    text = f"The {out.dimension} budget is used up: {out.used} of {out.limit} (event {out.seq})."
    command = f"omk budget {{goal}} {MORE[out.dimension]}"
    return Lack(text=text, missing=missing, evidence=(out.seq,), command=command)


def integration_accepted(state: GoalState, _: str) -> Lack:
    word, tree = state.delivery.acceptance, state.worktree.tree
    missing = Missing(kind="change_accepted.v1", where=tree_known(state))
    if word is None:
        return Lack(text="The change was not accepted yet.", missing=missing)
    if word.status == "rejected" and word.tree != tree:
        text = f"The change was not accepted yet; an earlier tree was rejected (event {word.seq}): {word.summary}"
        return Lack(text=text, missing=missing, evidence=(word.seq,))
    if word.status == "rejected":
        return Lack(text=f"The change was rejected (event {word.seq}): {word.summary}", missing=missing, evidence=(word.seq,))
    text = f"The change was accepted on tree {word.tree[:12]} (event {word.seq}) and has changed since."
    return Lack(text=text, missing=missing, evidence=tuple(sorted({word.seq, state.worktree.seq} - {0})))
