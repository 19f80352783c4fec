"""What every step needs: the goal's writer, its repository, its worktrees, and who is asking."""

import copy
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from omk.domain.subjects.worktree import CloseWorktree, OpenWorktree, Purpose
from omk.runtime.awake import Awake
from omk.runtime.handle import Handle
from omk.runtime.reading import Readings
from omk.runtime.repository import UserRepository
from omk.runtime.site import Site
from omk.runtime.watch import Watch

Consult = Callable[[str, Callable[[], bool]], bool | None]
"""Asks a person a question, until it does not matter any more: yes, no, or null for no answer."""


class Session(Site):
    """One process at work on one goal.

    `actor` is who its events are by; `tell` hears one line about what begins, `warn` one about what went wrong beside the
    work; `consult` asks a person, where one is; `slot` tells it from other jobs of its kind; `into` and `draft` are what
    `omk pr` was told of the pull request, beyond the policy.
    """

    def __init__(
        self,
        handle: Handle,
        user: UserRepository,
        *,
        actor: str,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(user, handle.goal, lambda: handle.state)
        self.handle, self.actor, self.tell = handle, actor, tell
        self.warn: Callable[[str], None] = lambda _: None
        self.agent: str | None = None
        self.consult: Consult | None = None
        self.into: str | None = None
        self.draft = False
        self.slot = 0
        self.watch = Watch(user)
        self.awake = Awake()
        self.readings = Readings()

    def for_job(self, slot: int) -> Self:
        """The same, for a thread of its own: it is stopped by itself, and shares the watches and what was read."""
        session = copy.copy(self)
        session.stop, session.slot = threading.Event(), slot
        return session

    def worktree(self, name: str, purpose: Purpose) -> Path:
        """The worktree of that name, opened on the goal's tree if it is not open yet."""
        state = self.state
        if state.worktree.open_named(name):
            return self.workshop.place(self.goal, name)
        base, tree = state.worktree.base, state.worktree.tree
        self.handle(OpenWorktree(actor=self.actor, worktree=name, purpose=purpose, tree=tree))
        return self.workshop.open_worktree(self.goal, name, tree, base.commit if base else "")

    def renew_worktree(self, name: str, tree: str) -> None:
        """Make an open worktree hold *tree* again, whatever became of it."""
        base = self.state.worktree.base
        self.workshop.open_worktree(self.goal, name, tree, base.commit if base else "")

    def close_worktree(self, name: str) -> None:
        """Remove one worktree, and say so."""
        self.workshop.close_worktree(self.workshop.place(self.goal, name))
        self.handle(CloseWorktree(actor=self.actor, worktree=name))

    def close_worktrees(self) -> None:
        """Remove every worktree of the goal, and say so."""
        if (identity := self.workshop.identity) is not None:
            self.workshop.close_all(self.goal)
            self.user.ensure_identity(identity)  # an agent may have removed it
        shutil.rmtree(self.prompts, ignore_errors=True)
        for name in sorted({one.worktree for one in self.state.worktree.open_worktrees.values()}):
            self.handle(CloseWorktree(actor=self.actor, worktree=name))

    def private_folder(self) -> Path:
        """The folder for what is the goal's alone and in no tree, made if need be."""
        self.prompts.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.prompts

    def prompt_file(self, name: str, prompt: str) -> Path:
        """A private file with the prompt, outside of every tree."""
        file = self.private_folder() / f"{name}.md"
        file.touch(mode=0o600)
        file.write_text(prompt, encoding="utf-8")
        return file
