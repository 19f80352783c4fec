"""A defect of omk in the debugger, in a real terminal: the screen is left, one line says what to report, the exit code is 1."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LOG = ROOT / "replays" / "gate-red-then-green" / "log.jsonl"
SCRIPT = """
import sys
import omk.debugger.app
from omk.cli.app import run

def broken(*_):
    raise TypeError("nobody\\nexpected this")

omk.debugger.app.screen = broken
sys.exit(run(["debug", sys.argv[1]]))
"""
LEFT = "\x1b[?1049l"
"""What a terminal is told to show again what it showed before."""


def in_a_terminal(*command):
    """Run a command in a terminal of its own: its exit code, and all it wrote."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=os.environ | {"TERM": "xterm"})
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # Linux: nobody has the other end open any more
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    return process.wait(60), written.decode("utf-8", "replace")


def test_a_defect_leaves_the_screen_and_is_told_in_one_line():
    code, written = in_a_terminal(sys.executable, "-c", SCRIPT, str(LOG))
    assert code == 1
    assert "Traceback" not in written
    after = written.rpartition(LEFT)[2]
    told = after[after.index("omk: ") :].rstrip()
    assert "\n" not in told
    assert told.startswith("omk: this is a defect of omk: TypeError: nobody expected this; please report it with the output of ")
    assert told.endswith("`omk replay goal-20261122-154803-380-1b9d44f7 --json`.")
