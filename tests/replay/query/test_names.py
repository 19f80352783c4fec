"""The names of expressions: each reads what it says it reads, and shows nothing that somebody wrote in words."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from omk.domain.event import Recorded
from omk.domain.proof.standing import judge
from omk.replay.documents import state_document
from omk.replay.moment import Moment
from omk.replay.proof_document import proof_document
from omk.replay.query.names import NAMES, Name
from omk.replay.query.values import Keyed, plain
from tests.histories import histories
from tests.noise import noise
from tests.scenario import READY, WORKED, goal
from tests.watched import Watched, is_declared


def moment_of(records: list[Recorded]) -> Moment:
    judged = judge(records)
    return Moment(judged.state, judged.standing, records[-1] if records else None)


def every_name() -> Iterator[tuple[str, Name]]:
    """Each root, and each name within one."""
    for root, name in NAMES.items():
        yield root, name
        yield from ((f"{root}.{part}", inner) for part, inner in name.parts.items())


LISTED = re.compile(r"`\{([^}]*)\}`")


@pytest.mark.parametrize("steps", [READY, WORKED], ids=["ready", "worked"])
def test_the_keys_that_a_name_is_said_to_have_are_those_it_has(steps):
    moment = moment_of(list(goal.given(*steps).records))
    told = 0
    for text, name in every_name():
        listed = LISTED.search(name.sentence)
        found = plain(name.value(moment))
        items = list(found.values()) if isinstance(found, dict) else []
        one = items[0] if items and all(isinstance(item, dict) for item in items) else found
        if listed is not None and isinstance(one, dict) and one and text != "proof.integration":
            keys = {key.strip() for key in listed[1].split(",")}
            assert keys == set(one), text
            told += len(keys)
    assert told > 30


class WatchedMoment(Moment):
    """A moment that remembers what of it is read."""

    seen: set[str]

    def __getattribute__(self, name: str) -> Any:
        if name in {"standing", "record"}:
            object.__getattribute__(self, "seen").add(name)
        return object.__getattribute__(self, name)


def reads_of(moment: Moment, name: Name) -> set[str]:
    seen: set[str] = set()
    state: Any = Watched(moment.state, seen)
    watched = WatchedMoment(state, moment.standing, moment.record)
    object.__setattr__(watched, "seen", seen)
    plain(name.value(watched))
    return seen


@settings(max_examples=100)
@given(histories() | noise())
def test_a_name_reads_nothing_but_what_it_says(records: list[Recorded]):
    moment = moment_of(records)
    for path, name in every_name():
        for read in reads_of(moment, name):
            assert is_declared(read, name.reads), (path, read)


@settings(max_examples=50)
@given(histories() | noise())
def test_gaps_and_held_are_those_of_the_proof(records: list[Recorded]):
    moment = moment_of(records)
    gaps, held = (plain(NAMES["proof"].parts[part].value(moment)) for part in ("gaps", "held"))
    told = {gap.code: plain(msgspec.to_builtins(gap)) for gap in moment.proof.gaps}
    assert gaps == {code: {key: gap[key] for key in gap if key not in {"code", "text", "also"}} for code, gap in told.items()}
    assert held == {code: list(seqs) for code, seqs in moment.proof.held}


@settings(max_examples=50)
@given(histories() | noise())
def test_what_the_documents_also_tell_they_tell_alike(records: list[Recorded]):
    moment = moment_of(records)
    pair = moment.state, moment.proof
    state, proof = plain(state_document(*pair)), plain(proof_document(*pair))
    value = {root: plain(name.value(moment)) for root, name in NAMES.items()}
    state["usage"].setdefault("inherited", None)
    for root in ("status", "phase", "tree", "base", "usage", "settings", "controller"):
        assert value[root] == state[root], root
    assert [{"path": path, "operation": net["operation"]} for path, net in value["files"].items()] == state["changes"]
    assert {one["id"]: one["owner"] for one in state["obligations"]} == {k: v["owner"] for k, v in value["obligations"].items()}
    for root in ("tree", "changed_files", "commits", "git", "rules", "seq", "head"):
        assert value["proof"][root] == proof[root], root
    assert (value["oracle"]["status"] or None) == (proof["oracle"] and proof["oracle"]["status"])


@settings(max_examples=50)
@given(histories() | noise())
def test_what_a_name_gives_is_plain_and_can_be_written(records: list[Recorded]):
    moment = moment_of(records)
    for path, name in every_name():
        value = plain(name.value(moment))
        assert msgspec.json.decode(msgspec.json.encode(value)) == value, path


@settings(max_examples=50)
@given(histories() | noise())
def test_no_name_quotes_a_text(records: list[Recorded]):
    moment = moment_of(records)
    shown = {root: str(plain(name.value(moment))) for root, name in NAMES.items()}
    assert [root for root, text in shown.items() if "§" in text] == []


def test_the_fields_of_an_event_are_those_that_are_no_free_text():
    moment = moment_of(list(goal.given(*READY).records))
    event: Any = plain(NAMES["event"].value(moment))
    assert (event["kind"], event["name"], event["actor"]) == ("change_accepted.v1", "change_accepted", "person:ann")
    assert list(event["fields"]) == ["tree"]


@pytest.mark.parametrize(("root", "key", "field"), [("gates", "tests", "outcome"), ("files", "hello.py", "operation")])
def test_a_mapping_is_made_only_where_it_is_asked(root, key, field):
    moment = moment_of(list(goal.given(*READY).records))
    value = NAMES[root].value(moment)
    assert isinstance(value, Keyed)
    assert value[key][field] in {"passed", "modified"}
    assert "proof" not in vars(moment)


def test_a_gate_is_told_without_building_the_proof():
    moment = moment_of(list(goal.given(*READY).records))
    NAMES["gates"].value(moment)["tests"]
    NAMES["status"].value(moment)
    assert "proof" not in vars(moment)


@pytest.mark.parametrize("path", [path for path, _ in every_name()])
def test_every_name_says_what_it_stands_for(path):
    assert dict(every_name())[path].sentence
