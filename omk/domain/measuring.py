"""Measuring a pass of the loop: everything is in the state but how alike two outputs are, which the command says."""

from omk.domain.event import Command, Event, Output
from omk.domain.proof.holds import executors
from omk.domain.stagnation import cause_named, diagnosed
from omk.domain.state import GoalState
from omk.domain.subjects.progress import GateScore, IterationMeasured, Objection, StagnationDetected
from omk.domain.values import PASSES
from omk.domain.whose import owed_by_agent
from omk.domain.words import counted


class MeasureIteration(Command, frozen=True):
    """Record what the pass came to that just ended; *likeness* of the failing output to the last one, in permille."""

    likeness: int | None


def measured(command: MeasureIteration, state: GoalState) -> list[Event]:
    """The measurement, once for each pass."""
    request, progress = state.controller.request, state.progress
    if request is None or request.settled_seq <= progress.measured_seq:
        return []
    gates = [_score(state, name) for name in state.gate.order]
    required = [gate for gate in gates if gate.required]
    output = failing_output(state)
    one = IterationMeasured(
        iteration=progress.iteration + 1,
        tree=state.worktree.tree,
        passed=sum(gate.outcome == "passed" for gate in required),
        total=len(required),
        gates=tuple(gates),
        objections=objections(state),
        owed=owed_by_agent(state),
        trees=progress.trees,
        files=len(progress.touched),
        paths=progress.touched_paths,
        tokens=progress.tokens,
        output=output.digest if output else None,
        likeness=command.likeness,
    )
    return [one]


def _score(state: GoalState, name: str) -> GateScore:
    gate = state.gate.by_name[name]
    return GateScore(gate=name, required=gate.definition.required, outcome=gate.last.outcome if gate.last else None)


def objections(state: GoalState) -> tuple[Objection, ...]:
    """The reviews that block, and not only because of another gap, with the codes of their findings."""
    known = [(name, state.review.by_pass.get(name)) for name in PASSES]
    owed = owed_by_agent(state)
    blocked = [(name, said) for name, said in known if said and said.outcome == "blocked" and f"review.{name}" in owed]
    return tuple(Objection(review=name, codes=tuple(sorted({one.code for one in said.findings}))) for name, said in blocked)


def failing_output(state: GoalState) -> Output | None:
    """What failed last printed: an agent that failed, else the first required gate that is red."""
    runs = [state.agent.last.get(task.id) for task in executors(state)]
    agents = [run.output for run in runs if run is not None and run.outcome not in {None, "succeeded"}]
    gates = [state.gate.by_name[name] for name in state.gate.order]
    red = [one.last.output for one in gates if one.definition.required and one.last and one.last.outcome != "passed"]
    return next((output for output in (*agents, *red) if output is not None), None)


def stagnation_of(state: GoalState) -> StagnationDetected | None:
    """The diagnosis as it is recorded; None while the loop gets somewhere."""
    found = diagnosed(state.progress.history, state.policy)
    if found is None:
        return None
    window, cause = state.policy.stagnation_window, cause_named(found.cause)
    metrics = ", ".join(found.metrics)
    reason = f"In the last {counted(window, 'iteration')} {metrics} stood still: {cause.sentence}."
    return StagnationDetected(
        cause=found.cause,
        confidence=found.confidence,
        attempts=state.progress.iteration,
        metrics=found.metrics,
        strategy=cause.strategy,
        reason=reason,
    )
