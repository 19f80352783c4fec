"""What a change of omk does to the corpus: it is named with the runs and moments it concerns, until somebody blesses it."""

import json
import re
from pathlib import Path
from shutil import copytree

from omk.domain import wanted
from omk.domain.event import kind_of
from omk.domain.proof.holds import gate_passed, obligations_closed
from omk.domain.subjects.review import waived as remember_waiver
from tests import test_corpus as recorded
from tests.domain.simulated import reviewing_first
from tests.test_corpus import FOLDERS
from tools import bless, corpus


def changed_moments(run: Path, file: str = corpus.VERDICTS) -> set[int]:
    """The seqs that a difference of the blessed verdicts speaks of."""
    found = [difference for path, difference, _ in bless.differences(run) if path.name == file]
    return {int(seq) for difference in found for seq in re.findall(r'^[+-].*"seq": (\d+)', difference, re.MULTILINE)}


def place_of_first(run: Path, kind: str) -> int:
    return next(one.seq for one in recorded.records(run) if kind_of(one.event) == kind)


def test_a_gentler_rule_is_named_with_every_run_and_moment_at_which_it_flips_a_verdict(monkeypatch):
    told = {run: json.loads((run / corpus.VERDICTS).read_text()) for run in FOLDERS}
    moments = {
        run: {one["seq"] for one in verdicts if any(code.startswith("gate.") for code in (*one["opened"], *one["closed"]))}
        for run, verdicts in told.items()
    }
    assert all(moments.values())
    assert [run.name for run in FOLDERS if changed_moments(run)] == []

    monkeypatch.setattr(gate_passed, "__code__", (lambda state, code: ()).__code__)

    assert [run.name for run in FOLDERS if not moments[run] <= changed_moments(run)] == []


def test_a_rule_that_changes_no_end_is_named_at_the_moments_on_the_way(monkeypatch):
    run = next(corpus.folders(["ready-at-first-try"]))
    monkeypatch.setattr(obligations_closed, "__code__", (lambda state, code: ()).__code__)

    assert [path.name for path, _, _ in bless.differences(run)] == [corpus.VERDICTS]
    assert place_of_first(run, "task_started.v1") in changed_moments(run)


def test_a_reducer_that_forgets_is_named_with_the_runs_that_need_what_it_forgets(monkeypatch):
    waived = [run.name for run in FOLDERS if any(kind_of(one.event) == "waiver_granted.v1" for one in recorded.records(run))]
    monkeypatch.setattr(remember_waiver, "__code__", (lambda reviews, event, record: reviews).__code__)

    assert waived
    assert [run.name for run in FOLDERS if changed_moments(run)] == waived


def test_a_controller_that_chooses_otherwise_is_named_with_what_it_would_do(monkeypatch):
    run = next(corpus.folders(["ready-at-first-try"]))
    monkeypatch.setattr(wanted, "ASK", reviewing_first())

    ((path, difference, text),) = bless.differences(run)
    first = json.loads(text)[0]
    assert path.name == corpus.REDECIDED
    assert "ready-at-first-try/redecided.json (folded now)" in difference
    assert first["expected"] == {"effect": "begin_task", "task": "goal-local-verify"}
    assert first["actual"] == {"effect": "begin_task", "task": "goal-review"}


def test_a_part_of_a_run_is_folded_and_blessed_but_its_controller_is_not_asked(tmp_path: Path, capsys):
    run = tmp_path / "a-part"
    whole = next(corpus.folders(["ready-at-first-try"]))
    run.mkdir()
    cut = place_of_first(whole, "agent_started.v1")
    log = (whole / corpus.LOG).read_bytes().splitlines(keepends=True)
    (run / corpus.LOG).write_bytes(b"".join(log[:cut]))
    (run / corpus.MINIMIZED).write_text('{"goal": "g", "seq": 57, "events": 57, "kept": [1]}\n')

    assert bless.main([run.name], tmp_path) == 0

    assert {path.name for path in run.iterdir()} == {corpus.LOG, corpus.MINIMIZED, corpus.FOLD, corpus.PROOF, corpus.VERDICTS}
    verdicts = [one for one in json.loads((whole / corpus.VERDICTS).read_text()) if one["seq"] <= cut]
    assert json.loads((run / corpus.VERDICTS).read_text()) == verdicts
    assert not corpus.is_recorded(run)
    recorded.test_the_log_of_a_run_is_whole(run)
    recorded.test_every_output_of_a_run_is_spoken_of(run)
    recorded.test_a_run_folds_to_what_was_blessed_at_its_end_and_at_every_moment(run)
    recorded.test_every_verdict_on_record_is_what_the_same_rules_say_today(run)
    recorded.test_every_position_of_a_run_reads_alike_from_every_log(run, tmp_path)
    recorded.test_every_fact_of_a_run_rests_on_earlier_ones_or_on_a_persons_word(run)
    recorded.test_a_run_holds_no_place_of_the_machine_it_was_made_on(run)


def test_what_todays_controller_does_otherwise_is_blessed_and_taken_back(tmp_path: Path, monkeypatch, capsys):
    source = next(corpus.folders(["ready-at-first-try"]))
    run = copytree(source, tmp_path / source.name)
    with monkeypatch.context() as changed:
        changed.setattr(wanted, "ASK", tuple(one for one in wanted.ASK if one[0] != "accept"))
        assert bless.main([run.name], tmp_path) == 0
        assert list(bless.differences(run)) == []
        recorded.test_todays_controller_would_do_what_the_recorded_one_did(run)
    assert (run / corpus.REDECIDED).exists()

    assert bless.main([run.name], tmp_path) == 0

    assert not (run / corpus.REDECIDED).exists()
    assert capsys.readouterr().out.endswith("ready-at-first-try/redecided.json removed\n")


def test_blessing_writes_what_is_folded_now_and_shows_how_it_differs(tmp_path: Path, capsys):
    source = next(corpus.folders(["ready-at-first-try"]))
    run = copytree(source, tmp_path / source.name)
    log = (run / corpus.LOG).read_bytes()
    proof = (run / corpus.PROOF).read_text()
    (run / corpus.PROOF).write_text(proof.replace('"status": "ready"', '"status": "not_ready"', 1))

    assert bless.main([run.name], tmp_path) == 0

    said = capsys.readouterr().out
    assert '-  "status": "not_ready",\n+  "status": "ready",\n' in said
    assert (run / corpus.PROOF).read_text() == proof
    assert (run / corpus.LOG).read_bytes() == log


def test_a_run_that_is_not_there_cannot_be_blessed(tmp_path: Path, capsys):
    assert bless.main(["nothing-of-the-kind"], tmp_path) == 1
    assert capsys.readouterr().err == "replays/ has no run 'nothing-of-the-kind'. It has: none.\n"
