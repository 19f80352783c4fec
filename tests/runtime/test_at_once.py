"""Several agents at once, with real processes and worktrees: their work becomes one tree, or says why not."""

import pytest

from omk.domain.ending import ALL_STEPS
from omk.domain.subjects.lease import LeaseExpired, LeaseRenewed
from omk.domain.subjects.proposal import TaskExcused
from omk.domain.subjects.slice import OutsideTouched, SliceConflicted, SliceMended, WorkKept
from omk.domain.subjects.task import TaskFailed
from omk.runtime import edge
from omk.runtime.controller import drive
from tests.runtime.sessions import begun_tasks, events, kinds, together

OWN = {"t1": ("t1.txt",), "t2": ("t2.txt",), "t3": ("t3.txt",)}
TWO = {name: OWN[name] for name in ("t1", "t2")}


def content(session, path):
    return session.workshop.read_path(session.state.worktree.tree, path)


def changed(session):
    return sorted(session.state.worktree.paths)


def done(session):
    return [name for name, one in sorted(session.state.task.items()) if name in OWN and one.status == "done"]


def test_three_tasks_are_worked_on_at_once_and_become_one_tree(repository, tmp_path):
    session = begun_tasks(repository, together(tmp_path / "here", 3) + "echo $t > $t.txt", OWN)
    proof = drive(session, ALL_STEPS)
    assert (proof.status, proof.gaps) == ("ready", ())
    assert changed(session) == ["t1.txt", "t2.txt", "t3.txt"]
    assert (kinds(session).count("slice_recorded"), kinds(session).count("files_changed")) == (2, 3)
    assert session.workshop.worktrees(session.goal) == ()
    assert dict(session.state.obligation) == {}


def test_a_conflict_keeps_the_slice_out_and_says_where_and_why(repository, tmp_path):
    session = begun_tasks(repository, together(tmp_path / "here", 2) + "echo $t > $t.txt; echo $t > notes", TWO)
    proof = drive(session, ALL_STEPS)
    (conflict,) = events(session, SliceConflicted)
    assert [(one.path, one.side, one.reason) for one in conflict.collisions] == [
        ("notes", "unsafe", "both sides changed the same lines")
    ]
    assert len(done(session)) == 1
    assert session.state.task[conflict.task].status == "blocked"
    gap = next(one for one in proof.gaps if one.code == "files.changed")
    assert gap.text == f"The work on {conflict.task} conflicts with the goal's tree in notes."
    assert f"{conflict.task}.txt" not in changed(session)


def test_the_next_attempt_after_a_conflict_begins_from_the_tree_of_now(repository, tmp_path):
    script = together(tmp_path / "here", 2) + "echo $t > $t.txt; test -f notes && cat notes >> $t.txt || echo $t > notes"
    session = begun_tasks(repository, script, TWO)
    drive(session, ALL_STEPS, max_attempts=2)
    (conflict,) = events(session, SliceConflicted)
    (first,) = {"t1", "t2"} - {conflict.task}
    assert done(session) == ["t1", "t2"]
    assert content(session, f"{conflict.task}.txt").decode().split() == [conflict.task, first]
    assert session.state.task[conflict.task].attempts == 2
    assert dict(session.state.slice.conflicts) == {}


def test_a_conflict_in_a_comment_is_mended_with_the_landing(repository, tmp_path):
    script = together(tmp_path / "here", 2) + 'echo $t > $t.txt; echo "x = 1  # $t" > both.py'
    session = begun_tasks(repository, script, TWO)
    drive(session, ALL_STEPS)
    (mended,) = events(session, SliceMended)
    assert [(one.path, one.side) for one in mended.collisions] == [("both.py", "safe")]
    assert done(session) == ["t1", "t2"]
    assert changed(session) == ["both.py", "t1.txt", "t2.txt"]
    (first,) = {"t1", "t2"} - {mended.task}
    assert content(session, "both.py") == f"x = 1  # {first}\n".encode()
    place = kinds(session).index("slice_mended")
    assert kinds(session)[place + 1] == "files_changed"


