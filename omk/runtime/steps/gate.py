"""Run a gate on the current tree, where no agent ever was, and record what it said."""

from pathlib import Path

from omk.agents.child import Child, Exit
from omk.domain.effects import RunGate
from omk.domain.event import Tree
from omk.domain.subjects.agent import CallTool, FinishTool, ToolCalled, ToolFinished, ToolOutcome
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.gate import GateRan, GateStarted, RecordGate, StartGate
from omk.domain.values import GateDefinition, GateOutcome
from omk.domain.verification import counts_as, why_skipped
from omk.errors import Refused, Unusable
from omk.runtime import edge
from omk.runtime.gates.running import furnish, outcome_of, run_command, run_setup
from omk.runtime.session import Session


def run_gate(session: Session, effect: RunGate) -> None:
    """Reset the verification worktree to the tree, prepare it, run the gate, record the outcome."""
    known = session.state.gate.by_name.get(effect.gate)
    if known is None:
        raise Refused(f"There is no gate {effect.gate} any more.")
    gate = known.definition
    if (reason := why_skipped(session.state, effect.gate)) is not None:
        _start(session, effect, gate, None)
        _record(session, effect, gate, outcome="skipped", reason=reason)
        return
    session.tell(f"gate {effect.gate}")
    tree = session.state.worktree.tree
    try:
        worktree = _prepared(session, gate, tree)
        session.directory(worktree)
    except Unusable as error:
        _start(session, effect, gate, None)
        _record(session, effect, gate, outcome="errored", reason=str(error))
        return
    _run(session, effect, gate, worktree, tree)


def _run(session: Session, effect: RunGate, gate: GateDefinition, worktree: Path, tree: Tree) -> None:
    ended = run_command(session, worktree, gate, lambda child: _start(session, effect, gate, child, tree))
    if ended.stopped:
        obligation = f"gate:{effect.gate}:{effect.attempt}"
        session.handle(AbortEffect(actor=session.actor, obligation=obligation, reason="The gate was stopped."))
        return
    _record(session, effect, gate, outcome=outcome_of(ended), ended=ended, reason=ended.spawn_error)


def _start(session: Session, effect: RunGate, gate: GateDefinition, child: Child | None, tree: Tree | None = None) -> None:
    started = GateStarted(
        gate=effect.gate,
        attempt=effect.attempt,
        tree=tree or session.state.worktree.tree,
        definition=gate.digest,
        pid=child.pid if child else None,
        started=child.started if child else None,
    )
    session.handle(StartGate(actor=session.actor, started=started))


def _record(
    session: Session,
    effect: RunGate,
    gate: GateDefinition,
    *,
    outcome: GateOutcome,
    ended: Exit | None = None,
    reason: str | None = None,
) -> None:
    output, blob = session.packed(ended) if ended else (None, None)
    state = session.state
    begun, known, policy = state.gate.at_work(effect.gate), state.gate.by_name.get(effect.gate), state.policy
    tree = begun.event.tree if begun else state.worktree.tree
    outcome, doubt = counts_as(known, outcome, tree, policy) if known else (outcome, None)
    ran = GateRan(
        gate=effect.gate,
        attempt=effect.attempt,
        outcome=outcome,
        tree=tree,
        definition=gate.digest,
        exit_code=ended.status if ended else None,
        signal=ended.signal if ended else None,
        duration_ms=ended.duration_ms if ended else 0,
        output=output,
        environment=tuple(sorted(session.environment())),
        reason=doubt or reason,
    )
    until = edge.later(policy.breaker_recovery_ms)
    session.handle(RecordGate(actor=session.actor, ran=ran, until=until), blobs=[blob] if blob else [])


def _prepared(session: Session, gate: GateDefinition, tree: Tree) -> Path:
    """The verification worktree with exactly the tree, the shared paths, and what the setup commands add."""
    name = f"verify-{session.slot + 1}" if session.slot else "verify"
    was_open = bool(session.state.worktree.open_named(name))
    worktree = session.worktree(name, "verify")
    if was_open:
        session.workshop.reset(worktree, tree)
    furnish(session, worktree, lambda number, line: _set_up(session, gate, worktree, (number, line)))
    return worktree


def _set_up(session: Session, gate: GateDefinition, worktree: Path, setup: tuple[int, str]) -> Exit:
    """Run one setup command as a tool call of the controller's."""
    number, line = setup
    tool = f"setup:{gate.name}:{session.state.agent.tool_calls + number}"

    def announce(child: Child) -> None:
        called = ToolCalled(tool=tool, agent=None, name="setup", title=line, pid=child.pid, started=child.started)
        session.handle(CallTool(actor=session.actor, called=called))

    ended = run_setup(session, worktree, line, announce)
    output, blob = session.packed(ended)
    ending: ToolOutcome = "stopped" if ended.stopped else "timed_out" if ended.timed_out else "failed"
    outcome: ToolOutcome = "succeeded" if ended.status == 0 else ending
    finished = ToolFinished(
        tool=tool,
        agent=None,
        outcome=outcome,
        exit_code=ended.status,
        duration_ms=ended.duration_ms,
        output=output,
    )
    session.handle(FinishTool(actor=session.actor, finished=finished), blobs=[blob])
    if ended.stopped:
        raise Refused(f"`{line}` was stopped, so gate {gate.name} was not run.")  # and says nothing of the tree
    return ended
