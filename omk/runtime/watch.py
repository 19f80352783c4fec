"""What changes where no change is due while agents run: in the person's checkout and in its git folder.

A look is cheap, and nobody can say from it who did what: the person may be at work there too. So what is found is told of
all agents that ran since the look before. What an ignore rule hides in the checkout is not looked at.
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from omk.agents.process import milliseconds
from omk.domain.subjects.slice import OutsideTouched
from omk.errors import Unusable
from omk.runtime.git import decode_path, encode_path, git
from omk.runtime.repository import UserRepository

Sight = dict[tuple[str, str], str]
"""Where and path, and what changes whenever that place does."""
PAUSE_MS, SHARE = 1000, 50
"""While others are still at work the next look waits so long, and so many times as long as the last one took."""
SHOWN = 20
"""How many paths are named."""
OMK = "refs/omk"


class Watch:
    """Looks before an agent begins with nobody at work, and after agents end; any thread may ask."""

    def __init__(self, user: UserRepository) -> None:
        self.user = user
        self._lock = threading.Lock()
        self._beside: dict[str, set[str]] = {}
        self._ran: set[str] = set()
        self._seen: Sight = {}
        self._next_ms = 0

    def begin(self, agent: str) -> None:
        """An agent begins."""
        with self._lock:
            if not self._beside:
                self._look()
            for other in self._beside.values():
                other.add(agent)
            self._beside[agent] = set(self._beside)
            self._ran.add(agent)

    def end(self, agent: str) -> tuple[tuple[str, ...], list[OutsideTouched]]:
        """It has ended: the agents that ran beside it at any time, and what was found."""
        with self._lock:
            beside = tuple(sorted(self._beside.pop(agent)))
            if self._beside and milliseconds() < self._next_ms:
                return beside, []
            before, agents = self._seen, tuple(sorted(self._ran))
            self._look()
            self._ran = set(self._beside)
            return beside, differences(before, self._seen, agents)

    def _look(self) -> None:
        began = milliseconds()
        self._seen = look(self.user)
        now = milliseconds()
        self._next_ms = now + max(PAUSE_MS, SHARE * (now - began))


def differences(before: Sight, after: Sight, agents: tuple[str, ...]) -> list[OutsideTouched]:
    """What differs between two looks, a value for each place."""
    changed: dict[str, list[str]] = {}
    for where, path in sorted(before.keys() | after.keys()):
        if before.get((where, path)) != after.get((where, path)):
            changed.setdefault(where, []).append(path)
    return [
        OutsideTouched(agents=agents, where=where, paths=tuple(paths[:SHOWN]), total=len(paths))
        for where, paths in changed.items()
    ]


def look(user: UserRepository) -> Sight:
    """The checkout as far as it differs from HEAD, and the git folder but for its objects, its index and what is omk's."""
    return {**dict(_checkout(user.top)), **dict(_git_folder(user.common_dir))}


def _checkout(top: Path) -> Iterator[tuple[tuple[str, str], str]]:
    try:
        status = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", directory=top)
    except Unusable:
        yield ("checkout", "."), "cannot be read"
        return
    for line in status.split(b"\0"):
        if line:
            path = encode_path(line[3:])
            yield ("checkout", path), f"{line[:2].decode()} {mark(top / os.fsdecode(decode_path(path)))}"


def _git_folder(folder: Path) -> Iterator[tuple[tuple[str, str], str]]:
    for name in ("HEAD", "config", "packed-refs"):
        yield ("git", name), mark(folder / name)
    for part in ("hooks", "info", "refs"):
        for parent, folders, files in os.walk(folder / part):
            below = encode_path(os.fsencode(os.path.relpath(parent, folder)))
            folders[:] = [name for name in folders if f"{below}/{name}" != OMK]
            for name in files:
                yield ("git", f"{below}/{encode_path(os.fsencode(name))}"), mark(Path(parent, name))


def mark(path: Path) -> str:
    """What changes whenever the file does; nothing of one that is not there."""
    try:
        status = path.lstat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino} {status.st_mode:o}"
