"""A clean room for every test: its own home and git identity, no settings of the caller, no process left behind."""

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

FOREIGN = ("COLUMNS", "EDITOR", "FORCE_COLOR", "LANGUAGE", "LINES", "NO_COLOR", "PAGER", "PYTHONHASHSEED", "VISUAL")
FOREIGN_PREFIXES = ("GIT_", "LC_", "OMK_", "XDG_")
MARK = "TEST_ROOM"
GRACE_MS = 2_000
IDENTITY = """\
[user]
	name = Ann Example
	email = ann@example.org
[init]
	defaultBranch = main
[gc]
	autoDetach = false
[maintenance]
	autoDetach = false
"""


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new home directory with a git identity; nothing of the caller's environment that omk or git reads."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(IDENTITY)
    for name in os.environ:
        if name in FOREIGN or name.startswith(FOREIGN_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / ".local" / "state"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TERM", "dumb")
    time.tzset()
    return home


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository on branch `main` with one committed file, `README.md`, and a clean checkout."""
    repository = tmp_path / "repository"
    repository.mkdir()
    readme = repository / "README.md"
    readme.write_text("# Example\n")
    os.utime(readme, (1_700_000_000, 1_700_000_000))  # older than the index, so that git never has to look again
    when = {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z"}
    for arguments in (["init", "-q"], ["add", "README.md"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *arguments], cwd=repository, check=True, env={**os.environ, **when})
    return repository


@pytest.fixture(autouse=True)
def no_process_left_behind(
    request: pytest.FixtureRequest, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Fail the test that leaves a process behind, also one that left its session, its group and its parent."""
    monkeypatch.setenv(MARK, str(home))
    yield
    left = [process for process in processes_of(tmp_path, home) if not ended(process)]
    described = [f"{process}: {command_line(process)}" for process in left]
    for process in left:
        end(process)
    if left and not request.node.get_closest_marker("leaves_processes"):
        pytest.fail("the test left processes behind: " + "; ".join(described))


def processes_of(*rooms: Path) -> list[int]:
    """The other processes that carry the test's mark in their environment, or that work in one of its rooms."""
    if not Path("/proc/self/environ").exists():
        return []  # not Linux: nothing to look at
    marks = [f"{MARK}={room}".encode() for room in rooms]
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [process for process in processes if process != os.getpid() and belongs(process, marks, rooms)]


def belongs(process: int, marks: list[bytes], rooms: tuple[Path, ...]) -> bool:
    place = Path("/proc", str(process))
    try:
        environment = (place / "environ").read_bytes().split(b"\0")
        directory = (place / "cwd").readlink()
    except OSError:
        return False  # ended, a zombie, or somebody else's
    return any(mark in environment for mark in marks) or any(directory.is_relative_to(room) for room in rooms)


def ended(process: int) -> bool:
    """Whether the process ends by itself within the grace time."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], GRACE_MS / 1_000)[0])
    finally:
        os.close(handle)


def command_line(process: int) -> str:
    try:
        return Path("/proc", str(process), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "ended meanwhile"


def end(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture(autouse=True, scope="session")
def git_is_here() -> None:
    """Say plainly that git is missing, once, instead of failing in every test."""
    if shutil.which("git") is None:
        pytest.exit("the tests need git on PATH", returncode=3)
