"""Which task, gate, attempt, tree … an event means that might come next and does not say so: what the state knows."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from omk.domain.attempts import attempt_key, attempt_parts
from omk.domain.oracle import proves
from omk.domain.plan import EXECUTE
from omk.domain.proof.holds import executors, gate_passed, review_passed
from omk.domain.proof.rules import RULES, open_codes
from omk.domain.state import GoalState
from omk.domain.subjects.review import WAIVABLE
from omk.domain.values import PASSES, Base, Change, Operation

Where = Mapping[str, Any]
NOWHERE, NOTHING, NEVER = 40 * "0", "b2:" + 64 * "0", "1970-01-01T00:00:00.000000Z"
"""A tree, a digest and a time that stand for one that nobody knows."""
SOME = "supposed"
"""A name for what has none."""

# --- What is at work ---


def open_attempts(state: GoalState, subject: str, name: str) -> list[int]:
    """The attempts of *name* that were announced and are not answered, the oldest first."""
    found = (attempt_parts(key.partition(":")[2]) for key in state.obligation if key.startswith(f"{subject}:"))
    return [int(attempt) for one, attempt in found if one == name and attempt.isdecimal()]


def attempt_of(state: GoalState, subject: str, name: str, before: int) -> int:
    """The attempt that answers: the newest open one, or else the one after *before*."""
    return max(open_attempts(state, subject, name), default=before + 1)


# --- Tasks and agents ---


def task_of(where: Where, state: GoalState) -> str:
    """The task that is meant: the one given, the first that lacks a run or a change, or any."""
    if where.get("task"):
        return str(where["task"])
    tasks = [one.id for one in executors(state)]
    idle = [name for name in tasks if name not in state.worktree.owners or not has_succeeded(name, state)]
    return next(iter((*idle, *tasks, *sorted(state.task))), EXECUTE)


def has_succeeded(name: str, state: GoalState) -> bool:
    """Whether the agent's last run on the task ended with success."""
    run = state.agent.last.get(name)
    return run is not None and run.outcome == "succeeded"


def task_attempt(where: Where, state: GoalState) -> int:
    """The attempt that ends."""
    name = task_of(where, state)
    return attempt_of(state, "task", name, tries(state, name) - 1) or 1


def next_task_attempt(where: Where, state: GoalState) -> int:
    """The attempt that begins."""
    return tries(state, task_of(where, state)) + 1


def tries(state: GoalState, name: str) -> int:
    """How often work on the task began."""
    return state.task[name].attempts if name in state.task else 0


def run_attempt(where: Where, state: GoalState) -> int:
    """The attempt of the agent's next run: that of the task, if it has begun."""
    name = task_of(where, state)
    last = state.agent.last.get(name)
    is_begun = bool(open_attempts(state, "task", name))
    return int(where.get("attempt") or max(last.attempt if last else 0, tries(state, name) - is_begun) + 1)


def agent_of(where: Where, state: GoalState) -> str:
    """The agent at work on the task, or the last one that was."""
    name = task_of(where, state)
    at_work = sorted(one for one, run in state.agent.running.items() if run.of == name)
    last = state.agent.last.get(name)
    return next(iter((*at_work, *((last.agent,) if last else ()))), attempt_key(name, 1))


def any_agent(where: Where, state: GoalState) -> str:
    """Any agent at work, or the last one that was."""
    return next(iter(sorted(state.agent.running)), "") or agent_of(where, state)


# --- Gates and reviews ---


def gate_of(where: Where, state: GoalState) -> str:
    """The gate that is meant: the one given, the first required one that has not passed, or any."""
    names = state.gate.order
    required = [name for name in names if state.gate.by_name[name].definition.required]
    red = [name for name in required if gate_passed(state, f"gate.{name}") is None]
    return str(where.get("gate") or next(iter((*red, *required, *names)), "tests"))


def gate_attempt(where: Where, state: GoalState) -> int:
    """The attempt of the gate that answers."""
    name = gate_of(where, state)
    known = state.gate.by_name.get(name)
    return attempt_of(state, "gate", name, known.attempts if known else 0)


def definition_of(where: Where, state: GoalState) -> str:
    """The digest of the gate's definition."""
    known = state.gate.by_name.get(gate_of(where, state))
    return known.definition.digest if known else NOTHING


def gates_of(_: Where, state: GoalState) -> list[Any]:
    """The gates as they are, the first required one of which, or one more, proves what no gate proves."""
    known = [state.gate.by_name[name].definition for name in state.gate.order]
    mute = tuple(check for check in unproven(state) if not any(proves(one, check) for one in known))
    first = next((one for one in known if one.required), None)
    if first is None:
        return [*known, {"name": "tests", "proves": mute}]
    return [replace(one, proves=(*one.proves, *mute)) if one is first else one for one in known]


