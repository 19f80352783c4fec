"""A goal that just began, in a real repository, and its controller's session."""

from pathlib import Path

from omk.domain.event import kind_of
from omk.runtime.intake import Wishes, take_in
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store

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


def again(session: Session) -> Session:
    """Another session on the same goal, as another process would have it."""
    return store_of(session.user.top).session(session.goal)


def kinds(session: Session) -> list[str]:
    """The kinds of everything recorded, without version."""
    return [kind_of(record.event).rpartition(".")[0] for record in session.handle.log.read(session.goal)]
