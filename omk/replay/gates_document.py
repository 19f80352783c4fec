"""The gates of a goal as a document: what each said, how often it failed in a row, and whether its breaker lets it run."""

from typing import Any

from omk.domain.proof.proof import gate_line
from omk.domain.state import GoalState

Document = dict[str, Any]


def gates_document(state: GoalState) -> Document:
    """`{goal, seq, gates: [{name, required, outcome, fresh, seq, runs, failures, needs, breaker, breaker_until, …}]}`."""
    return {"goal": state.goal.id, "seq": state.seq, "gates": [_gate(state, name) for name in state.gate.order]}


def _gate(state: GoalState, name: str) -> Document:
    gate, line = state.gate.by_name[name], gate_line(state, name)
    return {
        "name": name,
        "required": line.required,
        "outcome": line.outcome,
        "fresh": line.fresh,
        "tree": line.tree,
        "seq": line.seq,
        "reason": gate.last.reason if gate.last else None,
        "is_running": state.gate.at_work(name) is not None,
        "runs": gate.runs,
        "failures": gate.failures,
        "needs": [need for need in state.policy.needs_of(name) if need in state.gate.order],
        "breaker": gate.breaker,
        "breaker_until": gate.breaker_until,
        "breaker_seq": gate.breaker_seq or None,
        "probes": gate.probes,
    }
