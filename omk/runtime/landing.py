"""Bringing a proven commit into the user's branch: all of it or nothing, and never over somebody's work."""

import os
from pathlib import Path

from omk.errors import Refused, Unusable
from omk.runtime.bare import BareRepository
from omk.runtime.git import GitFailed, encode_path, git
from omk.runtime.repository import UserRepository, ask

SHOWN = 3  # paths named in one line
FAST_FORWARD = (
    "--ff-only", "--no-squash", "--commit", "--no-verify-signatures", "--no-overwrite-ignore", "--quiet", "--no-stat",
)  # fmt: skip


class BranchMoved(Refused):
    """The branch is not where the merge began. Prove the merge with its new tip."""

    def __init__(self, branch: str, expected: str, found: str | None) -> None:
        self.branch, self.expected, self.found = branch, expected, found
        where = "is gone" if found is None else f"moved to {found[:12]}"
        super().__init__(f"{branch} {where}; the merge was made for {expected[:12]}. Run `omk merge` again.")


def land(user: UserRepository, branch: str, old_commit: str, new_commit: str) -> None:
    """Move *branch* from *old_commit* to its descendant *new_commit*, and the checkout that has it out, if any.

    Raises `BranchMoved` when the branch is elsewhere, `Unusable` when local changes are in the way; then nothing
    changed.
    """
    tip = user.tip(branch)
    if tip == new_commit:
        return
    if tip != old_commit:
        raise BranchMoved(branch, old_commit, tip)
    hand_over(user, old_commit, new_commit)
    if (checkout := checkout_of(user, branch)) is not None:
        fast_forward(checkout, branch, new_commit)
        if (found := user.tip(branch)) != new_commit:
            at = "gone" if found is None else f"at {found[:12]}"
            raise Unusable(f"git merged in {checkout}, but {branch} is {at}, not at {new_commit[:12]}. See `git status`.")
        return
    try:
        name, reason = f"refs/heads/{branch}", "omk merge"
        git("update-ref", "-m", reason, name, new_commit, old_commit, git_dir=user.common_dir, reads=False)
    except GitFailed as error:
        if (found := user.tip(branch)) != old_commit:
            raise BranchMoved(branch, old_commit, found) from error
        raise


def hand_over(user: UserRepository, old_commit: str, new_commit: str) -> None:
    """Copy what *new_commit* has beyond *old_commit* from omk's repository into the user's objects."""
    wanted = f"{new_commit}\n^{old_commit}\n".encode()
    pack = BareRepository(user).git("pack-objects", "-q", "--revs", "--stdout", stdin=wanted)
    git("index-pack", "--stdin", git_dir=user.common_dir, stdin=pack, reads=False)


def checkout_of(user: UserRepository, branch: str) -> Path | None:
    """The worktree of the user's that has *branch* checked out, null if none has; the one we stand in comes first."""
    if ask(user.top, "symbolic-ref", "--quiet", "HEAD") == f"refs/heads/{branch}":
        return user.top  # git lists another place for it when `.git` is a link or elsewhere
    listing = git("worktree", "list", "--porcelain", "-z", git_dir=user.common_dir)
    for block in listing.split(b"\0\0"):
        lines = block.split(b"\0")
        if f"branch refs/heads/{branch}".encode() in lines:
            return Path(os.fsdecode(lines[0].removeprefix(b"worktree ")))
    return None


def fast_forward(checkout: Path, branch: str, new_commit: str) -> None:
    """`git merge --ff-only` where the branch is checked out; it refuses by itself before it touches anything.

    Options that the user configured for merging are left out: `--squash`, say, would move nothing.
    """
    if not checkout.is_dir():
        raise Unusable(f"{branch} is checked out in {checkout}, which is gone. Run `git worktree prune`, merge again.")
    try:
        git("merge", *FAST_FORWARD, new_commit, directory=checkout, environment=plainly(branch), reads=False)
    except GitFailed as error:
        paths = [encode_path(os.fsencode(line[1:])) for line in error.stderr.splitlines() if line.startswith("\t")]
        if not paths:
            raise
        more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        raise Unusable(
            f"Local changes in {checkout} are in the way: {', '.join(paths[:SHOWN])}{more}. "
            "Commit, stash or move them, then merge again."
        ) from error


def plainly(branch: str) -> dict[str, str]:
    """The environment in which git knows no merge options for *branch*; its name may hold what `-c` would cut at."""
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"branch.{branch}.mergeOptions", "GIT_CONFIG_VALUE_0": ""}
