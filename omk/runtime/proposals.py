"""The channel through which agents propose tasks: a file at the top of their worktree, one JSON object a line.

The file is said to omk and is no part of the goal's files. It is read without following links and up to a limit.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from omk.domain.event import Command
from omk.domain.proposals import Proposal, commands, judged
from omk.domain.subjects.proposal import TaskProposed
from omk.domain.subjects.task import EXECUTOR
from omk.runtime.folders import remove_tree
from omk.runtime.session import Session
from omk.runtime.snapshot import PROPOSALS
from omk.runtime.task_fields import read_task

NAME = os.fsdecode(PROPOSALS)
MOST_BYTES, MOST_LINES, MOST_SHOWN = 256 * 1024, 100, 2_000
MALFORMED = "task.malformed"
FORMAT = (
    '{"id": "name", "title": "…", "description": "…", "acceptance": ["…"], "depends_on": ["id"], "read": ["path"], '
    '"write": ["path"], "risk": "low", "priority": 0, "budget": "5m"}'
)
"""A proposal as agents are told to write it."""


def clear_proposals(worktree: Path) -> None:
    """Remove what is there before an agent begins: an earlier agent's proposals, or a file of that name in the tree."""
    if not worktree.is_symlink():
        remove_tree(worktree / NAME)


def proposed_by(session: Session, task: str, agent: str, worktree: Path) -> list[Command]:
    """What the agent at work on *task* proposes, as the policy judges it on the state as it is."""
    proposals = proposals_in(worktree, source="agent")
    return commands(judged(proposals, session.state, own=task), session.state, agent=agent)


def proposals_in(worktree: Path, *, source: str) -> tuple[Proposal, ...]:
    """Every line of the worktree's proposals; one that is no proposal, or cannot be read, is one with an objection."""
    try:
        content = _content(worktree / NAME)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except PermissionError:
        if not os.access(worktree, os.X_OK):
            return ()  # nobody knows of any: what cannot be read is told with the files
        return (malformed(source, f"{NAME} cannot be read: Permission denied.", ""),)
    except OSError as error:
        return (malformed(source, f"{NAME} cannot be read: {error.strerror}.", ""),)
    if content is None:
        return (malformed(source, f"{NAME} is no regular file.", ""),)
    return tuple(_read(content, source))


def malformed(source: str, reason: str, text: str, *, code: str = MALFORMED) -> Proposal:
    """Something in the place of a proposal, and what is wrong with it."""
    return Proposal(replace(_blank(source), title="Not a proposal", description=text[:MOST_SHOWN]), (code, reason))


def _blank(source: str) -> TaskProposed:
    return replace(read_task({}, source=source, is_strict=False).task, role=EXECUTOR)


def _content(file: Path) -> bytes | None:
    """What the file holds, with one byte more than is read of it if there is more; None if it is no file."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as opened:  # noqa: PTH123 - it is open already
        return opened.read(MOST_BYTES + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None


def _read(content: bytes, source: str) -> Iterator[Proposal]:
    lines = [line for line in content[:MOST_BYTES].split(b"\n") if line.strip()]
    if len(content) > MOST_BYTES:
        lines = lines[:-1]  # it may go on
    for line in lines[:MOST_LINES]:
        yield _proposal(line, source)
    if len(content) > MOST_BYTES or len(lines) > MOST_LINES:
        reason = f"{NAME} is longer than is read of it: {MOST_LINES} lines and {MOST_BYTES // 1024} KiB. The rest is left out."
        yield malformed(source, reason, "")


def _proposal(line: bytes, source: str) -> Proposal:
    text = line.decode("utf-8", "replace").strip()
    try:
        table = msgspec.json.decode(line.strip())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return malformed(source, f"The line is no JSON: {error}.", text)
    if not isinstance(table, dict):
        return malformed(source, f"The line is no JSON object like {FORMAT}.", text)
    written = read_task(table, source=source, is_strict=False)
    problems = written.problems
    if written.no_change is not None:
        problems = (*problems, "no_change is for a plan that a person makes")
    task = written.task if written.task.acceptance else replace(written.task, acceptance=(written.task.title,))
    reason = f"It is not written as it should be: {'; '.join(problems)}."
    return Proposal(task, (MALFORMED, reason) if problems else None)
