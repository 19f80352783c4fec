"""The whole story on a throw-away repository: red, why, again, ready, replayed, and one step back in time."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from omk.cli.output import write_text
from omk.errors import Unusable
from omk.runtime.git import git

AGENT = """\
if grep -q "What keeps attempt" "$OMK_PROMPT_FILE" || test -f total.py
then printf 'import sys\\n\\nprint(sum(int(line) for line in sys.stdin))\\n' > total.py
else printf 'import sys\\n\\nprint(sum(sys.stdin))\\n' > total.py
fi
"""
"""A scripted agent: it forgets to turn lines into numbers, and does better when it works a second time."""
GOAL = "Build a CLI that adds up numbers, with acceptance, smoke and demo checks"
GATES = (
    "acceptance=test -f total.py",
    "smoke=printf '1\\n2\\n' | python3 total.py",
    "demo=test \"$(printf '1\\n2\\n' | python3 total.py)\" = 3",
)
STORY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Why is it not ready? The log says so, as of any moment.", ("why", "latest")),
    ("Let the agent try again: it is told what was wrong.", ("execute", "latest")),
    ("Its change made the old evidence stale, by itself: run the gates on the new tree.", ("verify", "latest")),
    ("Reviews are bound to the tree, too.", ("review", "latest")),
    ("A person accepts what was proven.", ("accept", "latest", "--summary", "adds up")),
    (
        "The history, from the log alone (these kinds of it).",
        (
            "replay",
            "latest",
            "--kind",
            "agent_finished",
            "--kind",
            "files_changed",
            "--kind",
            "gate_ran",
            "--kind",
            "change_accepted",
        ),
    ),
    ("One step back in time: what was open before the person accepted?", ("why", "latest@-2")),
)
QUIET = ("execute", "verify", "review")
"""The steps of which only the progress is shown, not the whole proof again."""


def demo() -> None:
    """Tell the whole story on a throw-away repository, offline: omk demo."""
    with tempfile.TemporaryDirectory(prefix="omk-demo-") as folder:
        home = Path(folder)
        repository = _repository(home)
        (home / "agent.sh").write_text(AGENT, encoding="utf-8")
        run = ["run", GOAL, "--agent", f"command:sh {shlex.quote(str(home / 'agent.sh'))}"]
        for gate in GATES:
            run += ["--gate", gate]
        _tell("A goal, an agent, and three gates that have to pass.", tuple(run), repository, home)
        for sentence, command in STORY:
            _tell(sentence, command, repository, home)
        write_text("\nThat was omk. Try it on a repository of yours: omk run \"…\" --agent 'command:…'\n")


def _repository(home: Path) -> Path:
    place = home / "repository"
    place.mkdir()
    git("init", "--quiet", "--initial-branch=main", directory=place, reads=False)
    (place / "README.md").write_text("# Totals\n", encoding="utf-8")
    git("add", "README.md", directory=place, reads=False)
    author = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in NAMES.items()}
    git("commit", "--quiet", "--message=Begin", directory=place, environment=author, reads=False)
    return place


NAMES = {"NAME": "omk demo", "EMAIL": "demo@localhost"}


def _tell(sentence: str, command: tuple[str, ...], repository: Path, home: Path) -> None:
    """Print the sentence and the command, and let omk itself carry it out."""
    shown = shlex.join(command).replace(str(home), "…")
    write_text(f"\n── {sentence}\n$ omk {shown}\n\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMK_", "GIT_"))}
    environment["XDG_STATE_HOME"] = str(home / "state")
    output = subprocess.DEVNULL if command[0] in QUIET else None
    line = (sys.executable, "-m", "omk", *command)
    done = subprocess.run(line, cwd=repository, env=environment, stdout=output, check=False)
    if done.returncode != 0:
        raise Unusable(f"`omk {command[0]}` ended with exit code {done.returncode} in the demo..")
