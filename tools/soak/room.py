"""A throw-away repository with a goal of three tasks, two agents at once, four gates and a retry; and what must hold of it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from tools.soak.dying import TASKS

GOAL = "Build a greenfield CLI with acceptance smoke demo proof"
AGENT = """\
n=$(printf %s "$OMK_PROMPT" | sed -n 's/^# Task t\\([0-9]\\).*/\\1/p' | head -n 1)
sleep 0.05
if [ "$n" = 3 ] && mkdir "$ROOM/failed" 2>&1; then exit 1; fi
echo "t$n" >> "t$n.txt"
sleep 0.05
"""
GATES = ("acceptance=test -s t1.txt", "smoke=test -s t2.txt", "demo=test -s t3.txt", "tidy=true")
MARK = "SOAK_ROOM"
IDENTITY = "[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n"
PATIENCE_SECONDS = 120
LOG = ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm")
KEPT = {*LOG, "lock", "heads", "snapshots", "repository-id", "repo.git", "controllers"}
"""What belongs into the store's folder."""
HALF = (".lock", ".new", "-journal")
"""How what is half made is called."""


class Kill(NamedTuple):
    """Where a process of omk's dies; number 0: nowhere."""

    place: str = "append"
    when: str = "before"
    number: int = 0

    def __str__(self) -> str:
        return f"{self.when} {self.place} {self.number}"


class Ended(NamedTuple):
    """How a command ended: by itself with a code, or killed (-9)."""

    code: int
    out: str
    err: str


