from pathlib import Path

import pytest

from omk.errors import Refused, Unusable
from omk.log.open import open_log
from omk.log.protocol import Log
from tests.cli.calling import omk

REPLAYS = Path(__file__).parent.parent.parent / "replays"
ALL = f"{REPLAYS}/*/log.jsonl"


def opened(pattern: str) -> Log:
    log = open_log(pattern, folder=Path(), create=False)
    assert log is not None
    return log


@pytest.fixture(scope="module")
def alone() -> list[Log]:
    """Each log of the pattern by itself."""
    return [opened(str(path)) for path in sorted(REPLAYS.glob("*/log.jsonl"))]


def test_all_files_of_a_pattern_are_one_log_in_the_order_of_their_names(alone):
    several = opened(ALL)
    assert several.end() == sum(log.end() for log in alone)
    assert [head.goal for head in several.heads()] == sorted(head.goal for log in alone for head in log.heads())
    bodies = [body for log in alone for _, _, body in log.stretch(0, log.end())]
    assert [body for _, _, body in several.stretch(0, several.end())] == bodies
    assert [position for position, _ in several.follow()] == list(range(1, len(bodies) + 1))
    middle = alone[0].end() + 3
    assert [body for _, _, body in several.stretch(5, middle)] == bodies[5:middle]
    assert several.placed([1, middle, len(bodies), len(bodies) + 1]) == {
        1: bodies[0], middle: bodies[middle - 1], len(bodies): bodies[-1],
    }  # fmt: skip
    assert [position for position, _ in several.follow(after=middle)] == list(range(middle + 1, len(bodies) + 1))


def test_each_goal_is_read_from_the_log_that_has_it(alone):
    several = opened(ALL)
    for log in alone:
        goal = log.heads()[0].goal
        assert list(several.read(goal)) == list(log.read(goal))
        assert list(several.bodies(goal)) == list(log.bodies(goal))
        digest = next((record.event.output.digest for record in log.read(goal) if getattr(record.event, "output", None)), None)
        assert digest is None or several.blob(digest) == log.blob(digest)
    assert list(several.read("nobody")) == []
    assert several.blob("b2:none") is None


def test_they_are_not_written(alone):
    with pytest.raises(Refused, match="several logs"):
        opened(ALL).append("goal", [], after=0)


def test_a_goal_that_two_of_them_have_is_an_error(tmp_path: Path):
    source = next(REPLAYS.glob("*/log.jsonl")).read_bytes()
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_bytes(source)
    (tmp_path / "a.blobs.jsonl").write_bytes(b"")
    several = opened(f"{tmp_path}/*.jsonl")
    with pytest.raises(Unusable, match="two of these logs"):
        list(several.read(several.heads()[0].goal))


def test_a_pattern_that_means_nothing_is_an_error(tmp_path: Path):
    answer = omk("list", "--store", f"{tmp_path}/*.jsonl", at=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert "No file is meant" in answer.err


def test_commands_that_read_take_a_pattern(tmp_path: Path):
    assert len(omk("list", "--all", "--store", ALL, "--json", at=tmp_path).document) == len(list(REPLAYS.glob("*/log.jsonl")))
    answer = omk("lake", "sync", "--store", ALL, at=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert "no lake of their own" in answer.err


def test_the_records_of_a_goal_that_is_in_two_files_are_not_told_twice(tmp_path):
    content = next(REPLAYS.glob("*/log.jsonl")).read_bytes()
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(content)
    answer = omk("sql", "--store", str(tmp_path / "*.jsonl"), "select count(*) from events", at=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert "is in two of these logs" in answer.err