def test_what_two_tasks_did_alike_is_there_once_and_both_are_done(repository, tmp_path):
    session = begun_tasks(repository, together(tmp_path / "here", 2) + "echo same > both", TWO)
    drive(session, ALL_STEPS)
    (excused,) = events(session, TaskExcused)
    assert done(session) == ["t1", "t2"]
    assert set(session.state.worktree.owners) == {"t1", "t2"} - {excused.task}
    assert kinds(session).count("agent_started") == 2


def test_a_slice_beyond_its_write_set_is_not_ready_and_names_who_ran_beside(repository, tmp_path):
    script = together(tmp_path / "here", 2) + "echo $t > $t.txt; test $t = t1 || echo more > more"
    session = begun_tasks(repository, script, TWO)
    proof = drive(session, ALL_STEPS)
    assert proof.status == "not_ready"
    assert "more" in next(one for one in proof.gaps if one.code == "scope.respected").text
    (touched,) = events(session, OutsideTouched)
    assert (touched.agents, touched.paths) == (("t1:1", "t2:1"), ("more",))
    assert touched.where.startswith("agent-t2-")


def test_an_edit_of_a_neighbours_worktree_is_told_of_all_who_ran_and_is_not_ready(repository, tmp_path):
    script = together(tmp_path / "here", 2) + "echo $t > $t.txt; test $t = t1 && { echo x > stray; mv stray ../agent-t2-*; }; "
    session = begun_tasks(repository, script + f"touch '{tmp_path}'/$t; while [ ! -e '{tmp_path}/t1' ]; do sleep 0.01; done", TWO)
    proof = drive(session, ALL_STEPS)
    (touched,) = events(session, OutsideTouched)
    assert (touched.agents, touched.paths) == (("t1:1", "t2:1"), ("stray",))
    assert next(one.code for one in proof.gaps) == "scope.respected"


def test_a_neighbour_whose_worktree_is_deleted_is_tried_again(repository, tmp_path):
    script = together(tmp_path / "here", 2) + f"echo $t > $t.txt; test -e '{tmp_path}/done' && exit; "
    script += f"test $t = t1 && rm -rf ../agent-t2-* && touch '{tmp_path}/done'; "
    session = begun_tasks(repository, script + f"while [ ! -e '{tmp_path}/done' ]; do sleep 0.01; done", TWO)
    proof = drive(session, ALL_STEPS, max_attempts=2)
    assert [one.task for one in events(session, TaskFailed)] == ["t2"]
    assert proof.status == "ready"
    assert changed(session) == ["t1.txt", "t2.txt"]


# --- Leases ---


@pytest.mark.parametrize("tasks", [{"t1": ("t1.txt",)}, TWO])
def test_what_comes_after_the_lease_is_kept_apart_and_the_task_is_done_once(tasks, repository, tmp_path, monkeypatch):
    once = f"test $t = t2 || {{ test -e '{tmp_path}/late' && echo $t > $t.txt; }} || "
    late = f"{{ touch '{tmp_path}/late'; echo late > late.txt; sleep 1000; }}"
    session = begun_tasks(repository, f"test $t = t1 || echo $t > $t.txt; {once}{late}", tasks, lease_ms=1500)
    left = edge.milliseconds_until

    def unheard(ends):
        first = session.state.task["t1"]
        return 1 << 40 if first.attempts == 1 and first.lease_ends == ends else left(ends)

    monkeypatch.setattr(edge, "milliseconds_until", unheard)  # nobody hears of the first holder
    drive(session, ALL_STEPS)
    assert [one.task for one in events(session, LeaseExpired)] == ["t1"]
    (kept,) = events(session, WorkKept)
    assert [one.path for one in kept.changes] == ["late.txt"]
    assert done(session) == sorted(tasks)
    assert changed(session) == [f"{name}.txt" for name in sorted(tasks)]
    assert session.state.task["t1"].attempts == 2


def test_a_lease_is_renewed_as_long_as_the_agent_runs(repository):
    session = begun_tasks(repository, "sleep 1; echo $t > $t.txt", {"t1": ("t1.txt",)}, lease_ms=400)
    drive(session, ALL_STEPS)
    assert len(events(session, LeaseRenewed)) >= 2
    assert events(session, LeaseExpired) == []
    assert done(session) == ["t1"]
