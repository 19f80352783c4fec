"""fsck: it finds what was changed, says where, and exits with 5; what it only notes is no damage."""

import json
import sqlite3

import pytest
from msgspec.structs import replace

from omk.domain.subjects.verdict import ProofIssued
from omk.log import recorder
from omk.log.codec import seal
from omk.log.sqlite import SqliteLog
from tests.cli.calling import omk
from tests.history import STORIES, entries_of, red, stored
from tests.log.records import foreign
from tests.scenario import GOAL


@pytest.fixture
def store(tmp_path):
    story, blobs = red()
    stored(tmp_path, story, blobs=blobs)
    return tmp_path


def check(store, *arguments):
    answer = omk("fsck", *arguments, "--json", "--store", f"sqlite://{store}", at=store)
    return answer.code, json.loads(answer.out)


def change(store, statement, *values):
    connection = sqlite3.connect(store / "log.sqlite")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def body(store, seq):
    connection = sqlite3.connect(store / "log.sqlite")
    row = connection.execute("SELECT state FROM stored_events WHERE originator_version = ?", (seq,)).fetchone()
    connection.close()
    return bytes(row[0])


def test_a_sound_store_is_said_to_be_so(store):
    code, report = check(store)
    assert (code, report["ok"], report["goals"], report["problems"]) == (0, True, 1, [])
    assert report["events"] == len(red()[0].records) + 1


def test_one_goal_can_be_checked_by_its_prefix(store):
    stored(store, STORIES["blocked"], name="other")
    assert check(store, GOAL[:4])[1]["goals"] == 1
    assert check(store)[1]["goals"] == 2
    assert omk("fsck", "nobody", "--store", f"sqlite://{store}", at=store).code == 1


def test_where_no_store_is_there_is_nothing_to_check(repository):
    answer = omk("fsck", "--json", at=repository)
    assert (answer.code, json.loads(answer.out)["goals"]) == (0, 0)


@pytest.mark.parametrize(
    ("statement", "code", "seq"),
    [
        ("DELETE FROM stored_events WHERE originator_version = 5", "seq.hole", 5),
        ("DELETE FROM blobs", "blob.missing", None),
        ("UPDATE blobs SET frame = x'00'", "blob.unreadable", None),
        ("UPDATE stored_events SET topic = 'tea_made.v1' WHERE originator_version = 7", "topic.differs", 7),
        ("DELETE FROM stored_events WHERE originator_version > 20", "anchor.lost", None),
        (
            (
                "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'controller:c-1', 'controller:c-2') AS BLOB)"
                " WHERE originator_version = 6"
            ),
            "chain.broken",
            7,
        ),
    ],
)
def test_every_change_to_the_log_is_found_and_named(store, statement, code, seq):
    change(store, statement)
    status, report = check(store)
    assert (status, report["ok"]) == (5, False)
    found = [one for one in report["problems"] if one["code"] == code]
    assert found, report["problems"]
    assert found[0]["goal"] == GOAL
    assert seq is None or found[0]["seq"] == seq


def test_a_text_that_was_put_in_anothers_place_is_found(store):
    changed = body(store, 1).replace(b"greet", b"great")
    assert changed != body(store, 1)
    change(store, "UPDATE stored_events SET state = ? WHERE originator_version = 1", changed)
    status, report = check(store)
    assert status == 5
    assert {"goal": GOAL, "seq": 1, "code": "text.commitment"}.items() <= report["problems"][0].items()


def test_a_verdict_that_is_not_ours_is_found_though_the_chain_holds(tmp_path):
    *before, last = entries_of(STORIES["unaccepted"], issued=True)
    assert isinstance(last.record.event, ProofIssued)
    lie = replace(last.record.event, status="ready", verdict="b2:" + 64 * "0")
    forged = seal(
        lie,
        goal=GOAL,
        seq=last.record.seq,
        at=last.record.at,
        actor=last.record.actor,
        causes=last.record.causes,
        prev=last.record.prev,
        salt=lambda: b"",
    )
    recorder.create(tmp_path / "log.sqlite")
    log = SqliteLog(tmp_path / "log.sqlite")
    log.append(GOAL, [*before, forged], after=0)
    log.close()
    status, report = check(tmp_path)
    assert status == 5
    assert [(one["code"], one["seq"]) for one in report["problems"]] == [("proof.digest", last.record.seq)]


def test_a_kind_from_the_future_is_a_note_and_no_damage(tmp_path):
    recorder.create(tmp_path / "log.sqlite")
    log = SqliteLog(tmp_path / "log.sqlite")
    entry = foreign()
    log.append(entry.record.goal, [entry], after=0)
    log.close()
    status, report = check(tmp_path)
    assert (status, report["ok"], [one["code"] for one in report["problems"]]) == (0, True, ["log.understood"])


def test_a_file_that_is_no_store_is_damage(tmp_path):
    (tmp_path / "log.sqlite").write_bytes(b"SQLite it is not" * 100)
    status, report = check(tmp_path)
    assert (status, report["ok"]) == (5, False)
