"""Commands that look at the past change nothing: a hook fails on any file opened to be written, process or socket."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.audited import SCRIPT
from tests.cli.calling import run_goal

ROOT = Path(__file__).parents[2]
COMMANDS = [
    ("replay", "latest", "--json"),
    ("replay", "latest@gate:smoke#1"),
    ("replay", "latest", "--redecide"),
    ("why", "latest", "--chain"),
    ("why", "latest@gate:smoke#1", "--json"),
    ("verdicts", "latest"),
    ("unblock", "latest@-3"),
    ("whatif", "latest", "--drop", "gate:smoke#1"),
    ("whatif", "latest", "--add", "event.json", "--json"),
    ("when", "latest", "gates.smoke.outcome", "--last"),
    ("diff", "latest@5", "@head"),
    ("proof", "latest"),
    ("list",),
    ("budget", "latest"),
    ("cost", "--by", "task"),
]


@pytest.fixture
def told(repository):
    run_goal(at=repository)
    (repository / "event.json").write_text('{"kind": "gate_ran", "gate": "smoke", "outcome": "failed"}')
    return repository


def ended(command, at, script=SCRIPT):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run((sys.executable, "-c", script, *command), cwd=at, env=environment, capture_output=True, check=False)


def stored(repository):
    files = (path for path in (repository / ".git").rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {str(path): path.read_bytes() for path in files}


def test_looking_back_opens_nothing_to_write_and_starts_and_sends_nothing(told):
    before = stored(told)
    for command in COMMANDS:
        answer = ended(command, told)
        assert answer.returncode == 0, (command, answer.stderr.decode())
        assert b"RuntimeError" not in answer.stderr
        assert answer.stdout
    assert stored(told) == before


def test_the_hook_notices_a_command_that_writes(told):
    answer = ended(("pause", "latest"), told)
    assert answer.returncode != 0
    assert b"RuntimeError" in answer.stderr
