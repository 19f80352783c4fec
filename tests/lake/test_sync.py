"""The lake is built of the log: bit by bit or at once, killed or not, by one or by two, it is the same."""

import gc
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from omk.domain.subjects.verdict import TextErased
from omk.errors import Damaged, Refused
from omk.lake.lane import Lane
from omk.lake.opening import lake_at
from omk.lake.segments import GROUP, SIZES, WINDOW, Stretch, cover, parts_of
from omk.lake.shelf import Shelf, version
from omk.lake.store import store_at
from omk.lake.sync import Quiet, plan, sync
from omk.log.codec import erased
from tests.cli.calling import begin, omk
from tests.lake.growing import Growing

LITTLE = 2 * WINDOW + 700
W, G = 128, 1024
"""How long windows and row groups are where a test says `small`."""


class Heard(Quiet):
    def __init__(self) -> None:
        self.told: list[str] = []
        self.reached = 0

    def reach(self, done: int) -> None:
        assert done >= self.reached
        self.reached = done

    def tell(self, text: str) -> None:
        self.told.append(text)


def synced(folder: Path) -> Heard:
    heard = Heard()
    store = store_at(str(folder))
    assert store.lake is not None
    sync(store, Shelf(store.lake), heard)
    store.log.close()
    return heard


def contents(folder: Path) -> dict[str, str]:
    """The digests of what the lake stores, by name."""
    found = sorted((folder / "lake").rglob("segments/*/*"))
    return {str(path.relative_to(folder)): hashlib.blake2b(path.read_bytes()).hexdigest() for path in found}


def answers(folder: Path) -> list[object]:
    """What the lake says, one answer per table."""
    tables = ("events", "goals", "tasks", "agents", "gates", "tools", "reviews", "usage", "files", "verdicts", "gaps")
    with lake_at(str(folder)) as lake:
        counts = [lake.sql(f"SELECT count(*), bit_xor(hash(x)) FROM {name} AS x").fetchall() for name in tables]
        changes = lake.sql("SELECT count(*), bit_xor(hash(goal, seq, path, new)) FROM state_changes").fetchall()
    return [*counts, changes]


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two segments and a tail, without a lake."""
    folder = tmp_path_factory.mktemp("little")
    Growing(folder).grow(LITTLE)
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows so short that a few hundred records make segments."""
    for name, value in {
        "segments.WINDOW": W, "segments.SIZES": (8 * G, G, W), "lane.WINDOW": W, "session.WINDOW": W, "files.GROUP": G,
    }.items():  # fmt: skip
        monkeypatch.setattr(f"omk.lake.{name}", value)


@pytest.fixture
def brief(small: None, tmp_path: Path) -> Path:
    """A store with two small segments and a tail, without a lake."""
    Growing(tmp_path / "brief").grow(2 * W + 70)
    return tmp_path / "brief"


@pytest.fixture
def store(little: Path, tmp_path: Path) -> Path:
    """A copy of the little one."""
    return Path(shutil.copytree(little, tmp_path / "store"))


def test_the_segments_follow_from_the_length_of_the_log_alone():
    for count in (0, WINDOW - 1, WINDOW, 3 * WINDOW + 5, GROUP, SIZES[0] + GROUP + WINDOW, 10_000_000):
        found = cover(count)
        assert [one.start for one in found] == [0, *(one.end for one in found)][: len(found)]
        assert count - (found[-1].end if found else 0) < WINDOW
        assert all(one.end - one.start in SIZES and one.start % (one.end - one.start) == 0 for one in found)
        assert len(found) <= count // SIZES[0] + 14


def test_what_is_there_is_merged_and_only_the_rest_is_projected():
    there = {*parts_of(Stretch(0, GROUP))[:7], Stretch(GROUP, GROUP + WINDOW)}
    made = plan(GROUP + 2 * WINDOW, there)
    assert made.projected == [Stretch(7 * WINDOW, GROUP), Stretch(GROUP + WINDOW, GROUP + 2 * WINDOW)]
    assert made.merged == [Stretch(0, GROUP)]


