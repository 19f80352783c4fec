"""Documents on what may be spent, what was and what is left; and sums over goals, which are sums of their folds."""

from collections.abc import Callable, Iterable, Iterator

from omk.domain.proof.holds import executors
from omk.domain.proof.proof import GoalProof
from omk.domain.spending import limits_of, spent_on, task_reached
from omk.domain.state import GoalState
from omk.domain.values import Limits, Spent
from omk.replay.documents import Document, plain

SUMS = ("active_ms", "tokens_in", "tokens_out", "tokens_cached", "tokens", "micro_usd")


def budget_document(state: GoalState, proof: GoalProof) -> Document:
    """`{goal, seq, status, exhausted, limits, used, left, inherited, tasks, running}`; null is no limit."""
    budget = state.budget
    inherited = {"active_ms": budget.inherited_ms, "tokens": budget.inherited_tokens, "micro_usd": budget.inherited_micro_usd}
    return {
        "goal": proof.goal,
        "seq": state.seq,
        "status": proof.status,
        "exhausted": plain(budget.exhausted),
        **_standing(budget.limits, budget.spent),
        "inherited": inherited if state.goal.forked_from else None,
        "tasks": [_task(state, task.id, task.status) for task in executors(state)],
        "running": [
            {"agent": agent, "task": one.of, "since": one.at or None} for agent, one in sorted(state.agent.running.items())
        ],
    }


def _task(state: GoalState, task: str, status: str) -> Document:
    out = task_reached(state, task)
    standing = _standing(limits_of(state, task), spent_on(state, task))
    return {"task": task, "status": status, "exhausted": out.dimension if out else None, **standing}


def _standing(limits: Limits, spent: Spent) -> Document:
    """What may be spent, what was and what is left of it."""
    may = {"active_ms": limits.time_ms, "tokens": limits.tokens, "micro_usd": limits.micro_usd}
    used = {"active_ms": spent.time_ms, "tokens": spent.tokens, "micro_usd": spent.micro_usd}
    left = {name: None if limit is None else max(0, limit - used[name]) for name, limit in may.items()}
    return {"limits": may, "used": used, "left": left}


# --- Over goals ---


def of_goal(state: GoalState) -> Iterator[tuple[str, Spent]]:
    """What the goal has spent itself: what a fork begins with is its parent's."""
    yield "", state.budget.spent


def of_tasks(state: GoalState) -> Iterator[tuple[str, Spent]]:
    """The same by task."""
    yield from sorted(state.budget.by_task.items())


def of_agents(state: GoalState) -> Iterator[tuple[str, Spent]]:
    """The same by what drove the agents."""
    yield from sorted(state.budget.by_driver.items())


BY: dict[str, Callable[[GoalState], Iterator[tuple[str, Spent]]]] = {"goal": of_goal, "task": of_tasks, "agent": of_agents}


def cost_document(states: Iterable[tuple[str, GoalState]], by: str) -> Document:
    """`{by, goals, rows, total}`: a row for each goal, task or agent that spent anything, and their sum."""
    sums: dict[tuple[str, str], Spent] = {}
    total, goals = Spent(), 0
    for goal, state in states:
        goals += 1
        for name, spent in BY[by](state):
            key = ("", name) if by == "agent" else (goal, name)
            sums[key] = together(sums.get(key, Spent()), spent)
            total = together(total, spent)
    rows = [{**_key(by, key), **amounts(spent)} for key, spent in sums.items() if spent != Spent()]
    return {"by": by, "goals": goals, "rows": rows, "total": amounts(total)}


def _key(by: str, key: tuple[str, str]) -> Document:
    goal, name = key
    return {"goal": {"goal": goal}, "task": {"goal": goal, "task": name}, "agent": {"agent": name}}[by]


def together(one: Spent, other: Spent) -> Spent:
    """The sum of two."""
    return Spent(**{name: getattr(one, name) + getattr(other, name) for name in Spent.__struct_fields__})


def amounts(spent: Spent) -> Document:
    """What was spent, as plain values: milliseconds, tokens, micro-dollars."""
    values = (spent.time_ms, spent.tokens_in, spent.tokens_out, spent.tokens_cached, spent.tokens, spent.micro_usd)
    return dict(zip(SUMS, values, strict=True))
