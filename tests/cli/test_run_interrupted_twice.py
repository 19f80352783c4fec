"""Who presses Ctrl-C once more while a run winds up does not keep it from closing what is open."""

import os
import subprocess
import sys

import pytest

from omk.runtime.undisturbed import ENDING, undisturbed
from tests.cli.calling import GATES, GOAL, INTERRUPT, Meeting, end, is_running, omk, worktrees

IMPATIENT = """
import os, signal
from omk.__main__ import start
from omk.runtime import controller
stop = controller._stop
def stop_while_signals_come(*arguments):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), number)
    return stop(*arguments)
controller._stop = stop_while_signals_come
start()
"""


def impatient(*arguments, at):
    command = [sys.executable, "-c", IMPATIENT, *arguments]
    return subprocess.Popen(
        command, cwd=at, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    )


def test_a_second_interrupt_while_a_run_winds_up_leaves_nothing_open(repository, home, tmp_path):
    meeting = Meeting(tmp_path / "meeting")
    running = impatient("run", GOAL, "--agent", f"command:{meeting.stays}", *GATES, at=repository)
    agent = meeting.wait()
    running.send_signal(INTERRUPT)
    answer = end(running)
    assert (answer.code, answer.out) == (130, ""), answer.err
    assert "Traceback" not in answer.err
    assert not is_running(agent)
    state = omk("replay", "--json", at=repository).document["state"]
    assert (state["obligations"], state["controller"]) == ([], None)
    assert worktrees(home) == []
    assert omk("fsck", at=repository).code == 0


@pytest.mark.parametrize("number", ENDING)
def test_what_comes_while_nobody_may_disturb_is_dropped_and_what_comes_later_is_heard(number):
    with undisturbed():
        os.kill(os.getpid(), number)
        child = subprocess.run(["sh", "-c", f"kill -{number.value} $$; echo there"], capture_output=True, check=False)
    assert child.stdout == b"there\n"
    if number == INTERRUPT:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
