"""Which paths a task may name, when two tasks' paths collide, and whether a change lies within a task's scope.

Paths are `/`-separated and relative to the goal's directory. The alias `project files` stands for all of them.
"""

import re
from collections.abc import Iterable

PROJECT_FILES = "project files"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def unsafe(path: str) -> str | None:
    """Why an agent's task may not name this path; None when it may."""
    if path == PROJECT_FILES:
        return None
    segments = path.split("/")
    rules = (
        (not path.strip(), "it is empty"),
        (CONTROL.search(path) is not None, "it has control characters"),
        (path.startswith("~"), "it starts with ~"),
        (path.startswith("/"), "it is absolute"),
        (".." in segments, "it leaves the project through .."),
        # Also .github, .gitignore, .gitmodules; any case, because some file systems do not tell .GIT from .git.
        (any(segment.casefold().startswith(".git") for segment in segments), "it names git's own files"),
    )
    return next((reason for broken, reason in rules if broken), None)


def unfit(path: str) -> str | None:
    """Why the path may not be declared: it is unsafe, or a pattern, which nothing would expand."""
    return unsafe(path) or ("it is a pattern" if set(path) & set("*?[") else None)


def segments_of(path: str) -> tuple[str, ...] | None:
    """The path's segments without `.` and empty ones; None for a path that is absolute or uses `..`."""
    segments = path.split("/")
    if path.startswith("/") or ".." in segments:
        return None
    return tuple(segment for segment in segments if segment not in ("", "."))


def contains(parent: str, path: str) -> bool:
    """Whether *path* is *parent* or lies below it, at a `/` boundary."""
    if parent == PROJECT_FILES:
        return True
    above, below = segments_of(parent), segments_of(path)
    return above is not None and below is not None and below[: len(above)] == above


def conflict(left: str, right: str) -> bool:
    """Whether two paths cannot be written independently: equal, or one is a directory above the other."""
    return contains(left, right) or contains(right, left)


def in_scope(path: str, write_set: Iterable[str]) -> bool:
    """Whether a changed path lies within the write set; an empty write set allows nothing."""
    return any(contains(allowed, path) for allowed in write_set)
