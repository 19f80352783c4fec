"""One event of a way to ready: what of it matters, who brings it about, and by which command."""

from typing import Any

import msgspec
from msgspec import Struct

from omk.domain.event import kind_of
from omk.domain.proof.gaps import Owner
from omk.domain.state import GoalState
from omk.domain.subjects.gate import GateRan, GatesConfigured
from omk.replay.suppose.supposed import Supposed

Where = dict[str, Any]


class Step(Struct, frozen=True):
    """An event that might come: its kind, the fields that matter, who owes it, and the command if there is one."""

    kind: str
    where: Where
    owner: Owner
    command: str | None


AGENT: tuple[Owner, str] = ("agent", "omk execute {goal}")
PLAN: tuple[Owner, str] = ("controller", "omk plan {goal}")
VERIFY: tuple[Owner, str] = ("controller", "omk verify {goal}")
REVIEW: tuple[Owner, str] = ("controller", "omk review {goal}")
RESUME: tuple[Owner, str] = ("controller", "omk resume {goal}")
BUDGET = {"time_ms": "--add-time 10m", "tokens": "--add-tokens 100000", "micro_usd": "--add-usd 1"}

MATTERS: dict[str, tuple[tuple[str, ...], Owner, str | None]] = {
    "agent_finished.v1": (("agent", "task", "outcome"), *AGENT),
    "agent_started.v1": (("agent", "task"), *AGENT),
    "breaker_closed.v1": (("gate",), *VERIFY),
    "budget_extended.v1": ((), "operator", "omk budget {goal}"),
    "change_accepted.v1": (("tree",), "operator", "omk accept {goal} --summary TEXT"),
    "change_merged.v1": (("branch", "attempt"), *RESUME),
    "decision_recorded.v1": (("code",), "operator", "omk decide {goal} --answer TEXT"),
    "effect_aborted.v1": (("obligation",), *RESUME),
    "files_changed.v1": (("task", "tree"), *AGENT),
    "gate_ran.v1": (("gate", "attempt", "outcome", "tree", "definition"), *VERIFY),
    "gate_started.v1": (("gate", "tree"), *VERIFY),
    "gates_configured.v1": ((), "operator", "omk verify {goal} --gate NAME=COMMAND"),
    "goal_blocked.v1": (("on", "code"), "controller", None),
    "goal_planned.v1": (("tasks",), *PLAN),
    "goal_resumed.v1": ((), "operator", "omk resume {goal}"),
    "goal_unblocked.v1": (("on",), "external", None),
    "oracle_assessed.v1": (("testable", "checks"), "controller", None),
    "permission_answered.v1": (("permission", "answer"), "operator", None),
    "pull_request_opened.v1": (("attempt",), "external", None),
    "review_not_applicable.v1": (("review", "attempt", "tree", "base"), *REVIEW),
    "review_passed.v1": (("review", "attempt", "tree", "base"), *REVIEW),
    "review_started.v1": (("review", "tree", "base"), *REVIEW),
    "task_accepted.v1": (("task",), *PLAN),
    "task_finished.v1": (("task", "attempt"), *RESUME),
    "task_proposed.v1": (("task", "role", "dependencies"), *PLAN),
    "task_retried.v1": (("task",), *AGENT),
    "task_started.v1": (("task", "attempt"), *AGENT),
    "tool_finished.v1": (("tool", "outcome"), *RESUME),
    "waiver_granted.v1": (("code", "tree"), "operator", "omk waive {goal} {code} --reason TEXT"),
}
"""Kind to the fields that matter, who owes the event, and the command."""


def step_of(record: Supposed, before: GoalState, start: GoalState) -> Step:
    """The step that *record*, which follows *before*, is in a way that begins at *start*.

    A tree that will be made on the way has a number instead of an id, the same in all that is about it.
    """
    event: Any = record.event
    kind = kind_of(event)
    names, owner, command = MATTERS[kind]
    fields: Where = msgspec.json.decode(msgspec.json.encode(event))
    where = {name: fields[name] for name in names}
    match event:
        case GateRan():
            where = {name: value for name, value in where.items() if name != "definition" or value in _definitions(start)}
        case _ if kind == "files_changed.v1":
            where |= {name: [] for name in ("guarded", "unreadable") if getattr(before.worktree, name) and not fields[name]}
            where |= {} if fields["changes"] else {"changes": []}
        case GatesConfigured():
            where, command = _gates(event, before)
        case _ if kind == "budget_extended.v1":
            where = {name: fields[name] for name in BUDGET if fields[name]}
            command = " ".join(("omk budget {goal}", *(BUDGET[name] for name in where)))
        case _ if kind == "goal_unblocked.v1" and where["on"] == "human":
            owner, command = "operator", MATTERS["decision_recorded.v1"][2]
        case _:
            pass
    known = {"goal": start.goal.id, "code": where.get("code", "")}
    return Step(kind=kind, where=where, owner=owner, command=command and command.format(**known))


def _definitions(state: GoalState) -> set[str]:
    return {one.definition.digest for one in state.gate.by_name.values()}


def _gates(event: GatesConfigured, before: GoalState) -> tuple[Where, str]:
    """Each gate by name, with what is new of it."""
    said, proofs = [], []
    for one in event.gates:
        known = before.gate.by_name.get(one.name)
        now: Where = msgspec.json.decode(msgspec.json.encode(one))
        old: Where = msgspec.json.decode(msgspec.json.encode(known.definition)) if known else {}
        new = {name: now[name] for name in ("required", "skipped", "proves") if now[name] != old.get(name)}
        said.append({"name": one.name, **new})
        proofs += [f"--prove {one.name}={check}" for check in one.proves if known and check not in known.definition.proves]
    only_proofs = proofs and not any(one.keys() - {"name", "proves"} for one in said)
    return {"gates": said}, " ".join(("omk verify {goal}", *proofs)) if only_proofs else MATTERS["gates_configured.v1"][2] or ""
