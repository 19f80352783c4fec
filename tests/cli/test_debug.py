"""`omk debug` in a terminal of its own: it opens on a goal and on a file, leaves on a key, and changes nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.audited import LOOPING
from tests.cli.calling import omk, run_goal
from tests.cli.terminal import Terminal

RED = Path(__file__).parent.parent.parent / "replays" / "gate-red-then-green"


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".sqlite-shm"}


def test_a_goal_is_debugged_and_the_store_stays_as_it_was(repository):
    assert run_goal(at=repository).code == 0
    store = repository / ".git" / "omk"
    before = contents(store)
    terminal = Terminal("debug", at=repository)
    terminal.until("[1 Proof]")
    terminal.type("gfiles_changed\r4")
    terminal.until("+print(1)")
    terminal.type("x")
    terminal.until("HYPOTHETICAL")
    terminal.type("q")
    assert terminal.end() == 0
    assert contents(store) == before


def test_a_file_is_debugged_from_the_position_that_is_asked_for(tmp_path):
    terminal = Terminal("debug", f"{RED}/log.jsonl@gate:demo#1", at=tmp_path, NO_COLOR="1")
    terminal.until("event 37 of 93")
    terminal.type("\x03")
    assert terminal.end() == 0


def test_a_whole_session_writes_nothing_starts_nothing_and_sends_nothing(repository):
    """But for the code, which git shows: that pane is left alone here."""
    assert run_goal(at=repository).code == 0
    room = {"PYTHONPATH": str(RED.parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    terminal = Terminal("debug", at=repository, python=("-c", LOOPING), **room)
    terminal.until("[1 Proof]")
    for keys, shown in (
        ("ggate:smoke\r", "event 37 of"),
        ("x", "HYPOTHETICAL"),
        ("xwc", "what led to it"),
        ("2", "[2 State]"),
        ("3", "[3 Step]"),
    ):
        terminal.type(keys)
        terminal.until(shown)
    terminal.type('bstatus == "running"\rR')
    terminal.until("Breakpoint 1")
    terminal.type("q")
    assert terminal.end() == 0, terminal.plain[-3000:]
    assert "RuntimeError" not in terminal.plain


def test_what_is_not_there_is_said_in_one_line(repository):
    assert run_goal(at=repository).code == 0
    terminal = Terminal("debug", "latest@gate:none", at=repository)
    assert terminal.end() == 1
    assert terminal.plain.count("\n") == 1
    assert "has no run of gate none" in terminal.plain


def test_a_damaged_log_refuses_as_every_read_command_does(tmp_path):
    lines = (RED / "log.jsonl").read_bytes().splitlines(keepends=True)
    lines[40] = lines[40].replace(b"controller-9c95ac0c2de7", b"controller-000000000000")
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines))
    terminal = Terminal("debug", "log.jsonl", at=tmp_path)
    assert terminal.end() == 1
    assert "event 42 is damaged" in terminal.plain
    assert "Traceback" not in terminal.plain


def test_without_a_terminal_it_says_what_to_use_instead(repository):
    answer = omk("debug", at=repository)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "omk: omk debug needs a terminal. To read the history elsewhere: omk replay\n"


@pytest.mark.parametrize("command", [("list",), ("replay",), ("why",)])
def test_no_other_command_pays_for_the_debugger(command, repository):
    assert run_goal(at=repository).code == 0
    script = f"import sys; from omk.cli.app import run; run({[*command]!r}); sys.exit('textual' in sys.modules)"
    ended = subprocess.run((sys.executable, "-c", script), cwd=repository, capture_output=True, check=False)
    assert ended.returncode == 0
