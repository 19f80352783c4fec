"""What each rule of readiness asks of the state: the seqs that show it holds, or None.

One small pure function per rule: cheap, because a fold that keeps track of verdicts asks it after every event that changed
what the rule reads. Why a rule does not hold is said in `gaps.py`, and only when somebody wants to know.
"""

from omk.domain.graph import violations
from omk.domain.oracle import proves
from omk.domain.state import GoalState
from omk.domain.subjects.gate import Gate
from omk.domain.subjects.task import EXECUTOR, Task

Evidence = tuple[int, ...] | None


def log_understood(state: GoalState, _: str) -> Evidence:
    return () if state.strange is None else None


def goal_testable(state: GoalState, _: str) -> Evidence:
    oracle = state.goal.oracle
    if oracle is None:
        return None
    if oracle.testable:
        return (oracle.seq,)
    return next(((oracle.seq, one.seq) for one in state.goal.decisions if one.code == "goal.testable"), None)


def plan_valid(state: GoalState, _: str) -> Evidence:
    planned = state.goal.planned_seq
    return (planned,) if planned and not violations(state.task) else None


def executors(state: GoalState) -> list[Task]:
    """The tasks that change the project, in the order of their ids."""
    working = (task for task in state.task.values() if task.role == EXECUTOR)
    return sorted((one for one in working if one.status not in {"proposed", "rejected"}), key=lambda task: task.id)


def agent_executed(state: GoalState, _: str) -> Evidence:
    seqs = []
    for task in state.task.values():
        if task.role != EXECUTOR or task.status in {"proposed", "rejected"}:
            continue
        run = state.agent.last.get(task.id)
        if run is None or run.outcome != "succeeded":
            return None
        seqs.append(run.seq)
    return tuple(sorted(seqs)) or None


def files_changed(state: GoalState, _: str) -> Evidence:
    """Every task has a change of its own in the tree, or none is due of it: another task's commit proves nothing of it."""
    if not state.worktree.is_changed:
        return None
    seqs = []
    for task in state.task.values():
        if task.role != EXECUTOR or task.status in {"proposed", "rejected"}:
            continue
        own = state.worktree.owners.get(task.id, task.excused)
        if own is None or task.id in state.slice.conflicts or task.id in state.slice.waiting:
            return None
        seqs.append(own)
    return tuple(sorted(seqs)) or None


def waived(state: GoalState, code: str) -> Evidence:
    """The seq of the waiver of *code* on the current tree."""
    waiver = state.review.waivers.get(code)
    return (waiver.seq,) if waiver is not None and waiver.tree == state.worktree.tree else None


def files_recorded(state: GoalState, code: str) -> Evidence:
    return waived(state, code) if state.worktree.unreadable else ()


def scope_respected(state: GoalState, code: str) -> Evidence:
    """What was changed outside the scope counts until it is undone, also when later work respects the scope."""
    return waived(state, code) if state.worktree.outside else ()


def gates_configured(state: GoalState, _: str) -> Evidence:
    gates = state.gate
    return (gates.seq,) if any(gates.by_name[name].definition.required for name in gates.order) else None


def gates_unchanged(state: GoalState, code: str) -> Evidence:
    return waived(state, code) if state.worktree.guarded else ()


def is_fresh(state: GoalState, gate: Gate) -> bool:
    """Whether the gate's last answer is about the current tree and definition."""
    last = gate.last
    return last is not None and last.tree == state.worktree.tree and last.definition == gate.definition.digest


def gate_passed(state: GoalState, code: str) -> Evidence:
    gate = state.gate.by_name.get(code.removeprefix("gate."))
    if gate is None or gate.last is None or gate.last.outcome != "passed" or not is_fresh(state, gate):
        return None
    return (gate.last.seq,)


def review_passed(state: GoalState, code: str) -> Evidence:
    review = state.review.by_pass.get(code.removeprefix("review."))
    files = state.worktree
    base = files.base.tree if files.base else ""
    is_current = review is not None and review.tree == files.tree and review.base == base
    if review is not None and is_current and review.outcome in {"passed", "not_applicable"}:
        return (review.seq,)
    return waived(state, code)


def oracle_proven(state: GoalState, code: str) -> Evidence:
    check = code.removeprefix("oracle.")
    for name in state.gate.order:
        gate = state.gate.by_name[name]
        if proves(gate.definition, check):
            seqs = gate_passed(state, f"gate.{name}")
            if seqs is not None:
                return seqs
    return None


def budget_within(state: GoalState, _: str) -> Evidence:
    return () if state.budget.is_within else None


def obligations_closed(state: GoalState, _: str) -> Evidence:
    """Nothing announced is open, but for worktrees: they are bookkeeping."""
    if state.agent.is_busy or state.gate.is_busy or state.review.is_busy or state.delivery.is_busy:
        return None
    if state.publication.is_busy or state.landing.is_busy:
        return None
    return None if any(task.running for task in state.task.values()) else ()


def integration_accepted(state: GoalState, _: str) -> Evidence:
    """The change as it is now was accepted; a merge that leaves the net change alone keeps the acceptance."""
    word = state.delivery.acceptance
    return (word.seq,) if word is not None and word.status == "accepted" and state.worktree.is_accepted else None
