"""What the names of the language stand for: plain, sealed values of a moment, by natural key and made only when asked for."""

from typing import Any

import msgspec

from omk.domain.attempts import attempt_key
from omk.domain.event import Unknown, kind_of
from omk.domain.proof.holds import gate_passed, is_fresh, oracle_proven
from omk.domain.proof.proof import GateLine, gap_of, gate_line, review_line
from omk.domain.proof.rules import judged
from omk.domain.state import GoalState
from omk.domain.subjects.goal import Halt
from omk.domain.subjects.obligation import Obligation
from omk.domain.subjects.task import Task
from omk.domain.text import below, text_shape
from omk.domain.values import PASSES
from omk.replay.documents import operation_of, stagnation_of
from omk.replay.moment import Moment
from omk.replay.proof_document import check_of
from omk.replay.query.values import Keyed, Value


def built(value: object, *without: str) -> Value:
    """A value of the domain as plain values, without some of its fields."""
    made = msgspec.to_builtins(value)
    return {key: item for key, item in made.items() if key not in without} if isinstance(made, dict) else made


# --- Mappings by natural key ---


def tasks(moment: Moment) -> Value:
    """The tasks of the plan, by id."""
    known = moment.state.task
    return Keyed(known, lambda name: _task(known[name]), is_own=True)


_UNTOLD = ("id", "title", "description", "acceptance", "reason", "running")
_TASK_FIELDS = tuple(field for field in Task.__struct_fields__ if field not in _UNTOLD)


def _task(task: Task) -> Value:
    told = ((field, getattr(task, field)) for field in _TASK_FIELDS)
    return {field: list(value) if type(value) is tuple else value for field, value in told}


def gates(moment: Moment) -> Value:
    """The configured gates, by name."""
    known, running = moment.state.gate.by_name, moment.state.gate.running

    def basis(name: str) -> object:
        gate = known[name]
        return gate, is_fresh(moment.state, gate), bool(running) and attempt_key(name, gate.attempts) in running

    return Keyed(known, lambda name: _gate(moment, name), basis=basis)


def _gate(moment: Moment, name: str) -> Value:
    gates, gate = moment.state.gate, moment.state.gate.by_name[name]
    line = gate_line(moment.state, name)
    known = {field: getattr(line, field) for field in _GATE_FIELDS}
    counts = {"runs": gate.runs, "failures": gate.failures, "is_running": attempt_key(name, gate.attempts) in gates.running}
    more = {"proves": list(gate.definition.proves), "breaker": gate.breaker, "breaker_until": gate.breaker_until}
    return {**known, "command": list(line.command), **counts, **more}


_GATE_FIELDS = tuple(field for field in GateLine.__struct_fields__ if field != "name")


def reviews(moment: Moment) -> Value:
    """The six review passes."""
    state = moment.state
    known, waivers, tree = state.review.by_pass, state.review.waivers, state.worktree.tree
    base = state.worktree.base.tree if state.worktree.base else ""

    def basis(name: str) -> object:
        review, waiver = known.get(name), waivers.get(f"review.{name}")
        is_current = review is not None and review.tree == tree and review.base == base
        return review, is_current, waiver, waiver is not None and waiver.tree == tree

    return Keyed(PASSES, lambda name: built(review_line(state, name), "pass", "summary"), basis=basis)


def files(moment: Moment) -> Value:
    """The paths that differ from the base commit."""
    paths = moment.state.worktree.paths

    def told(path: str) -> Value:
        net = paths[path]
        return {"operation": operation_of(net), "old": net.old, "new": net.new, "old_mode": net.old_mode, "mode": net.mode}

    return Keyed(paths, told, is_own=True)


def gaps(moment: Moment) -> Value:
    """The open gaps, by rule code."""
    standing = moment.standing
    return Keyed(standing.open, lambda code: built(gap_of(moment.state, standing, code), "code", "text", "also"))


def obligations(moment: Moment) -> Value:
    """What is announced and not answered, by id."""
    owed = moment.state.obligation
    return Keyed(owed, lambda name: obligation(owed[name]))


def obligation(owed: Obligation) -> Value:
    """Who owes an answer, and since when."""
    return {"owner": owed.owner, "since": owed.seq, "pid": owed.pid}


def decisions(moment: Moment) -> Value:
    """What people decided, by rule code."""
    known = {one.code: one for one in moment.state.goal.decisions}
    return Keyed(known, lambda code: built(known[code], "code", "answer"))


