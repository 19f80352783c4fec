"""A process that left its group, its session and its environment is still no person."""

import os
import shlex
import sys

import pytest

from tests.cli.calling import process

ESCAPE = """\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while os.getppid() == {parent}:
            pass
        os.chdir({checkout!r})
        environment = {{"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "XDG_STATE_HOME": {state!r}}}
        line = [{python!r}, "-m", "omk", *{words!r}]
        os.execve("/bin/sh", ["sh", "-c", {shell!r}, "sh", *line], environment)
    os._exit(0)
os.wait()
while not os.path.exists({said!r}):
    time.sleep(0.01)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux hands a daemon over to omk")
@pytest.mark.parametrize("where", ["agent", "gate"])
@pytest.mark.parametrize(
    "words",
    [
        ["accept", "--summary", "fine"],
        ["waive", "review.code", "--reason", "fine"],
        ["run", "Build a CLI now", "--agent", "command:true"],
    ],
)
def test_a_daemon_of_an_agent_or_a_gate_cannot_speak_for_a_person(repository, tmp_path, words, where):
    said, done = tmp_path / "said", tmp_path / "done"
    program = ESCAPE.format(
        parent=0,
        checkout=str(repository),
        state=os.environ["XDG_STATE_HOME"],
        python=sys.executable,
        words=words,
        shell=f'"$@" > {shlex.quote(str(done))} 2>&1; mv {shlex.quote(str(done))} {shlex.quote(str(said))}',
        said=str(said),
    )
    escape = tmp_path / "escape.py"
    escape.write_text(program)
    line = shlex.join([sys.executable, str(escape)])
    agent = f"command:echo 1 > app.py{'; ' + line if where == 'agent' else ''}"
    gate = line if where == "gate" else "true"
    ran = process("run", "Build a greenfield CLI", "--agent", agent, "--gate", f"tests={gate}", "--json", at=repository)
    assert "is not for agents and gates" in said.read_text(), said.read_text()
    assert "integration.accepted" in ran.codes
    assert ran.document["gates"][0]["outcome"] == "passed"
