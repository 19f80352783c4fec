"""A goal of several tasks that do not touch one another, and agents that stop halfway the first time."""

from pathlib import Path

from msgspec.structs import replace

from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.task import EXECUTOR
from omk.runtime.intake import Wishes, take_in
from omk.runtime.session import Session
from tests.runtime.sessions import GATES, GOAL, store_of

NAMES = ("task-1", "task-2", "task-3")
OWN = "$(grep -o 'Task task-[0-9]' \"$OMK_PROMPT_FILE\" | grep -o 'task-[0-9]').txt"
"""The file that belongs to the agent's task, in a shell."""


def several(repository: Path, agent: str, *, gates: tuple[str, ...] = GATES) -> Session:
    """A session on a new goal with three tasks that may all be at work at once, planned and not begun."""
    store = store_of(repository)
    wishes = Wishes(agent=agent, gates=gates, accept="auto", max_agents=len(NAMES))
    session = store.begin(take_in(store.user, "repository-1", GOAL, wishes, "person:ann"), lambda _: None, lambda _: None)
    work = next(one for one in built_in_plan(GOAL, ()) if one.role == EXECUTOR)
    others = [one for one in built_in_plan(GOAL, ()) if one.role != EXECUTOR]
    tasks = [replace(work, task=name, title=f"Write {name}", write_set=(f"{name}.txt",)) for name in NAMES]
    rest = [replace(one, dependencies=_after(one.dependencies)) for one in others]
    session.handle(PlanGoal(actor="person:ann", tasks=(*rest, *tasks)))
    return session


def _after(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(other for name in names for other in (NAMES if name == EXECUTE else (name,)))
