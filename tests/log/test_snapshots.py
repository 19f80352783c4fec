"""Snapshots: a checkpoint comes back as it was, and whatever is wrong with a file, it is as if it were not there."""

import os
import shutil
import stat
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk import domain
from omk.domain.checkpoint import Checkpoint, kinds_of
from omk.domain.event import kind_of
from omk.domain.proof.standing import judge
from omk.domain.subjects.goal import GoalForked
from omk.log import snapshots
from omk.log.memory import MemoryLog
from omk.log.snapshots import Snapshots, decode, encode, fingerprint
from tests.histories import histories
from tests.history import STORIES, entries_of, recorded
from tests.log.records import history
from tests.noise import noise
from tests.scenario import GOAL

STORY = STORIES["ready"]
LENGTH = len(STORY.records)
SPACING = 8


def checkpoint(records):
    judged = judge(records)
    state, standing = judged.state, judged.standing
    return Checkpoint(seq=state.seq, head=state.head, state=state, standing=standing, kinds=dict(kinds_of(records)))


def log_of(story=STORY, name=GOAL):
    return recorded(MemoryLog(), story, name=name)


def written(folder, log, goal=GOAL, spacing=SPACING):
    """The snapshots of a goal in a folder, one each few events."""
    kept = Snapshots(folder, log, goal, spacing=spacing)
    records = list(log.read(goal))
    for seq in range(spacing, len(records) + 1, spacing):
        kept.write(checkpoint(records[:seq]))
    return kept


def files(folder, goal=GOAL):
    return sorted((folder / "snapshots" / goal).glob("*/*"), key=lambda path: int(path.name))


@settings(max_examples=150)
@given(histories() | noise(), st.integers(0, 40), st.integers(0, 40))
def test_folding_goes_on_from_a_checkpoint_that_was_kept_as_if_from_the_one_that_was_not(records, place, more):
    before, after = records[:place], records[place : place + more]
    made = checkpoint(before)
    again = decode(encode(made))
    assert again == made
    assert encode(again) == encode(made)
    here, there = judge(after, made.state, made.standing), judge(after, again.state, again.standing)
    whole = judge(records[: place + more])
    assert (there.state, there.standing) == (here.state, here.standing) == (whole.state, whole.standing)
    assert dict(there.standing.open) == dict(whole.standing.open)  # since when, too


@given(noise())
def test_kinds_are_those_of_all_the_events(records):
    assert kinds_of(records) == Counter(kind_of(one.event) for one in records)


def test_the_nearest_one_is_the_last_at_or_before(tmp_path):
    log = log_of()
    kept = written(tmp_path, log)
    records = list(log.read(GOAL))
    for seq in range(LENGTH + 10):
        found, place = kept.nearest(seq), min(seq, LENGTH) // SPACING * SPACING
        assert found == (checkpoint(records[:place]) if place else None)
    assert kept.places() == list(range(SPACING, LENGTH + 1, SPACING))


def test_a_reader_takes_the_snapshots_that_are_there_whatever_their_spacing(tmp_path):
    log = log_of()
    written(tmp_path, log, spacing=5)
    found = Snapshots(tmp_path, log, GOAL).nearest(14)
    assert found is not None
    assert found.seq == 10


def test_files_and_folders_are_private(tmp_path):
    store = tmp_path / "store"
    written(store, log_of())
    paths = [store, *store.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()} == {0o600}
    assert {path.name for path in files(store)} == {str(seq) for seq in range(SPACING, LENGTH + 1, SPACING)}


def test_every_byte_of_a_snapshot_matters(tmp_path):
    log = log_of()
    kept = written(tmp_path, log)
    *_, before, last = files(tmp_path)
    content = last.read_bytes()
    for place in range(len(content)):
        last.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert kept.load(int(last.name)) is None
    found = kept.nearest(LENGTH)
    assert found is not None
    assert found.seq == int(before.name)
    last.write_bytes(content)
    assert kept.load(int(last.name)) is not None


