"""History: state and verdict at every position, by the same fold that the writer uses."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.checkpoint import Checkpoint
from omk.domain.proof.proof import prove
from omk.domain.proof.standing import judge
from omk.domain.text import resolve
from omk.errors import NotFound
from omk.log.memory import MemoryLog
from omk.replay.documents import list_entry, state_document, with_output_tails
from omk.replay.explain.why import why_document
from omk.replay.history import History
from omk.replay.proof_document import proof_document
from tests.histories import histories
from tests.history import STORIES, history, recorded, red
from tests.noise import noise
from tests.scenario import GOAL


def documents(log, seq=None):
    """(state, proof, why) documents at *seq*, with their texts."""
    told = history(log)
    head = log.heads()[0].seq
    state, proof = told.at(head if seq is None else seq)

    def find(number):
        return next(iter(log.read(GOAL, after=number - 1, upto=number)), None)

    made = (state_document(state, proof), proof_document(state, proof), why_document(proof))
    state_made, proof_made, why_made = (resolve(one, find) for one in made)
    return state_made, proof_made, with_output_tails(why_made, state, log.blob)


def codes(proof):
    return [gap["code"] for gap in proof["gaps"]]


@pytest.mark.parametrize("name", STORIES)
def test_every_position_has_the_state_and_the_verdict_of_that_moment(name):
    log = recorded(MemoryLog(), STORIES[name])
    records = list(log.read(GOAL))
    for seq in range(1, len(records) + 1):
        state, proof = history(log).at(seq)
        judged = judge(records[:seq])
        assert (state, proof) == (judged.state, prove(judged.state, judged.standing))


def test_before_the_first_event_there_is_a_goal_with_a_name_and_nothing_else():
    state, proof, why = documents(recorded(MemoryLog(), STORIES["ready"]), 0)
    assert (state["goal"], state["phase"], state["tasks"], proof["seq"], proof["head"]) == (GOAL, "intake", [], 0, None)
    assert why["status"] == "not_ready"
    assert GOAL in why["blocking"][0]["command"]


def test_beyond_the_end_there_is_no_history():
    with pytest.raises(NotFound, match=r"0\.\."):
        history(recorded(MemoryLog(), STORIES["blocked"])).at(99)


def test_steps_lead_from_state_to_state():
    told = history(recorded(MemoryLog(), STORIES["ready"]))
    steps = list(told.steps())
    assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
    assert steps[-1].after == told.at(len(steps))[0]


@pytest.mark.parametrize("name", STORIES)
def test_a_verdict_stands_exactly_where_a_gap_or_the_status_changed(name):
    told = history(recorded(MemoryLog(), STORIES[name]))
    verdicts = {one.seq: one for one in told.verdicts()}
    codes: set[str] = set()
    status = ""
    for seq in range(1, len(STORIES[name].records) + 1):
        _, proof = told.at(seq)
        now = {gap.code for gap in proof.gaps}
        if (now, proof.status) != (codes, status):
            one = verdicts.pop(seq)
            assert (set(one.opened), set(one.closed), one.status) == (now - codes, codes - now, proof.status)
        codes, status = now, proof.status
    assert verdicts == {}


def test_a_ready_goal_has_no_gap_and_says_what_it_rests_on():
    state, proof, why = documents(recorded(MemoryLog(), STORIES["ready"]))
    assert (proof["status"], proof["gaps"], why["blocking"], why["fewest"]) == ("ready", [], [], [])
    assert proof["changed_files"] == ["hello.py"]
    assert [(one["name"], one["outcome"], one["fresh"]) for one in proof["gates"]] == [("tests", "passed", True)]
    assert len(proof["reviews"]) == 6
    assert {one["pass"] for one in proof["reviews"]} >= {"architect", "anti-slop"}
    assert proof["integration"]["summary"] == "It greets by name."
    assert proof["post_mutation_gates_ran"] is True
    assert state["obligations"] == []


def test_the_proof_document_has_every_field_of_design_and_of_0_5_0():
    _, proof, _ = documents(recorded(MemoryLog(), STORIES["unaccepted"]))
    wanted = {
        *("goal", "seq", "head", "tree", "rules", "status", "readiness", "gaps", "gates", "reviews", "oracle"),
        *("integration", "changed_files", "commits", "git", "task_graph_summary", "human_decisions_required"),
        *("version", "goal_id", "summary", "generated_at", "artifacts", "delivery_metadata", "review_artifacts"),
        *("integration_evidence", "oracle_evidence", "post_mutation_gates_ran", "known_gaps", "recovery_status"),
    }
    assert wanted <= set(proof)
    assert proof["human_decisions_required"] == ["The change was not accepted yet."]
    assert set(proof["task_graph_summary"]) == {"total_tasks", "pending_tasks", "blocked_tasks", "done_tasks"}
    gap = {"code", "text", "owner", "since", "evidence", "missing", "follows_from", "command"}
    assert gap <= set(proof["gaps"][0])


def test_a_red_gate_is_explained_with_the_end_of_its_output():
    story, blobs = red()
    _, _, why = documents(recorded(MemoryLog(), story, blobs=blobs))
    gap = next(one for one in why["blocking"] if one["code"] == "gate.tests")
    assert gap["output_tail"][-2:] == ["FAILED test_hello.py::test_greets", "1 failed, 1 passed"]
    assert "exit code 1" in gap["text"]
    assert {"gate_ran.v1", "change_accepted.v1"} <= {one["kind"] for one in why["fewest"]}


def test_the_fewest_missing_events_leave_out_what_only_follows():
    story, blobs = red()
    _, proof, why = documents(recorded(MemoryLog(), story, blobs=blobs))
    followers = [gap for gap in proof["gaps"] if gap["follows_from"]]
    assert len(why["fewest"]) <= len(proof["gaps"]) - len(followers)
    assert codes({"gaps": why["blocking"]}) == codes(proof)


def test_a_stale_gate_opens_its_gap_again_where_the_tree_changed():
    story = STORIES["stale"]
    _, proof, _ = documents(recorded(MemoryLog(), story))
    since = {gap["code"]: gap["since"] for gap in proof["gaps"]}
    assert since["gate.tests"] == since["review.code"] == len(story.records)
    assert proof["gates"][0]["fresh"] is False


def test_a_rejected_change_says_why():
    _, proof, _ = documents(recorded(MemoryLog(), STORIES["rejected"]))
    assert codes(proof) == ["integration.accepted"]
    assert "It greets nobody." in proof["gaps"][0]["text"]


def test_a_vague_goal_waits_for_a_person():
    log = recorded(MemoryLog(), STORIES["blocked"])
    state, proof, _ = documents(log)
    assert (state["status"], proof["status"]) == ("blocked_on_human",) * 2
    assert list_entry(*history(log).at(1))["events"] == 1


@given(records=noise())
def test_any_history_can_be_told_as_json_at_every_position(records):
    told = History("g", lambda after, upto: [one for one in records if one.seq > after and (upto is None or one.seq <= upto)])
    for seq in range(len(records) + 1):
        state, proof = told.at(seq)
        assert msgspec.json.encode([state_document(state, proof), proof_document(state, proof), why_document(proof)])


# --- Checkpoints ---


def told_from(records, nearest=lambda _: None):
    return History("g", lambda after, upto: records[after:upto], nearest)


def checkpoint(records, seq):
    moment = told_from(records).moment(seq)
    return Checkpoint(seq=seq, head=moment.state.head, state=moment.state, standing=moment.standing)


def last_of(checkpoints):
    """What somebody kept: for each question the last checkpoint that claims to be at or before it."""
    return lambda seq: max((one for one in checkpoints if one.seq <= seq), key=lambda one: one.seq, default=None)


@settings(max_examples=40)
@given(records=histories() | noise(), places=st.sets(st.integers(1, 40)))
def test_every_moment_is_the_same_from_a_checkpoint_as_from_the_beginning(records, places):
    kept = [checkpoint(records, seq) for seq in places if seq <= len(records)]
    plain, helped = told_from(records), told_from(records, last_of(kept))
    for seq in range(len(records) + 1):
        here, there = plain.moment(seq), helped.moment(seq)
        assert (here.state, here.standing, here.record) == (there.state, there.standing, there.record)
        assert (here.proof, here.status) == (there.proof, there.status)


@settings(max_examples=40)
@given(records=histories(), others=histories(), places=st.sets(st.integers(1, 40)))
def test_a_checkpoint_that_the_log_does_not_agree_with_is_passed_over(records, others, places):
    last = records[-1].seq
    true = [checkpoint(records, seq) for seq in places if seq <= last]
    strange = [checkpoint(others, seq) for seq in range(1, len(others) + 1)]
    strange = [one for one in strange if one.seq > last or one.head != records[one.seq - 1].digest]
    renamed = [replace(one, seq=one.seq + 1) for one in true]
    helped = told_from(records, last_of([*true, *strange, *renamed]))
    for seq in range(last + 1):
        assert helped.at(seq) == told_from(records).at(seq)


def test_a_history_reads_on_from_a_checkpoint_and_not_from_the_beginning():
    records, read = list(STORIES["ready"].records), []

    def reading(after, upto):
        read.append((after, upto))
        return records[after:upto]

    told = History(GOAL, reading, last_of([checkpoint(records, 20), checkpoint(records, 30)]))
    assert told.moment(33).state == judge(records[:33]).state
    assert read == [(29, 30), (30, 33)]
    del read[:]
    assert told.moment(20).record == records[19]
    assert read == [(19, 20), (19, 20)]


def test_somebody_who_always_gives_the_same_checkpoint_is_asked_once_more_at_most():
    records = list(STORIES["ready"].records)
    wrong = replace(checkpoint(records, 20), head="b2:" + 64 * "0")
    asked = []

    def nearest(seq):
        asked.append(seq)
        return wrong

    told = told_from(records, nearest)
    assert told.moment(33).state == judge(records[:33]).state
    assert asked == [33, 19]


@given(records=histories(), upto=st.integers(0, 40))
def test_verdicts_up_to_an_event_are_those_of_all_up_to_there(records, upto):
    told = told_from(records)
    assert list(told.verdicts(upto)) == [one for one in told.verdicts() if one.seq <= upto]
