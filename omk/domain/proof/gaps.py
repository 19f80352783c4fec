"""Why a rule does not hold: the sentence, what supports it, who owes which event, and what it only follows from.

Called only for rules whose `holds` said no. Texts may contain quoted texts (`§<seq>:<commitment>`), which views resolve.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from omk.domain.event import Value
from omk.domain.graph import violations
from omk.domain.instant import moment
from omk.domain.plan import EXECUTE
from omk.domain.proof import holds
from omk.domain.proof.holds import executors
from omk.domain.proof.pending import is_being_made, is_gap, prover, provers, verdict_kind
from omk.domain.spending import Reached, task_reached
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AgentRun
from omk.domain.subjects.gate import Gate, GateRun
from omk.domain.subjects.task import EXECUTOR
from omk.domain.visible import visible
from omk.domain.words import counted

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
        return Lack(text="The goal has no plan yet.", missing=missing, also=() if executors(state) else FIRST_TASK)
    wrong = " ".join(violations(state.task))
    return Lack(text=f"The plan cannot be carried out: {wrong}", missing=missing, evidence=(state.goal.planned_seq,))


FIRST_TASK = (
    Missing(kind="task_proposed.v1", where={"task": EXECUTE, "role": EXECUTOR}),
    Missing(kind="task_accepted.v1", where={"task": EXECUTE}),
)
"""What a plan has at the least."""


def agent_executed(state: GoalState, _: str) -> Lack:
    runs = [(task.id, state.agent.last.get(task.id)) for task in executors(state)]
    lacking = [(name, run) for name, run in runs if run is None or run.outcome != "succeeded"]
    if not lacking:
        return Lack(text="The plan has no task for an agent yet.", missing=_success(EXECUTE, None))
    (name, run), ends = lacking[0], [_success(name, run) for name, run in lacking]
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
        text = f"No file was changed by {names}."
    else:
        text = "The changes made cancel out: nothing differs from the base commit."
    evidence = tuple(state.agent.last[name].seq for name in idle if name in state.agent.last)
    missing, also = _changes(idle)
    return Lack(text=text, missing=missing, also=also, evidence=tuple(sorted(evidence)))


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


def gates_configured(state: GoalState, _: str) -> Lack:
    text = "No required gate is configured, and none was detected: nothing could prove this goal."
    evidence = (state.gate.seq,) if state.gate.seq else ()
    passed = Missing(kind="gate_ran.v1", where={"outcome": "passed"})
    return Lack(text=text, missing=Missing(kind="gates_configured.v1"), also=(passed,), evidence=evidence)


def gates_unchanged(state: GoalState, code: str) -> Lack:
    files = state.worktree
    paths = "; ".join(_guarded(state, path) for path in files.guarded[:5])
    missing = Missing(kind="waiver_granted.v1", where={"code": code, "tree": files.tree})
    return Lack(
        text=f"The change touches what decides verification: {paths}. A person has to look at it.",
        missing=missing,
        evidence=(files.seq,),
    )


def _guarded(state: GoalState, path: str) -> str:
    """The path, and the gates whose commands name it."""
    gates = state.gate
    name = path.rpartition("/")[2]
    users = [gate for gate in gates.order if any(name in word for word in gates.by_name[gate].definition.command)]
    return f"{visible(path)} (gate {', '.join(users)} runs it)" if users else visible(path)


def gate_passed(state: GoalState, code: str) -> Lack:
    """Why the gate has not passed; that its breaker keeps it from being run comes first."""
    name = code.removeprefix("gate.")
    gate, lack = state.gate.by_name[name], _unpassed(state, name)
    if gate.breaker == "closed":
        return lack
    evidence = tuple(sorted({*lack.evidence, gate.breaker_seq}))
    return msgspec.structs.replace(lack, text=f"{_breaker(gate)} {lack.text}", evidence=evidence)


def _breaker(gate: Gate) -> str:
    breaker = f"The breaker of gate {gate.definition.name} is"
    if gate.breaker_until is not None:
        return f"{breaker} open until {moment(gate.breaker_until)}, after {counted(gate.failures, 'failure')} in a row."
    return f"{breaker} half-open: " + ("the next run decides." if gate.probes else "no further run may begin.")


def _unpassed(state: GoalState, name: str) -> Lack:
    gate, missing = state.gate.by_name[name], _pass(state, name)
    last = gate.last
    if last is None:
        at_work = state.gate.at_work(name)
        text = f"Gate {name} is at work." if at_work else f"Gate {name} has never run."
        return Lack(text=text, missing=missing, evidence=(at_work.seq,) if at_work else ())
    if last.definition != gate.definition.digest:
        text = f"Gate {name} is stale: its definition changed since event {last.seq}."
        return Lack(text=text, missing=missing, evidence=tuple(sorted({last.seq, state.gate.seq})))
    if last.tree != state.worktree.tree:
        tree, now = last.tree[:12], state.worktree.tree[:12]
        word = last.outcome.replace("_", " ")
        text = f"Gate {name} is stale: it {word} on tree {tree} at event {last.seq}, the tree is {now} now."
        seqs = {last.seq, state.worktree.seq, state.worktree.base_seq} - {0}
        return Lack(text=text, missing=missing, evidence=tuple(sorted(seqs)))
    if last.outcome == "skipped" and not gate.definition.skipped and state.policy.needs_of(name):
        text = f"Gate {name} was not run (event {last.seq}): {last.reason or 'what it needs did not pass.'}"
        return Lack(text=text, missing=missing, evidence=(last.seq,), owner="agent", command="omk execute {goal}")
    return _red(gate, last, missing)


def _tree(state: GoalState) -> dict[str, object]:
    """The tree that evidence has to be about; nobody knows it as long as the change itself is owed."""
    return {} if holds.files_changed(state, "") is None else {"tree": state.worktree.tree}


def _pass(state: GoalState, name: str) -> Missing:
    """A pass of the gate on the current tree, by its current definition."""
    definition = state.gate.by_name[name].definition.digest
    where: dict[str, object] = {"gate": name, "outcome": "passed", **_tree(state), "definition": definition}
    return Missing(kind="gate_ran.v1", where=where)


def _red(gate: Gate, last: GateRun, missing: Missing) -> Lack:
    name, word = gate.definition.name, last.outcome.replace("_", " ")
    how = f", signal {last.signal}" if last.signal is not None else ""
    how = f", exit code {last.exit_code}" if last.exit_code is not None else how
    said = last.reason or (last.output.preview if last.output and last.output.size else None)
    text = f"Gate {name} {word}{how} (event {last.seq})" + (f": {said}" if said else ".")
    if last.outcome == "skipped":
        return Lack(
            text=f"Gate {name} was skipped (event {last.seq}); a skipped gate proves nothing.",
            missing=missing,
            evidence=(last.seq,),
            owner="operator",
        )
    return Lack(text=text, missing=missing, evidence=(last.seq,), owner="agent", command="omk execute {goal}")


def review_passed(state: GoalState, code: str) -> Lack:
    name = code.removeprefix("review.")
    files, review = state.worktree, state.review.by_pass.get(name)
    base = files.base.tree if files.base else ""
    missing = Missing(kind=verdict_kind(state, name), where={"review": name, **_tree(state), "base": base})
    if review is None:
        return Lack(text=f"The {name} review has not been made.", missing=missing)
    if (review.tree, review.base) != (files.tree, base):
        text = f"The {name} review is stale: what it said at event {review.seq} is about another tree or base."
        seqs = {review.seq, files.seq, files.base_seq} - {0}
        return Lack(text=text, missing=missing, evidence=tuple(sorted(seqs)))
    text = f"The {name} review {review.outcome} (event {review.seq}): {review.summary}"
    had_to = not is_being_made(state, name) and _had_to_object(state, name)
    runs = (state.gate.by_name[gate].last for gate in state.gate.order) if name == "test" else ()
    later = max((run.seq for run in runs if run is not None), default=0)
    if later > review.seq and not had_to:
        text = f"The test review is out of date: it blocked at event {review.seq}, and a gate ran again at event {later}."
        return Lack(text=text, missing=missing, evidence=(review.seq, later))
    is_ours = review.outcome == "errored" or had_to
    return Lack(
        text=text,
        missing=missing,
        evidence=(review.seq,),
        owner="controller" if is_ours else "agent",
        command=None if is_ours else "omk execute {goal}",
    )


def _had_to_object(state: GoalState, review: str) -> bool:
    """Whether another gap is why a review objected: once that is closed the review has to be made again, and no more."""
    if review == "code":
        return not state.worktree.is_changed
    has_gates = holds.gates_configured(state, "") is not None
    return review == "test" and (not has_gates or any(is_gap(state, gate) for gate in state.gate.order))


def oracle_proven(state: GoalState, code: str) -> Lack:
    check = code.removeprefix("oracle.")
    named = provers(state, check)
    if not named:
        text = f"No gate proves {check!r}: name one so, or let one declare it."
        command = f"omk verify {{goal}} --prove GATE={check}" if state.gate.order else None
        evidence = (state.gate.seq,) if state.gate.seq else ()
        return Lack(text=text, missing=Missing(kind="gates_configured.v1"), evidence=evidence, command=command)
    required = tuple(f"gate.{name}" for name in named if state.gate.by_name[name].definition.required)
    seqs = (run.seq for name in named if (run := state.gate.by_name[name].last) is not None)
    return Lack(
        text=f"{check!r} is not proven: {', '.join(named)} has not passed on this tree.",
        missing=_pass(state, prover(state, named)),
        evidence=tuple(sorted(seqs)),
        follows_from=required,
        owner="controller",
        command="omk verify {goal}",
    )


def budget_within(state: GoalState, _: str) -> Lack:
    out = state.budget.exhausted
    missing = Missing(kind="budget_extended.v1")
    if out is None:
        return Lack(text="A budget limit is reached.", missing=missing, evidence=(state.budget.seq,))
    text = f"The {out.dimension} budget is used up: {out.used} of {out.limit} (event {out.seq})."
    command = f"omk budget {{goal}} {Reached(out.dimension, out.limit, out.used).flag}"
    return Lack(text=text, missing=missing, evidence=(out.seq,), command=command)


def integration_accepted(state: GoalState, _: str) -> Lack:
    word, tree = state.delivery.acceptance, state.worktree.tree
    missing = Missing(kind="change_accepted.v1", where=_tree(state))
    if word is None:
        return Lack(text="The change was not accepted yet.", missing=missing)
    if word.status == "rejected" and word.tree != tree:
        text = f"The change was not accepted yet; an earlier tree was rejected (event {word.seq}): {word.summary}"
        return Lack(text=text, missing=missing, evidence=(word.seq,))
    if word.status == "rejected":
        return Lack(text=f"The change was rejected (event {word.seq}): {word.summary}", missing=missing, evidence=(word.seq,))
    text = f"The change was accepted on tree {word.tree[:12]} (event {word.seq}) and has changed since."
    return Lack(text=text, missing=missing, evidence=tuple(sorted({word.seq, state.worktree.seq} - {0})))