def test_a_snapshot_cut_short_is_none(tmp_path):
    kept = written(tmp_path, log_of())
    last = files(tmp_path)[-1]
    content = last.read_bytes()
    for length in (0, 1, 83, 84, 85, len(content) // 2, len(content) - 1):
        last.write_bytes(content[:length])
        assert kept.load(int(last.name)) is None
    last.write_bytes(content + b"\0")
    assert kept.load(int(last.name)) is None


def spoil_with_a_folder(path):
    path.unlink()
    path.mkdir()


def spoil_with_a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def spoil_with_a_loop(path):
    path.unlink()
    path.symlink_to(path)


def spoil_with_another(path):
    shutil.copy(path.with_name(str(SPACING)), path)


@pytest.mark.parametrize("spoil", [spoil_with_a_folder, spoil_with_a_pipe, spoil_with_a_loop, spoil_with_another])
def test_what_stands_in_a_snapshots_place_and_is_none_is_passed_over(tmp_path, spoil):
    kept = written(tmp_path, log_of())
    *_, before, last = files(tmp_path)
    spoil(last)
    found = kept.nearest(LENGTH)
    assert found is not None
    assert found.seq == int(before.name)
    assert kept.unbroken() == found.seq


@pytest.mark.parametrize("name", ["snapshots", f"snapshots/{GOAL}"])
def test_a_file_in_a_folders_place_leaves_no_snapshots_and_hurts_nobody(tmp_path, name):
    log = log_of()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("in the way")
    kept = written(tmp_path, log)
    assert (kept.nearest(LENGTH), kept.unbroken(), kept.places()) == (None, 0, [])
    assert (tmp_path / name).read_text() == "in the way"


def test_another_goals_snapshot_is_none_of_ours(tmp_path):
    log = recorded(log_of(), STORY, name="other")
    ours, theirs = written(tmp_path, log), written(tmp_path, log, "other")
    for mine, other in zip(files(tmp_path), files(tmp_path, "other"), strict=True):
        shutil.copy(other, mine)
    assert ours.nearest(LENGTH) is None
    assert theirs.nearest(LENGTH) is not None


def test_a_checkpoint_that_contradicts_itself_is_none(tmp_path):
    log = log_of()
    kept = Snapshots(tmp_path, log, GOAL, spacing=SPACING)
    made = checkpoint(list(log.read(GOAL))[:SPACING])
    for wrong in (replace(made, seq=2 * SPACING), replace(made, head="b2:" + 64 * "0")):
        kept.write(wrong)
        assert kept.load(wrong.seq) is None


def test_another_fold_reads_none_and_clears_them_away_when_it_begins(tmp_path, monkeypatch):
    log = log_of()
    kept = written(tmp_path, log)
    stranger = tmp_path / "snapshots" / GOAL / "notes"
    stranger.mkdir()
    before = {path.parent.name for path in files(tmp_path)}
    monkeypatch.setattr(snapshots, "fingerprint", lambda: "f" * 64)
    assert kept.nearest(LENGTH) is None
    kept.write(checkpoint(list(log.read(GOAL))[:SPACING]))
    after = {path.name for path in (tmp_path / "snapshots" / GOAL).iterdir()}
    assert (len(before), after) == (1, {"f" * 16, "notes"})
    assert kept.places() == [SPACING]


def test_without_the_sources_of_the_fold_there_are_no_snapshots(tmp_path, monkeypatch):
    log = log_of()
    kept = written(tmp_path, log)
    monkeypatch.setattr(snapshots, "fingerprint", lambda: None)
    assert (kept.nearest(LENGTH), kept.unbroken(), kept.places()) == (None, 0, [])
    shutil.rmtree(tmp_path / "snapshots")
    kept.write(checkpoint(list(log.read(GOAL))[:SPACING]))
    assert not (tmp_path / "snapshots").exists()


def test_the_fingerprint_covers_names_and_bytes_of_the_fold(tmp_path, monkeypatch):
    known = fingerprint()
    assert known is not None
    assert known == fingerprint.__wrapped__()
    copy = tmp_path / "domain"
    shutil.copytree(domain.__path__[0], copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(domain, "__path__", [str(copy)])
    assert fingerprint.__wrapped__() == known
    (copy / "state.py").rename(copy / "status.py")
    renamed = fingerprint.__wrapped__()
    (copy / "status.py").rename(copy / "state.py")
    with (copy / "subjects" / "gate.py").open("a") as source:
        source.write("#\n")
    assert len({known, renamed, fingerprint.__wrapped__()}) == 3
    (copy / "words.py").unlink()
    (copy / "words.py").symlink_to("nowhere")
    assert fingerprint.__wrapped__() is None


def test_nothing_is_counted_unbroken_behind_a_hole(tmp_path):
    kept = written(tmp_path, log_of())
    assert kept.unbroken() == LENGTH // SPACING * SPACING
    files(tmp_path)[1].unlink()
    assert kept.unbroken() == SPACING
    files(tmp_path)[0].write_bytes(b"")
    assert kept.unbroken() == 0


def test_a_history_without_a_beginning_leaves_no_snapshots(tmp_path):
    log = MemoryLog()
    entries = history()
    log.append(entries[0].record.goal, entries, after=0)
    kept = written(tmp_path, log, entries[0].record.goal, spacing=2)
    assert kept.places() == []


def forked(log, seq):
    """A goal that was forked from another after its event *seq*."""
    parent = list(log.read(GOAL))[seq - 1]
    event: Any = GoalForked(goal=GOAL, seq=seq, head=parent.digest, prompt="Greet twice.")
    own: list[Any] = [event, *(one.record.event for one in entries_of(STORIES["at work"])[1:9])]
    entries = history(own, goal="fork", after=seq, prev=parent.digest)
    log.append("fork", entries, after=seq)
    return seq + len(entries)


def test_a_fork_uses_the_snapshots_of_what_it_was_forked_from(tmp_path):
    log = log_of()
    written(tmp_path, log)
    head = forked(log, 3 * SPACING + 1)
    records = list(log.read("fork"))
    assert len(records) == head
    kept = Snapshots(tmp_path, log, "fork", spacing=SPACING)
    found = kept.nearest(head)
    assert found == checkpoint(records[: 3 * SPACING])
    written(tmp_path, log, "fork")
    assert [path.name for path in files(tmp_path, "fork")] == [str(4 * SPACING)]
    assert kept.nearest(head) == checkpoint(records[: 4 * SPACING])
    assert kept.unbroken() == 4 * SPACING
    assert kept.places() == [4 * SPACING]
