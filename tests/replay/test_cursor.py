"""A cursor says what the history says, wherever one goes and whatever it keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.checkpoint import Checkpoint
from omk.domain.subjects.agent import AgentSaid
from omk.errors import NotFound
from omk.log.codec import Entry, decode
from omk.log.memory import MemoryLog
from omk.replay.cursor import SHARE, Cursor
from omk.replay.history import History
from tests.histories import histories
from tests.history import STORIES, history, recorded
from tests.noise import noise
from tests.scenario import Story, create, some


class Told:
    """Records as a history, with a checkpoint each few events, and a count of the events that were folded."""

    def __init__(self, records, every=0):
        self.records, self.read_so_far = records, 0
        self.checkpoints = {}
        plain = History("g", self.read)
        for seq in range(every, len(records) + 1, every) if every else ():
            moment = plain.moment(seq)
            self.checkpoints[seq] = Checkpoint(seq=seq, head=moment.state.head, state=moment.state, standing=moment.standing)
        self.read_so_far = 0
        self.history = History("g", self.read, self.nearest)

    def read(self, after, upto):
        some = self.records[after:upto]
        self.read_so_far += len(some)
        return iter(some)

    def nearest(self, seq):
        return self.checkpoints.get(max((place for place in self.checkpoints if place <= seq), default=0))


def same(one, other):
    return (one.state, one.standing, one.record) == (other.state, other.standing, other.record)


@given(histories() | noise(), st.data())
def test_a_walk_of_any_kind_meets_what_the_history_says(records, data):
    every, spacing, segment = (data.draw(st.integers(low, 9)) for low in (0, 1, 1))
    told, plain = Told(records, every), Told(records).history
    cursor = Cursor(told.history, spacing=spacing, segment=segment * spacing, kept=data.draw(st.integers(2, 5)))
    seq = data.draw(st.integers(0, len(records)))
    for step in data.draw(st.lists(st.sampled_from((1, -1, -1, -1, 0, 5, -5, 17, -17)), max_size=60)):
        assert same(cursor.moment(seq), plain.moment(seq))
        seq = min(max(seq + step, 0), len(records))


@pytest.mark.parametrize("every", [0, 16])
def test_the_way_back_from_the_end_to_the_beginning(every):
    records = list(STORIES["ready"].records)
    told, plain = Told(records, every), Told(records).history
    cursor = Cursor(told.history, spacing=4, segment=16, kept=8)
    for seq in (*range(len(records), -1, -1), *range(len(records) + 1)):
        assert same(cursor.moment(seq), plain.moment(seq))


def test_beyond_the_end_there_is_nothing_and_the_cursor_stays_of_use():
    records = list(STORIES["blocked"].records)
    cursor = Cursor(Told(records).history)
    for wrong in (len(records) + 1, len(records) + 7):
        with pytest.raises(NotFound, match=rf"0\.\.{len(records)}"):
            cursor.moment(wrong)
    with pytest.raises(NotFound):
        cursor.moment(-1)
    assert cursor.moment(len(records)).state.seq == len(records)


def test_a_goal_that_grows_is_followed():
    log = recorded(MemoryLog(), STORIES["unaccepted"])
    cursor, told = Cursor(history(log)), history(log)
    head = len(STORIES["unaccepted"].records)
    assert same(cursor.moment(head), told.moment(head))
    with pytest.raises(NotFound):
        cursor.moment(head + 1)
    entries = recorded(MemoryLog(), STORIES["rejected"])
    longer = [one for one in entries.bodies(log.heads()[0].goal) if one.seq > head]
    log.append(log.heads()[0].goal, [Entry(decode(one.body), one.body) for one in longer], after=head)
    assert same(cursor.moment(head + 1), told.moment(head + 1))
    assert same(cursor.moment(head), told.moment(head))


def long(number):
    """A history of the given length, of which only the number of events matters."""
    story = Story().given(create())
    return list(story.given(*(some(AgentSaid, number=place) for place in range(number - len(story.records)))).records)


@pytest.mark.parametrize("every", [0, 512])
def test_no_step_folds_more_than_a_few_events_and_no_more_than_a_few_moments_are_kept(every):
    length, spacing, segment, kept = 2_500, 16, 512, 96
    told = Told(long(length), every)
    cursor = Cursor(told.history, spacing=spacing, segment=segment, kept=kept)
    for start in (length, 1_025, 1_024, 1_023, 700, 1_600):
        cursor.moment(start)
        back = range(start - 1, max(start - 800, -1), -1)
        for seq in (*back, *reversed(back)):
            before = told.read_so_far
            assert cursor.moment(seq).state.seq == seq
            assert told.read_so_far - before <= spacing + SHARE + 4, seq
        assert len(cursor._moments) <= kept + length // segment + 1
        assert sorted(cursor._moments) == cursor._places
