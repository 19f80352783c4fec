"""Run a gate on the current tree, where no agent ever was, and record what it said."""

import os
from pathlib import Path

from omk.agents.child import Child, Exit
from omk.domain.subjects.agent import CallTool, FinishTool, ToolCalled, ToolFinished, ToolOutcome
from omk.domain.subjects.gate import GateRan, GateStarted, RecordGate, StartGate
from omk.domain.values import GateDefinition, GateOutcome
from omk.domain.wanted import RunGate
from omk.errors import Unusable
from omk.runtime.session import Session, is_plain

SETUP_TIMEOUT_MS = 1_800_000


def run_gate(session: Session, effect: RunGate) -> None:
    """Reset the verification worktree to the tree, prepare it, run the gate, record the outcome."""
    gate = session.state.gate.by_name[effect.gate].definition
    if gate.skipped:
        _start(session, effect, gate, None)
        _record(session, effect, gate, outcome="skipped", reason="The configuration skips this gate.")
        return
    session.tell(f"gate {effect.gate}")
    try:
        directory = session.directory(_prepared(session, gate))
    except Unusable as error:
        _start(session, effect, gate, None)
        _record(session, effect, gate, outcome="errored", reason=str(error))
        return
    _run(session, effect, gate, directory)


def _run(session: Session, effect: RunGate, gate: GateDefinition, directory: Path) -> None:
    child = Child.prepare(gate.command, shell=gate.shell, directory=directory, environment=session.environment())
    try:
        _start(session, effect, gate, child)
    except BaseException:
        child.abandon()
        raise
    child.release()
    ended = child.wait(gate.timeout_ms, stop=session.stop)
    if not ended.stopped:
        _record(session, effect, gate, outcome=_outcome(ended), ended=ended, reason=ended.spawn_error)


def _outcome(ended: Exit) -> GateOutcome:
    if ended.timed_out:
        return "timed_out"
    if ended.spawn_error is not None:
        return "errored"
    return "passed" if ended.status == 0 else "failed"


def _start(session: Session, effect: RunGate, gate: GateDefinition, child: Child | None) -> None:
    started = GateStarted(
        gate=effect.gate,
        attempt=effect.attempt,
        tree=session.state.worktree.tree,
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
    begun = session.state.gate.at_work(effect.gate)
    ran = GateRan(
        gate=effect.gate,
        attempt=effect.attempt,
        outcome=outcome,
        tree=begun.event.tree if begun else session.state.worktree.tree,
        definition=gate.digest,
        exit_code=ended.status if ended else None,
        signal=ended.signal if ended else None,
        duration_ms=ended.duration_ms if ended else 0,
        output=output,
        environment=tuple(sorted(session.environment())),
        reason=reason,
    )
    session.handle(RecordGate(actor=session.actor, ran=ran), blobs=[blob] if blob else [])


def _prepared(session: Session, gate: GateDefinition) -> Path:
    """The verification worktree with exactly the tree, the shared paths, and what the setup commands add."""
    tree = session.state.worktree.tree
    was_open = bool(session.state.worktree.open_named("verify"))
    worktree = session.worktree("verify")
    if was_open:
        session.workshop.reset(worktree, tree)
    settings = session.state.goal.settings
    for path in settings.share if settings else ():
        _share(session.user.top, worktree, path)
    for number, line in enumerate(settings.setup if settings else (), 1):
        _set_up(session, f"setup:{gate.name}:{session.state.agent.tool_calls + number}", line, worktree)
    return worktree


def _share(top: Path, worktree: Path, path: str) -> None:
    """Link a path of the user's checkout into the worktree, unless the tree has one of that name.

    Raises `Unusable` where the way to it is no folder of the worktree's: what a link leads to is somebody else's.
    """
    source, target = top / path, worktree / path
    if not source.exists():
        return
    folder = worktree
    for part in target.parent.relative_to(worktree).parts:
        folder /= part
        if not os.path.lexists(folder):
            folder.mkdir()
        elif not is_plain(worktree, str(folder.relative_to(worktree))):
            raise Unusable(f"{path} cannot be shared with the gate: the tree has no folder {folder.relative_to(worktree)}.")
    if not os.path.lexists(target):
        target.symlink_to(source)


def _set_up(session: Session, tool: str, line: str, worktree: Path) -> None:
    """Run one setup command; raises `Unusable` when it fails."""
    child = Child.prepare((line,), shell=True, directory=session.directory(worktree), environment=session.environment())
    called = ToolCalled(tool=tool, agent=None, name="setup", title=line, pid=child.pid, started=child.started)
    try:
        session.handle(CallTool(actor=session.actor, called=called))
    except BaseException:
        child.abandon()
        raise
    child.release()
    ended = child.wait(SETUP_TIMEOUT_MS, stop=session.stop)
    output, blob = session.packed(ended)
    outcome: ToolOutcome = "succeeded" if ended.status == 0 else "timed_out" if ended.timed_out else "failed"
    finished = ToolFinished(
        tool=tool,
        agent=None,
        outcome=outcome,
        exit_code=ended.status,
        duration_ms=ended.duration_ms,
        output=output,
    )
    session.handle(FinishTool(actor=session.actor, finished=finished), blobs=[blob])
    if ended.status != 0:
        how = "took too long" if ended.timed_out else f"ended with exit code {ended.status}"
        raise Unusable(f"The setup command `{line}` {how}: {output.preview or 'it printed nothing'}")
