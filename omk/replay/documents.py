"""Documents: a goal's state, and what is said of it, as plain values that every face shows and JSON writes.

They hold quoted texts (`§<seq>:<commitment>`); `omk.domain.text.resolve` puts the words in, last. The order of everything
is fixed: by plan, by configuration, by seq or by name.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from omk.domain.event import Output, Recorded, kind_tag, quoted
from omk.domain.plan import EXECUTE, INTAKE, PLAN, REVIEW, SECURITY_REVIEW, VERIFY
from omk.domain.proof.holds import executors
from omk.domain.proof.proof import GoalProof
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AgentRun, PermissionAnswered, PermissionAsked
from omk.domain.subjects.gate import GateRun
from omk.domain.subjects.goal import Halt
from omk.domain.subjects.task import Task
from omk.domain.subjects.worktree import Net
from omk.domain.values import Operation
from omk.replay.printable import shortened

Document = dict[str, Any]
Blob = Callable[[str], bytes | None]
"""The content of an output, by its digest."""

_TAIL, _WIDEST = 16_384, 200
_WELL_KNOWN = {name: place for place, name in enumerate((INTAKE, PLAN, EXECUTE, VERIFY, REVIEW, SECURITY_REVIEW))}


def phase_of(state: GoalState) -> str:
    """Where the goal stands: `intake`, `planning`, `execution`, `verification_design` or `proof`."""
    if state.goal.oracle is None:
        return "intake"
    if not state.goal.planned_seq:
        return "planning"
    if state.agent.running or any(task.status == "running" for task in executors(state)):
        return "execution"
    return "verification_design" if state.gate.is_busy or state.review.is_busy else "proof"


def tasks_of(state: GoalState) -> list[Task]:
    """The tasks, the well-known ones in the order in which they are done, the others where the agents' work is."""
    return sorted(state.task.values(), key=lambda task: (_WELL_KNOWN.get(task.id, _WELL_KNOWN[EXECUTE]), task.id))


def state_document(state: GoalState, proof: GoalProof) -> Document:
    """The whole state: `{goal, status, phase, prompt, tree, base, tasks, gates, reviews, usage, obligations, …}`."""
    goal, files = state.goal, state.worktree
    return {
        "goal": proof.goal,
        "status": proof.status,
        "phase": phase_of(state),
        "prompt": goal.prompt,
        "kind": goal.oracle.kind if goal.oracle else None,
        "created_at": goal.created_at or None,
        "updated_at": state.at or None,
        "repository": plain(goal.repository),
        "base": plain(files.base),
        "tree": files.tree or None,
        "tasks": [_task(task) for task in tasks_of(state)],
        "gates": plain(proof.gates),
        "reviews": plain(proof.reviews),
        "changes": [_change(path, net) for path, net in sorted(files.paths.items())],
        "unreadable": plain(files.unreadable),
        "usage": usage_of(state),
        "obligations": obligations_of(state),
        "settings": _settings(state),
        "acceptance": plain(state.delivery.acceptance),
        "merge": plain(state.delivery.merge),
        "decisions": plain(goal.decisions),
        "waivers": [{"code": code, **plain(one)} for code, one in sorted(state.review.waivers.items())],
        **{name: _halt(getattr(goal, name)) for name in ("paused", "blocked", "cancelled", "failed")},
        "stagnation": stagnation_of(state),
        "controller": plain(state.controller.active),
        "forked_from": plain(state.goal.forked_from),
        "proofs_issued": state.verdict.issued,
    }


def plain(value: object) -> Any:
    """A value of the domain as plain values."""
    return msgspec.to_builtins(value)


def usage_of(state: GoalState) -> Document:
    """What was spent and what may be; milliseconds, tokens, micro-dollars."""
    budget, agents = state.budget, state.agent
    return {
        "active_ms": budget.used_ms,
        "tokens": budget.used_tokens,
        "tokens_in": budget.used_tokens_in,
        "tokens_out": budget.used_tokens_out,
        "tokens_cached": budget.used_tokens_cached,
        "micro_usd": budget.used_micro_usd,
        "limits": {"active_ms": budget.time_ms, "tokens": budget.tokens, "micro_usd": budget.micro_usd},
        "agent_runs": agents.runs,
        "messages": agents.messages,
        "tool_calls": agents.tool_calls,
        "tool_failures": agents.tool_failures,
        "gate_runs": sum(gate.runs for gate in state.gate.by_name.values()),
        **(_inherited(state) if state.goal.forked_from else {}),
    }


def _inherited(state: GoalState) -> Document:
    """What was spent before a fork began, which is not counted against its limits."""
    budget = state.budget
    spent = {"active_ms": budget.inherited_ms, "tokens": budget.inherited_tokens, "micro_usd": budget.inherited_micro_usd}
    return {"inherited": spent}


