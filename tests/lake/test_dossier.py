"""The dossier of a goal: its numbers are those of the fold, at any event, and every query on it gives what it shows."""

import pytest

from omk.domain.event import kind_of
from omk.domain.subjects.review import GrantWaiver
from omk.domain.subjects.verdict import EraseText, TextErased
from omk.errors import Unusable
from omk.lake.dossier.document import dossier, place_of
from omk.lake.dossier.gather import HALF, PARTS, gathered, query
from omk.lake.opening import lake_at
from omk.lake.plain import plain_times
from omk.lake.store import store_at
from omk.replay.documents import state_document
from omk.replay.proof_document import proof_document
from tests.history import entries_of, history
from tests.lake.dossiers import FORK, LOST, forked, row, rows, spent, told, without_texts, written
from tests.scenario import ANN, GOAL, PROVEN, READY, WORKED, change, files, gate_run, goal, tree
from tools import corpus

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]
each_run = pytest.mark.parametrize("run", RUNS)


def assert_like_the_fold(document, state, proof):
    """What the page says in numbers, against `show` and `proof` of the same moment."""
    summary, used, counts = row(document, "summary"), row(document, "usage"), row(document, "counts")
    assert (document["status"], summary["status"], summary["gaps"]) == (proof["status"], proof["status"], len(proof["gaps"]))
    assert (document["head"], document["tree"], summary["events"]) == (proof["head"], proof["tree"], proof["seq"])
    assert document["at"] == state["updated_at"]
    usage = state["usage"]
    money = ("active_ms", "tokens", "tokens_in", "tokens_out", "tokens_cached", "micro_usd")
    assert {name: used[name] for name in money} == {name: usage[name] for name in money}
    assert row(document, "budget") == usage["limits"]
    for name in ("agent_runs", "messages", "tool_calls"):
        assert counts[name] == usage[name]
    assert sum(one["calls"] for one in rows(document, "tools")) == usage["tool_calls"]
    assert sum(one["failures"] for one in rows(document, "tools")) == usage["tool_failures"]
    tasks = {one["task"]: (one["status"], one["attempts"], one["seq"]) for one in rows(document, "tasks")}
    assert tasks == {one["id"]: (one["status"], one["attempts"], one["seq"]) for one in state["tasks"]}
    assert [one["path"] for one in rows(document, "files")] == [*proof["changed_files"]]
    assert [one["operation"] for one in rows(document, "files")] == [one["operation"] for one in state["changes"]]
    last = [one["tree"] for one in rows(document, "trees") if one["is_last"]]
    assert last == ([proof["tree"]] if proof["tree"] else [])


def assert_like_the_evidence(document, proof):
    """The latest gates and reviews of the proof stand among the runs on the page."""
    assert [one["gate"] for one in rows(document, "gates")] == [one["name"] for one in proof["gates"]]
    assert [one["definition"] for one in rows(document, "gates")] == [one["definition"] for one in proof["gates"]]
    runs = {one["seq"]: one for one in rows(document, "gate_runs")}
    for gate in proof["gates"]:
        if gate["seq"] is not None and not document["parts"]["gate_runs"]["left_out"]:
            run = runs[gate["seq"]]
            names = ("tree", "outcome", "exit_code", "duration_ms")
            assert [run[name] for name in names] == [gate[name] for name in names]
    made = {one["seq"]: one for one in rows(document, "reviews")}
    for review in proof["reviews"]:
        if review["outcome"] not in {"never", "waived"} and not document["parts"]["reviews"]["left_out"]:
            assert (made[review["seq"]]["tree"], made[review["seq"]]["outcome"]) == (review["tree"], review["outcome"])


def folded(path, seq=None):
    log, name = corpus.open_run(path)
    return corpus.documents(log, name, seq)


@each_run
def test_the_numbers_of_a_recorded_run_are_those_of_show_proof_and_verdicts(run):
    document = told(run / corpus.LOG)
    state, proof = folded(run)
    assert_like_the_fold(document, state, proof)
    assert_like_the_evidence(document, proof)
    log, name = corpus.open_run(run)
    verdicts = {one.seq: one for one in corpus.history_of(log, name).verdicts()}
    for one in rows(document, "verdicts"):
        verdict = verdicts[one["seq"]]
        assert (one["recorded_at"], one["status"], one["of"]) == (verdict.at, verdict.status, len(verdicts))
        assert (one["opened"], one["closed"]) == ([*verdict.opened], [*verdict.closed])
    assert {one["outcome"] for one in document["judged_again"]} <= {"same", "other_rules"}


