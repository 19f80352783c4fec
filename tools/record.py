"""Record the runs of `replays/` anew, for real: `python -m tools.record [NAME…]`.

Each scenario is carried out by omk itself in a throw-away repository with a fixed environment, into a JSONL log. A run
that ends otherwise than its scenario says, or that holds a path or name of this machine, is not kept.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from omk.errors import OmkError
from omk.log.jsonl import JsonlLog
from omk.replay.address import locate
from omk.replay.redecide.again import redecide
from tools.bless import write
from tools.corpus import ABOUT, BLOBS, LOG, REPLAYS, contents, documents, folded, history_of, open_run
from tools.scenarios import SCENARIOS
from tools.scenarios.about import about
from tools.scenarios.scenario import Act, Commit, Killed, Meanwhile, Omk, Scenario

POLL = 0.01  # seconds between two looks at a log that grows
IDENTITY = "[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n"
WHEN = "2026-01-02T03:04:05Z"


class Spoiled(Exception):
    """The run is not what its scenario says, and is not kept."""


class Room:
    """A throw-away home, repository and store, and nothing else of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.repository = folder, folder / "home", folder / "repository"
        self.log = folder / "store" / LOG
        self.home.mkdir()
        self.repository.mkdir()
        (self.home / ".gitconfig").write_text(IDENTITY, encoding="utf-8")
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "LOGNAME": "ann",
            "USER": "ann",
        }

    def prepare(self, scenario: Scenario) -> None:
        """The repository as the run finds it."""
        self.git("init", "--quiet")
        self.commit(Commit("Begin", scenario.files))
        self.write(scenario.left)

    def perform(self, act: Act) -> None:
        """Carry out one act of a scenario. Raises Spoiled where it does not go as told."""
        match act:
            case Omk(arguments=arguments, refused=refused):
                self.end(self.start(arguments), arguments, 1 if refused else 0)
            case Commit():
                self.commit(act)
            case Killed(arguments=arguments, at=kind):
                process = self.start(arguments)
                self.await_event(process, kind)
                process.kill()
                process.wait()
            case Meanwhile(arguments=arguments, at=kind, other=other):
                process = self.start(arguments)
                self.await_event(process, kind)
                self.perform(Omk(other))
                self.end(process, arguments, 0)

    def start(self, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
        """omk, with its talk kept in a file."""
        command = (sys.executable, "-P", "-m", "omk", *arguments, "--store", f"jsonl://{self.log}")
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                command, cwd=self.repository, env=self.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )

    def end(self, process: subprocess.Popen[bytes], arguments: tuple[str, ...], wanted: int) -> None:
        """Wait for the end of omk. Raises Spoiled if its exit code is not *wanted*."""
        code = process.wait()
        if code != wanted:
            said = (self.folder / "said").read_text(encoding="utf-8", errors="replace")
            raise Spoiled(f"`omk {arguments[0]}` ended with exit code {code}, not {wanted}:\n{said}")

    def await_event(self, process: subprocess.Popen[bytes], kind: str) -> None:
        """Wait until the log holds an event of that kind. Raises Spoiled if omk ends before."""
        mark = f'"kind":"{kind}"'.encode()
        while not (self.log.exists() and mark in self.log.read_bytes()):
            try:
                process.wait(POLL)
            except subprocess.TimeoutExpired:
                continue
            raise Spoiled(f"omk ended before there was any {kind}.")

    def commit(self, commit: Commit) -> None:
        """Commit these files on the branch that is checked out."""
        self.write(commit.files)
        self.git("add", "--", *commit.files)
        self.git("commit", "--quiet", "--message", commit.message)

    def write(self, files: dict[str, str]) -> None:
        """Put files into the checkout."""
        for name, content in files.items():
            path = self.repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def git(self, *arguments: str) -> None:
        """The user's own git."""
        dates = {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
        subprocess.run(("git", *arguments), cwd=self.repository, env=self.environment | dates, check=True)


def record(scenario: Scenario, replays: Path = REPLAYS) -> Path:
    """Carry a scenario out and keep it as a folder of *replays*. Raises Spoiled if it went another way."""
    with tempfile.TemporaryDirectory(prefix="omk-record-") as name:
        room = Room(Path(name).resolve())
        room.prepare(scenario)
        for act in scenario.acts:
            room.perform(act)
        fresh = room.folder / scenario.name
        fresh.mkdir()
        for path in (room.log, room.log.with_name(BLOBS)):
            if path.exists():
                (fresh / path.name).write_bytes(path.read_bytes())
        _require_end(scenario, fresh)
        (fresh / ABOUT).write_text(about(scenario, _places(scenario, fresh)), encoding="utf-8")
        _require_same_again(fresh)
        for file, text in folded(fresh).items():
            write(fresh / file, text)
        traces = list(machine_traces(fresh, room.folder))
        if traces:
            raise Spoiled("it holds what belongs to this machine: " + "; ".join(traces))
        kept = replays / scenario.name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(fresh, kept)
        return kept


def _require_end(scenario: Scenario, folder: Path) -> None:
    _, proof = documents(*open_run(folder))
    found = proof["status"], tuple(gap["code"] for gap in proof["gaps"])
    if found != (scenario.status, scenario.gaps):
        raise Spoiled(f"it ended {found}, and its scenario says {(scenario.status, scenario.gaps)}.")


def _require_same_again(folder: Path) -> None:
    log, goal = open_run(folder)
    for one in redecide(history_of(log, goal)):
        raise Spoiled(f"asked again at event {one.seq}, its controller does {one.actual}, and not {one.expected}.")


def _places(scenario: Scenario, folder: Path) -> list[int]:
    """The seq of each address that the scenario lets one look at."""
    log, goal = open_run(folder)
    history = history_of(log, goal)
    head = log.heads()[0].seq
    return [locate(address, goal=goal, head=head, read=history.read) for address, _ in scenario.look]


def machine_traces(folder: Path, room: Path) -> Iterator[str]:
    """Where the files of a run, and the outputs packed in them, name this machine or a place on it."""
    host = socket.gethostname()
    words = {str(room), str(room).removeprefix("/"), str(Path.home()), tempfile.gettempdir() + "/", host} - {"", "/"}
    words |= {host.partition(".")[0]} - {""}
    pattern = re.compile(b"|".join(rb"(?<![\w.-])" + re.escape(word.encode()) for word in sorted(words)))
    for name, content in contents(folder):
        for match in pattern.finditer(content):
            yield f"{name}: {content[max(0, match.start() - 20) : match.end() + 60]!r}"


def main(names: list[str]) -> int:
    """Record these scenarios (none: all); 1 when one is not there or went another way."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unheard = [name for name in names if name not in known]
    if unheard:
        sys.stderr.write(f"There is no scenario {unheard[0]!r}. There are: {', '.join(known)}.\n")
        return 1
    failed = False
    for name in names or known:
        try:
            folder = record(known[name])
            print(f"{name}\t{JsonlLog(folder / LOG).heads()[0].seq} events", flush=True)
        except (Spoiled, OmkError) as problem:
            sys.stderr.write(f"{name}: {problem}\n")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
