"""Snapshots change no answer: whole, damaged, gone, or another goal's; and fsck says which of them would lie."""

import json
import shutil
import sqlite3

import pytest
from msgspec.structs import replace

from omk.log.snapshots import Snapshots
from omk.log.sqlite import SqliteLog
from omk.runtime.handle import Handle
from tests.cli.calling import bound, omk
from tests.history import STORIES, stored
from tests.scenario import GOAL

SPACING = 16
STORY = STORIES["rejected"]
LENGTH = len(STORY.records) + 1
OTHER = "another-goal"


def snapshots_of(store, name=GOAL):
    return sorted((store / "snapshots" / name).glob("*/*"), key=lambda path: int(path.name))


@pytest.fixture
def store(tmp_path):
    """A store with two goals and their snapshots."""
    folder = tmp_path / "store"
    folder.mkdir()
    for name in (GOAL, OTHER):
        log = SqliteLog(stored(folder, STORY, name=name))
        Handle(log, name, folder, spacing=SPACING)
        log.close()
    assert len(snapshots_of(folder)) == LENGTH // SPACING >= 2
    return folder


def answers(store, positions):
    """What each command that folds says about each position."""
    where = ("--json", "--store", f"sqlite://{store}")
    return [omk(verb, f"{GOAL}@{seq}", *where, at=store) for seq in positions for verb in ("proof", "why", "show", "status")]


def nothing(_):
    """Leave them as they are."""


def delete(store):
    shutil.rmtree(store / "snapshots")


def truncate(store):
    for path in snapshots_of(store):
        path.write_bytes(path.read_bytes()[:-7])


def empty(store):
    for path in snapshots_of(store):
        path.write_bytes(b"")


def flip(store):
    for path in snapshots_of(store):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)


def exchange(store):
    for mine, other in zip(snapshots_of(store), snapshots_of(store, OTHER), strict=True):
        shutil.copy(other, mine)


def shift(store):
    first, *more = snapshots_of(store)
    for path in more:
        shutil.copy(first, path)


def replace_by_folders(store):
    for path in snapshots_of(store):
        path.unlink()
        path.mkdir()


def keep_only_the_first(store):
    for path in snapshots_of(store)[1:]:
        path.unlink()


def keep_only_the_last(store):
    for path in snapshots_of(store)[:-1]:
        path.unlink()


DAMAGE = (
    nothing, delete, truncate, empty, flip, exchange, shift, replace_by_folders, keep_only_the_first, keep_only_the_last,
)  # fmt: skip
POSITIONS = (*range(0, LENGTH + 1, 5), SPACING - 1, SPACING, SPACING + 1, 2 * SPACING, LENGTH)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """The answers of a store that never had a snapshot."""
    folder = tmp_path_factory.mktemp("truth")
    stored(folder, STORY)
    found = answers(folder, POSITIONS)
    assert {one.code for one in found} == {0}
    return found


@pytest.mark.parametrize("damage", DAMAGE)
def test_no_damage_to_snapshots_changes_an_answer(store, truth, damage):
    damage(store)
    assert answers(store, POSITIONS) == truth


def test_a_command_begins_at_a_snapshot(store, monkeypatch):
    places = []
    load = Snapshots.nearest

    def nearest(self, seq):
        found = load(self, seq)
        places.append(found and found.seq)
        return found

    monkeypatch.setattr(Snapshots, "nearest", nearest)
    answers(store, [SPACING - 1, SPACING, LENGTH])
    assert places == [None] * 4 + [SPACING] * 4 + [LENGTH // SPACING * SPACING] * 4


def test_a_store_that_cannot_be_written_is_read_with_its_snapshots_and_without(store):
    where = ("proof", f"{GOAL}@{LENGTH}", "--json", "--store", f"sqlite://{store}")
    said = omk(*where, at=store)
    paths = [store, *store.rglob("*")]
    for path in paths:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert bound(*where, at=store) == said
        for path in snapshots_of(store):
            path.chmod(0)
        assert bound(*where, at=store) == said
        (store / "snapshots").chmod(0)
        assert bound(*where, at=store) == said
    finally:
        for path in paths:
            path.chmod(0o700)


def checked(store):
    answer = omk("fsck", "--json", "--store", f"sqlite://{store}", at=store)
    return answer.code, json.loads(answer.out)


def test_fsck_finds_sound_snapshots_sound(store):
    code, report = checked(store)
    assert (code, report["ok"], report["problems"]) == (0, True, [])


@pytest.mark.parametrize("damage", [truncate, empty, flip, exchange, replace_by_folders])
def test_fsck_notes_a_snapshot_that_cannot_be_used(store, damage):
    damage(store)
    code, report = checked(store)
    assert (code, report["ok"]) == (0, True)
    assert [one["code"] for one in report["problems"]] == ["snapshot.unreadable"] * (LENGTH // SPACING)


LIES = {
    "a state": lambda known: {"state": replace(known.state, goal=replace(known.state.goal, paused=None, planned_seq=1))},
    "a standing": lambda known: {"standing": replace(known.standing, open=known.standing.open.set("goal.testable", 3))},
    "kinds": lambda known: {"kinds": {**known.kinds, max(known.kinds): 0}},
}


@pytest.mark.parametrize("lie", LIES)
def test_fsck_finds_a_snapshot_that_lies(store, lie):
    log = SqliteLog(store / "log.sqlite")
    kept = Snapshots(store, log, GOAL)
    known = kept.load(2 * SPACING)
    assert known is not None
    told = replace(known, **LIES[lie](known))
    assert told != known
    kept.write(told)
    log.close()
    code, report = checked(store)
    assert (code, report["ok"]) == (5, False)
    (problem,) = report["problems"]
    assert (problem["goal"], problem["seq"], problem["code"]) == (GOAL, 2 * SPACING, "snapshot.differs")
    assert f"delete snapshots/{GOAL}" in problem["text"]
    shutil.rmtree(store / "snapshots" / GOAL)
    assert checked(store)[0] == 0


def test_fsck_finds_a_snapshot_of_events_that_the_log_has_not(store):
    for name in (GOAL, OTHER):
        shutil.copytree(store / "snapshots" / name, store.parent / "kept" / name)
    shutil.rmtree(store)
    store.mkdir()
    stored(store, STORIES["blocked"])
    shutil.copytree(store.parent / "kept", store / "snapshots")
    code, report = checked(store)
    assert code == 5
    assert {one["code"] for one in report["problems"]} == {"snapshot.differs"}
    assert omk("proof", GOAL, "--json", "--store", f"sqlite://{store}", at=store).document["status"] == "blocked_on_human"


def test_damage_before_a_snapshot_changes_no_answer_and_is_found_by_what_reads_everything(store):
    where = ("--json", "--store", f"sqlite://{store}")
    said = omk("proof", GOAL, *where, at=store)
    with sqlite3.connect(store / "log.sqlite") as connection:
        connection.execute("UPDATE stored_events SET state = x'00' WHERE originator_version = 3 AND originator_id = ?", (GOAL,))
    connection.close()
    assert omk("proof", GOAL, *where, at=store) == said
    assert "event 3" in omk("replay", GOAL, *where, at=store).err
    assert checked(store)[0] == 5
    shutil.rmtree(store / "snapshots")
    refused = omk("proof", GOAL, *where, at=store)
    assert (refused.code, refused.out) == (1, "")
    assert "event 3" in refused.err