@pytest.mark.parametrize("name", ["gate-goes-stale-after-edit", "base-moved-and-proven-again"])
def test_as_of_an_event_the_numbers_are_those_of_the_fold_there(name):
    run = corpus.REPLAYS / name
    log, only = corpus.open_run(run)
    (head,) = log.heads()
    with lake_at(str(run / corpus.LOG)) as lake:
        for seq in range(1, head.seq + 1, 7):
            document = dossier(lake, corpus.history_of(log, only), place_of(log, only, seq))
            state, proof = folded(run, seq)
            assert_like_the_fold(document, state, proof)
            assert_like_the_evidence(document, proof)


@each_run
def test_every_query_of_a_part_asked_again_gives_what_the_part_shows(run):
    document = told(run / corpus.LOG)
    assert list(document["parts"]) == list(PARTS)
    with lake_at(str(run / corpus.LOG)) as lake:
        for name, part in document["parts"].items():
            found = lake.sql(part["sql"])
            again = [dict(zip(found.columns, map(plain_times, one), strict=True)) for one in found.fetchall()]
            assert len(again) == part["total"]
            shown = again[: part["after"]] + again[len(again) - (len(part["rows"]) - part["after"]) :]
            assert (name, shown[: len(part["rows"])]) == (name, part["rows"])


def test_before_the_first_event_there_is_nothing(tmp_path):
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*READY)))
    document = told(path, 0)
    assert (document["status"], document["events"], document["head"], document["at"]) == ("not_ready", 0, None, None)
    assert {name for name, part in document["parts"].items() if part["rows"]} == {"summary", "budget", "counts", "usage"}


def test_after_the_first_event_only_the_request_is_there(tmp_path):
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*READY)))
    document = told(path, 1)
    assert (row(document, "asked")["actor"], row(document, "asked")["seq"]) == (ANN, 1)
    assert [one["tree"] for one in rows(document, "trees")] == [tree("base")]
    assert [one["name"] for one in rows(document, "decisions")] == ["goal_created"]
    assert not rows(document, "settings")
    assert not rows(document, "tasks")


def test_what_had_not_ended_yet_has_no_outcome(tmp_path):
    story = goal.given(*WORKED, *gate_run())
    path = written(tmp_path / "log.jsonl", entries_of(story))
    document = told(path, len(story.records) - 1)
    (run,) = rows(document, "gate_runs")
    assert (run["gate"], run["outcome"], run["seq"], run["duration_ms"]) == ("tests", None, None, None)
    begun = next(record.seq for record in story.records if kind_of(record.event) == "agent_started.v1")
    (run,) = rows(told(path, begun), "agents")
    assert (run["started_seq"], run["outcome"], run["seq"]) == (begun, None, None)


def test_a_goal_that_was_ready_and_lost_it_says_by_which_event(tmp_path):
    document = told(written(tmp_path / "log.jsonl", entries_of(LOST)))
    assert document["status"] != "ready"
    assert row(document, "summary")["first_ready_seq"] == len(LOST.records) - 1
    last = rows(document, "verdicts")[-1]
    assert (last["name"], last["status_before"], last["status"]) == ("files_changed", "ready", document["status"])
    assert "gate.tests" in last["opened"]
    assert [one["is_last"] for one in rows(document, "trees")] == [False, False, True]


def test_a_waiver_is_a_decision_with_its_reason_and_tree(tmp_path):
    waiver = GrantWaiver(actor=ANN, code="review.code", tree=tree("done"), reason="I read every line.")
    document = told(written(tmp_path / "log.jsonl", entries_of(goal.given(*WORKED, *gate_run(), waiver))))
    one = rows(document, "decisions")[-1]
    assert (one["name"], one["actor"], one["about"]) == ("waiver_granted", ANN, "review.code")
    assert (one["said"], one["tree"]) == ("I read every line.", tree("done"))


