"""Every kind of event there is, by its stored name. One string everywhere: tag, stored topic, schema file."""

from typing import Any, Union

from omk.domain.decider import Decider, joined
from omk.domain.event import Event, kind_tag
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import AGENT
from omk.domain.subjects.budget import BUDGET
from omk.domain.subjects.controller import CONTROLLER
from omk.domain.subjects.delivery import DELIVERY
from omk.domain.subjects.gate import GATE
from omk.domain.subjects.goal import GOAL
from omk.domain.subjects.landing import LANDING
from omk.domain.subjects.lease import LEASE
from omk.domain.subjects.policy import POLICY
from omk.domain.subjects.progress import PROGRESS
from omk.domain.subjects.proposal import PROPOSAL
from omk.domain.subjects.publication import PUBLICATION
from omk.domain.subjects.review import REVIEW
from omk.domain.subjects.slice import SLICE
from omk.domain.subjects.task import TASK
from omk.domain.subjects.verdict import VERDICT
from omk.domain.subjects.worktree import WORKTREE

SUBJECTS: dict[str, Decider[Any]] = {
    "goal": GOAL,
    "policy": POLICY,
    "task": joined(PROPOSAL, LEASE, TASK),
    "worktree": WORKTREE,
    "slice": SLICE,
    "agent": AGENT,
    "gate": GATE,
    "review": REVIEW,
    "budget": BUDGET,
    "delivery": DELIVERY,
    "publication": PUBLICATION,
    "landing": LANDING,
    "verdict": VERDICT,
    "controller": CONTROLLER,
    "progress": PROGRESS,
}
"""The deciders by the name of their part of the state. (Obligations have no commands of their own: state.py.)"""


def _events() -> dict[str, type[Event]]:
    known: dict[str, type[Event]] = {}
    for subject in SUBJECTS.values():
        for event in subject.evolve:
            known.setdefault(kind_tag(event), event)
    return {**known, kind_tag(EffectAborted): EffectAborted}


EVENTS = _events()
AnyEvent = Union[tuple(EVENTS.values())]  # type: ignore[valid-type]  # noqa: UP007 - made from the table
