"""The store a goal is written to, and the goals of a repository in it."""

from collections.abc import Callable
from pathlib import Path

from omk.domain.event import Recorded
from omk.domain.state import GoalState
from omk.domain.subjects.goal import GoalCreated
from omk.domain.subjects.obligation import BOOKKEEPING
from omk.errors import NotFound, Unusable
from omk.log.codec import decode
from omk.log.open import open_log, store_folder
from omk.log.protocol import Log
from omk.runtime import edge
from omk.runtime.handle import Handle
from omk.runtime.inside import dead_marks, marked_as_controller
from omk.runtime.intake import Intake
from omk.runtime.recovery import recover
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session


class Store:
    """The log of a repository, open for writing; *url* as `--store` gives it, null for the repository's own.

    With *identity*, store and repository are made omk's if they are not yet.
    """

    def __init__(self, user: UserRepository, url: str | None, *, identity: str | None = None) -> None:
        self.user, self.url = user, url
        self.folder: Path = store_folder(url, user.store_folder)
        self.identity = user.ensure_identity(identity) if identity else user.identity()
        self.log = self._open(create=identity is not None)

    def _open(self, *, create: bool) -> Log:
        log = open_log(self.url, folder=self.user.store_folder, create=create)
        if log is None:
            raise NotFound('No goals found here. Start one: omk run "what should be true when it is done".')
        return log

    def begin(self, intake: Intake, listen: Callable[[Recorded], None], tell: Callable[[str], None]) -> Session:
        """Create a goal. Its base commit is held in the user's repository before anything speaks of it."""
        goal = edge.new_goal_id()
        session = self.session(goal, listen, tell)
        session.agent = intake.agent
        with marked_as_controller(self.folder, goal, begins=True):
            self.user.hold(goal, self.user.commit)
            try:
                session.handle(*intake.commands)
            except BaseException:
                self.user.release(goal)
                raise
        return session

    def session(
        self,
        goal: str,
        listen: Callable[[Recorded], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Session:
        """This process at work on *goal*, as the person who runs it."""
        session = self.session_of(Handle(self.log, goal, self.folder, listen), tell)
        handle = session.handle
        owed = (name for name in handle.state.obligation if not name.startswith(BOOKKEEPING))
        died = any(mark.goal == goal for mark in dead_marks(self.folder))  # it may have had nothing left but its mark
        if handle.state.controller.active is not None or any(owed) or died:
            recover(session)
        return session

    def session_of(self, handle: Handle, tell: Callable[[str], None]) -> Session:
        """A session on what *handle* has read. Raises `Unusable` for a goal of another repository."""
        require_ours(handle.state, self.identity)
        return Session(handle, self.user, actor=edge.person(), tell=tell)

    def has(self, goal: str) -> bool:
        """Whether the store has a goal of that id, of whichever repository."""
        return any(True for _ in self.log.read(goal, upto=1, verify=False))

    def goals(self) -> list[tuple[str, str]]:
        """The goals of this repository in the store: (id, time of creation), by id."""
        known = []
        for head in self.log.heads():
            own = next(iter(self.log.bodies(head.goal)), None)
            first = next(iter(self.log.read(head.goal, upto=1, verify=False)), None)
            if own is None or first is None:
                continue
            event = first.event  # of a fork it is the ancestor's: whose repository that is, the fork's is
            if not isinstance(event, GoalCreated) or event.repository.id == self.identity:
                known.append((head.goal, decode(own.body).at))
        return known


def require_ours(state: GoalState, identity: str | None) -> None:
    """Raise `Unusable` unless the goal is of the repository with this identity."""
    repository = state.goal.repository
    if repository is not None and repository.id != identity:
        raise Unusable(f"{state.goal.id} belongs to another repository ({repository.origin or repository.id}). Go there.")
