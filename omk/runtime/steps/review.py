"""Make a review pass over the difference between base and tree, and record what it says."""

import threading

from omk.domain.effects import MakeReview
from omk.domain.proof.holds import is_fresh
from omk.domain.state import GoalState
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.review import (
    RecordReview,
    ReviewBlocked,
    ReviewErrored,
    ReviewNotApplicable,
    ReviewPassed,
    ReviewStarted,
    StartReview,
    Verdict,
)
from omk.runtime.reviews.material import GateEvidence, Material
from omk.runtime.reviews.wall import review
from omk.runtime.session import Session

KEPT_FINDINGS = 50
LOOK_SECONDS = 0.05
"""How often a pass at work is asked whether it is still wanted."""


def make_review(session: Session, effect: MakeReview) -> None:
    """Start the pass, make it, record the verdict; a pass that cannot be made is recorded as errored, one stopped as aborted."""
    files = session.state.worktree
    base = files.base.tree if files.base else files.tree
    started = ReviewStarted(review=effect.review, attempt=effect.attempt, tree=files.tree, base=base)
    session.handle(StartReview(actor=session.actor, started=started))
    session.tell(f"review {effect.review}")
    verdict = _unless_stopped(session, effect, base, files.tree)
    if verdict is None:
        obligation = f"review:{effect.review}:{effect.attempt}"
        session.handle(AbortEffect(actor=session.actor, obligation=obligation, reason="The review was stopped."))
        return
    session.handle(RecordReview(actor=session.actor, verdict=verdict))


def _unless_stopped(session: Session, effect: MakeReview, base: str, tree: str) -> Verdict | None:
    """The verdict; none once the pass is to stop: it only reads, so it may come to its end with nobody waiting for it."""
    said: list[Verdict] = []
    thread = threading.Thread(target=lambda: said.append(_verdict(session, effect, base, tree)), daemon=True)
    thread.start()
    while thread.is_alive() and not session.stop.is_set():
        thread.join(LOOK_SECONDS)
    return said[0] if said else None


def _verdict(session: Session, effect: MakeReview, base: str, tree: str) -> Verdict:
    name, attempt = effect.review, effect.attempt
    try:
        said = review(name, _material(session, base, tree))
    except Exception as error:  # noqa: BLE001 - whatever a pass trips over leaves a gap, and the goal goes on
        reason = f"{type(error).__name__}: {error}"
        return ReviewErrored(review=name, attempt=attempt, tree=tree, base=base, reason=reason)
    if said.outcome == "passed":
        return ReviewPassed(review=name, attempt=attempt, tree=tree, base=base, summary=said.summary)
    if said.outcome == "not_applicable":
        return ReviewNotApplicable(review=name, attempt=attempt, tree=tree, base=base, reason=said.summary)
    return ReviewBlocked(
        review=name,
        attempt=attempt,
        tree=tree,
        base=base,
        summary=said.summary,
        findings=said.findings[:KEPT_FINDINGS],
        total=len(said.findings),
    )


def _material(session: Session, base: str, tree: str) -> Material:
    state = session.state
    read = session.readings.of(session.workshop, base, tree)
    return Material(
        changes=read.changes,
        base=base,
        tree=tree,
        old=read.old,
        new=read.new,
        gates=_evidence(state),
        kind=state.goal.oracle.kind if state.goal.oracle else "greenfield",
    )


def _evidence(state: GoalState) -> tuple[GateEvidence, ...]:
    gates = [state.gate.by_name[name] for name in state.gate.order]
    return tuple(
        GateEvidence(
            name=gate.definition.name,
            required=gate.definition.required,
            outcome=gate.last.outcome if gate.last else None,
            fresh=is_fresh(state, gate),
            proves=gate.definition.proves,
            command=gate.definition.command,
        )
        for gate in gates
    )
