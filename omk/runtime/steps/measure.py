"""Measure what a pass of the loop came to, and say so when the loop stands still."""

from difflib import SequenceMatcher

from omk.domain.effects import MeasurePass, StopLoop
from omk.domain.measuring import MeasureIteration, failing_output, stagnation_of
from omk.domain.subjects.progress import DetectStagnation
from omk.runtime.session import Session

COMPARED = 500
"""Characters at the beginning of an output that are compared (behaviour 1.19)."""


def measure_pass(session: Session, _: MeasurePass) -> None:
    """Record the measurement; how alike the failing output is to the last one is all that is not in the state."""
    session.handle(MeasureIteration(actor=session.actor, likeness=_likeness(session)))


def stop_loop(session: Session, _: StopLoop) -> None:
    """Record why nothing is tried again."""
    found = stagnation_of(session.state)
    if found is not None:
        session.handle(DetectStagnation(actor=session.actor, detected=found))


def _likeness(session: Session) -> int | None:
    history, now = session.state.progress.history, failing_output(session.state)
    before = history[-1].measured.output if history else None
    if before is None or now is None:
        return None
    contents = session.handle.output(before), session.handle.output(now.digest)
    old, new = (_beginning(one) for one in contents)
    return None if old is None or new is None else alike(old, new)


def _beginning(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")[:COMPARED]


def alike(old: str, new: str) -> int:
    """How alike two texts are, in permille: 1000 for equal ones (Ratcliff and Obershelp, as difflib has it)."""
    return int(SequenceMatcher(None, old, new, autojunk=False).ratio() * 1000)
