"""The timeline's short ways: the same texts, the same refusals and the same times as the long ones."""

import pytest

from omk.domain.catalogue import EVENTS
from omk.domain.text import texts
from omk.errors import Damaged
from omk.log.codec import decode, seal
from omk.replay.pace import Pace
from omk.replay.timeline import _texts, timeline_entry
from tests.scenario import time
from tools.examples import EXAMPLES


def sealed(event, at=None):
    return seal(event, goal="g", seq=1, at=at or time(1), actor="a", causes=(), prev="", salt=lambda: b"0123456789abcdef")


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_the_short_way_to_a_records_texts_finds_the_same(tag):
    record = sealed(EXAMPLES[tag]).record
    assert _texts(record, record.event) == texts(record)


@pytest.mark.parametrize("tag", ["goal_paused.v1", "agent_finished.v1", "agent_said.v1"])
def test_a_text_that_is_not_the_one_that_was_sealed_has_no_line(tag):
    body = sealed(EXAMPLES[tag]).body
    salt = b"0123456789abcdef".hex().encode()
    assert salt in body
    for record in (decode(body.replace(salt, b"00" * 16)), decode(body.replace(salt, b"no salt"))):
        with pytest.raises(Damaged, match=r"text|open half"):
            timeline_entry(record)


@pytest.mark.parametrize(
    ("first", "then", "elapsed"),
    [
        ("2026-11-22T10:15:00.999999Z", "2026-11-22T10:15:01.000998Z", 0),
        ("2026-11-22T10:15:00.999999Z", "2026-11-22T10:15:01.000999Z", 1),
        ("2026-12-31T23:59:59.500000Z", "2027-01-01T00:00:00.500000Z", 1_000),
        ("2026-11-22T10:15:59.000000Z", "2026-11-22T11:15:00+00:00", 3_541_000),
        ("2026-11-22T10:15:00.000000Z", "2026-11-22T10:14:00.000000Z", -60_000),
    ],
)
def test_times_are_counted_in_whole_milliseconds_across_minutes_and_years(first, then, elapsed):
    pace, event = Pace(), EXAMPLES["goal_paused.v1"]
    assert pace.of(sealed(event, first).record) == (0, None)
    assert pace.of(sealed(event, then).record) == (elapsed, None)
