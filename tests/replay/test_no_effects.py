"""Replaying performs nothing: it runs under a hook that fails on any file, process or socket."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
import sys
from pathlib import Path
from omk.domain.event import Recorded
from omk.domain.proof.proof import prove
from omk.domain.proof.standing import judge
from omk.log.jsonl import JsonlLog
from omk.domain.proof.gaps import Missing
from omk.replay.address import locate
from omk.replay.documents import state_document
from omk.replay.explain.chain import with_chains
from omk.replay.explain.unblock import unblock
from omk.replay.explain.verdicts import verdicts_document
from omk.replay.explain.why import why_document
from omk.replay.history import History
from omk.replay.proof_document import proof_document
from omk.replay.query.difference import difference
from omk.replay.query.expression import compile_expression
from omk.replay.query.scan import first, last
from omk.replay.redecide.document import redecision_document
from omk.replay.suppose.reading import read_events
from omk.replay.suppose.whatif import what_if
from omk.replay.timeline import timeline_entry
from omk.views.proof import proof_lines
from omk.views.unblock import unblock_lines
from omk.views.verdicts import verdict_lines
from omk.views.why import why_lines

log = JsonlLog(Path(sys.argv[1]))
goal = log.heads()[0].goal
records = list(log.read(goal))

def read(after, upto):
    return iter([one for one in records if after < one.seq <= (upto or len(records))])

FORBIDDEN = ("open", "os.", "subprocess", "socket", "shutil", "sqlite3", "tempfile", "ctypes")
def hook(event, arguments):
    if event.startswith(FORBIDDEN) and not (event == "open" and str(arguments[0]).endswith((".py", ".pyc"))):
        raise RuntimeError(f"{event} {arguments!r}")

history = History(goal, read)

def supposed(seq):
    if seq:
        what_if(history, seq, [seq], read_events('{"kind": "gate_ran"}', "test"), replace={1: Missing(kind="goal_created")})
    moment = history.moment(seq)
    unblock_lines(unblock(moment.state, moment.standing), 80)

for seq in (0, 5, len(records)):
    history.at(seq)  # whatever is imported late is imported now
    redecision_document(history, seq)
    supposed(seq)
sys.addaudithook(hook)
for seq in range(0, len(records) + 1, 8):
    supposed(seq)
for seq in range(len(records) + 1):
    state, proof = history.at(seq)
    proof_lines(proof_document(state, proof), 80)
    why_lines(with_chains(why_document(proof), state, history), 80)
    state_document(state, proof)
    redecision_document(history, seq)
for record in records:
    timeline_entry(record)
for position in ("-1", "ready", "gate_ran#1", "head"):
    locate(position, goal=goal, head=len(records), read=read)
for text in ("gates.acceptance.outcome", 'proof.status == "ready"', "len(files)"):
    expression = compile_expression(text)
    assert first(history, expression) and last(history, expression), text
assert difference(history, 0, len(records))
changes = verdicts_document(history, len(records))
verdict_lines(goal, changes, 80)
print(len(changes))
"""


def test_replaying_a_recorded_run_opens_nothing_starts_nothing_and_sends_nothing():
    log = ROOT / "replays" / "ready-at-first-try" / "log.jsonl"
    command = (sys.executable, "-c", SCRIPT, str(log))
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 10
