"""Addresses: every form means one moment, and everything else is one clear sentence."""

import pytest

from omk.errors import NotFound
from omk.log.memory import MemoryLog
from omk.replay.address import Address, Known, find_goal, locate, parse_address
from tests.history import STORIES, recorded
from tests.scenario import GOAL, time

LOG = recorded(MemoryLog(), STORIES["ready"])
RECORDS = list(LOG.read(GOAL))
HEAD = len(RECORDS)


def read(after, upto):
    return LOG.read(GOAL, after=after, upto=upto)


def at(position):
    return locate(position, goal=GOAL, head=HEAD, read=read)


def seqs(kind):
    return [one.seq for one in RECORDS if type(one.event).__name__ == kind]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("g-1", Address("g-1", "head")),
        ("g-1@12", Address("g-1", "12")),
        (" latest ", Address("latest", "head")),
        ("latest@tool:a@b#1", Address("latest", "tool:a@b#1")),
        ("latest@2026-11-22T10:15:00Z", Address("latest", "2026-11-22T10:15:00Z")),
    ],
)
def test_an_address_is_a_goal_and_a_position(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "  ", "@", "@12", "g-1@"])
def test_an_address_with_an_empty_half_is_refused_in_one_line(text):
    with pytest.raises(NotFound) as refused:
        parse_address(text)
    assert "empty" in str(refused.value)
    assert "\n" not in str(refused.value)


KNOWN = [Known("g-abc1", "2026-01-02"), Known("g-abc2", "2026-01-03"), Known("g-abc20", "2026-01-01")]


@pytest.mark.parametrize(
    ("name", "goal"), [("g-abc1", "g-abc1"), ("g-abc2", "g-abc2"), ("g-abc20", "g-abc20"), ("latest", "g-abc2")]
)
def test_a_goal_goes_by_its_id_by_the_beginning_of_it_or_as_latest(name, goal):
    assert find_goal(name, KNOWN) == goal


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("g-abc", KNOWN, "fits several goals: g-abc1, g-abc2, g-abc20"),
        ("x", KNOWN, "'x' not found"),
        ("", KNOWN, "empty"),
        ("latest", [], "No goals found"),
    ],
)
def test_a_goal_that_is_not_one_is_refused_with_what_there_is(name, known, words):
    with pytest.raises(NotFound, match=words):
        find_goal(name, known)


@pytest.mark.parametrize(
    ("position", "seq"),
    [
        ("0", 0),
        ("1", 1),
        (str(HEAD), HEAD),
        ("head", HEAD),
        ("-1", HEAD - 1),
        (f"-{HEAD}", 0),
        (time(5), 5),
        (time(5.5), 5),
        (time(5)[:19] + "Z", 5),
        ("2026-01-02T04:04:10+01:00", 5),
        ("2999-01-01", HEAD),
        ("goal_created", 1),
        ("goal_created#1", 1),
        ("goal_created.v1", 1),
        ("review_passed#2", seqs("ReviewPassed")[1]),
        ("review_passed.v1#6", seqs("ReviewPassed")[5]),
        ("gate:tests", seqs("GateRan")[0]),
        ("gate:tests#1", seqs("GateRan")[0]),
        ("ready", HEAD),
    ],
)
def test_a_position_means_one_event(position, seq):
    assert at(position) == seq


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (str(HEAD + 1), f"0\\.\\.{HEAD}"),
        (f"-{HEAD + 1}", f"0\\.\\.{HEAD}"),
        ("99999999999999999999", "is no position"),
        ("1999-01-01T00:00:00Z", "before the first event"),
        ("0300-01-01", "before the first event"),
        ("0999-12-31T23:59:59Z", "before the first event"),
        ("0001-01-01T00:00:00+23:59", "is no time"),
        ("9999-12-31T23:59:59-23:59", "is no time"),
        ("2026-13-01T00:00:00Z", "is no time"),
        ("gate_ran#2", "it has 1"),
        ("gate_ran#0", "no gate_ran number 0"),
        ("gate_ran.v2", "has no"),
        ("gate:lint", "no run of gate lint"),
        ("tool:nothing", "no tool call nothing"),
        ("tea_made", "has no"),
        ("Head", "is no position"),
        ("1.5", "is no position"),
        ("+1", "is no position"),
        ("\u0661", "is no position"),
        ("\x1b[2J", "is no position"),
    ],
)
def test_a_position_that_is_none_is_refused_in_one_line(position, words):
    with pytest.raises(NotFound, match=words) as refused:
        at(position)
    assert "\n" not in str(refused.value)


def test_a_goal_that_never_was_ready_has_no_such_moment():
    log = recorded(MemoryLog(), STORIES["blocked"])
    with pytest.raises(NotFound, match="never ready"):
        locate("ready", goal=GOAL, head=4, read=lambda after, upto: log.read(GOAL, after=after, upto=upto))


def test_ready_is_the_first_moment_also_when_it_did_not_last():
    log = recorded(MemoryLog(), STORIES["stale"])
    head = len(STORIES["stale"].records)
    found = locate("ready", goal=GOAL, head=head, read=lambda after, upto: log.read(GOAL, after=after, upto=upto))
    assert found == head - 1
