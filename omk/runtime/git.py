"""The one place that calls git: no hooks, no gc, no signing, no prompts, nothing inherited.

Format of paths: `/`-separated, `%` and every byte that is not UTF-8 as `%XX` (design 2).
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from omk.agents.orphans import MARK
from omk.agents.process import marked
from omk.errors import Unusable

SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "log.showSignature": "false",
    "submodule.recurse": "false",
    "merge.autoStash": "false",
    "diff.suppressBlankEmpty": "false",
}
FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a replaced object would make a tree mean two things
    "GIT_EDITOR": "true",
}


class GitFailed(Unusable):
    """A git command failed: its name, its exit status, and the first line git said about it."""

    def __init__(self, command: str, status: int, stderr: str) -> None:
        self.command, self.status, self.stderr = command, status, stderr
        super().__init__(f"git {command} failed (exit {status}): {first_line(stderr)}")


class Finished(NamedTuple):
    """A git command that ended, well or not."""

    status: int
    stdout: bytes
    stderr: str


def git(
    *arguments: str | os.PathLike[str],
    directory: Path | None = None,
    git_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    reads: bool = True,
    check: bool = True,
) -> bytes:
    """Run git and give its stdout; *reads* keeps it from refreshing the index it looks at.

    Raises `GitFailed` unless it exits 0 or *check* is false, `Unusable` when git is not installed.
    """
    ended = run_git(arguments, directory=directory, git_dir=git_dir, environment=environment or {}, stdin=stdin, reads=reads)
    if check and ended.status != 0:
        raise GitFailed(str(arguments[0]), ended.status, ended.stderr)
    return ended.stdout


def run_git(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    directory: Path | None,
    git_dir: Path | None,
    environment: Mapping[str, str],
    stdin: bytes | None,
    reads: bool,
) -> Finished:
    """Run git and give whatever came of it: for commands whose exit status is an answer."""
    try:
        ended = subprocess.run(
            command_of(arguments, git_dir=git_dir, reads=reads),
            cwd=directory or git_dir,  # one's own directory may be gone
            env={**clean_environment(), **FIXED, MARK: marked("git"), **environment},
            input=b"" if stdin is None else stdin,
            capture_output=True,
            check=False,
            process_group=0,  # a Ctrl-C ends omk, which ends what it began in order
        )
    except FileNotFoundError as error:
        if directory is not None and not directory.is_dir():
            raise Unusable(f"{directory} is not a directory. Give the path of one that exists.") from error
        raise Unusable("git is not installed or not on PATH. Install git 2.38 or newer.") from error
    except OSError as error:
        raise Unusable(f"git cannot be run in {directory or Path.cwd()}: {error.strerror}.") from error
    return Finished(ended.returncode, ended.stdout, ended.stderr.decode(errors="replace"))


def command_of(arguments: Sequence[str | os.PathLike[str]], *, git_dir: Path | None, reads: bool) -> list[str | os.PathLike[str]]:
    """The words to call git with."""
    place = [f"--git-dir={git_dir}"] if git_dir is not None else []
    locks = ["--no-optional-locks"] if reads else []
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return ["git", *place, *locks, *settings, *arguments]


def clean_environment() -> dict[str, str]:
    """The environment without anything that would point git elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def first_line(stderr: str) -> str:
    """The line that tells why: the first error if git marks one, else the first line there is."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (marked or lines or ["it gave no reason."])[0]


# --- Paths ---


def encode_path(path: bytes) -> str:
    """A path's bytes as text: `%` and bytes that are not UTF-8 become `%XX`."""
    escaped = path.replace(b"%", b"%25").decode("utf-8", errors="surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda found: f"%{ord(found[0]) - 0xDC00:02X}", escaped)


def decode_path(path: str) -> bytes:
    """The bytes that `encode_path` was given."""
    return re.sub(rb"%([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), path.encode())
