"""Attempts: what each is called, and what stays open when one has ended.

`tests:2` is the second attempt at `tests`. An agent has the name of the attempt that it makes at its task.
"""

from typing import TypeVar

from immutables import Map

Kind = TypeVar("Kind")


def attempt_key(name: str, attempt: int) -> str:
    """The name of an attempt, and of the agent that makes it: an obligation's id without the subject."""
    return f"{name}:{attempt}"


def attempt_parts(key: str) -> tuple[str, str]:
    """What is attempted, and for which time: as text, because a log may hold anything."""
    name, _, attempt = key.rpartition(":")
    return name, attempt


def task_of(agent: str) -> str:
    """The task that an agent works on."""
    return attempt_parts(agent)[0]


def without(entries: Map[str, Kind], key: str) -> Map[str, Kind]:
    """What is open without what has ended; the same where that was not open."""
    return entries.delete(key) if key in entries else entries
