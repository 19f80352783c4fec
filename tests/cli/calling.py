"""Calling omk as a person does, in this process or in one of its own, and agents that say where they are."""

import contextlib
import ctypes
import io
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from omk.cli.app import run

PATIENCE_SECONDS = 60
GOAL = "Build a greenfield CLI with acceptance smoke demo proof"
WRITES_CLI = "command:printf 'print(1)\\n' > cli.py"
GATES = (
    "--gate", "acceptance=test -f cli.py", "--gate", "smoke=test -s cli.py", "--gate", "demo=grep -q print cli.py",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON it printed; what it complained of when it printed none."""
        assert self.out, self.err
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the gaps of the proof it printed."""
        return [gap["code"] for gap in self.document["gaps"]]

    def gap(self, code: str) -> Any:
        """The gap of that code in the proof it printed."""
        return next(gap for gap in self.document["gaps"] if gap["code"] == code)

    def gate(self, name: str) -> Any:
        """The gate of that name in the proof it printed."""
        return next(gate for gate in self.document["gates"] if gate["name"] == name)


def omk(*arguments: str, at: Path) -> Answer:
    """Carry out one command line in this process, standing in *at*."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.chdir(at), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Answer(code, texts[0], texts[1])


def run_goal(*more: str, at: Path, goal: str = GOAL, agent: str = WRITES_CLI) -> Answer:
    """`omk run` of the usual goal by the usual agent past the usual gates, with --json."""
    return omk("run", goal, "--agent", agent, *(more if "--gate" in more else GATES + more), "--json", at=at)


def begin(*arguments: str, at: Path, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Start omk as a process of its own."""
    return subprocess.Popen(
        (sys.executable, "-m", "omk", *arguments),
        cwd=at,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: "subprocess.Popen[bytes]") -> Answer:
    """Wait until it has ended; its answer."""
    try:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Answer(process.returncode, out.decode(), err.decode())


def process(*arguments: str, at: Path, environment: Mapping[str, str] | None = None) -> Answer:
    """Carry out one command line in a process of its own."""
    return end(begin(*arguments, at=at, environment=environment))


NO_ROOT = (28, 1)
"""prctl(PR_SET_SECUREBITS, SECBIT_NOROOT): root starts programs without what root may do beyond the permissions."""


def bound(*arguments: str, at: Path) -> Answer:
    """One command line by somebody whom permissions bind, also when the tests run as root."""
    if os.geteuid() == 0 and not sys.platform.startswith("linux"):
        pytest.skip("no permission binds root here")

    def bind() -> None:
        if os.geteuid() == 0:
            ctypes.CDLL(None, use_errno=True).prctl(*NO_ROOT, 0, 0, 0)

    command = (sys.executable, "-m", "omk", *arguments)
    done = subprocess.run(command, cwd=at, preexec_fn=bind, capture_output=True, check=False)
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


class Meeting:
    """A pipe in the file system through which an agent or a gate says that it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self.file = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    @property
    def stays(self) -> str:
        """A shell line that says so, and then never ends by itself."""
        return f"echo $$ > '{self.path}'; sleep 1000"

    def wait(self) -> int:
        """Wait until somebody is there; the pid."""
        ready, _, _ = select.select([self.file], [], [], PATIENCE_SECONDS)
        assert ready, "nobody came"
        return int(os.read(self.file, 100).split()[0])


def git(*arguments: str, at: Path) -> str:
    """Git as the person calls it."""
    done = subprocess.run(("git", *arguments), cwd=at, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="surrogateescape").strip()


def write(path: Path, content: str | bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def commit(at: Path, **files: str) -> str:
    """Commit files of the given names (`__` is a dot, `_in_` a slash) and contents; the commit."""
    for name, content in files.items():
        write(at / name.replace("__", ".").replace("_in_", "/"), content)
    git("add", "--all", at=at)
    git("commit", "--quiet", "--message", "More", at=at)
    return git("rev-parse", "HEAD", at=at)


def room(repository: Path) -> dict[str, bytes]:
    """Everything of the person's that must stay byte for byte: checkout, HEAD, index, refs, stash, configuration."""
    kept = {
        str(path.relative_to(repository)): path.read_bytes() + b" %o" % path.stat().st_mode
        for path in sorted(repository.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    own = (".git/omk/", ".git/refs/omk/")
    return {name: content for name, content in kept.items() if not name.startswith(own)}


def worktrees(home: Path) -> list[Path]:
    """What is left of omk's worktrees, notes and prompts."""
    state = home / ".local" / "state" / "omk"
    return [path for path in state.rglob("*") if path.is_file() or path.is_symlink()]


def is_running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


INTERRUPT, TERMINATE, HANG_UP, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL
