"""unblock: the ways to ready, in every format, and what it says where there is none."""

import io
import json
import sys

import pytest

from tests.cli.calling import omk
from tests.history import STORIES, red, stored


@pytest.fixture
def store(tmp_path):
    """A folder for a store."""
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def ask(store, *arguments):
    return omk(*arguments, "--store", f"sqlite://{store}", at=store.parent)


def test_it_prints_ways_of_events_and_each_makes_the_goal_ready(store, monkeypatch):
    story, blobs = red()
    stored(store, story, blobs=blobs)
    ways = ask(store, "unblock", "latest", "--json").document
    assert len(ways) > 1
    assert [list(event) for event in ways[0]] == [["kind", "where"]] * len(ways[0])
    for way in ways:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(way).encode())))
        answer = ask(store, "whatif", "latest", "--add", "-", "--json")
        assert answer.document["after"] == {"status": "ready", "gaps": []}


def test_the_text_numbers_the_ways_and_names_who_does_what(store):
    stored(store, STORIES["unaccepted"])
    answer = ask(store, "unblock")
    assert "Way 1: 1 event\n" in answer.out
    assert "operator: omk accept" in answer.out
    assert all(len(line) <= 80 for line in answer.out.splitlines())
    assert "## Way 1" in ask(store, "unblock", "--format", "md").out


def test_a_ready_goal_has_no_way_and_says_so(store):
    stored(store, STORIES["ready"])
    answer = ask(store, "unblock", "--json")
    assert (answer.code, answer.out) == (0, "[]\n")
    assert "is ready. Nothing is missing." in answer.err
    answer = ask(store, "unblock")
    assert "is ready. Nothing is missing." in answer.out
    assert answer.err == ""


def test_an_earlier_moment_has_ways_of_its_own(store):
    stored(store, STORIES["ready"])
    assert ask(store, "unblock", "latest@-3", "--json").document


def test_no_file_of_the_store_is_touched_and_none_comes_to_be(store):
    stored(store, STORIES["unaccepted"])

    def content():
        return {path: path.read_bytes() for path in sorted(store.parent.rglob("*")) if path.is_file()}

    before = content()
    for form in ("text", "json", "md"):
        assert ask(store, "unblock", "--format", form).code == 0
    assert content() == before
