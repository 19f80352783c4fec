"""What every step needs: the goal's writer, its repository, its worktrees, and who is asking."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from omk.agents.capture import KEPT
from omk.agents.child import Exit
from omk.domain.event import Output
from omk.domain.state import GoalState
from omk.domain.subjects.worktree import CloseWorktree, OpenWorktree, Purpose
from omk.log.blobs import Blob, pack
from omk.log.protocol import Log
from omk.runtime import edge
from omk.runtime.handle import Handle
from omk.runtime.repository import UserRepository
from omk.runtime.workshop import Workshop


class Session:
    """One process at work on one goal.

    `actor` is who its events are by; `reopen` opens the log once more, for another thread; `tell` hears one line about what
    begins; `stop` ends a running child when set.
    """

    def __init__(
        self,
        handle: Handle,
        user: UserRepository,
        *,
        actor: str,
        reopen: Callable[[], Log],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.handle, self.user, self.actor, self.reopen, self.tell = handle, user, actor, reopen, tell
        self.workshop = Workshop(user, edge.state_home())
        self.stop = threading.Event()
        self.agent: str | None = None

    @property
    def goal(self) -> str:
        """The goal's id."""
        return self.handle.goal

    @property
    def state(self) -> GoalState:
        """The goal's state."""
        return self.handle.state

    def worktree(self, name: Purpose) -> Path:
        """The worktree of that name, opened on the goal's tree if it is not open yet."""
        state = self.state
        if name in state.worktree.open_worktrees:
            return self.workshop.place(self.goal, name)
        base, tree = state.worktree.base, state.worktree.tree
        self.handle(OpenWorktree(actor=self.actor, worktree=name, purpose=name, tree=tree))
        return self.workshop.open_worktree(self.goal, name, tree, base.commit if base else "")

    def close_worktrees(self) -> None:
        """Remove every worktree of the goal, and say so."""
        if self.user.identity() is not None:
            self.workshop.close_all(self.goal)
        shutil.rmtree(self._prompts, ignore_errors=True)
        for name in sorted(self.state.worktree.open_worktrees):
            self.handle(CloseWorktree(actor=self.actor, worktree=name))

    def prompt_file(self, name: str, prompt: str) -> Path:
        """A private file with the prompt, outside of every tree."""
        folder = self._prompts
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / f"{name}.md"
        file.touch(mode=0o600)
        file.write_text(prompt, encoding="utf-8")
        return file

    @property
    def _prompts(self) -> Path:
        return edge.state_home() / "omk" / "prompts" / self.goal

    def directory(self, worktree: Path) -> Path:
        """Where commands run in a worktree: the subdirectory the goal was started in, where the tree has it."""
        repository = self.state.goal.repository
        below = worktree / (repository.subdirectory if repository else "")
        return below if below.is_dir() else worktree

    def environment(self) -> dict[str, str]:
        """The environment of an agent or a gate; `OMK_INSIDE` tells omk in it that it is no person's."""
        return {**edge.environment(), "OMK_INSIDE": self.goal}

    def packed(self, ended: Exit) -> tuple[Output, Blob]:
        """What a child printed, as the output to record and its blob."""
        middle = KEPT if ended.left_out else len(ended.output)
        return pack(ended.output[:middle], ended.output[middle:], ended.size, edge.salt())
