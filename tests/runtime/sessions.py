"""A goal that just began, in a real repository, and its controller's session."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from omk.domain.event import Event, kind_of
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.policy import ConfigurePolicy
from omk.runtime.config import Settings
from omk.runtime.intake import Wishes, take_in
from omk.runtime.policy import policy_from
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store

Kind = TypeVar("Kind", bound=Event)
GOAL = "Build a greenfield CLI with acceptance smoke demo proof"
AGENT = "command:printf 'print(1)\\n' > cli.py"
GATES = ("acceptance=test -f cli.py", "smoke=true", "demo=true")


def store_of(repository: Path) -> Store:
    """The repository's own store."""
    return Store(UserRepository.find(repository), None, identity="repository-1")


def begun(repository: Path, *, agent: str = AGENT, gates: tuple[str, ...] = GATES, max_agents: int = 1) -> Session:
    """A session on a new goal, which the policy accepts."""
    store = store_of(repository)
    wishes = Wishes(agent=agent, gates=gates, accept="auto", max_agents=max_agents)
    intake = take_in(store.user, "repository-1", GOAL, wishes, "person:ann")
    return store.begin(intake, lambda _: None, lambda _: None)


WHICH = "t=$(echo \"$OMK_PROMPT\" | grep -o 'Task t[0-9]*' | head -1 | cut -c6-); "
"""A shell line that finds out which task it works on."""


def begun_tasks(repository: Path, script: str, tasks: Mapping[str, tuple[str, ...]], *, lease_ms: int = 300_000) -> Session:
    """A session on a new goal with these tasks and their write sets, all of them at once; `$t` is the task in *script*."""
    store = store_of(repository)
    wishes = Wishes(
        agent=f"command:{WHICH}{script}", gates=("acceptance=true", "smoke=true", "demo=true"), accept="auto",
        max_agents=len(tasks),
    )  # fmt: skip
    session = store.begin(take_in(store.user, "repository-1", GOAL, wishes, "person:ann"), lambda _: None, lambda _: None)
    usual = built_in_plan(GOAL, ())
    work = next(one for one in usual if one.task == EXECUTE)
    rest = [replace(one, dependencies=tuple(tasks)) if EXECUTE in one.dependencies else one for one in usual if one != work]
    own = [replace(work, task=name, write_set=paths) for name, paths in tasks.items()]
    session.handle(PlanGoal(actor="person:ann", tasks=(*rest, *own)))
    policy = replace(policy_from(Settings()), lease_ms=lease_ms)
    session.handle(ConfigurePolicy(actor=session.actor, configured=policy))
    return session


def together(folder: Path, number: int) -> str:
    """A shell line that goes on only once *number* tasks are there."""
    folder.mkdir()
    return f"touch '{folder}'/$t; while [ $(ls '{folder}' | wc -l) -lt {number} ]; do sleep 0.01; done; "


def events(session: Session, kind: type[Kind]) -> list[Kind]:
    """Everything of that kind that was recorded."""
    return [one.event for one in session.handle.log.read(session.goal) if isinstance(one.event, kind)]


def again(session: Session) -> Session:
    """Another session on the same goal, as another process would have it."""
    return store_of(session.user.top).session(session.goal)


def kinds(session: Session) -> list[str]:
    """The kinds of everything recorded, without version."""
    return [kind_of(record.event).rpartition(".")[0] for record in session.handle.log.read(session.goal)]