def unproven(state: GoalState) -> tuple[str, ...]:
    """The oracle checks that no passed gate proves."""
    rule = next(one for one in RULES if one.code == "oracle.<check>")
    return tuple(code.partition(".")[2] for code in rule.codes(state) if rule.holds(state, code) is None)


def review_of(where: Where, state: GoalState) -> str:
    """The review pass that is meant: the one given, or the first that does not hold."""
    return str(where.get("review") or next((one for one in PASSES if review_passed(state, f"review.{one}") is None), "code"))


def review_attempt(where: Where, state: GoalState) -> int:
    """The attempt of the pass that answers."""
    name = review_of(where, state)
    return attempt_of(state, "review", name, state.review.attempts.get(name, 0))


def code_to_waive(_: Where, state: GoalState) -> str:
    """The first open code that a person may waive."""
    return next((code for code in open_codes(state) if code.startswith(WAIVABLE)), "review.code")


# --- Trees ---


def tree_of(_: Where, state: GoalState) -> str:
    """The tree as it is; also that of a change which nobody knows, so that what is supposed of the tree stays about it."""
    return state.worktree.tree or NOWHERE


def base_tree_of(_: Where, state: GoalState) -> str:
    """The tree that the change stands on."""
    return state.worktree.base.tree if state.worktree.base else NOWHERE


def base_of(_: Where, state: GoalState) -> Base:
    """The commit that the change stands on."""
    return state.worktree.base or Base(branch="main", commit=NOWHERE, tree=NOWHERE)


def own_changes(where: Where, state: GoalState) -> tuple[Change, ...]:
    """What the work on a task changes: what was changed outside its scope is undone, and a path of its own is new."""
    files, known = state.worktree, state.task.get(task_of(where, state))
    outside = sorted({path for _, one in files.outside for path in one.paths if path in files.paths})
    undone = (_change(path, state, files.paths[path].old, files.paths[path].old_mode) for path in outside)
    scope = [path for path in (known.write_set if known else ()) if path not in outside and path != "project files"]
    path = next((one for one in (*scope, SOME) if one not in outside), f"{SOME}.{len(outside)}")
    return (*undone, _change(path, state, f"{state.seq + 1:040x}", "100644"))


def _change(path: str, state: GoalState, new: str | None, mode: str | None) -> Change:
    before = state.worktree.paths.get(path)
    old, old_mode = (before.new, before.mode) if before else (None, None)
    operation: Operation = "deleted" if new is None else "added" if old is None else "modified"
    return Change(path=path, operation=operation, old_mode=old_mode, mode=mode, old=old, new=new)


def net_changes(_: Where, state: GoalState) -> list[Change]:
    """The whole change against its base."""
    net = sorted(state.worktree.paths.items())
    return [
        Change(path=path, operation="modified", old_mode=one.old_mode, mode=one.mode, old=one.old, new=one.new)
        for path, one in net
    ]


# --- Delivery and budget ---


def branch_of(_: Where, state: GoalState) -> str:
    """The branch that the change goes to."""
    merge, base = state.delivery.merge, state.worktree.base
    return (merge.branch if merge else None) or (base.branch if base else None) or "main"


def commit_of(where: Where, state: GoalState) -> str:
    """The commit of the last merge, or that of the base."""
    merge = state.delivery.merge
    return (merge.commit if merge else None) or base_of(where, state).commit


def worktree_of(where: Where, state: GoalState) -> str:
    """The worktree that is meant: the one given, or one that is open."""
    names = (attempt_parts(key.partition(":")[2])[0] for key in state.obligation if key.startswith("worktree:"))
    return str(where.get("worktree") or next(names, "agent"))


def worktree_number(where: Where, state: GoalState) -> int:
    """The number of the worktree that goes."""
    return max(open_attempts(state, "worktree", worktree_of(where, state)), default=max(state.worktree.worktrees, 1))


def exceeded(state: GoalState) -> dict[str, int]:
    """How much to add to each limit that is reached, in its unit, by field of `budget_extended`."""
    now, out = state.budget, state.budget.exhausted
    limits = (
        ("time_ms", now.time_ms, now.used_ms, "time", 600_000),
        ("tokens", now.tokens, now.used_tokens, "tokens", 100_000),
        ("micro_usd", now.micro_usd, now.used_micro_usd, "usd", 1_000_000),
    )
    return {
        name: more
        for name, limit, used, dimension, more in limits
        if (limit is not None and used >= limit) or (out is not None and out.dimension == dimension)
    }