def waivers(moment: Moment) -> Value:
    """What people took on themselves, by rule code."""
    known, tree = moment.state.review.waivers, moment.state.worktree.tree
    return Keyed(known, lambda code: {**built(known[code], "reason"), "fresh": known[code].tree == tree})


def checks(moment: Moment) -> Value:
    """The checks of the oracle, by name."""
    state = moment.state
    if state.goal.oracle is None:
        return Keyed((), lambda check: _check(moment, check))
    return Keyed(dict.fromkeys(state.goal.oracle.checks), lambda check: _check(moment, check))


def shown(state: GoalState) -> object:
    """What every check of the oracle, and its status, follow from: cheaper to compare than to judge."""
    oracle, gates = state.goal.oracle, state.gate
    if oracle is None:
        return None
    passed = ((gates.by_name[one].definition, gate_passed(state, f"gate.{one}") is not None) for one in gates.order)
    return oracle.checks, oracle.testable, tuple(passed)


def _check(moment: Moment, check: str) -> Value:
    is_open = oracle_proven(moment.state, f"oracle.{check}") is None
    return {key: item for key, item in check_of(moment.state, check, is_open=is_open).items() if key != "name"}


def held(moment: Moment) -> Value:
    """The rules that hold, with the seqs that show it."""
    known = {code: evidence for _, code, evidence in judged(moment.state)}
    return {code: sorted(set(seqs)) for code, seqs in sorted(known.items()) if seqs is not None}


def integration(moment: Moment) -> Value:
    """The last word on the change, as the proof tells it."""
    return built(moment.state.delivery.acceptance, "summary") or {"status": "pending"}


def oracle_field(moment: Moment, name: str) -> Value:
    """One field of the assessment; null before there is one."""
    return getattr(moment.state.goal.oracle, name, None)


def oracle_status(moment: Moment) -> Value:
    """Whether every check is proven; null before the goal was assessed."""
    oracle = moment.state.goal.oracle
    if oracle is None:
        return None
    proven = (oracle_proven(moment.state, f"oracle.{check}") is not None for check in oracle.checks)
    return "passed" if oracle.testable and all(proven) else "blocked"


def settings(moment: Moment) -> Value:
    """How the goal was configured."""
    return built(moment.state.goal.settings, "kind")


def halt(moment: Moment, name: str) -> Value:
    """One of the things that stop a goal."""
    found: Halt | None = getattr(moment.state.goal, name)
    return None if found is None else {"since": found.seq, "on": found.on, "code": found.code}


def stagnation(moment: Moment) -> Value:
    """Why the loop was stopped, without words."""
    found = stagnation_of(moment.state)
    return None if found is None else {name: value for name, value in found.items() if name != "reason"}


def limits(moment: Moment) -> Value:
    """What may be spent."""
    budget = moment.state.budget
    return {"active_ms": budget.time_ms, "tokens": budget.tokens, "micro_usd": budget.micro_usd}


def inherited(moment: Moment) -> Value:
    """What was spent before a fork; null of a goal that is none."""
    budget = moment.state.budget
    spent = {"active_ms": budget.inherited_ms, "tokens": budget.inherited_tokens, "micro_usd": budget.inherited_micro_usd}
    return spent if moment.state.goal.forked_from else None


def gate_runs(moment: Moment) -> Value:
    """How often a gate ran."""
    return sum(gate.runs for gate in moment.state.gate.by_name.values())


# --- The last event ---


def event(moment: Moment) -> Value:
    """The last event, with those of its fields that are no free text."""
    record = moment.record
    if record is None:
        return None
    kind = kind_of(record.event)
    place = {"actor": record.actor, "causes": list(record.causes), "fields": _fields(record.event)}
    return {"kind": kind, "name": kind.rpartition(".v")[0] or kind, **place}


def _fields(event: object) -> Value:
    """The fields of an event that are no free text."""
    if isinstance(event, Unknown):
        return {}
    kind: type = type(event)
    return {key: item for key, item in _sealed(msgspec.to_builtins(event), text_shape(kind)).items() if key != "kind"}


def _sealed(value: Any, shape: Any) -> Any:
    """*value* without the free text in it."""
    if isinstance(value, dict):
        return {key: _sealed(item, below(shape, key)) for key, item in value.items() if below(shape, key) != "text"}
    if isinstance(value, list | tuple):
        return [_sealed(item, below(shape, place)) for place, item in enumerate(value) if below(shape, place) != "text"]
    return value
