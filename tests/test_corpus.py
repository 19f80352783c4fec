"""The recorded runs of `replays/`: each log is whole, still folds to the state, the proof and the verdict at every moment
that were blessed, and the controller of today would do what the recorded one did.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import msgspec
import pytest

from omk.cli.audit import Audit
from omk.cli.trailers import Trailers
from omk.domain import wanted
from omk.domain.event import Recorded, kind_of
from omk.domain.proof.proof import prove, verdict_digest
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.verdict import ProofIssued
from omk.log import recorder
from omk.log.blobs import Blob
from omk.log.codec import Entry, decode
from omk.log.memory import MemoryLog
from omk.log.protocol import Log
from omk.log.sqlite import SqliteLog
from omk.replay.documents import obligations_of
from omk.replay.redecide.document import redecision_document
from omk.replay.timeline import timeline_entry
from tools import bless, corpus
from tools import record as recording
from tools.scenarios import SCENARIOS

FOLDERS = list(corpus.folders([]))
RUNS = [pytest.param(folder, id=folder.name) for folder in FOLDERS]
WHOLE = [pytest.param(folder, id=folder.name) for folder in FOLDERS if corpus.is_recorded(folder)]
PLACE = re.compile(rb"(?<![\w.-])/(tmp|root|home|work|var|Users|private)/")
ALIKE = {1, 2}
"""Versions of the rules that say the same of every recorded run: 2 only adds what a log without some answer owes."""
each_run = pytest.mark.parametrize("run", RUNS)
each_whole_run = pytest.mark.parametrize("run", WHOLE)


def records(run: Path) -> list[Recorded]:
    log, goal = corpus.open_run(run)
    return list(log.read(goal))


def outputs(run: Path) -> Iterator[Blob]:
    path = run / corpus.BLOBS
    for line in path.read_bytes().splitlines() if path.exists() else ():
        yield msgspec.json.decode(line, type=Blob)


def copied(run: Path, log: Log) -> Log:
    """The same records and outputs in another log."""
    lines = (run / corpus.LOG).read_bytes().splitlines()
    entries = [Entry(decode(body), body) for body in lines]
    log.append(entries[0].record.goal, entries, after=0, blobs=list(outputs(run)))
    return log


def told(log: Log, goal: str, seq: int) -> bytes:
    """All that is said of a goal at one position, as bytes."""
    timeline = [timeline_entry(record) for record in log.read(goal, upto=seq)]
    return msgspec.json.encode((corpus.documents(log, goal, seq), timeline))


def test_every_scenario_is_recorded_and_every_run_has_a_scenario():
    assert sorted(scenario.name for scenario in SCENARIOS) == [folder.name for folder in FOLDERS if corpus.is_recorded(folder)]
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


@each_run
def test_the_log_of_a_run_is_whole(run: Path):
    log, goal = corpus.open_run(run)

    assert list(Audit(run, Trailers((), frozenset())).everything(log, [goal])) == []
    assert log.problems == ()
    assert {goal} == {record.goal for _, record in log.follow()}


@each_run
def test_every_output_of_a_run_is_spoken_of(run: Path):
    named = {output.digest for record in records(run) if (output := corpus.output_of(record))}

    assert {blob.digest for blob in outputs(run)} == named


@each_run
def test_a_run_folds_to_what_was_blessed_at_its_end_and_at_every_moment(run: Path):
    found = "".join(difference for _, difference, _ in bless.differences(run))

    if found:
        pytest.fail(f"{found}\nRead the difference. If it is meant: python -m tools.bless {run.name}", pytrace=False)


@each_run
def test_every_verdict_on_record_is_what_the_same_rules_say_today(run: Path):
    log, goal = corpus.open_run(run)
    history = corpus.history_of(log, goal)
    issued = [record.event for record in records(run) if isinstance(record.event, ProofIssued)]
    assert issued or not corpus.is_recorded(run)

    for event in issued:
        proof = prove(*_judged(history, event.seq))
        if event.rules in ALIKE:
            assert (event.status, event.tree, event.verdict) == (proof.status, proof.tree, verdict_digest(proof))


def _judged(history, seq: int):
    judge = history.judge()
    for record in history.read(0, seq):
        judge.add(record)
    return judge.state, judge.standing


@each_run
def test_every_position_of_a_run_reads_alike_from_every_log(run: Path, tmp_path: Path):
    recorder.create(tmp_path / "log.sqlite")
    log, goal = corpus.open_run(run)
    others = (copied(run, MemoryLog()), copied(run, SqliteLog(tmp_path / "log.sqlite")))

    for seq in range(len(records(run)) + 1):
        said = told(log, goal, seq)
        assert [told(other, goal, seq) for other in others] == [said, said], f"at @{seq}"
    for other in others:
        other.close()


@each_run
def test_every_fact_of_a_run_rests_on_earlier_ones_or_on_a_persons_word(run: Path):
    for record in records(run):
        causes = list(record.causes)
        assert causes == sorted(set(causes)), f"event {record.seq}"
        assert all(0 < cause < record.seq for cause in causes), f"event {record.seq}"
        is_free = record.actor.startswith("person:") or isinstance(record.event, ControllerStarted)
        assert causes or is_free, f"event {record.seq}, {kind_of(record.event)}, rests on nothing"


@each_whole_run
def test_whatever_a_run_announced_is_closed_at_its_end(run: Path):
    log, goal = corpus.open_run(run)
    state, _ = corpus.history_of(log, goal).at(len(records(run)))

    assert obligations_of(state) == []
    assert not state.worktree.open_worktrees
    assert state.controller.active is None


@each_whole_run
def test_a_run_says_what_it_claims_and_where_to_look(run: Path):
    scenario = next(one for one in SCENARIOS if one.name == run.name)
    about = (run / corpus.ABOUT).read_text()

    assert about.startswith(f"# {run.name}\n\n**{scenario.claim}**\n")
    head = len(records(run))
    places = [int(place) for place in re.findall(r"^- `@(\d+)`", about, re.MULTILINE)]
    assert len(places) == len(scenario.look)
    assert all(0 <= place <= head for place in places)


@each_whole_run
def test_a_run_ends_as_its_scenario_says(run: Path):
    scenario = next(one for one in SCENARIOS if one.name == run.name)
    _, proof = corpus.documents(*corpus.open_run(run))

    assert (proof["status"], tuple(gap["code"] for gap in proof["gaps"])) == (scenario.status, scenario.gaps)


@each_run
def test_a_run_holds_no_place_of_the_machine_it_was_made_on(run: Path):
    for name, content in corpus.contents(run):
        found = PLACE.search(content)
        assert found is None, f"{name}: {content[found.start() : found.end() + 60]!r}"


@each_whole_run
def test_todays_controller_would_do_what_the_recorded_one_did(run: Path):
    log, goal = corpus.open_run(run)
    document = redecision_document(corpus.history_of(log, goal), len(records(run)))
    blessed = json.loads((run / corpus.REDECIDED).read_text()) if (run / corpus.REDECIDED).exists() else []

    assert document["decisions"] > 0
    assert document["differences"] == blessed


def test_a_scenario_can_be_recorded_again_and_ends_as_it_says(tmp_path: Path):
    scenario = next(one for one in SCENARIOS if one.name == "ready-at-first-try")

    run = recording.record(scenario, tmp_path)

    assert {path.name for path in run.iterdir()} == {path.name for path in (corpus.REPLAYS / run.name).iterdir()}
    assert list(bless.differences(run)) == []


def test_a_run_that_ends_otherwise_than_its_scenario_says_is_not_kept(tmp_path: Path):
    scenario = next(one for one in SCENARIOS if one.name == "blocked-on-human")

    with pytest.raises(recording.Spoiled, match="it ended"):
        recording.record(replace(scenario, status="ready"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_whose_controller_would_not_do_the_same_again_is_not_kept(tmp_path: Path, monkeypatch):
    scenario = next(one for one in SCENARIOS if one.name == "ready-at-first-try")
    monkeypatch.setattr(wanted, "ASK", wanted.ASK[1:])  # here, and not in the omk that is run

    with pytest.raises(recording.Spoiled, match=r"asked again at event \d+, its controller does"):
        recording.record(scenario, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_names_a_place_of_this_machine_is_spoiled(tmp_path: Path):
    run = tmp_path / "run"
    copytree(next(corpus.folders(["ready-at-first-try"])), run)
    assert list(recording.machine_traces(run, tmp_path)) == []

    (run / corpus.ABOUT).write_text(f"It was made in {tmp_path}/repository.")

    (trace,) = recording.machine_traces(run, tmp_path)
    assert trace.startswith("about.md: ")
