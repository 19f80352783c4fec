"""A watcher tells when a field of the state became another object, and is quiet while none did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.proof.rules import RULES
from omk.domain.proof.standing import Judge
from omk.domain.proof.watcher import Watcher, getter
from omk.domain.state import PARTS
from tests.histories import histories
from tests.noise import noise

READS = sorted({read for rule in RULES for read in rule.reads} | set(PARTS) | {"goal.paused", "budget.exhausted", "agent.tools"})


def values(reads, parts):
    return [getter([read.partition(".")[2]])(parts[PARTS.index(read.partition(".")[0])])[0] for read in reads]


@given(histories() | noise(), st.lists(st.sampled_from(READS), min_size=1, max_size=5, unique=True))
def test_what_no_watcher_reports_has_not_changed(records, reads):
    judged, watcher = Judge(), Watcher(reads)
    assert watcher.changed(judged.parts)
    before = values(reads, judged.parts)
    for record in records:
        judged.add(record)
        now = values(reads, judged.parts)
        has_changed = watcher.changed(judged.parts)
        assert has_changed or now == before, record.event
        before = now


@given(histories())
def test_a_watcher_is_quiet_while_nothing_becomes_another_object(records):
    judged, watcher = Judge(), Watcher(["goal.oracle", "gate.by_name", "task"])
    watcher.changed(judged.parts)
    for record in records:
        before = values(["goal.oracle", "gate.by_name", "task"], judged.parts)
        judged.add(record)
        now = values(["goal.oracle", "gate.by_name", "task"], judged.parts)
        assert watcher.changed(judged.parts) == any(one is not two for one, two in zip(now, before, strict=True))
        assert not watcher.changed(judged.parts)


def test_a_part_and_a_field_of_it_are_watched_together():
    watcher = Watcher(["task", "goal.paused", "goal.paused", "strange"])
    parts = Judge().parts
    assert [watcher.changed(parts), watcher.changed(parts)] == [True, False]


def test_a_watcher_of_nothing_is_always_quiet():
    assert not Watcher([]).changed(Judge().parts)


def test_what_is_no_part_of_the_state_cannot_be_watched():
    with pytest.raises(ValueError, match="weather"):
        Watcher(["weather.today"])
