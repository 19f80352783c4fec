"""Why a rule does not hold: the sentence, what supports it, who owes which event, and what it only follows from.

Called only for rules whose `holds` said no. Texts may contain quoted texts (`§<seq>:<commitment>`), which views resolve.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from omk.domain.event import Value
from omk.domain.graph import violations
from omk.domain.oracle import proves
from omk.domain.proof import holds
from omk.domain.proof.holds import executors
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AgentRun
from omk.domain.subjects.gate import Gate, GateRun
from omk.domain.subjects.obligation import BOOKKEEPING

Owner = Literal["agent", "controller", "operator", "external"]


class Missing(Value):
    """The event that never came: its kind, and the values of its fields."""

    kind: str
    where: dict[str, object] = msgspec.field(default_factory=dict)


class Lack(Value):
    """What a rule lacks; `owner` and `command` replace the rule's own where the case asks for it."""

    text: str
    missing: Missing
    evidence: tuple[int, ...] = ()
    follows_from: tuple[str, ...] = ()
    owner: Owner | None = None
    command: str | None = None


def log_understood(state: GoalState, _: str) -> Lack:
    odd = state.strange
    kind, seq, count = (odd.kind, odd.seq, odd.count) if odd else ("?", 0, 0)
    text = f"{count} event(s) are of a kind this omk does not know, the first is {kind} at event {seq}. Upgrade omk."
    return Lack(text=text, missing=Missing(kind=kind, where={"understood": True}), evidence=(seq,))


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
        return Lack(text="The goal has no plan yet.", missing=missing)
    wrong = " ".join(violations(state.task))
    return Lack(text=f"The plan cannot be carried out: {wrong}", missing=missing, evidence=(state.goal.planned_seq,))


def agent_executed(state: GoalState, _: str) -> Lack:
    for task in executors(state):
        run = state.agent.last.get(task.id)
        missing = Missing(kind="agent_finished.v1", where={"task": task.id, "outcome": "succeeded"})
        if run is None:
            return Lack(text=f"No agent has worked on {task.id} yet.", missing=missing)
        if run.outcome is None:
            return Lack(text=f"{run.agent} is still at work.", missing=missing, evidence=(run.seq,))
        if run.outcome != "succeeded":
            return Lack(text=_ended(run, run.outcome), missing=missing, evidence=(run.seq,))
    missing = Missing(kind="agent_finished.v1", where={"outcome": "succeeded"})
    return Lack(text="The plan has no task for an agent yet.", missing=missing, follows_from=("plan.valid",))


ENDED = {"succeeded": "succeeded", "failed": "failed", "timed_out": "ran out of time", "stopped": "was stopped"}


def _ended(run: AgentRun, outcome: str) -> str:
    how = "no exit code" if run.signal is None else f"signal {run.signal}"
    how = how if run.exit_code is None else f"exit code {run.exit_code}"
    words = run.reason or (run.output.preview if run.output and run.output.size else None)
    return f"Agent {run.agent} {ENDED[outcome]} ({how}, event {run.seq})" + (f": {words}" if words else ".")


def files_changed(state: GoalState, _: str) -> Lack:
    idle = [one.id for one in executors(state) if one.id not in state.worktree.owners]
    names = ", ".join(idle) or "the agent"
    if idle or not state.worktree.seq:
        text = f"No file was changed by {names}."
    else:
        text = "The changes made cancel out: nothing differs from the base commit."
    where: dict[str, object] = {"task": idle[0]} if idle else {}
    evidence = tuple(state.agent.last[name].seq for name in idle if name in state.agent.last)
    return Lack(text=text, missing=Missing(kind="files_changed.v1", where=where), evidence=tuple(sorted(evidence)))


def files_recorded(state: GoalState, code: str) -> Lack:
    files = state.worktree
    names = ", ".join(f"{one.path} ({one.reason})" for one in files.unreadable[:5])
    more = f" and {len(files.unreadable) - 5} more" if len(files.unreadable) > 5 else ""  # noqa: PLR2004 - five are shown
    missing = Missing(kind="waiver_granted.v1", where={"code": code, "tree": files.tree})
    return Lack(text=f"Could not be recorded: {names}{more}.", missing=missing, evidence=(files.seq,))


def scope_respected(state: GoalState, code: str) -> Lack:
    bad = state.worktree.outside
    paths = ", ".join(path for _, one in bad for path in [two for two in one.paths if two in state.worktree.paths][:5])
    names = ", ".join(name for name, _ in bad)
    missing = Missing(kind="files_changed.v1", where={"task": bad[0][0]} if bad else {})
    return Lack(
        text=f"{names} changed files outside its declared scope: {paths}.",
        missing=missing,
        evidence=tuple(one.seq for _, one in bad),
    )


def gates_configured(state: GoalState, _: str) -> Lack:
    text = "No required gate is configured, and none was detected: nothing could prove this goal."
    evidence = (state.gate.seq,) if state.gate.seq else ()
    return Lack(text=text, missing=Missing(kind="gates_configured.v1"), evidence=evidence)


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
    return f"{path} (gate {', '.join(users)} runs it)" if users else path


