"""omk knows when an agent or a gate calls it, however it hides."""

import os
import subprocess
import sys

import pytest

from omk.errors import Refused
from omk.runtime.inside import marked_as_controller, outer_goals, refuse_inside

ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only /proc tells")


def test_a_person_is_not_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refuse_inside("accept")
    refuse_inside("accept", [1_000_000_000], lambda _: True)


def test_the_variable_refuses(monkeypatch):
    monkeypatch.setenv("OMK_INSIDE", "goal-1")
    with pytest.raises(Refused, match="goal-1"):
        refuse_inside("accept")


def test_a_worktree_of_omks_refuses_also_through_a_link(home, tmp_path, monkeypatch):
    place = home / ".local" / "state" / "omk" / "worktrees" / "r" / "g" / "agent"
    place.mkdir(parents=True)
    (tmp_path / "link").symlink_to(place)
    monkeypatch.chdir(tmp_path / "link")
    with pytest.raises(Refused, match="worktree of omk's"):
        refuse_inside("waive")


def test_below_a_recorded_process_is_refused():
    with pytest.raises(Refused, match="a process that omk started"):
        refuse_inside("decide", [os.getppid()])


ASK = "from omk.runtime.inside import outer_goals; print(outer_goals())"


@ON_LINUX
@pytest.mark.parametrize("hidden", ["env -u OMK_INSIDE", "env -i PATH=$PATH PYTHONPATH=$PYTHONPATH HOME=$HOME"])
def test_who_takes_the_variable_away_is_found_by_its_ancestors(hidden):
    line = f"{hidden} '{sys.executable}' -c '{ASK}'; true"
    environment = {**os.environ, "OMK_INSIDE": "goal-7", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(("/bin/sh", "-c", line), env=environment, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "['goal-7']", done.stderr.decode()


@ON_LINUX
def test_an_ancestor_inside_a_goal_of_another_store_does_not_matter(monkeypatch):
    monkeypatch.setattr("omk.runtime.inside.outer_goals", lambda: ["goal-7"])
    refuse_inside("run", is_known=lambda goal: goal == "goal-8")
    with pytest.raises(Refused):
        refuse_inside("run", is_known=lambda goal: goal == "goal-7")


def test_nobody_is_inside_by_default():
    assert outer_goals() == []


BELOW = """
import sys
from pathlib import Path
from omk.runtime.inside import is_below_controller
print(is_below_controller(Path(sys.argv[1])))
"""


def test_who_is_below_a_controller_at_work_is_told_by_its_mark(tmp_path):
    def asked():
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run((sys.executable, "-c", BELOW, tmp_path), env=environment, capture_output=True, check=True)
        return done.stdout.decode().strip()

    with marked_as_controller(tmp_path, "goal-7"):
        assert asked() == "True"
        (tmp_path / "controllers" / str(os.getpid())).write_text("another start\ngoal-7\n")
        assert asked() == "False"
    assert asked() == "False"
