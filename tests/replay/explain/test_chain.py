"""The causal chain of a gap: everything it rests on, read record by record, back to where it began."""

import pytest
from hypothesis import given, settings

from omk.domain.subjects.controller import ControllerStarted
from omk.replay.explain.chain import LONGEST, chain, due, with_chains
from omk.replay.explain.why import why_document
from omk.replay.timeline import timeline_entry
from tests.histories import histories
from tests.replay.explain.test_verdicts import history_of
from tests.scenario import PROVEN, WORKED, create, gate_run, gates, goal, record
from tools import corpus
from tools.examples import EXAMPLES


def closure(records, seqs):
    """All that these events rest on, with them: by looking at every record, from the last to the first."""
    wanted = set(seqs)
    for one in reversed(records):
        if one.seq in wanted:
            wanted.update(one.causes)
    return sorted(wanted)


def why_of(history, seq):
    state, proof = history.at(seq)
    return with_chains(why_document(proof), state, history), state


def assert_whole(history, records, seq):
    """Each chain is the whole closure in its order, and begins at a person's word or the start of a controller."""
    why, state = why_of(history, seq)
    by_seq = {one.seq: one for one in records}
    for gap in why["blocking"]:
        seeds = {*gap["evidence"], gap["since"] or 0} - {0}
        seqs = [entry["seq"] for entry in gap["chain"]]
        assert seqs == closure(records[:seq], seeds or due(state, gap["code"])), gap["code"]
        assert gap["chain_left_out"] == 0
        assert seqs, gap["code"]
        for entry in gap["chain"]:
            one = by_seq[entry["seq"]]
            assert (entry["at"], entry["actor"], tuple(entry["causes"])) == (one.at, one.actor, one.causes)
            assert entry["summary"] == timeline_entry(one).summary
            assert entry["causes"] or one.actor.startswith("person:") or isinstance(one.event, ControllerStarted)


@settings(max_examples=60)
@given(histories(most=30))
def test_a_chain_is_all_that_a_gap_rests_on(records):
    assert_whole(history_of(records), records, len(records))


@pytest.mark.parametrize("run", [pytest.param(one, id=one.name) for one in corpus.folders([])])
def test_a_chain_in_a_recorded_run_leads_back_to_its_beginning(run):
    log, name = corpus.open_run(run)
    records = list(log.read(name))
    for seq in (1, len(records) // 2, len(records)):
        assert_whole(corpus.history_of(log, name), records, seq)


def test_a_red_gate_leads_back_over_the_tree_and_the_agent_to_the_goals_words():
    records = goal.given(*WORKED, *gate_run(outcome="failed")).records
    why, _ = why_of(history_of(records), len(records))
    gap = next(one for one in why["blocking"] if one["code"] == "gate.tests")
    kinds = [entry["kind"] for entry in gap["chain"]]
    assert kinds[0] == "goal_created.v1"
    assert kinds[-3:] == ["files_changed.v1", "gate_started.v1", "gate_ran.v1"]
    assert {"agent_finished.v1", "gates_configured.v1"} <= set(kinds)
    assert "review_started.v1" not in kinds


@pytest.mark.parametrize(
    ("steps", "code", "last"),
    [
        ((create(),), "plan.valid", "oracle_assessed.v1"),
        ((create(),), "review.code", "goal_created.v1"),
        ((create(checks=("smoke",)),), "oracle.smoke", "oracle_assessed.v1"),
        ((create(), gates()), "agent.executed", "goal_created.v1"),
        (WORKED[:3], "agent.executed", "goal_planned.v1"),
        (WORKED[:3], "gate.tests", "gates_configured.v1"),
        (WORKED, "gate.tests", "files_changed.v1"),
        (WORKED, "review.code", "files_changed.v1"),
        (PROVEN, "integration.accepted", "files_changed.v1"),
    ],
)
def test_what_never_happened_begins_at_what_made_it_due(steps, code, last):
    story = goal.given(*steps)
    gap = story.gap(code)
    assert gap.evidence == ()
    seqs = due(story.state, code)
    assert EXAMPLES[last].__class__ is type(story.records[max(seqs) - 1].event)


def test_before_the_first_event_there_is_no_chain():
    why, _ = why_of(history_of(()), 0)
    assert why["blocking"]
    assert all((gap["chain"], gap["chain_left_out"]) == ((), 0) for gap in why["blocking"])


class Counted:
    """A log of many events, each resting on the one before it and on the first; it counts what is read of it."""

    def __init__(self):
        self.read = []

    def find(self, seq):
        self.read.append(seq)
        one = record(EXAMPLES["goal_resumed.v1"], goal.state)
        return one.__class__(
            goal=one.goal,
            seq=seq,
            at=one.at,
            actor=one.actor,
            causes=tuple(sorted({1, seq - 1} - {0})) if seq > 1 else (),
            prev="",
            event=one.event,
        )


def test_a_long_chain_keeps_what_is_nearest_and_says_how_much_it_leaves_out():
    log = Counted()
    one = chain(log.find, [1_000_000, 999_000])
    assert [entry.seq for entry in one.entries] == list(range(1_000_001 - LONGEST, 1_000_001))
    assert one.left_out == 3  # the one before the earliest that is kept, the first event, and 999000
    assert len(log.read) == len(set(log.read)) == LONGEST


def test_a_chain_that_fits_leaves_nothing_out():
    one = chain(Counted().find, [LONGEST])
    assert (len(one.entries), one.left_out) == (LONGEST, 0)