class Room:
    """One goal in a room of its own: begun, killed, resumed, checked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.repository, self.home = folder, folder / "repository", folder / "home"
        self.store, self.state = self.repository / ".git" / "omk", self.home / "state"
        for new in (self.repository, self.home):
            new.mkdir(parents=True)
        (self.home / ".gitconfig").write_text(IDENTITY, encoding="utf-8")
        (folder / "agent.sh").write_text(AGENT, encoding="utf-8")
        foreign = ("GIT_", "OMK_", "XDG_")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.state),
            "ROOM": str(folder),
            MARK: str(folder),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        (self.repository / "README.md").write_text("# Example\n", encoding="utf-8")
        for line in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
            subprocess.run(["git", *line], cwd=self.repository, env=self.environment, check=True)

    # --- Acts ---

    def omk(self, kill: Kill, *command: str) -> Ended:
        """Carry out one command line in a process of its own, which dies at *kill*."""
        place, when, number = kill
        dying = (sys.executable, "-m", "tools.soak.dying", place, when, str(number), str(self.folder / "counts"), *command)
        ended = subprocess.run(
            dying, cwd=self.repository, env=self.environment, capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def begin(self, kill: Kill) -> Ended:
        """Run the goal from its words on."""
        gates = [word for gate in GATES for word in ("--gate", gate)]
        flags = ("--accept", "auto", "--until-ready", "--max-attempts", "3", "--max-agents", "2", "--json")
        return self.omk(kill, "run", GOAL, "--agent", f"command:sh {self.folder}/agent.sh", *gates, *flags)

    def go_on(self, kill: Kill) -> Ended:
        """Resume the goal, or begin it where nothing of it was on record yet."""
        return self.omk(kill, "resume", "--json") if self.rows() else self.begin(kill)

    def counts(self) -> dict[str, int]:
        """How often each place was passed by the last process that came to its end."""
        counts: dict[str, int] = json.loads((self.folder / "counts").read_text(encoding="utf-8"))
        return counts

    # --- What is there ---

    def rows(self) -> list[tuple[Any, ...]]:
        """The log as it is stored, in its order; empty where there is none."""
        place = self.store / "log.sqlite"
        if not place.exists():
            return []
        connection = sqlite3.connect(place)
        try:
            question = "select originator_id, originator_version, topic, state from stored_events order by rowid"
            return list(connection.execute(question))
        except sqlite3.OperationalError:
            return []  # it died while it made the table
        finally:
            connection.close()

    def document(self, *command: str) -> Any:
        """The JSON that a reading command prints."""
        ended = self.omk(Kill(), *command, "--json")
        return json.loads(ended.out) if ended.code == 0 else {"error": ended.err}

    def processes(self) -> list[int]:
        """The processes that this room started and that are still there."""
        mark, found = f"{MARK}={self.folder}".encode(), list[int]()
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
            except OSError:
                continue
        return found

    def end(self) -> None:
        """Let no process of the room outlive it."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    # --- What must hold ---

    def wrongs(self, before: list[tuple[Any, ...]]) -> list[str]:
        """What is wrong with the goal after its last resume; *before* is the log as the last death left it."""
        return [*self._of_log(before), *self._of_goal(), *self._of_places()]

    def _of_log(self, before: list[tuple[Any, ...]]) -> list[str]:
        rows, wrong = self.rows(), []
        if rows[: len(before)] != before:
            wrong.append("an acknowledged event is gone or changed")
        if len({row[0] for row in rows}) != 1:
            wrong.append("there is more than one goal")
        if [row[1] for row in rows] != list(range(1, len(rows) + 1)):
            wrong.append("the sequence has a hole")
        if (checked := self.omk(Kill(), "fsck", "--json")).code != 0:
            wrong.append(f"fsck: {checked.out}{checked.err}")
        return wrong

    def _of_goal(self) -> list[str]:
        replay, wrong = self.document("replay", "latest"), []
        if "error" in replay:
            return [f"replay: {replay['error']}"]
        if replay["proof"]["status"] != "ready":
            wrong.append(f"{replay['proof']['status']}: {[gap['code'] for gap in replay['proof']['gaps']]}")
        state = replay["state"]
        if state["obligations"] or state["controller"]:
            wrong.append(f"still open: {state['obligations']} {state['controller']}")
        if not replay["timeline"][-1]["kind"].startswith("proof_issued."):
            wrong.append("no proof was issued at the end")
        ended = (one["summary"] for one in replay["timeline"] if one["kind"].startswith("agent_finished."))
        done = Counter(line.split(":")[0].split()[-1] for line in ended if "succeeded" in line)
        if done != Counter(TASKS):
            wrong.append(f"agents that succeeded: {dict(done)}")
        for name in TASKS:
            content = self._git("show", f"{state['tree']}:{name}.txt")
            if content != f"{name}\n":
                wrong.append(f"{name}.txt holds {content!r}")
        return wrong

    def _git(self, *arguments: str) -> str:
        command = ("git", f"--git-dir={self.store / 'repo.git'}", *arguments)
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        return (done.stdout or done.stderr).decode()

    def _of_places(self) -> list[str]:
        """Processes, locks, worktrees, branches and half made things that are left."""
        wrong = [f"process {pid} is left" for pid in self.processes()]
        files = [path for path in self.folder.rglob("*") if not path.is_dir()]
        wrong += [f"{path} is left in omk's state" for path in files if path.is_relative_to(self.state)]
        inside = [str(path.relative_to(self.store)) for path in self.store.rglob("*")]
        wrong += [f"{name} is left" for name in inside if not _belongs(name)]
        ours = self._git("for-each-ref", "--format=%(refname)").split()
        wrong += [f"{ref} is left" for ref in ours if ref != "refs/heads/main" and not ref.startswith("refs/omk/trees/")]
        theirs = [
            str(path.relative_to(self.repository)) for path in (self.repository / ".git" / "refs").rglob("*") if path.is_file()
        ]
        own = [name for name in theirs if name != ".git/refs/heads/main"]
        return wrong + ([f"refs are left: {own}"] if len(own) != 1 else [])


def _belongs(name: str) -> bool:
    """Whether a file or folder of the store's may be there when nobody is at work."""
    top, _, below = name.partition("/")
    is_half = name.endswith(HALF) or Path(name).name.startswith("tmp_")
    is_of_work = top == "controllers" or below.startswith("worktrees/")
    return top in KEPT and not is_half and not (below and is_of_work)
