"""Children: recorded before they run, bounded, and gone when they end."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from omk.agents.capture import KEPT, Capture
from omk.agents.child import Child, Exit
from omk.agents.process import ancestors, end_process, is_alive, is_below, started_at
from omk.errors import Unusable

ENVIRONMENT = {"PATH": os.environ["PATH"]}
DAEMON = (
    "import os; os.setsid(); open('new', 'w').write(str(os.getpid())); os.rename('new', 'pid'); "
    "os.execvp('sleep', ['sleep', '1000'])"
)
LONG = 60_000  # milliseconds nothing here should need


def run(line: str, directory: Path, *, stdin: bytes = b"", timeout_ms: int | None = LONG) -> Exit:
    child = Child.prepare((line,), shell=True, directory=directory, environment=ENVIRONMENT, stdin=stdin)
    child.release()
    return child.wait(timeout_ms)


def has_ended(pid: int) -> bool:
    """Wait for the end of a process that is not ours; a zombie that nobody has reaped yet has ended."""
    while (started := started_at(pid)) is not None and is_alive(pid, started):
        os.sched_yield()
    return True


def test_a_command_reports_its_status_and_both_its_streams(tmp_path: Path) -> None:
    ended = run("echo out; echo err >&2; exit 3", tmp_path)
    assert (ended.status, ended.signal, ended.output, ended.size) == (3, None, b"out\nerr\n", 8)


def test_a_command_given_as_words_is_not_read_by_a_shell(tmp_path: Path) -> None:
    child = Child.prepare(("printf", "%s", "$HOME; 'a"), shell=False, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    assert child.wait(LONG).output == b"$HOME; 'a"


def test_a_prepared_child_runs_nothing_until_it_is_released(tmp_path: Path) -> None:
    child = Child.prepare(("touch ran",), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    assert is_alive(child.pid, child.started)
    assert os.getpgid(child.pid) == child.pid
    child.abandon()
    assert not (tmp_path / "ran").exists()
    assert not is_alive(child.pid, child.started)


def test_a_child_that_is_left_while_it_runs_is_ended(tmp_path: Path) -> None:
    child = Child.prepare(("exec sleep 1000",), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    child.abandon()
    assert not is_alive(child.pid, child.started)


def test_a_child_that_has_ended_is_left_without_a_signal_to_whoever_has_its_number_now(tmp_path: Path, monkeypatch) -> None:
    child = Child.prepare(("true",), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    assert child.wait(LONG).status == 0
    sent: list[int] = []
    monkeypatch.setattr("omk.agents.child.signal_group", lambda pid, _: sent.append(pid))
    child.abandon()
    assert sent == []


def test_the_pid_and_start_time_recorded_before_are_those_of_the_command(tmp_path: Path) -> None:
    child = Child.prepare(("echo $$",), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    assert int(child.wait(LONG).output) == child.pid
    assert child.started != ""


def test_when_the_parent_dies_before_the_release_nothing_runs(tmp_path: Path) -> None:
    program = """
