"""Stepping, running, searching and supposing perform nothing: under a hook that fails on any file, process or socket."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
import sys
from pathlib import Path
from omk.debugger.keys import press
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.tape import Tape
from omk.debugger.screen.layout import screen
from omk.debugger.screen.view import PANES, View
from omk.log.jsonl import JsonlLog
from omk.replay.history import History

log = JsonlLog(Path(sys.argv[1]))
goal = log.heads()[0].goal
records = list(log.read(goal))

def read(after, upto):
    return iter([one for one in records if after < one.seq <= (upto or len(records))])

def play():
    debugger, view = Debugger(Tape(History(goal, read), len(records)), 0), View()
    for seq in range(0, len(records) + 1, step):
        debugger.go(seq)
        for view.pane in PANES:
            screen(debugger, view, 80, 24)
    for one in "gready\\n/demo\\nNbgates.demo.outcome\\nRRr][xwckxX?qz":
        press(debugger, view, "enter" if one == "\\n" else one, None if one == "\\n" else one)
        debugger.finish()
        screen(debugger, view, 120, 40)
    return debugger

FORBIDDEN = ("open", "os.", "subprocess", "socket", "shutil", "sqlite3", "tempfile", "ctypes")
def hook(event, arguments):
    if event.startswith(FORBIDDEN) and not (event == "open" and str(arguments[0]).endswith((".py", ".pyc"))):
        raise RuntimeError(f"{event} {arguments!r}")

step = 30
play()  # whatever is imported late is imported now
sys.addaudithook(hook)
step = 1
debugger = play()
print(debugger.seq, len(debugger.survey.changes), len(debugger.breakpoints))
"""


def test_the_debugger_opens_nothing_starts_nothing_and_sends_nothing():
    log = ROOT / "replays" / "gate-red-then-green" / "log.jsonl"
    command = (sys.executable, "-c", SCRIPT, str(log))
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    seq, changes, points = map(int, ended.stdout.split())
    assert seq > 0
    assert changes > 10
    assert points == 1
