"""A site: where commands of a goal run, in which folder and with which environment."""

import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from omk.agents.capture import KEPT
from omk.agents.child import Exit
from omk.domain.event import Output
from omk.domain.state import GoalState
from omk.errors import Unusable
from omk.log.blobs import Blob, pack
from omk.runtime import edge
from omk.runtime.folders import replace_file
from omk.runtime.git import decode_path
from omk.runtime.repository import UserRepository, make_private
from omk.runtime.workshop import Workshop


class Site:
    """The worktrees of one goal and what its commands find there.

    *now* tells the goal's state; `name` is what its folders are called, the goal's own unless given; `stop` ends a running
    child when set.
    """

    def __init__(self, user: UserRepository, goal: str, now: Callable[[], GoalState], *, name: str | None = None) -> None:
        self.user, self.goal, self.name, self._now = user, goal, name or goal, now
        self.workshop = Workshop(user, edge.state_home())
        self.stop = threading.Event()

    @property
    def state(self) -> GoalState:
        """The goal's state."""
        return self._now()

    def directory(self, worktree: Path) -> Path:
        """Where commands run in a worktree: the subdirectory the goal was started in, where its base has it.

        Raises `Unusable` when the tree has none any more, or a link that leads elsewhere; an agent may begin at the top
        then, and make it one again.
        """
        repository, base = self.state.goal.repository, self.state.worktree.base
        below = os.fsdecode(decode_path(repository.subdirectory)) if repository else ""
        if is_plain(worktree, below):
            return worktree / below
        if worktree.name.startswith("agent") or (base is not None and not self.workshop.has_tree(f"{base.tree}:{below}")):
            return worktree
        raise Unusable(f"{below} is no directory in the goal's tree, and commands run there. Make it one again.")

    @property
    def prompts(self) -> Path:
        """A private folder for what commands read that is in no tree."""
        return edge.state_home() / "omk" / "prompts" / self.name

    def environment(self) -> dict[str, str]:
        """The environment of an agent or a gate; `OMK_INSIDE` tells omk in it that it is no person's.

        What they configure in git for everything goes into a file of their own, which includes the person's.
        """
        around = edge.environment()
        configuration = self.prompts / "gitconfig"
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