import os, pathlib, signal, sys
from omk.agents.child import Child
child = Child.prepare(("touch ran",), shell=True, directory=pathlib.Path(sys.argv[1]), environment={"PATH": os.defpath})
print(child.pid, child.started, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    parent = subprocess.run(
        (sys.executable, "-c", program, str(tmp_path)),
        stdout=subprocess.PIPE,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    pid, _ = parent.stdout.decode().split()
    assert parent.returncode == -signal.SIGKILL
    assert has_ended(int(pid))
    assert not (tmp_path / "ran").exists()


def test_two_hundred_megabytes_of_output_keep_head_and_tail(tmp_path: Path) -> None:
    seen = 0

    def count(chunk: bytes) -> None:
        nonlocal seen
        seen += len(chunk)

    line = "echo first; head -c 200000000 /dev/zero; echo last"
    child = Child.prepare((line,), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    ended = child.wait(LONG, on_output=count)
    assert ended.status == 0
    assert ended.size == seen == 200_000_011
    assert len(ended.output) == 2 * KEPT
    assert ended.left_out == ended.size - 2 * KEPT
    assert ended.output.startswith(b"first\n")
    assert ended.output.endswith(b"last\n")


def test_output_that_is_not_utf8_arrives_byte_for_byte(tmp_path: Path) -> None:
    assert run(r"printf '\377\376\000x'", tmp_path).output == b"\xff\xfe\x00x"


def test_a_timeout_ends_the_whole_group_even_one_that_ignores_the_polite_signal(tmp_path: Path) -> None:
    ended = run("trap '' TERM; (trap '' TERM; while :; do sleep 0.01; done) & echo $!; wait", tmp_path, timeout_ms=100)
    assert ended.timed_out
    assert (ended.status, ended.signal) == (None, signal.SIGKILL)
    assert has_ended(int(ended.output))


def test_a_stop_ends_a_command_that_would_run_for_ever(tmp_path: Path) -> None:
    stop = threading.Event()
    child = Child.prepare(("echo on; exec sleep 1000",), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    ended = child.wait(None, stop, on_output=lambda _: stop.set())
    assert ended.stopped
    assert not ended.timed_out
    assert ended.signal == signal.SIGTERM


def test_a_background_process_ends_with_the_command_and_its_status_does_not_count(tmp_path: Path) -> None:
    ended = run("(sleep 1000; exit 9) & echo $!; exit 0", tmp_path)
    assert ended.status == 0
    assert not ended.timed_out
    assert has_ended(int(ended.output))


def test_a_daemon_that_keeps_the_pipe_open_holds_nobody_up(tmp_path: Path) -> None:
    line = f'{sys.executable} -c "{DAEMON}" & until [ -e pid ]; do :; done; exit 4'
    ended = run(line, tmp_path)
    assert (ended.status, ended.timed_out) == (4, False)
    with contextlib.suppress(ProcessLookupError):  # where nobody adopts it, it is still there
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("line", ["exec sleep 0", "exec <&-; echo on; sleep 0.01"])
def test_a_large_prompt_that_nobody_reads_harms_nobody(tmp_path: Path, line: str) -> None:
    assert run(line, tmp_path, stdin=b"x" * 5_000_000).status == 0


def test_a_large_prompt_arrives_whole_while_the_child_talks_back(tmp_path: Path) -> None:
    prompt = os.urandom(300_000)
    assert run("cat", tmp_path, stdin=prompt).output == prompt


def test_without_a_prompt_the_child_reads_the_end_of_its_input(tmp_path: Path) -> None:
    assert run("cat; echo done", tmp_path).output == b"done\n"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    child = Child.prepare(("no-such-program", "x"), shell=False, directory=tmp_path, environment=ENVIRONMENT)
    child.release()
    assert "no-such-program was not found" in (child.wait(LONG).spawn_error or "")


def test_a_directory_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot be started in"):
        Child.prepare(("true",), shell=True, directory=tmp_path / "none", environment=ENVIRONMENT)


def test_recovery_ends_only_the_very_process_that_was_recorded(tmp_path: Path) -> None:
    child = Child.prepare(("sleep 1000",), shell=True, directory=tmp_path, environment=ENVIRONMENT)
    assert not end_process(child.pid, "another start")
    assert is_alive(child.pid, child.started)
    assert end_process(child.pid, child.started)
    assert child.wait(LONG).signal in {signal.SIGTERM, signal.SIGKILL}
    assert started_at(child.pid) is None


def test_a_process_is_below_its_ancestors_and_nobody_else() -> None:
    assert ancestors(os.getpid())[:2] == [os.getpid(), os.getppid()]
    assert is_below({os.getppid()})
    assert not is_below({2**30})


def test_a_capture_counts_what_it_leaves_out() -> None:
    capture = Capture(kept=4)
    for chunk in (b"abc", b"defgh", b"ijklmnopqr", b"s"):
        capture.add(chunk)
    assert (capture.output, capture.size, capture.left_out) == (b"abcdpqrs", 19, 11)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux hands orphans over")
def test_a_daemon_that_left_the_group_ends_with_the_command(tmp_path):
    daemon = f"import os,time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    launcher = f"import os; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); exec({daemon!r})"
    line = f"{sys.executable} -c {shlex.quote(launcher)}; while ! test -s pid; do sleep 0.01; done"
    child = Child.prepare((line,), shell=True, directory=tmp_path, environment={"PATH": os.environ["PATH"]})
    child.release()
    assert child.wait(60_000).status == 0
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()
