"""What every step needs: the goal's writer, its repository, its worktrees, and who is asking."""

import os
import shutil
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from omk.agents.capture import KEPT
from omk.agents.child import Exit
from omk.domain.event import Output
from omk.domain.state import GoalState
from omk.domain.subjects.worktree import CloseWorktree, OpenWorktree, Purpose
from omk.errors import Unusable
from omk.log.blobs import Blob, pack
from omk.log.protocol import Log
from omk.runtime import edge
from omk.runtime.folders import replace_file
from omk.runtime.git import decode_path
from omk.runtime.handle import Handle
from omk.runtime.reading import Reading
from omk.runtime.repository import UserRepository, make_private
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
        self.reading: Reading | None = None

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
        if state.worktree.open_named(name):
            return self.workshop.place(self.goal, name)
        base, tree = state.worktree.base, state.worktree.tree
        self.handle(OpenWorktree(actor=self.actor, worktree=name, purpose=name, tree=tree))
        return self.workshop.open_worktree(self.goal, name, tree, base.commit if base else "")

    def close_worktrees(self) -> None:
        """Remove every worktree of the goal, and say so."""
        if (identity := self.workshop.identity) is not None:
            self.workshop.close_all(self.goal)
            self.user.ensure_identity(identity)  # an agent may have removed it
        shutil.rmtree(self._prompts, ignore_errors=True)
        for name in sorted({one.worktree for one in self.state.worktree.open_worktrees.values()}):
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
        """Where commands run in a worktree: the subdirectory the goal was started in, where its base has it.

        Raises `Unusable` when the tree has none any more, or a link that leads elsewhere; an agent may begin at the top
        then, and make it one again.
        """
        repository, base = self.state.goal.repository, self.state.worktree.base
        below = os.fsdecode(decode_path(repository.subdirectory)) if repository else ""
        if is_plain(worktree, below):
            return worktree / below
        if worktree.name == "agent" or (base is not None and not self.workshop.has_tree(f"{base.tree}:{below}")):
            return worktree
        raise Unusable(f"{below} is no directory in the goal's tree, and commands run there. Make it one again.")

    def environment(self) -> dict[str, str]:
        """The environment of an agent or a gate; `OMK_INSIDE` tells omk in it that it is no person's.

        What they configure in git for everything goes into a file of their own, which includes the person's.
        """
        around = edge.environment()
        configuration = self._prompts / "gitconfig"
        make_private(configuration.parent)
        replace_file(configuration, including(global_files(around)))
        return {**around, "OMK_INSIDE": self.goal, "GIT_CONFIG_GLOBAL": str(configuration)}

    def packed(self, ended: Exit) -> tuple[Output, Blob]:
        """What a child printed, as the output to record and its blob."""
        middle = KEPT if ended.left_out else len(ended.output)
        return pack(ended.output[:middle], ended.output[middle:], ended.size, edge.salt())


def is_plain(top: Path, below: str) -> bool:
    """Whether every step from *top* down to *below* is a directory itself and no link to one."""
    steps = [top]
    for part in Path(below).parts:
        steps.append(steps[-1] / part)
    try:
        return all(stat.S_ISDIR(step.lstat().st_mode) for step in steps)
    except OSError:
        return False


def global_files(environment: Mapping[str, str]) -> list[str]:
    """The files of the person's global git configuration, the stronger one last (git-config, FILES)."""
    home = environment.get("HOME", "")
    configured = environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    return [*([f"{configured}/git/config"] if configured else []), *([f"{home}/.gitconfig"] if home else [])]


def including(files: Sequence[str]) -> bytes:
    """A git configuration that is what *files* say."""
    quoted = (os.fsencode(file).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") for file in files)
    return b"".join(b'[include]\n\tpath = "' + name + b'"\n' for name in quoted)
