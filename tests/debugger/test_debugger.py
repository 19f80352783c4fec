"""Moving through time: wherever the debugger stands, it says what the fold says, and it stops where brute force stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.debugger.model import ladder, survey, tape, work
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.tape import Tape
from omk.domain.proof.proof import prove
from omk.domain.subjects.agent import AgentDied, AgentFinished
from omk.domain.subjects.gate import GateRan
from omk.errors import NotFound
from omk.replay.address import locate
from omk.replay.query.expression import compile_expression
from omk.replay.suppose.whatif import what_if
from omk.replay.timeline import timeline_entry
from tests.debugger.standing import over, run_of, told
from tests.histories import histories

RUN = "gate-red-then-green"
EXPRESSIONS = (
    'status == "ready"', "status", "len(gaps) > 8", "gates.tests.outcome", '"gate.tests" in gaps', "tree", "usage.tokens",
    "len(files)", "phase", "len(obligations) > 0", "event.kind", "seq > 7", "goal.id", "true", 'proof.status != "running"',
)  # fmt: skip


@pytest.fixture
def short(monkeypatch):
    """Everything that is done every few thousand events is done every few: windows, rungs, pieces, and what is far."""
    monkeypatch.setattr(tape, "WINDOW", 4)
    monkeypatch.setattr(tape, "KEPT", 3)
    monkeypatch.setattr(tape, "NEAR", 9)
    monkeypatch.setattr(tape, "SPACING", 8)
    monkeypatch.setattr(survey, "SPACING", 8)
    monkeypatch.setattr(survey, "REACH", 16)
    monkeypatch.setattr("omk.debugger.model.debugger.REACH", 16)
    monkeypatch.setattr("omk.debugger.model.supposing.SPACING", 4)
    for module in ("survey", "breakpoints", "search", "supposing"):
        monkeypatch.setattr(f"omk.debugger.model.{module}.PIECE", 3)
    assert (ladder.SPACING, work.PIECE) == (4096, 512)


# --- Standing ---


def test_wherever_one_stands_state_and_verdict_are_those_of_the_fold(short):
    debugger = run_of(RUN)
    history = debugger.tape.source
    for seq in [*range(debugger.head, -1, -1), *range(debugger.head + 1), 40, 3, 77, 0, debugger.head]:
        debugger.go(seq)
        debugger.finish()
        state, proof = history.at(seq)
        assert (debugger.seq, debugger.moment.state, debugger.moment.proof) == (seq, state, proof)


def test_no_step_leaves_the_history():
    debugger = run_of(RUN, 1)
    debugger.step(-10)
    assert (debugger.seq, debugger.message) == (0, "")
    debugger.step(-1)
    assert (debugger.seq, debugger.message) == (0, "This is before the first event.")
    debugger.step(10_000)
    debugger.step(1)
    assert (debugger.seq, debugger.message) == (debugger.head, "This is the last event.")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=20), st.integers(0, 60))
def test_a_tape_reads_what_its_source_reads_also_while_it_grows(spans, head):
    records = list(run_of(RUN).tape.source.read(0, 60))
    growing = Tape(told(records[:head]), head)
    for number, (after, upto) in enumerate(spans):
        if number == len(spans) // 2:
            growing.source = told(records)
            assert growing.grow() == 60 - head
        expected = records[after : min(upto, growing.head)]
        assert list(growing.read(after, upto)) == expected
        assert growing.record(upto) == (records[upto - 1] if 0 < upto <= growing.head else None)


@given(st.integers(0, 60), st.integers(1, 60))
def test_what_is_read_ahead_is_what_stepping_asks_for(seq, head):
    records = list(run_of(RUN).tape.source.read(0, 60))
    reader = Tape(told(records[:head]), head)
    place = min(seq, head)
    while (span := reader.lacks(place)) is not None:
        reader.fetch(*span)
    reader.source = told([])  # from here on nothing more can be read
    assert list(reader.read(0, head)) == records[:head]
    assert reader.record(place) == (records[place - 1] if place else None)


# --- Going where an address leads ---


@pytest.mark.parametrize("position", ["12", "-1", "0", "head", "ready", "gate_ran#2", "gate:demo#2", "files_changed"])
def test_a_jump_goes_where_the_address_leads(position, short):
    debugger = run_of(RUN, 5)
    debugger.jump(position)
    debugger.finish()
    found = locate(position, goal=debugger.tape.goal, head=debugger.head, read=debugger.tape.source.read)
    assert debugger.seq == found


@pytest.mark.parametrize("position", ["94", "-94", "gate_ran#99", "nothing at all", "gate:none", "1999-01-01", "2026-99-99"])
def test_a_bad_address_is_said_in_words_and_moves_nothing(position, short):
    debugger = run_of(RUN, 5)
    with pytest.raises(NotFound) as problem:
        locate(position, goal=debugger.tape.goal, head=debugger.head, read=debugger.tape.source.read)
    debugger.jump(position)
    debugger.finish()
    assert (debugger.seq, debugger.is_trouble, debugger.message) == (5, True, " ".join(str(problem.value).split()))


def test_an_address_may_name_the_goal_that_is_shown():
    debugger = run_of(RUN, 5)
    for seq, goal in ((12, debugger.tape.goal), (13, debugger.tape.goal[:12]), (14, "")):
        debugger.jump(f"{goal}@{seq}")
        debugger.finish()
        assert (debugger.seq, debugger.message) == (seq, "")


@pytest.mark.parametrize("goal", ["latest", "goal-20990101-000000-000-00000000", "other"])
def test_an_address_in_another_goal_is_refused_in_one_line_and_moves_nothing(goal):
    debugger = run_of(RUN, 5)
    debugger.jump(f"{goal}@12")
    debugger.finish()
    assert (debugger.seq, debugger.is_trouble) == (5, True)
    assert debugger.message.startswith(f"This shows {debugger.tape.goal}, ")
    assert "12" in debugger.message
    assert "\n" not in debugger.message


# --- From verdict to verdict ---


def worth_a_stop(history, records):
    """Where a gap opened or closed (but for what is merely at work), the status changed, or a run ended badly."""
    status, places = "", set()
    for one in history.verdicts():
        if {*one.opened, *one.closed} - {"obligations.closed"} or one.status != status:
            places.add(one.seq)
        status = one.status
    places |= {one.seq for one in records if isinstance(one.event, GateRan) and one.event.outcome != "passed"}
    places |= {one.seq for one in records if isinstance(one.event, AgentFinished) and one.event.outcome != "succeeded"}
    return places | {one.seq for one in records if isinstance(one.event, AgentDied)}


@given(histories(), st.data())
def test_the_next_and_the_last_stop_are_where_the_verdict_changed_or_a_run_ended_badly(records, data):
    debugger = over(records)
    places = worth_a_stop(debugger.tape.source, records)
    seq = data.draw(st.integers(0, len(records)))
    debugger.go(seq)
    debugger.next_verdict()
    debugger.finish()
    assert debugger.seq == min((one for one in places if one > seq), default=seq)
    debugger.go(seq)
    debugger.last_verdict()
    debugger.finish()
    assert debugger.seq == max((one for one in places if one < seq), default=seq)


@given(histories())
def test_the_survey_finds_every_change_of_the_verdict(records):
    debugger = over(records)
    list(debugger.survey.reach(len(records)))
    assert list(debugger.survey.changes.values()) == list(debugger.tape.source.verdicts())


def test_going_back_stops_at_the_gate_that_failed_and_says_so():
    debugger = run_of(RUN, 42)
    debugger.last_verdict()
    debugger.finish()
    assert (debugger.seq, debugger.message) == (37, "gate demo failed")
    debugger.next_verdict()
    debugger.finish()
    assert (debugger.seq, debugger.message) == (42, "closed review.architect; running")


# --- Breakpoints ---


def hits(history, text, head):
    """Where a breakpoint is hit, by asking the whole fold at every event."""
    expression = compile_expression(text)
    values = [expression.value(history.moment(seq)) for seq in range(head + 1)]
    if expression.is_condition:
        return [seq for seq in range(1, head + 1) if values[seq] and not values[seq - 1]]
    return [seq for seq in range(1, head + 1) if values[seq] != values[seq - 1]]


def brute_force(records, texts, seq):
    """The next position at which one of these is hit, and the one before; None where there is none."""
    every = {one for text in texts for one in hits(told(records), text, len(records))}
    return min((one for one in every if one > seq), default=None), max((one for one in every if one < seq), default=None)


def ran(debugger, seq, *, back):
    debugger.go(seq)
    debugger.finish()
    debugger.run(back=back)
    debugger.finish()
    return debugger.hits and debugger.seq


@given(histories(), st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=3), st.data())
def test_running_either_way_stops_where_brute_force_does(records, texts, data):
    debugger = over(records)
    for text in texts:
        debugger.add_breakpoint(text)
    seq = data.draw(st.integers(0, len(records)))
    expected = brute_force(records, texts, seq)
    assert (ran(debugger, seq, back=False), ran(debugger, seq, back=True)) == expected


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_running_back_over_checkpoints_stops_where_brute_force_does(text, short):
    debugger = run_of(RUN)
    list(debugger.survey.reach(debugger.head))
    records = list(debugger.tape.source.read(0, None))
    debugger.add_breakpoint(text)
    every = hits(told(records, debugger.tape.goal), text, debugger.head)
    for seq in range(0, debugger.head + 1, 7):
        assert ran(debugger, seq, back=True) == max((one for one in every if one < seq), default=None)
        assert ran(debugger, seq, back=False) == min((one for one in every if one > seq), default=None)


def test_a_run_without_a_hit_stays_and_says_so():
    debugger = run_of(RUN, 12)
    debugger.add_breakpoint('status == "cancelled"')
    debugger.run()
    debugger.finish()
    assert (debugger.seq, debugger.message) == (12, "No event after 12 hits a breakpoint.")


def test_a_hit_says_which_breakpoint_and_what_its_expression_was_and_is():
    debugger = run_of(RUN, 0)
    debugger.add_breakpoint("gates.demo.outcome")
    debugger.add_breakpoint('gates.demo.outcome == "failed"')
    debugger.go(10)
    debugger.run()
    debugger.finish()
    assert debugger.seq == 37
    assert debugger.message == (
        'Breakpoint 1: gates.demo.outcome "never" -> "failed"; Breakpoint 2: gates.demo.outcome == "failed" is true now'
    )


def test_a_breakpoint_that_is_off_or_deleted_stops_nothing():
    debugger = run_of(RUN, 0)
    debugger.add_breakpoint("gates.demo.outcome")
    debugger.add_breakpoint("phase")
    debugger.toggle_breakpoint(1)
    debugger.delete_breakpoint(0)
    debugger.run()
    assert debugger.is_trouble
    assert debugger.message.startswith("No breakpoint is on.")
    debugger.toggle_breakpoint(0)
    debugger.run()
    debugger.finish()
    assert debugger.hits.points[0].number == 2


@pytest.mark.parametrize("text", ["", "1 +", "__import__('os')", "nothing.there", "status ==", "x" * 2000])
def test_a_bad_expression_is_said_in_one_line_and_is_no_breakpoint(text):
    debugger = run_of(RUN, 0)
    debugger.add_breakpoint(text)
    assert (debugger.breakpoints, debugger.is_trouble) == ([], True)
    assert debugger.message
    assert "\n" not in debugger.message


def test_a_path_that_leads_nowhere_is_a_breakpoint_with_a_hint():
    debugger = run_of(RUN, 12)
    debugger.add_breakpoint("gates.demo.outcom")
    debugger.finish()
    assert (len(debugger.breakpoints), debugger.is_trouble, debugger.seq) == (1, True, 12)
    assert debugger.message.startswith("Breakpoint 1: where gates.demo.outcom changes. But gates.demo has no outcom at event 93.")
    assert debugger.message.endswith("Did you mean outcome?")
    debugger.add_breakpoint("gates.demo.outcome")
    debugger.finish()
    assert (debugger.message, debugger.is_trouble) == ("Breakpoint 2: where gates.demo.outcome changes.", False)


# --- Searching ---


@given(histories(), st.sampled_from(["TASK", "gate", "passed", "ann", "7", "nowhere", "v1"]), st.data())
def test_a_search_finds_the_nearest_line_either_way_whatever_the_case(records, text, data):
    entries = [timeline_entry(one) for one in records]
    having = [one.seq for one in entries if text.lower() in f"{one.seq} {one.kind} {one.actor} {one.summary}".lower()]
    seq = data.draw(st.integers(0, len(records)))
    debugger = over(records, seq)
    debugger.search(text)
    debugger.finish()
    assert debugger.seq == min((one for one in having if one > seq), default=seq)
    debugger.go(seq)
    debugger.search("", back=True)  # the same text again
    debugger.finish()
    assert debugger.seq == max((one for one in having if one < seq), default=seq)


# --- What if ---


@given(histories(), st.data())
def test_what_is_supposed_is_what_a_whatif_says(records, data):
    places = st.integers(1, len(records))
    drops = data.draw(st.sets(places, min_size=1, max_size=3))
    debugger = over(records)
    for seq in sorted(drops):
        debugger.go(seq)
        debugger.suppose()
        debugger.finish()
    for seq in [data.draw(places), len(records), data.draw(places)]:
        debugger.go(seq)
        debugger.finish()
        expected = what_if(told(records), seq, {one for one in drops if one <= seq})
        judged = debugger.judged
        assert judged.status == expected.after.status
        assert sorted(judged.standing.open) == sorted(expected.after.gaps)
        assert [gap.code for gap in prove(judged.state, judged.standing).gaps] == list(expected.after.gaps)
        assert {one for one in debugger.supposing.fallen if one <= seq} == set(expected.dropped)


def test_a_supposition_is_undone_by_the_same_key_and_all_of_them_by_another():
    debugger = run_of(RUN, 37)
    recorded = debugger.judged.proof
    debugger.suppose()
    debugger.finish()
    assert debugger.is_hypothetical
    assert debugger.judged.proof != recorded
    debugger.suppose()
    debugger.finish()
    assert (debugger.is_hypothetical, debugger.judged.proof) == (False, recorded)
    for seq in (35, 37):
        debugger.go(seq)
        debugger.suppose()
        debugger.finish()
    debugger.suppose_nothing()
    debugger.finish()
    assert (debugger.supposing.fallen, debugger.judged.proof) == (frozenset(), recorded)


def test_before_what_was_left_out_the_verdict_is_the_recorded_one():
    debugger = run_of(RUN, 37)
    debugger.suppose()
    debugger.go(36)
    debugger.finish()
    assert not debugger.is_hypothetical
    assert debugger.judged is debugger.moment


def test_nothing_can_be_left_out_before_the_first_event():
    debugger = run_of(RUN, 0)
    debugger.suppose()
    assert debugger.is_trouble
    assert not debugger.supposing.dropped


# --- Following ---


def test_whoever_stands_at_the_head_goes_with_it_and_whoever_stepped_back_stays():
    records = list(run_of(RUN).tape.source.read(0, None))
    debugger = Debugger(Tape(told(records[:20]), 20), 20, follows=True)
    assert not debugger.poll()
    debugger.tape.source = told(records[:30])
    assert debugger.poll()
    assert (debugger.seq, debugger.head) == (30, 30)
    debugger.step(-1)
    debugger.tape.source = told(records)
    assert debugger.poll()
    assert (debugger.seq, debugger.head) == (29, 93)
    before = debugger.has_ended
    debugger.go(debugger.head)
    assert (before, debugger.has_ended) == (False, True)
    assert [debugger.judged and debugger.judged.status] == ["ready"]


def test_without_following_nothing_is_taken_in():
    records = list(run_of(RUN).tape.source.read(0, None))
    debugger = over(records[:20], 20)
    debugger.tape.source = told(records)
    assert not debugger.poll()
    assert debugger.head == 20


# --- Long questions ---


def test_a_far_place_is_folded_piece_by_piece_and_a_key_gives_it_up(short):
    debugger = run_of(RUN, 0)
    debugger.go(90)
    assert debugger.job is not None
    assert (debugger.seq, debugger.moment) == (90, None)
    debugger.stop()
    assert (debugger.job, debugger.seq) == (None, 0)
    assert debugger.moment is not None


def test_a_breakpoint_that_is_added_on_the_way_does_not_end_the_way(short):
    debugger = run_of(RUN, 0)
    debugger.go(90)
    debugger.add_breakpoint("gates.demo.outcom")
    assert (debugger.seq, len(debugger.breakpoints), debugger.job is None) == (90, 1, False)
    debugger.finish()
    assert debugger.moment.state.seq == 90


def test_an_answer_that_nobody_waits_for_any_more_moves_nothing(short):
    debugger = run_of(RUN, 0)
    debugger.go(90)
    job = debugger.job
    debugger.go(3)
    debugger.answer(job, None)
    assert debugger.seq == 3
