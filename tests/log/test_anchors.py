"""Anchors notice what a chain cannot: a log that was cut short."""

import stat

import pytest

from omk.errors import Damaged
from omk.log.anchors import Anchor, anchored_goals, check_anchors, read_anchor, write_anchor
from omk.log.memory import MemoryLog
from tests.log.records import GOAL, OTHER, history, many


def given(number: int) -> MemoryLog:
    log = MemoryLog()
    log.append(GOAL, many(5)[:number], after=0)
    return log


def test_an_anchor_holds_count_and_digest_in_a_private_file(tmp_path):
    digest = many(5)[3].record.digest
    write_anchor(tmp_path / "store", GOAL, 4, digest)
    file = tmp_path / "store" / "heads" / GOAL
    assert file.read_text() == f"4 {digest}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_anchor(tmp_path / "store", GOAL) == Anchor(GOAL, 4, digest)
    assert [each.name for each in file.parent.iterdir()] == [GOAL]


def test_an_anchor_may_lag_and_never_goes_back(tmp_path):
    entries = many(5)
    write_anchor(tmp_path, GOAL, 3, entries[2].record.digest)
    assert check_anchors(tmp_path, given(5)) == []
    assert check_anchors(tmp_path, given(3), GOAL) == []
    write_anchor(tmp_path, GOAL, 2, entries[1].record.digest)
    anchor = read_anchor(tmp_path, GOAL)
    assert anchor is not None
    assert anchor.seq == 3


def test_a_log_that_ends_before_its_anchor_is_damage(tmp_path):
    write_anchor(tmp_path, GOAL, 4, many(5)[3].record.digest)
    (problem,) = check_anchors(tmp_path, given(3))
    assert (problem.goal, problem.seq, problem.code) == (GOAL, 4, "anchor.lost")


def test_a_log_that_lacks_an_anchored_goal_is_damage(tmp_path):
    write_anchor(tmp_path, OTHER, 1, many(1, goal=OTHER)[0].record.digest)
    (problem,) = check_anchors(tmp_path, given(3))
    assert (problem.goal, problem.code) == (OTHER, "anchor.lost")
    assert check_anchors(tmp_path, given(3), GOAL) == []


def test_another_record_where_the_anchor_was_written_is_damage(tmp_path):
    write_anchor(tmp_path, GOAL, 1, history()[0].record.digest)
    (problem,) = check_anchors(tmp_path, given(3))
    assert (problem.goal, problem.seq, problem.code) == (GOAL, 1, "anchor.differs")


@pytest.mark.parametrize("content", ["", "4", "4 b2:12", "x b2:" + "0" * 64])
def test_a_broken_anchor_is_damage(tmp_path, content):
    write_anchor(tmp_path, GOAL, 1, many(1)[0].record.digest)
    (tmp_path / "heads" / GOAL).write_text(content)
    with pytest.raises(Damaged):
        read_anchor(tmp_path, GOAL)
    assert [problem.code for problem in check_anchors(tmp_path, given(3))] == ["anchor.unreadable"]


@pytest.mark.parametrize("goal", ["a/b", "..", ".hidden", "größe 100%"])
def test_a_goal_of_any_name_keeps_its_anchor_in_the_folder(tmp_path, goal):
    write_anchor(tmp_path, goal, 1, many(1)[0].record.digest)
    assert anchored_goals(tmp_path) == [goal]
    assert len(list((tmp_path / "heads").iterdir())) == 1


def test_a_store_without_anchors_has_none(tmp_path):
    assert anchored_goals(tmp_path) == []
    assert read_anchor(tmp_path, GOAL) is None
    assert check_anchors(tmp_path, given(3)) == []