def obligations_of(state: GoalState) -> list[Document]:
    """What is announced and not answered, oldest first: `[{id, owner, since}]`."""
    owed = sorted(state.obligation.items(), key=lambda pair: (pair[1].seq, pair[0]))
    return [{"id": name, "owner": one.owner, "since": one.seq} for name, one in owed]


def output_behind(state: GoalState, code: str) -> Output | None:
    """What the process printed whose bad end opened the gap *code*."""
    run: AgentRun | GateRun | None = None
    if code == "agent.executed":
        runs = (state.agent.last.get(task.id) for task in executors(state))
        run = next((one for one in runs if one and one.outcome not in {None, "succeeded"}), None)
    elif code.startswith("gate."):
        gate = state.gate.by_name.get(code.removeprefix("gate."))
        run = gate.last if gate and gate.last and gate.last.outcome != "passed" else None
    return run.output if run else None


def with_output_tails(why: Document, state: GoalState, blob: Blob) -> Document:
    """The same, with `output_tail` (the last lines) in each gap that rests on what a process printed.

    Done after the texts are resolved, so that an output cannot quote what it was not told.
    """
    for gap in why["blocking"]:
        output = output_behind(state, gap["code"])
        content = blob(output.digest) if output else None
        if content is not None:
            gap["output_tail"] = last_lines(content)
    return why


def last_lines(content: bytes, count: int = 10) -> list[str]:
    """The last lines of an output that are not empty, made printable; of a line redrawn in place, its last form."""
    text = content[-_TAIL:].decode("utf-8", "replace")
    lines = [shortened(one.rstrip("\r").rpartition("\r")[2].rstrip(), _WIDEST) for one in text.split("\n")]
    return [one for one in lines if one.strip()][-count:]


def list_entry(state: GoalState, proof: GoalProof) -> Document:
    """`{goal, status, phase, created_at, updated_at, events, prompt, forked_from}`."""
    return {
        "goal": proof.goal,
        "status": proof.status,
        "phase": phase_of(state),
        "created_at": state.goal.created_at or None,
        "updated_at": state.at or None,
        "events": state.seq,
        "prompt": state.goal.prompt,
        "forked_from": plain(state.goal.forked_from),
    }


def _task(task: Task) -> Document:
    return {
        "id": task.id,
        "title": task.title,
        "role": task.role,
        "status": task.status,
        "attempts": task.attempts,
        "dependencies": list(task.dependencies),
        "read_set": list(task.read_set),
        "write_set": list(task.write_set),
        "priority": task.priority,
        "budget_seconds": task.budget_seconds,
        "source": task.source,
        "acceptance": list(task.acceptance),
        "holder": task.holder,
        "reason": task.reason,
        "seq": task.seq,
    }


def _change(path: str, net: Net) -> Document:
    return {"path": path, "operation": operation_of(net)}


def operation_of(net: Net) -> Operation:
    """What became of a path: `added`, `modified` or `deleted`."""
    return "deleted" if net.new is None else "added" if net.old is None else "modified"


def _settings(state: GoalState) -> Document | None:
    settings = state.goal.settings
    if settings is None:
        return None
    document: Document = plain(settings)
    del document["kind"]  # the event's tag, which is no setting
    return document


def stagnation_of(state: GoalState) -> Document | None:
    """`{since, reason, on, code, confidence, attempts, metrics, strategy}`: why the loop was stopped; null if it was not."""
    found = state.progress.stagnation
    if found is None:
        return None
    return {
        **_halted(Halt(seq=found.seq, reason=found.reason, code=found.code)),
        "confidence": found.confidence,
        "attempts": found.attempts,
        "metrics": list(found.metrics),
        "strategy": found.strategy,
    }


PERMISSIONS = frozenset({kind_tag(PermissionAsked), kind_tag(PermissionAnswered)})


def permissions_of(records: Iterable[Recorded]) -> list[Document]:
    """`[{permission, agent, action, title, answer, rule, seq}]`: what agents asked, and what was answered (null: nothing yet)."""
    asked: dict[str, Document] = {}
    for record in records:
        match record.event:
            case PermissionAsked(permission=name, agent=agent, action=action, title=title):
                asked[name] = {"permission": name, "agent": agent, "action": action, "title": quoted(record, title)}
                asked[name] |= {"answer": None, "rule": None, "seq": record.seq}
            case PermissionAnswered(permission=name, answer=answer, rule=rule) if name in asked:
                asked[name] |= {"answer": answer, "rule": rule}
            case _:
                pass
    return list(asked.values())


def _halt(halt: Halt | None) -> Document | None:
    return None if halt is None else _halted(halt)


def _halted(halt: Halt) -> Document:
    return {"since": halt.seq, "reason": halt.reason, "on": halt.on, "code": halt.code}
