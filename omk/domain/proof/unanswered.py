"""Why `obligations.closed` does not hold: the answer to each thing announced that no other gap asks for already."""

from omk.domain.attempts import attempt_parts
from omk.domain.proof import holds
from omk.domain.proof.gaps import Lack, Missing
from omk.domain.proof.holds import executors
from omk.domain.proof.pending import is_at_work, is_being_made, is_gap, prover, provers, verdict_kind
from omk.domain.state import GoalState
from omk.domain.subjects.obligation import BOOKKEEPING

_SHOWN = 5
ANSWERED_BY_ATTEMPT = {
    "push": "branch_pushed.v1",
    "pull_request": "pull_request_opened.v1",
    "pull_request_merge": "pull_request_merged.v1",
}
"""The good answers to what has no other name than its number."""


def obligations_closed(state: GoalState, _: str) -> Lack:
    owed = [(name, one) for name, one in state.obligation.items() if not name.startswith(BOOKKEEPING)]
    names = ", ".join(name for name, _ in owed[:_SHOWN])
    explained = {name: code for name, _ in owed if (code := _explains(state, name))}
    own = [pair for pair in owed if pair[0] not in explained]
    first, *others = [_answer(state, name) for name, _ in own or owed]
    return Lack(
        text=f"Announced and not answered: {names}.",
        missing=first,
        also=tuple(others),
        evidence=tuple(one.seq for _, one in owed),
        owner=(own or owed)[0][1].owner,
        follows_from=() if own else tuple(sorted(set(explained.values()))),
    )


def _answer(state: GoalState, obligation: str) -> Missing:
    """The event that would answer what was announced, by what identifies it. A good answer: which one it was, nobody knows."""
    subject, _, key = obligation.partition(":")
    name, attempt = attempt_parts(key)
    if subject in ANSWERED_BY_ATTEMPT:
        return Missing(kind=ANSWERED_BY_ATTEMPT[subject], where={"attempt": int(key)})
    match subject:
        case "task":
            return Missing(kind="task_finished.v1", where={"task": name, "attempt": int(attempt)})
        case "agent":
            return Missing(kind="agent_finished.v1", where={"agent": key, "task": state.agent.running[key].of})
        case "tool":
            return Missing(kind="tool_finished.v1", where={"tool": key})
        case "permission":
            return Missing(kind="permission_answered.v1", where={"permission": key})
        case "gate":
            return Missing(kind="gate_ran.v1", where={"gate": name, "attempt": int(attempt)})
        case "review":
            return Missing(kind=verdict_kind(state, name), where={"review": name, "attempt": int(attempt)})
        case _:
            return Missing(kind="change_merged.v1", where={"branch": name, "attempt": int(attempt)})


def _explains(state: GoalState, obligation: str) -> str | None:
    """The code of the gap whose own missing event is the answer to this obligation."""
    subject, _, key = obligation.partition(":")
    name, attempt = attempt_parts(key)
    match subject:
        case "gate" if _is_newest_run(state, name, attempt):
            return f"gate.{name}" if is_gap(state, name) else _proof_by(state, name)
        case "agent" if _is_newest_agent(state, key):
            return "agent.executed"
        case "review" if attempt == str(state.review.attempts.get(name)) and is_being_made(state, name):
            code = f"review.{name}"
            return code if holds.review_passed(state, code) is None else None
        case _:
            return None


def _is_newest_run(state: GoalState, gate: str, attempt: str) -> bool:
    known = state.gate.by_name.get(gate)
    return known is not None and attempt == str(known.attempts) and is_at_work(state, gate)


def _is_newest_agent(state: GoalState, agent: str) -> bool:
    task = state.agent.running[agent].of or ""
    run = state.agent.last.get(task)
    is_last = run is not None and run.agent == agent and run.outcome is None
    return is_last and any(one.id == task for one in executors(state))


def _proof_by(state: GoalState, gate: str) -> str | None:
    """The check that this gate, which is not required, is expected to prove."""
    for check in state.goal.oracle.checks if state.goal.oracle else ():
        code, named = f"oracle.{check}", provers(state, check)
        is_own = not any(state.gate.by_name[name].definition.required for name in named)
        if gate in named and is_own and prover(state, named) == gate and holds.oracle_proven(state, code) is None:
            return code
    return None