def test_what_a_fork_inherits_is_told_apart(tmp_path):
    parent, own = forked(spent(2, 250_000), *gate_run())
    path = written(tmp_path / "log.jsonl", parent, own)
    document = told(path, name=FORK)
    first = own[0].record.seq
    assert [(one["goal"], one["first"], one["last"]) for one in document["lineage"]] == [
        (GOAL, 1, first - 1),
        (FORK, first, own[-1].record.seq),
    ]
    assert row(document, "summary")["inherited_events"] == first - 1
    assert row(document, "summary")["events"] == own[-1].record.seq
    used = row(document, "usage")
    assert (used["micro_usd"], used["inherited_micro_usd"], used["inherited_tokens"]) == (250_000, 1_250_000, 16)
    assert [(one["goal"], one["inherited"]) for one in rows(document, "asked")] == [(GOAL, True), (FORK, False)]
    assert rows(document, "asked")[-1]["forked_seq"] == first - 1
    assert [one["inherited"] for one in rows(document, "agents")] == [True]
    assert [one["inherited"] for one in rows(document, "gate_runs")] == [False]
    (state, proof) = history(store_at(str(path)).log, FORK).at(own[-1].record.seq)
    assert_like_the_fold(document, state_document(state, proof), proof_document(state, proof))
    assert used["inherited_micro_usd"] == state.budget.inherited_micro_usd


def test_a_fork_as_of_an_event_it_inherits_is_its_parent_then(tmp_path):
    parent, own = forked()
    path = written(tmp_path / "log.jsonl", parent, own)
    seq = own[0].record.seq - 3
    fork, before = told(path, seq, FORK), told(path, seq, GOAL)
    assert (fork["head"], fork["status"], fork["events"]) == (before["head"], before["status"], before["events"])
    assert row(fork, "summary")["inherited_events"] == seq
    for at in (seq, own[0].record.seq - 1):
        state, proof = history(store_at(str(path)).log, FORK).at(at)
        assert_like_the_fold(told(path, at, FORK), state_document(state, proof), proof_document(state, proof))
    assert state.budget.used_micro_usd == 1_250_000


def test_a_text_that_was_erased_says_so(tmp_path):
    entries = entries_of(goal.given(*READY))
    accepted = len(entries)
    document = told(written(tmp_path / "log.jsonl", without_texts(entries, 1, accepted)))
    assert row(document, "asked")["prompt"] == "(erased)"
    assert rows(document, "decisions")[-1]["said"] == "(erased)"


def test_who_erased_a_text_is_told(tmp_path):
    command = EraseText(actor=ANN, erased=TextErased(seq=1, paths=("prompt",), reason="It held a name."))
    entries = entries_of(goal.given(*READY, command))
    document = told(written(tmp_path / "log.jsonl", without_texts(entries, 1)))
    one = row(document, "erased")
    assert (one["actor"], one["erased_seq"], one["paths"], one["reason"]) == (ANN, 1, ["prompt"], "It held a name.")


def test_a_path_with_odd_characters_is_told_as_it_is(tmp_path):
    paths = (
        "a b.py",
        'q"uote.py',
        "back\\slash.py",
        "tab\there.py",
        "rtl\u202eyp.exe",
        "class",
        "tag\U000e0041x",
        "ünï.py",
        "\\U0000202e",
    )
    story = goal.given(*WORKED[:-2], files("base", "done", *(change(path, "new", None) for path in paths)))
    document = told(written(tmp_path / "log.jsonl", entries_of(story)))
    assert sorted(one["path"] for one in rows(document, "files")) == sorted(paths)
    assert {one["changes"] for one in rows(document, "files")} == {1}


def test_a_long_part_keeps_both_ends_and_says_how_many_are_missing(tmp_path):
    runs = [step for attempt in range(1, 101) for step in gate_run(outcome="failed", attempt=attempt)]
    document = told(written(tmp_path / "log.jsonl", entries_of(goal.given(*WORKED, *runs))))
    part = document["parts"]["gate_runs"]
    assert (part["total"], part["left_out"], part["after"], len(part["rows"])) == (100, 100 - 2 * HALF, HALF, 2 * HALF)
    assert [one["attempt"] for one in part["rows"]] == [*range(1, HALF + 1), *range(101 - HALF, 101)]


def test_a_name_with_a_quotation_mark_stays_a_literal(tmp_path):
    name = "g'; DROP TABLE events; --"
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*PROVEN), name=name))
    store = store_at(str(path))
    place = place_of(store.log, name, 3)
    assert "'g''; DROP TABLE events; --'" in query("summary", place)
    assert told(path, name=name)["goal"] == name


def test_a_lake_that_tells_another_story_than_its_log_is_not_believed(tmp_path, monkeypatch):
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*READY)))
    monkeypatch.setattr("omk.lake.dossier.document.gathered", lambda lake, place: told_otherwise(path))
    with pytest.raises(Unusable, match="omk lake rebuild"):
        told(path)


def told_otherwise(path):
    with lake_at(str(path)) as lake:
        return gathered(lake, place_of(store_at(str(path)).log, GOAL, 5))
