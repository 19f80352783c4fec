"""Sweeping up what processes that are dead left half done in the folders that all goals of a repository share.

Nothing that may be a living process's is touched: whose it is, is told by the pid in its name, or by whether there is a
living git that was there before it.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from omk.agents.left import content_of, living
from omk.agents.process import started_at
from omk.runtime import edge
from omk.runtime.folders import remove_tree
from omk.runtime.inside import CONTROLLERS, dead_marks
from omk.runtime.repository import SCRATCH
from omk.runtime.session import Session

UNFINISHED = re.compile(r"\.(\d+)\.\d+\.new$")
"""What `replace_file` calls a file until it is whole."""
LOOKS, PAUSE_SECONDS = 20, 0.1
MARGIN_SECONDS = 0.5
"""What clocks and file systems may differ by."""
SETTLED_SECONDS = 60.0
"""Where nobody tells which processes live, a lock of git's that is older than this is taken for a dead one's."""


def sweep(session: Session) -> None:
    """Remove what the dead left half done, for one who holds the store's lock."""
    store, bare = session.user.store_folder, session.workshop.bare.path
    for path in _unfinished(store, bare, session.handle.folder / CONTROLLERS):
        remove_tree(path)
    _remove_stale(session)
    for mark in dead_marks(session.handle.folder):
        if mark.begins and not any(True for _ in session.handle.log.read(mark.goal, upto=1, verify=False)):
            session.user.release(mark.goal)  # it died before the goal had begun
        if mark.begins or not mark.goal:
            mark.file.unlink(missing_ok=True)


def forget(session: Session) -> None:
    """Remove the marks of dead controllers of this goal: what they left is in order."""
    for mark in dead_marks(session.handle.folder):
        if mark.goal == session.goal:
            mark.file.unlink(missing_ok=True)


def _unfinished(store: Path, bare: Path, marks: Path) -> Iterator[Path]:
    """Folders and files whose names say that a dead process was making them."""
    for path in store.glob(f"{SCRATCH}*"):
        if _is_dead(path.name.removeprefix(SCRATCH).partition(".")[0]):
            yield path
    for folder in (bare, bare / "info", bare / "objects" / "info", marks):
        for path in folder.glob("*.new"):
            if (found := UNFINISHED.search(path.name)) and _is_dead(found[1]):
                yield path


def _is_dead(pid: str) -> bool:
    return pid.isdigit() and started_at(int(pid)) is None


# --- Locks and temporary objects of a git that was killed ---


def _locks(session: Session) -> dict[Path, int]:
    """What a git at work, or a dead one, holds in omk's repository and in omk's own refs of the person's: path to inode."""
    bare, refs = session.workshop.bare.path, session.user.common_dir / "refs" / "omk"
    found = [*bare.glob("*.lock"), *bare.glob("refs/**/*.lock"), *refs.glob("*.lock")]
    found += [*bare.glob("objects/??/tmp_obj_*"), *bare.glob("objects/pack/tmp_*"), *bare.glob("objects/tmp_*")]
    inodes: dict[Path, int] = {}
    for path in found:
        with contextlib.suppress(OSError):
            inodes[path] = path.lstat().st_ino
    return inodes


def _remove_stale(session: Session) -> None:
    """Remove those that nobody can hold: every git at work there is younger. Such as may be held are waited for a while."""
    locks = _locks(session)
    for look in range(LOOKS):
        locks = {path: inode for path, inode in locks.items() if _inode(path) == inode}
        if not locks:
            return
        if look:
            time.sleep(PAUSE_SECONDS)
        eldest = _eldest_git(session)
        for path in locks:
            with contextlib.suppress(OSError):
                if edge.seconds_since(path.lstat().st_mtime) > eldest:
                    remove_tree(path)


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except OSError:
        return None


def _eldest_git(session: Session) -> float:
    """How many seconds ago, at most, the eldest git began that works on omk's repository or in a worktree of it."""
    pids = living()
    if not pids:
        return SETTLED_SECONDS
    places = [os.fsencode(session.user.store_folder), os.fsencode(session.user.common_dir)]
    top = os.path.realpath(session.workshop.folder)
    eldest = -1.0  # a file may be younger than the clock says
    for pid in pids:
        if content_of(pid, "comm").startswith(b"git"):
            told = content_of(pid, "cmdline") + content_of(pid, "environ")
            if any(place in told for place in places) or _stands_in(pid, top):
                eldest = max(eldest, _age(pid) + MARGIN_SECONDS)
    return eldest


def _age(pid: int) -> float:
    ticks = started_at(pid)
    return edge.seconds_since_boot() - int(ticks) / os.sysconf("SC_CLK_TCK") if ticks else -MARGIN_SECONDS


def _stands_in(pid: int, top: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(top)
    except OSError:
        return False
