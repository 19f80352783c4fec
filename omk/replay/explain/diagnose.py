"""Whether a loop gets anywhere: what each iteration came to, what stands still, the likeliest cause, and what to do."""

from fractions import Fraction

from omk.domain.proof.proof import GoalProof
from omk.domain.stagnation import (
    METRICS,
    STRATEGIES,
    Cause,
    Metric,
    Window,
    diagnosed,
    is_long_enough,
    likeliest,
    score,
    window_of,
)
from omk.domain.state import GoalState
from omk.domain.subjects.progress import Iteration
from omk.replay.documents import Document, plain, stagnation_of

_DIGITS = 3


def diagnose_document(state: GoalState, proof: GoalProof) -> Document:
    """`{goal, seq, status, policy, iterations, metrics, judged, stagnant, diagnosis, detected}`, as of the state."""
    history, policy = state.progress.history, state.policy
    window, found = window_of(history, policy), diagnosed(history, policy)
    return {
        "goal": proof.goal,
        "seq": proof.seq,
        "status": proof.status,
        "policy": {
            "warmup": policy.stagnation_warmup,
            "window": policy.stagnation_window,
            "metrics": policy.stagnation_metrics,
        },
        "iterations": [_iteration(one) for one in history],
        "metrics": [_metric(one, window) for one in METRICS] if window else [],
        "judged": is_long_enough(history, policy),
        "stagnant": found is not None,
        "diagnosis": _diagnosis(*likeliest(window), proof.goal) if found is not None else None,
        "detected": stagnation_of(state),
    }


def _iteration(one: Iteration) -> Document:
    measured = one.measured
    return {
        "iteration": measured.iteration,
        "seq": one.seq,
        "tree": measured.tree,
        "passed": measured.passed,
        "total": measured.total,
        "score": _number(score(measured)),
        "gates": {gate.gate: gate.outcome or "never" for gate in measured.gates},
        "objections": plain(measured.objections),
        "owed": list(measured.owed),
        "trees": measured.trees,
        "files": measured.files,
        "tokens": measured.tokens,
        "likeness": measured.likeness,
    }


def _metric(metric: Metric, window: Window) -> Document:
    return {
        "name": metric.name,
        "sentence": metric.sentence,
        "value": _number(metric.of(window)),
        "stagnant": metric.is_stagnant(window),
        "when": f"{metric.bound} {_number(metric.limit):g}",
    }


def _diagnosis(cause: Cause, confidence: int, goal: str) -> Document:
    strategy = STRATEGIES[cause.strategy]
    return {
        "cause": cause.name,
        "sentence": cause.sentence,
        "confidence": confidence,
        "strategy": cause.strategy,
        "advice": strategy.sentence,
        "risk": cause.risk,
        "tokens": cause.tokens,
        "command": strategy.command.format(goal=goal),
    }


def _number(value: Fraction) -> float:
    return round(float(value), _DIGITS)
