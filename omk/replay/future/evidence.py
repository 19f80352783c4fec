"""The evidence for the tree: gates and reviews, and the words of a person."""

from itertools import combinations
from typing import Any

import msgspec

from omk.domain.oracle import proves
from omk.domain.proof import holds
from omk.domain.proof.rules import open_codes
from omk.domain.subjects import delivery, gate, review
from omk.domain.values import PASSES, GateDefinition
from omk.replay.future.course import CONTROLLER, PERSON, Course, Way
from omk.replay.suppose.fill import WORDS
from omk.replay.suppose.meant import unproven


def configure(course: Course, _: Way) -> None:
    """See to it that a gate is required, that every check has a gate that proves it, and that no such gate is skipped."""
    state = course.state
    gates = [state.gate.by_name[name].definition for name in state.gate.order]
    mute = [check for check in unproven(state) if not any(proves(one, check) for one in gates)]
    if any(one.required for one in gates) and not mute and not any(_hinders(course, one) for one in gates):
        return
    best = max(gates, key=lambda one: _worth(course, one), default=None)
    more = {"skipped": False, "required": True, "proves": [*(best.proves if best else ()), *mute]}
    changed: list[Any] = [
        msgspec.to_builtins(one) | (more if one is best else {"skipped": one.skipped and not _hinders(course, one)})
        for one in gates
    ]
    changed = changed or [{"name": next(iter(mute), "tests"), "proves": mute}]
    course.ask(gate.ConfigureGates(actor=PERSON, configured=course.event("gates_configured", gates=changed)))


def _hinders(course: Course, one: GateDefinition) -> bool:
    """Whether the gate is skipped and asked for: a skipped gate proves nothing."""
    return one.skipped and (one.required or any(proves(one, check) for check in unproven(course.state)))


def _worth(course: Course, one: GateDefinition) -> tuple[bool, bool]:
    """How near a gate is to proving more: required, and passed already."""
    return one.required, holds.gate_passed(course.state, f"gate.{one.name}") is not None


def verify(course: Course, _: Way) -> None:
    """Run every required gate that has not passed, and the fewest others that prove what is left."""
    by_name = course.state.gate.by_name
    for name in course.state.gate.order:
        if by_name[name].definition.required and holds.gate_passed(course.state, f"gate.{name}") is None:
            _pass(course, name)
    for name in _fewest(course):
        _pass(course, name)


def _fewest(course: Course) -> tuple[str, ...]:
    checks = unproven(course.state)
    gates = [course.state.gate.by_name[name].definition for name in course.state.gate.order]
    useful = [one for one in gates if any(proves(one, check) for check in checks)]
    for size in range(len(checks) + 1):
        for some in combinations(useful, size):
            if all(any(proves(one, check) for one in some) for check in checks):
                return tuple(one.name for one in some)
    return tuple(one.name for one in useful)


def _pass(course: Course, name: str) -> None:
    course.ask(gate.CloseBreaker(actor=CONTROLLER, gate=name))
    started = course.event("gate_started", gate=name)
    course.ask(gate.StartGate(actor=CONTROLLER, started=started))
    course.ask(gate.RecordGate(actor=CONTROLLER, ran=course.event("gate_ran", gate=name, attempt=started.attempt)))


def make_reviews(course: Course, way: Way) -> None:
    """Make every review that does not hold; one that objects to this tree would only object again, but for the tests'."""
    files = course.state.worktree
    now = files.tree, files.base.tree if files.base else ""
    for name in PASSES:
        last = course.state.review.by_pass.get(name)
        is_current = last is not None and (last.tree, last.base) == now
        objects = last is not None and last.outcome == "blocked" and name != "test"
        if (is_current and (way.waive or objects)) or holds.review_passed(course.state, f"review.{name}") is not None:
            continue
        started = course.event("review_started", review=name)
        course.ask(review.StartReview(actor=CONTROLLER, started=started))
        kind = "review_not_applicable" if name == "performance" and _is_unmeasured(course) else "review_passed"
        verdict = course.event(kind, review=name, attempt=started.attempt)
        course.ask(review.RecordReview(actor=CONTROLLER, verdict=verdict))


def _is_unmeasured(course: Course) -> bool:
    oracle = course.state.goal.oracle
    return oracle is not None and oracle.kind != "performance"


# --- The words of a person ---


def waive(course: Course, _: Way) -> None:
    """Waive what is open still and may be waived."""
    tree = course.state.worktree.tree
    for code in open_codes(course.state):
        course.ask(review.GrantWaiver(actor=PERSON, code=code, tree=tree, reason=WORDS))


def accept(course: Course, _: Way) -> None:
    """Accept the change, if that is open."""
    if holds.integration_accepted(course.state, "integration.accepted") is None:
        course.ask(delivery.AcceptChange(actor=PERSON, tree=course.state.worktree.tree, summary=WORDS))
