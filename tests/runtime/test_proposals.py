"""What an agent leaves in its proposals file is read up to a limit, and nothing of it vanishes."""

import json
import os

import pytest

from omk.runtime.proposals import MOST_BYTES, MOST_LINES, NAME, clear_proposals, proposals_in
from tests.runtime.workplace import write

GOOD = {"id": "more", "title": "More", "description": "Do more."}


@pytest.fixture
def said(tmp_path):
    """What is read of a worktree whose file has such content."""

    def read(content):
        write(tmp_path / NAME, content)
        return proposals_in(tmp_path, source="agent")

    return read


def test_each_line_is_a_proposal(said):
    line = {**GOOD, "depends_on": ["x"], "write": ["a.py"], "budget": "2m", "acceptance": "done"}
    (first, second) = said(f"{json.dumps(line)}\n\n{json.dumps(GOOD)}")
    assert (first.objection, second.objection) == (None, None)
    assert (first.task.dependencies, first.task.write_set, first.task.budget_seconds) == (("x",), ("a.py",), 120)
    assert second.task.acceptance == ("More",), "the title says when it is done"
    assert (second.task.role, second.task.source, second.task.risk) == ("executor", "agent", "moderate")


def test_the_names_of_0_5_0_are_understood(said):
    (one,) = said(json.dumps({**GOOD, "dependencies": ["x"], "read_set": ["r"], "write_set": ["w"], "budget_secs": 7}))
    assert (one.task.dependencies, one.task.read_set, one.task.write_set, one.task.budget_seconds) == (("x",), ("r",), ("w",), 7)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{nope", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"id": 3}', "id: Expected `str`"),
        (b'{"id": "x", "colour": 1}', "unknown key 'colour'"),
        (b'{"id": "x", "priority": 1e999}', "out of range"),
        (b'{"id": "x", "no_change": "lazy"}', "a plan that a person makes"),
    ],
)
def test_a_malformed_line_is_a_proposal_with_an_objection(line, words, said):
    good, bad = said(json.dumps(GOOD).encode() + b"\n" + line)
    assert good.objection is None
    assert bad.objection is not None
    assert bad.objection[0] == "task.malformed"
    assert words in bad.objection[1]
    assert len(bad.task.description) <= 2_000


def test_what_is_too_long_is_read_up_to_the_limit_and_the_rest_is_mentioned(said):
    line = json.dumps(GOOD) + "\n"
    many = said(line * (MOST_LINES + 5))
    assert len(many) == MOST_LINES + 1
    assert "left out" in many[-1].objection[1]
    long = said(line + "x" * (MOST_BYTES + 1))
    assert [one.objection is None for one in long] == [True, False]


def test_no_file_is_no_proposal(tmp_path):
    assert proposals_in(tmp_path, source="agent") == ()
    assert proposals_in(tmp_path / "gone", source="agent") == ()


def test_links_pipes_and_folders_are_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(json.dumps(GOOD))
    place = tmp_path / NAME
    for make in (lambda: place.symlink_to(secret), lambda: os.mkfifo(place), place.mkdir):
        make()
        (one,) = proposals_in(tmp_path, source="agent")
        assert one.objection is not None
        clear_proposals(tmp_path)
        assert not os.path.lexists(place)
    assert secret.exists()


def test_a_secret_in_a_path_is_not_recorded(said):
    secret = "ghp_" + "a1B2" * 9
    (one,) = said(json.dumps({**GOOD, "write": [secret]}))
    assert one.objection is not None
    assert secret not in repr(one)
