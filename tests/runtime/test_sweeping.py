"""What dead processes left half done goes; what a living one may be making stays."""

import os
import subprocess
import sys

import pytest

from omk.runtime import sweeping
from omk.runtime.inside import dead_marks, marked_as_controller
from omk.runtime.sweeping import forget, sweep
from tests.runtime.sessions import begun


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only /proc tells which git is at work")
def test_a_lock_stays_while_a_git_that_is_older_works_there_and_goes_with_it(repository, monkeypatch):
    monkeypatch.setattr(sweeping, "LOOKS", 1)
    session = begun(repository)
    bare = session.workshop.bare
    bare.settle()
    git = subprocess.Popen(
        ["git", f"--git-dir={bare.path}", "cat-file", "--batch-check"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert git.stdin is not None
    assert git.stdout is not None
    git.stdin.write(b"HEAD\n")
    git.stdin.flush()
    git.stdout.readline()  # it is there
    lock = bare.path / "packed-refs.lock"
    lock.touch()
    sweep(session)
    assert lock.exists()
    git.communicate()
    sweep(session)
    assert not lock.exists()


def test_a_controllers_mark_names_its_goal_and_stays_while_it_lives(repository):
    session = begun(repository)
    folder = session.handle.folder
    with marked_as_controller(folder, session.goal):
        forget(session)
        assert dead_marks(folder) == []
        mark = folder / "controllers" / str(os.getpid())
        assert session.goal in mark.read_text()
        mark.write_text(f"before this machine was started\n{session.goal}\n")
        assert [one.goal for one in dead_marks(folder)] == [session.goal]
        sweep(session)
        assert mark.exists(), "it tells whom to go on with"
        forget(session)
        assert not mark.exists()
