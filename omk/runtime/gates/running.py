"""Carrying out a gate on a worktree that holds a tree. What is recorded of it, if anything, is the caller's business."""

import os
from collections.abc import Callable
from pathlib import Path

from omk.agents.child import Child, Exit
from omk.domain.values import GateDefinition, GateOutcome
from omk.errors import Unusable
from omk.runtime.site import Site, is_plain

SETUP_TIMEOUT_MS = 1_800_000
Announce = Callable[[Child], None]
"""Hears of a child before its command runs."""
SetUp = Callable[[int, str], Exit]
"""Carries out a setup command: its number and its line."""


def furnish(site: Site, worktree: Path, set_up: SetUp) -> None:
    """Add to a fresh worktree what every gate finds there: shared paths, and what the setup commands make.

    Raises `Unusable` when one of them cannot be had.
    """
    settings = site.state.goal.settings
    for path in settings.share if settings else ():
        _share(site.user.top, worktree, path)
    for number, line in enumerate(settings.setup if settings else (), 1):
        ended = set_up(number, line)
        if ended.status != 0:
            how = "took too long" if ended.timed_out else f"ended with exit code {ended.status}"
            said = site.packed(ended)[0].preview or "it printed nothing"
            raise Unusable(f"The setup command `{line}` {how}: {said}")


def run_setup(site: Site, worktree: Path, line: str, announce: Announce) -> Exit:
    """Carry out one setup command."""
    return _carry_out(site, (line,), worktree, announce, shell=True, timeout_ms=SETUP_TIMEOUT_MS)


def run_command(site: Site, worktree: Path, gate: GateDefinition, announce: Announce) -> Exit:
    """Carry out a gate's own command."""
    return _carry_out(site, gate.command, worktree, announce, shell=gate.shell, timeout_ms=gate.timeout_ms)


def _carry_out(site: Site, command: tuple[str, ...], worktree: Path, announce: Announce, *, shell: bool, timeout_ms: int) -> Exit:
    child = Child.prepare(command, shell=shell, directory=site.directory(worktree), environment=site.environment())
    try:
        announce(child)
        child.release()
        return child.wait(timeout_ms, stop=site.stop)
    except BaseException:
        child.abandon()  # a Ctrl-C may come at any moment
        raise


def outcome_of(ended: Exit) -> GateOutcome:
    """What a gate's exit says."""
    if ended.timed_out:
        return "timed_out"
    if ended.spawn_error is not None:
        return "errored"
    return "passed" if ended.status == 0 else "failed"


def _share(top: Path, worktree: Path, path: str) -> None:
    """Link a path of the user's checkout into the worktree, unless the tree has one of that name.

    Raises `Unusable` where the way to it is no folder of the worktree's: what a link leads to is somebody else's.
    """
    source, target = top / path, worktree / path
    if not source.exists():
        return
    folder = worktree
    for part in target.parent.relative_to(worktree).parts:
        folder /= part
        if not os.path.lexists(folder):
            folder.mkdir()
        elif not is_plain(worktree, str(folder.relative_to(worktree))):
            raise Unusable(f"{path} cannot be shared with the gate: the tree has no folder {folder.relative_to(worktree)}.")
    if not os.path.lexists(target):
        target.symlink_to(source)