def test_a_lake_that_grew_is_byte_by_byte_the_one_that_was_built_at_once(tmp_path: Path, small: None):
    grown = Growing(tmp_path / "grown")
    for step in (10, W, 3 * W, 5, 4 * W + 20, W, 7 * G, W):
        grown.grow(step)
        synced(grown.folder)
    before = contents(grown.folder)
    assert omk("lake", "rebuild", "--store", str(grown.folder), at=tmp_path).code == 0
    assert contents(grown.folder) == before
    assert len({name.split("/")[3] for name in before}) == 3


def test_the_bytes_do_not_depend_on_the_hash_seed(store: Path):
    found = []
    for seed in ("1", "2"):
        with begin("lake", "rebuild", "--store", str(store), at=store, environment={"PYTHONHASHSEED": seed}) as process:
            process.communicate()
        found.append(contents(store))
    assert found[0] == found[1]
    assert found[0]


def test_processes_build_what_one_process_builds(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = Path(shutil.copytree(store, tmp_path / "other"))
    assert synced(store).reached == 2 * WINDOW
    monkeypatch.setattr("omk.lake.build.ALONE", 0)
    assert synced(other).reached == 2 * WINDOW
    assert contents(store) == contents(other)


def test_only_one_process_of_a_sync_hears_of_ctrl_c(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("omk.lake.build.ALONE", 0)
    groups: list[int] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            groups.append(os.getpgid(self.pid))

    monkeypatch.setattr(subprocess, "Popen", Popen)
    synced(store)
    assert len(groups) == 2
    assert os.getpgrp() not in groups


def test_an_answer_has_what_was_recorded_since(tmp_path: Path, small: None):
    growing = Growing(tmp_path)
    total = 0
    for step in (3, 40, W, 1, 2 * W, 17):
        growing.grow(step)
        total += step
        with lake_at(str(tmp_path)) as lake:
            assert lake.sql("SELECT count(*) FROM events").fetchall() == [(total,)]
            newest = lake.sql("SELECT sum(events) FROM goals").fetchall()
            assert newest == [(total,)]


def test_answers_are_the_same_with_a_lake_and_without(brief: Path, tmp_path: Path):
    bare = Path(shutil.copytree(brief, tmp_path / "bare"))
    log = store_at(str(bare)).log
    whole: dict[str, int] = {}
    for number in (0, 1):
        for _, window in Lane(log, number, 0, None).windows(2 * W + 70):
            for name, table in window.tables().items():
                whole[name] = whole.get(name, 0) + table.num_rows
    with lake_at(str(brief)) as lake:
        stored = {name: lake.sql(f"SELECT count(*) FROM stored.{name}").fetchall()[0][0] for name in whole}
    assert stored == whole


ALWAYS_BY_PROCESSES = """
import sys
import omk.lake.build
from omk.cli.app import run

omk.lake.build.ALONE = 0
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("moment", range(5))
def test_whoever_is_killed_while_syncing_leaves_a_lake_that_is_right(store: Path, moment: int):
    command = ("-m", "omk") if moment % 2 else ("-c", ALWAYS_BY_PROCESSES)
    with subprocess.Popen((sys.executable, *command, "lake", "sync", "--store", str(store)), stdout=subprocess.PIPE) as process:
        try:
            process.communicate(timeout=random.Random(moment).uniform(0.3, 2.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    with lake_at(str(store)) as lake:
        assert lake.sql("SELECT count(*), count(DISTINCT position) FROM events").fetchall() == [(LITTLE, LITTLE)]
        assert lake.sql("SELECT sum(events) FROM goals").fetchall() == [(LITTLE,)]
    assert not list((store / "lake").rglob("work/*"))


def test_two_who_sync_at_once_are_both_right(store: Path, tmp_path: Path):
    both = [begin("lake", "sync", "--json", "--store", str(store), at=tmp_path) for _ in range(2)]
    for process in both:
        with process:
            process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    with lake_at(str(store)) as lake:
        assert lake.sql("SELECT count(*) FROM events").fetchall() == [(LITTLE,)]
    before = contents(store)
    shutil.rmtree(store / "lake")
    synced(store)
    assert contents(store) == before


def test_a_reader_keeps_what_it_reads_while_others_sync(tmp_path: Path, small: None):
    growing = Growing(tmp_path)
    growing.grow(7 * W)
    with lake_at(str(tmp_path)) as lake:
        growing.grow(2 * W)
        synced(tmp_path)
        assert lake.sql("SELECT count(*) FROM events").fetchall() == [(7 * W,)]
        assert len(list((tmp_path / "lake").glob("*/segments/*"))) > 2
    synced(tmp_path)
    assert len(list((tmp_path / "lake").glob("*/segments/*"))) == 2


def test_an_answer_keeps_the_lake_it_is_of(tmp_path: Path, small: None):
    growing = Growing(tmp_path)
    growing.grow(7 * W)
    answer = lake_at(str(tmp_path)).sql("SELECT count(*) FROM events").filter("true")
    gc.collect()
    growing.grow(2 * W)
    synced(tmp_path)
    assert answer.fetchall() == [(7 * W,)]
    place = next((tmp_path / "lake").glob("*/segments"))
    assert len(list(place.iterdir())) > 2
    del answer
    gc.collect()
    synced(tmp_path)
    assert len(list(place.iterdir())) == 2


def test_what_stands_in_the_place_of_a_segment_goes(brief: Path):
    synced(brief)
    place = next((brief / "lake").glob("*/segments"))
    (place / Stretch(8 * W, 9 * W).name).touch()
    (place / Stretch(0, G // 2).name).touch()
    (place / Stretch(W, 3 * W).name).symlink_to(brief)
    synced(brief)
    assert len(list(place.iterdir())) == 2
    assert synced(brief).told == []


def damage(path: Path, how: str) -> None:
    match how:
        case "gone":
            path.unlink()
        case "short":
            os.truncate(path, path.stat().st_size // 2)
        case "changed":
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case _:
            raise ValueError(how)


@pytest.mark.parametrize("how", ["gone", "short", "changed"])
@pytest.mark.parametrize("name", ["events.0.parquet", "state_changes.1.parquet", "manifest"])
def test_a_damaged_segment_is_noticed_named_and_built_again(brief: Path, how: str, name: str):
    synced(brief)
    before, told = contents(brief), answers(brief)
    place = next((brief / "lake").glob(f"*/segments/*/{name}"))
    damage(place, how)
    status = omk("lake", "--store", str(brief), "--json", at=brief).document
    assert [place.parent.name in flaw for flaw in status["flaws"]] == [True]
    heard = synced(brief)
    assert any(place.parent.name in text and "built again" in text for text in heard.told)
    assert contents(brief) == before
    assert answers(brief) == told


def test_a_query_mends_what_is_damaged_before_it_answers(brief: Path):
    synced(brief)
    before = contents(brief)
    damage(next((brief / "lake").glob("*/segments/*/events.1.parquet")), "changed")
    shutil.rmtree(next((brief / "lake").glob(f"*/segments/*-{2 * W:012d}")))
    with lake_at(str(brief)) as lake:
        assert lake.sql("SELECT count(*) FROM events").fetchall() == [(2 * W + 70,)]
    assert contents(brief) == before


def test_a_segment_of_another_log_is_no_part_of_this_one(brief: Path, tmp_path: Path):
    other = Growing(tmp_path / "other", seed=99)
    other.grow(2 * W + 70)
    synced(other.folder)
    shutil.copytree(other.folder / "lake", brief / "lake")
    heard = synced(brief)
    assert any("another log" in text for text in heard.told)
    with lake_at(str(brief)) as lake:
        assert lake.sql("SELECT count(*) FROM events WHERE goal LIKE '%-0099%'").fetchall() == [(0,)]


def test_a_log_that_went_back_takes_the_lake_with_it(brief: Path):
    synced(brief)
    with sqlite3.connect(brief / "log.sqlite") as connection:
        connection.execute("DELETE FROM stored_events WHERE rowid > ?", (W + 50,))
    with lake_at(str(brief)) as lake:
        assert lake.sql("SELECT count(*) FROM events").fetchall() == [(W + 50,)]


def test_a_lake_of_another_version_is_built_anew(brief: Path, monkeypatch: pytest.MonkeyPatch):
    synced(brief)
    monkeypatch.setattr("omk.lake.shelf.version", lambda: "0123456789abcdef")
    told = answers(brief)
    assert [path.name for path in (brief / "lake").iterdir() if path.is_dir()] == ["0123456789abcdef"]
    monkeypatch.undo()
    assert answers(brief) == told


def test_whoever_waits_for_an_omk_of_another_version_builds_its_own_lake_afterwards(brief: Path, monkeypatch: pytest.MonkeyPatch):
    store = store_at(str(brief))
    assert store.lake is not None
    mine = Shelf(store.lake)
    monkeypatch.setattr("omk.lake.shelf.version", lambda: "0123456789abcdef")
    other = Shelf(store.lake)

    class Waiting(Heard):
        def tell(self, text: str) -> None:
            super().tell(text)
            go_on.set()

    heard, go_on = Waiting(), threading.Event()
    thread = threading.Thread(target=sync, args=(store_at(str(brief)), mine, heard))
    with other.building(heard.tell):
        thread.start()
        assert go_on.wait(30)
        other.tidy(0)
    thread.join()
    assert heard.told == ["another process is building the lake: waiting for it"]
    assert len(mine.sound(store.log, store.head)) == 2


def test_a_lake_that_cannot_be_written_is_built_elsewhere_and_gone_afterwards(brief: Path, monkeypatch: pytest.MonkeyPatch):
    told = answers(brief)
    shutil.rmtree(brief / "lake")
    monkeypatch.setattr(Shelf, "is_writable", property(lambda shelf: "omk-lake-" in str(shelf.root)))
    assert answers(brief) == told
    assert not (brief / "lake").exists()


def erase(growing: Growing) -> None:
    """Erase the prompt of the first goal."""
    with sqlite3.connect(growing.folder / "log.sqlite") as connection:
        body = connection.execute("SELECT state FROM stored_events WHERE rowid = 1").fetchone()[0]
        connection.execute("UPDATE stored_events SET state = ? WHERE rowid = 1", (erased(body),))
    growing.record(TextErased(seq=1, paths=("prompt",), reason="It held a name."))


@pytest.mark.parametrize("what", ["readers", "builder", "segments", "work", "a file"])
def test_a_lake_that_cannot_be_used_is_built_elsewhere(brief: Path, what: str, monkeypatch: pytest.MonkeyPatch):
    told = answers(brief)
    place = brief / "lake" / version()
    if what == "a file":
        shutil.rmtree(brief / "lake")
        (brief / "lake").touch()
    elif what != "builder":
        (place / "sound.json").unlink()
        next(place.glob("segments/*/manifest")).unlink()
    closed = {place / what, brief / "lake" / what}
    (place / "work").mkdir() if what == "work" else None
    access = os.access
    monkeypatch.setattr("os.access", lambda path, mode: path not in closed and access(path, mode))
    assert answers(brief) == told


def test_building_anew_waits_for_whoever_builds(brief: Path):
    synced(brief)
    mine, heard, done = Shelf(brief / "lake"), Heard(), threading.Event()

    def remove() -> None:
        Shelf(brief / "lake").remove(heard.tell)
        done.set()

    thread = threading.Thread(target=remove)
    with mine.building(heard.tell):
        thread.start()
        assert not done.wait(0.3)
        assert mine.segments.is_dir()
    thread.join()
    assert heard.told == ["another process is building the lake: waiting for it"]
    assert not mine.segments.exists()


def test_a_text_that_was_erased_while_somebody_built_is_gone_too(small: None, tmp_path: Path):
    growing = Growing(tmp_path, goals=1)
    growing.grow(2 * W + 20)
    synced(tmp_path)
    segments = next((tmp_path / "lake").glob("*/segments"))
    first = min(segments.iterdir())
    first.rename(tmp_path / "not published yet")
    erase(growing)
    store = store_at(str(tmp_path))
    Shelf(tmp_path / "lake").sound(store.log, store.head)  # somebody asks meanwhile
    (tmp_path / "not published yet").rename(first)
    with lake_at(str(tmp_path)) as lake:
        assert lake.sql("SELECT texts FROM events WHERE kind = 'goal_created.v1'").fetchall() == [(None,)]


def test_a_log_that_grows_while_the_lake_is_opened_is_read_as_it_is_then(tmp_path: Path, small: None):
    growing = Growing(tmp_path)
    growing.grow(8 * W - 3)
    synced(tmp_path)

    class Growth(Quiet):
        def begin(self, total: int) -> None:
            growing.grow(5)

    shutil.rmtree(tmp_path / "lake")
    with lake_at(str(tmp_path), Growth()) as lake:
        assert lake.sql("SELECT count(*) FROM events").fetchall() == [(8 * W + 2,)]
        assert lake.head == 8 * W + 2


@pytest.mark.parametrize("step", [0, W])
def test_a_text_that_was_erased_is_gone_from_the_lake_too(small: None, tmp_path: Path, step: int):
    growing = Growing(tmp_path, goals=1)
    growing.grow(W + 20)
    synced(tmp_path)
    said = "SELECT texts FROM events WHERE kind = 'goal_created.v1'"
    with lake_at(str(tmp_path)) as lake:
        assert "acceptance" in lake.sql(said).fetchall()[0][0]
    erase(growing)
    growing.grow(step)
    with lake_at(str(tmp_path)) as lake:
        assert lake.sql(said).fetchall() == [(None,)]
        assert lake.sql("SELECT prompt FROM goals").fetchall() == [(None,)]
    before = contents(tmp_path)
    assert synced(tmp_path).told == []
    shutil.rmtree(tmp_path / "lake")
    synced(tmp_path)
    assert contents(tmp_path) == before


def test_damage_in_the_log_is_named_and_what_was_built_before_stays(brief: Path):
    with sqlite3.connect(brief / "log.sqlite") as connection:
        goal, seq, body = connection.execute(
            "SELECT originator_id, originator_version, state FROM stored_events WHERE rowid = ?", (W + 50,)
        ).fetchone()
        changed = body.replace(b'"actor":"', b'"actor":"x')
        connection.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (changed, W + 50))
    with pytest.raises(Damaged) as found:
        synced(brief)
    assert (found.value.goal, found.value.seq) in {(goal, seq), (goal, seq + 1)}
    answer = omk("lake", "sync", "--store", str(brief), at=brief)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert goal in answer.err


def test_nothing_but_one_reading_statement_is_answered(brief: Path):
    with lake_at(str(brief)) as lake, pytest.raises(Refused):
        lake.sql("SELECT 1; SELECT 2")


def test_the_command_says_what_the_lake_has(brief: Path):
    status = omk("lake", "--store", str(brief), "--json", at=brief).document
    assert (status["records"], status["stored"], status["tail"], status["segments"]) == (2 * W + 70, 0, 2 * W + 70, [])
    made = omk("lake", "sync", "--store", str(brief), "--json", at=brief).document
    assert (made["stored"], made["tail"], made["made"], made["projected"]) == (2 * W, 70, 2, 2 * W)
    assert made["bytes"] < made["log_bytes"]
    text = omk("lake", "status", "--store", str(brief), at=brief).out
    assert f"{2 * W:,} in 2 segments" in text
    again = omk("lake", "sync", "--store", str(brief), at=brief).out
    assert "nothing was missing" in again


def test_where_no_store_is_there_is_no_lake(tmp_path: Path):
    answer = omk("lake", "sync", at=tmp_path)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert list(tmp_path.iterdir()) == []
