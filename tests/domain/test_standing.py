"""Since when a gap is open: what the fold keeps up to date is what judging everything after every record would say."""

from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from omk.domain.catalogue import EVENTS
from omk.domain.event import Recorded
from omk.domain.proof.rules import RULES
from omk.domain.proof.standing import ALL, KNOWN, QUIET, Judge, Since, Standing, judge, rule_of
from omk.domain.state import INITIAL, PARTS, GoalState, evolve, fold, parts_of
from tests.histories import histories
from tests.noise import noise
from tests.scenario import PROVEN, READY, change, files, gate_named, gate_run, gates, goal, some


def brute(records: list[Recorded]) -> list[Standing]:
    """The standing after each record, by asking every rule for every code every time."""
    open_now: dict[str, Since] = {}
    held: set[str] = set()

    def ask(state: GoalState) -> Standing:
        codes = {code: rule for rule in RULES for code in rule.codes(state)}
        for gone in (set(open_now) | held) - set(codes):
            open_now.pop(gone, None)
            held.discard(gone)
        for code, rule in codes.items():
            if rule.holds(state, code) is not None:
                held.add(code)
                open_now.pop(code, None)
            elif code not in open_now:
                open_now[code] = state.seq if code in held else None
                held.discard(code)
        return Standing(open=Map(open_now), held=frozenset(held))

    ask(INITIAL)
    found, state = [], INITIAL
    for one in records:
        state = evolve(state, one)
        found.append(ask(state))
    return found


@settings(max_examples=150)
@given(histories() | histories(most=60) | noise())
def test_the_standing_is_what_judging_everything_every_time_says(records):
    judged = Judge()
    for one, expected in zip(records, brute(records), strict=True):
        judged.add(one)
        assert judged.standing == expected, one.event
        assert judged.state == fold(records[: one.seq])


@settings(max_examples=100)
@given(histories() | noise())
def test_many_records_at_once_are_the_same_as_one_by_one(records):
    at_once, one_by_one = Judge(), Judge()
    at_once.add_all(records)
    for one in records:
        one_by_one.add(one)
    assert (at_once.state, at_once.standing) == (one_by_one.state, one_by_one.standing)


@settings(max_examples=100)
@given(histories() | noise(), st.integers(0, 40))
def test_a_judge_goes_on_from_a_kept_state_and_standing(records, place):
    first = judge(records[:place])
    second = judge(records[place:], first.state, first.standing)
    whole = judge(records)
    assert (second.state, second.standing) == (whole.state, whole.standing)


@settings(max_examples=100)
@given(histories())
def test_a_judge_says_when_a_gap_opened_or_closed(records):
    judged = Judge()
    before = judged.standing
    for one in records:
        has_changed = judged.add(one)
        assert has_changed == (set(judged.standing.open) != set(before.open))
        before = judged.standing


def test_a_gap_that_never_held_is_open_since_never():
    assert dict(judge(goal.given(*PROVEN).records).standing.open) == {"integration.accepted": None}


def test_a_gap_that_opened_again_is_open_since_it_opened_last():
    back = files("later", "done", change("b.py", None, "new"))
    later = files("done", "later", change("b.py", old=None))
    once = goal.given(*READY, later)
    first = once.state.seq
    assert once.gap("gate.tests").since == first
    closed = once.given(back)
    assert closed.gaps == ()
    again = closed.given(later)
    assert again.gap("gate.tests").since == again.state.seq > first


def test_a_red_gate_after_a_green_one_opens_the_gap_where_it_ran():
    story = goal.given(*READY, *gate_run(outcome="failed", attempt=2))
    assert story.gap("gate.tests").since == story.state.seq


def test_a_gate_that_is_dropped_takes_its_gap_along():
    story = goal.given(*PROVEN, *gate_run(outcome="failed", attempt=2), gates(gate_named("lint")))
    assert "gate.tests" not in story.gaps
    assert story.gap("gate.lint").since is None


def test_every_read_is_of_a_part_of_the_state():
    assert {read.partition(".")[0] for rule in RULES for read in rule.reads} <= set(PARTS)


def test_the_judge_knows_every_kind_of_event():
    assert set(KNOWN) == set(EVENTS.values())


def test_every_code_finds_its_row_of_the_table():
    for rule in RULES:
        for code in rule.codes(goal.given(*READY).state):
            assert rule_of(code) is rule


@given(noise())
def test_a_quiet_kind_changes_nothing_that_a_rule_reads(records):
    state = fold(records)
    for kind in QUIET:
        record = Recorded(goal="g", seq=state.seq + 1, at="", actor="", causes=(), prev="", event=some(kind))
        said = evolve(state, record)
        before, after = parts_of(state), parts_of(said)
        assert all(watch.get(before[watch.slot]) == watch.get(after[watch.slot]) for watch in ALL)