def gate_passed(state: GoalState, code: str) -> Lack:
    name = code.removeprefix("gate.")
    gate = state.gate.by_name[name]
    where: dict[str, object] = {"gate": name, "outcome": "passed", "tree": state.worktree.tree}
    missing = Missing(kind="gate_ran.v1", where={**where, "definition": gate.definition.digest})
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
    return _red(gate, last, missing)


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
    missing = Missing(kind="review_passed.v1", where={"review": name, "tree": files.tree, "base": base})
    if review is None:
        return Lack(text=f"The {name} review has not been made.", missing=missing)
    if (review.tree, review.base) != (files.tree, base):
        text = f"The {name} review is stale: what it said at event {review.seq} is about another tree or base."
        seqs = {review.seq, files.seq, files.base_seq} - {0}
        return Lack(text=text, missing=missing, evidence=tuple(sorted(seqs)))
    text = f"The {name} review {review.outcome} (event {review.seq}): {review.summary}"
    red = tuple(f"gate.{gate}" for gate in state.gate.order if _is_gap(state, gate)) if name == "test" else ()
    red = red if name != "test" or holds.gates_configured(state, "") else ("gates.configured",)
    red = ("files.changed",) if name == "code" and not files.is_changed else red
    runs = (state.gate.by_name[gate].last for gate in state.gate.order) if name == "test" else ()
    later = max((run.seq for run in runs if run is not None), default=0)
    if later > review.seq and not red:
        text = f"The test review is out of date: it blocked at event {review.seq}, and a gate ran again at event {later}."
        return Lack(text=text, missing=missing, evidence=(review.seq, later))
    is_ours = review.outcome == "errored"
    return Lack(
        text=text,
        missing=missing,
        evidence=(review.seq,),
        owner="controller" if is_ours else "agent",
        command=None if is_ours else "omk execute {goal}",
        follows_from=red,
    )


def _is_gap(state: GoalState, gate: str) -> bool:
    required = state.gate.by_name[gate].definition.required
    return required and holds.gate_passed(state, f"gate.{gate}") is None


def oracle_proven(state: GoalState, code: str) -> Lack:
    check = code.removeprefix("oracle.")
    named = [name for name in state.gate.order if proves(state.gate.by_name[name].definition, check)]
    if not named:
        text = f"No gate proves {check!r}: name one so, or let one declare it."
        command = f"omk verify {{goal}} --prove GATE={check}" if state.gate.order else None
        missing = Missing(kind="gates_configured.v1", where={"proves": check})
        evidence = (state.gate.seq,) if state.gate.seq else ()
        return Lack(text=text, missing=missing, evidence=evidence, command=command)
    required = tuple(f"gate.{name}" for name in named if state.gate.by_name[name].definition.required)
    seqs = (run.seq for name in named if (run := state.gate.by_name[name].last) is not None)
    where: dict[str, object] = {"gate": named[0], "outcome": "passed", "tree": state.worktree.tree}
    return Lack(
        text=f"{check!r} is not proven: {', '.join(named)} has not passed on this tree.",
        missing=Missing(kind="gate_ran.v1", where=where),
        evidence=tuple(sorted(seqs)),
        follows_from=required,
        owner="controller",
        command="omk verify {goal}",
    )


def budget_within(state: GoalState, _: str) -> Lack:
    out = state.budget.exhausted
    text = "A budget limit is reached."
    if out is not None:
        text = f"The {out.dimension} budget is used up: {out.used} of {out.limit} (event {out.seq})."
    seq = out.seq if out is not None else state.budget.seq
    return Lack(text=text, missing=Missing(kind="budget_extended.v1"), evidence=(seq,))


ANSWERS: Mapping[str, str] = {
    "task": "task_finished.v1",
    "agent": "agent_finished.v1",
    "tool": "tool_finished.v1",
    "permission": "permission_answered.v1",
    "gate": "gate_ran.v1",
    "review": "review_passed.v1",
    "pull_request": "pull_request_opened.v1",
    "merge": "change_merged.v1",
}


def obligations_closed(state: GoalState, _: str) -> Lack:
    owed = [(one.seq, name, one) for name, one in state.obligation.items() if not name.startswith(BOOKKEEPING)]
    owed.sort(key=lambda triple: triple[0])
    names = ", ".join(name for _, name, _ in owed[:5])
    subject, _, rest = owed[0][1].partition(":")
    explained = tuple(code for code in (_explains(state, name) for _, name, _ in owed) if code)
    all_explained = len(explained) == len(owed)
    return Lack(
        text=f"Announced and not answered: {names}.",
        missing=Missing(kind=ANSWERS[subject], where={"obligation": f"{subject}:{rest}"}),
        evidence=tuple(seq for seq, _, _ in owed),
        owner=owed[0][2].owner,
        follows_from=tuple(sorted(set(explained))) if all_explained else (),
    )


def _explains(state: GoalState, obligation: str) -> str | None:
    """The code of the rule whose gap the same answer would close."""
    subject, _, rest = obligation.partition(":")
    name = rest.rpartition(":")[0]
    match subject:
        case "gate" if name in state.gate.by_name and _is_gap(state, name):
            return f"gate.{name}"
        case "agent" if rest in state.agent.running:
            return "agent.executed"
        case "review" if holds.review_passed(state, f"review.{name}") is None:
            return f"review.{name}"
        case _:
            return None


def integration_accepted(state: GoalState, _: str) -> Lack:
    word, tree = state.delivery.acceptance, state.worktree.tree
    missing = Missing(kind="change_accepted.v1", where={"tree": tree})
    if word is None:
        return Lack(text="The change was not accepted yet.", missing=missing)
    if word.status == "rejected" and word.tree != tree:
        text = f"The change was not accepted yet; an earlier tree was rejected (event {word.seq}): {word.summary}"
        return Lack(text=text, missing=missing, evidence=(word.seq,))
    if word.status == "rejected":
        return Lack(text=f"The change was rejected (event {word.seq}): {word.summary}", missing=missing, evidence=(word.seq,))
    text = f"The change was accepted on tree {word.tree[:12]} (event {word.seq}) and has changed since."
    return Lack(text=text, missing=missing, evidence=tuple(sorted({word.seq, state.worktree.seq} - {0})))
