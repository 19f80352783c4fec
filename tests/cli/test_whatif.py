"""whatif: a history that did not happen, looked at and left alone."""

import io
import json
import sys

import pytest

from tests.cli.calling import omk
from tests.history import STORIES, red, stored
from tests.scenario import GOAL

KEYS = ["goal", "hypothetical", "seq", "dropped", "added", "before", "after", "opened", "closed"]


@pytest.fixture
def store(tmp_path):
    """A store with one ready goal, and nothing else around it."""
    folder = tmp_path / "store"
    folder.mkdir()
    stored(folder, STORIES["ready"])
    return folder


def whatif(store, *arguments):
    return omk("whatif", *arguments, "--store", f"sqlite://{store}", at=store.parent)


def complaint(answer):
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    return answer.err


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_document_has_exactly_the_promised_keys_and_is_no_proof(store):
    answer = whatif(store, "latest", "--drop", "gate_ran#1", "--json")
    assert answer.err == ""
    assert list(answer.document) == KEYS
    assert answer.document["hypothetical"] is True
    assert "proof" not in answer.out
    assert answer.document["before"] == {"status": "ready", "gaps": []}
    assert "gate.tests" in answer.document["after"]["gaps"]


@pytest.mark.parametrize("position", ["gate_ran", "gate_ran.v1", "gate:tests#1"])
def test_an_event_is_named_by_any_position(store, position):
    dropped = whatif(store, "latest", "--drop", position, "--json").document["dropped"]
    assert whatif(store, "latest", "--drop", str(dropped[0]), "--json").document["dropped"] == dropped


def test_positions_are_counted_back_from_the_address(store):
    told = whatif(store, "latest@-1", "--drop", "-1", "--json").document
    assert told["dropped"][0] == told["seq"] - 1


def test_a_position_given_twice_is_dropped_once(store):
    once = whatif(store, "latest", "--drop", "gate_ran#1", "--json").out
    assert whatif(store, "latest", "--drop", "gate_ran#1", "--drop", "gate:tests", "--json").out == once


def test_no_file_of_the_store_is_touched_and_none_comes_to_be(store):
    (store.parent / "event.json").write_text('{"kind": "goal_paused"}')
    before = content(store.parent)
    for form in ("text", "json", "md"):
        answer = whatif(
            *(store, "latest", "--drop", "12", "--replace", "gate_ran#1=event.json", "--add", "event.json", "--format", form)
        )
        assert answer.code == 0
    assert content(store.parent) == before


def test_the_text_says_first_that_it_did_not_happen(store):
    answer = whatif(store, "latest", "--drop", "1")
    assert "HYPOTHETICAL" in answer.out.splitlines()[0]
    assert "and " in answer.out
    assert all(len(line) <= 80 for line in answer.out.splitlines())
    assert "**HYPOTHETICAL**" in whatif(store, "latest", "--drop", "1", "--format", "md").out


def test_what_why_finds_missing_can_be_added_from_stdin(tmp_path, monkeypatch):
    story, blobs = red()
    stored(tmp_path, story, blobs=blobs)
    why = omk("why", "--json", "--store", f"sqlite://{tmp_path}", at=tmp_path).document
    assert why["fewest"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(why["fewest"]).encode())))
    answer = omk("whatif", "--add", "-", "--store", f"sqlite://{tmp_path}", "--json", at=tmp_path)
    assert answer.document["added"] == [one["kind"] for one in why["fewest"]]
    assert answer.document["after"] == {"status": "ready", "gaps": []}


def test_a_record_of_an_exported_log_can_take_the_place_of_an_event(store):
    (store.parent / "log.jsonl").write_text('{"open":{},"sealed":{"event":{"kind":"gate_ran.v1","outcome":"failed"}}}\n')
    answer = whatif(store, "latest", "--replace", "gate_ran#1=log.jsonl", "--json")
    assert answer.document["added"] == ["gate_ran.v1"]
    assert "gate.tests" in answer.document["opened"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Nothing to suppose"),
        (("--drop", "0"), "before the first event"),
        (("--drop", "999"), "outside of"),
        (("--drop", "tea"), "has no tea"),
        (("--drop", "!"), "is no position"),
        (("--drop", ""), "is no position"),
        (("--add", "nowhere.json"), "nowhere.json cannot be read"),
        (("--add", "."), "cannot be read"),
        (("--add", "empty.json"), "holds no event"),
        (("--add", "tea.json"), "no event of kind 'tea_made'"),
        (("--add", "latin.json"), "not UTF-8"),
        (("--replace", "12"), "is not POS=FILE"),
        (("--replace", "=tea.json"), "is not POS=FILE"),
        (("--replace", "12=two.json"), "holds 2"),
        (("--replace", "0=one.json"), "before the first event"),
        (("--replace", "12=one.json", "--replace", "12=one.json"), "Event 12 is replaced twice"),
    ],
)
def test_what_cannot_be_supposed_is_one_line(store, arguments, words):
    for name, text in {
        "empty.json": "",
        "tea.json": '{"kind": "tea_made"}',
        "two.json": '[{"kind": "goal_resumed"}, {"kind": "goal_resumed"}]',
        "one.json": '{"kind": "goal_resumed"}',
    }.items():
        (store.parent / name).write_text(text)
    (store.parent / "latin.json").write_bytes(b"\xe4")
    assert words in complaint(whatif(store, GOAL, *arguments))
