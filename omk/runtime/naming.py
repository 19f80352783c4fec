"""How the worktrees of tasks are called: short, safe in any file system, never twice the same (behaviour 1.12)."""

import re

LONGEST = 48
ONLY = "agent"
"""The worktree of a goal's only task."""
OFFSET, PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1
"""FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/)."""


def agent_worktree(goal: str, task: str, *, is_only: bool) -> str:
    """The name of the worktree in which agents work on the task."""
    return ONLY if is_only else f"agent-{component(task)}-{fingerprint(goal, task)}"


def component(name: str) -> str:
    """A name as part of a file name: lower-case letters and digits, all else a single `-`, at most 48 characters."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:LONGEST].strip("-") or "task"


def fingerprint(goal: str, task: str) -> str:
    """Sixteen hex digits that differ where the names do, though their components be the same."""
    digest = OFFSET
    for byte in b"omk-goal-worktree" + goal.encode() + b"\xff" + task.encode():
        digest = ((digest ^ byte) * PRIME) & MASK
    return f"{digest:016x}"
