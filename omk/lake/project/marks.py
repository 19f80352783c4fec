"""Marks: what a goal and its tasks are after the goal's last event in a window. The newest mark is what they are now."""

from collections.abc import Callable
from typing import Any

from immutables import Map

from omk.domain.event import Recorded
from omk.domain.state import GoalState
from omk.domain.subjects.task import Task
from omk.replay.documents import phase_of

Row = tuple[Any, ...]


def goal_row(position: int, record: Recorded, state: GoalState, status: str, gaps: int) -> Row:
    """The mark of a goal after *record*."""
    goal, files, agents, budget = state.goal, state.worktree, state.agent, state.budget
    base, settings, forked = files.base, goal.settings, goal.forked_from
    return (
        position,
        record.goal,
        record.seq,
        record.at,
        status,
        phase_of(state),
        goal.oracle.kind if goal.oracle else None,
        goal.created_at or None,
        seq_of(goal.prompt),
        goal.repository.id if goal.repository else None,
        base.branch if base else None,
        base.commit if base else None,
        files.tree or None,
        settings.agent if settings else None,
        forked.goal if forked else None,
        forked.seq if forked else None,
        gaps,
        len(files.paths),
        len(state.task),
        agents.runs,
        agents.messages,
        agents.tool_calls,
        agents.tool_failures,
        sum(gate.runs for gate in state.gate.by_name.values()),
        budget.used_ms,
        budget.used_tokens,
        budget.used_micro_usd,
    )


def task_rows(
    position: int, record: Recorded, tasks: Map[str, Task], before: Map[str, Task], owner: Callable[[int], str]
) -> list[Row]:
    """The marks of the tasks that are others than in the window before; *owner* tells whose own event a seq is."""
    place = (position, record.goal)
    changed = (task for name, task in tasks.items() if task is not before.get(name))
    return [
        (
            *place,
            task.seq,
            record.at,
            task.id,
            *_title(task, owner),
            task.role,
            task.status,
            task.attempts,
            task.dependencies,
            task.write_set,
            task.holder,
            task.tree,
        )
        for task in sorted(changed, key=lambda task: task.id)
    ]


def _title(task: Task, owner: Callable[[int], str]) -> tuple[str | None, int | None]:
    seq = seq_of(task.title)
    return (None if seq is None else owner(seq)), seq


def seq_of(quoted: str | None) -> int | None:
    """The event that holds a quoted text (`§<seq>:<commitment>`)."""
    return int(quoted[1 : quoted.index(":")]) if quoted and quoted.startswith("§") else None
