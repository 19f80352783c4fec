"""The writer leaves snapshots behind: at opening where there is a hole, and while it appends; and it begins at them."""

import pytest

from omk.domain.checkpoint import kinds_of
from omk.domain.event import Unknown
from omk.domain.proof.standing import judge
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.goal import ForkGoal, GoalForked, OracleAssessed, PauseGoal, ResumeGoal
from omk.log.codec import Entry, decode
from omk.log.memory import MemoryLog
from omk.log.snapshots import Snapshots
from omk.runtime.handle import Handle, Superseded
from tests.history import STORIES, entries_of, recorded
from tests.scenario import ANN, GOAL, WORKED, create, goal, some

SPACING = 8
STORY = STORIES["unaccepted"]
LENGTH = len(STORY.records)


class CountingLog(MemoryLog):
    """Remembers after which event it was read to the end."""

    def __init__(self):
        super().__init__()
        self.reads = []

    def read(self, goal, *, after=0, upto=None, verify=True, texts=True):
        if upto is None:
            self.reads.append(after)
        return super().read(goal, after=after, upto=upto, verify=verify, texts=texts)


@pytest.fixture
def log():
    return recorded(CountingLog(), STORY)


def handle(log, folder, **more):
    return Handle(log, GOAL, folder, spacing=SPACING, **more)


def kept(log, folder):
    return Snapshots(folder, log, GOAL, spacing=SPACING)


def assert_sound(log, folder, places):
    """Exactly these snapshots are there, and each is what folding from the first event on gives."""
    records, found = list(MemoryLog.read(log, GOAL)), kept(log, folder)
    assert found.places() == list(places)
    for seq in places:
        judged, one = judge(records[:seq]), found.load(seq)
        assert one is not None
        assert (one.state, one.standing, one.head) == (judged.state, judged.standing, records[seq - 1].digest)
        assert (one.kinds, one.after) == (kinds_of(records[seq - SPACING : seq]), seq - SPACING)


def test_opening_a_goal_leaves_a_snapshot_each_few_events(log, tmp_path):
    handle(log, tmp_path)
    assert_sound(log, tmp_path, range(SPACING, LENGTH + 1, SPACING))


def test_appending_leaves_them_too(log, tmp_path):
    writer = handle(log, tmp_path)
    for _ in range(SPACING):
        writer(PauseGoal(actor=ANN), ResumeGoal(actor=ANN))
    assert writer.state.seq == LENGTH + 2 * SPACING
    assert_sound(log, tmp_path, range(SPACING, writer.state.seq + 1, SPACING))


def test_a_goal_that_begins_here_gets_the_same(tmp_path):
    log = CountingLog()
    writer = handle(log, tmp_path)
    for start in range(0, LENGTH, 3):
        log.append(GOAL, entries_of(STORY)[start : start + 3], after=start)
        writer.refresh()
    assert_sound(log, tmp_path, range(SPACING, LENGTH + 1, SPACING))


@pytest.mark.parametrize("known", [False, True])
def test_a_fork_counts_what_it_inherited_in_the_snapshot_that_it_leaves(log, tmp_path, known):
    if known:
        handle(log, tmp_path)
    seq = 4 * SPACING - 1
    fork = Handle(log, "g-fork", tmp_path, spacing=SPACING)
    fork.inherit(GOAL, seq)
    forked = some(GoalForked, goal=GOAL, seq=seq, head=fork.state.head)
    fork(ForkGoal(actor=ANN, forked=forked, assessed=some(OracleAssessed)))
    found = Snapshots(tmp_path, log, "g-fork", spacing=SPACING).load(4 * SPACING)
    records = list(MemoryLog.read(log, "g-fork", upto=4 * SPACING))
    assert found is not None
    assert (found.state.head, found.after) == (records[-1].digest, 3 * SPACING)
    assert found.kinds == kinds_of(records[3 * SPACING :])
    assert found.state == judge(records).state


def test_the_next_writer_begins_at_the_last_one_and_knows_the_same(log, tmp_path):
    first = handle(log, tmp_path)
    second = handle(log, tmp_path)
    assert log.reads == [0, LENGTH // SPACING * SPACING]
    assert (second.state, second.proof, second.judge.standing) == (first.state, first.proof, first.judge.standing)
    assert len(second(PauseGoal(actor=ANN))) == 1
    assert first(PauseGoal(actor=ANN)) == []  # it hears of it, and has nothing to add


@pytest.mark.parametrize("hole", range(SPACING, LENGTH + 1, SPACING))
def test_a_hole_is_filled_from_the_one_before_it(log, tmp_path, hole):
    handle(log, tmp_path)
    file = next((tmp_path / "snapshots" / GOAL).glob(f"*/{hole}"))
    file.write_bytes(file.read_bytes()[:-1])
    handle(log, tmp_path)
    assert log.reads == [0, hole - SPACING]
    assert_sound(log, tmp_path, range(SPACING, LENGTH + 1, SPACING))


def test_snapshots_of_another_log_of_that_name_are_not_believed(log, tmp_path):
    other = recorded(MemoryLog(), goal.given(create(accept="auto"), *WORKED[1:]))
    handle(other, tmp_path)
    before = kept(other, tmp_path).places()
    assert len(before) > 1
    assert kept(log, tmp_path).places() == before
    writer = handle(log, tmp_path)
    judged = judge(MemoryLog.read(log, GOAL))
    assert (writer.state, writer.judge.standing) == (judged.state, judged.standing)
    assert_sound(log, tmp_path, range(SPACING, LENGTH + 1, SPACING))


@pytest.mark.parametrize("name", ["snapshots", f"snapshots/{GOAL}"])
def test_where_no_snapshot_can_be_written_the_goal_goes_on_without(log, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("in the way")
    writer = handle(log, tmp_path)
    for _ in range(SPACING):
        writer(PauseGoal(actor=ANN), ResumeGoal(actor=ANN))
    assert writer.state.seq == LENGTH + 2 * SPACING
    assert kept(log, tmp_path).places() == []


def test_a_full_disk_stops_no_snapshot_and_no_command(log, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", fail)
    writer = handle(log, tmp_path)
    assert len(writer(PauseGoal(actor=ANN))) == 1
    assert kept(log, tmp_path).places() == []


def test_another_controllers_start_is_heard_of_wherever_it_stands(log, tmp_path):
    writer = handle(log, tmp_path)
    writer.controller = "c-1"
    later = handle(log, tmp_path)
    event = ControllerStarted(controller="c-2", pid=1, started="1", steps=(), max_attempts=1, resumes=None, version="1")
    entry = later._sealed(event, "controller:c-2", (), later.state)
    log.append(GOAL, [entry], after=LENGTH)
    with pytest.raises(Superseded, match="c-2"):
        writer.refresh()
    assert writer.state.seq == LENGTH + 1


def test_kinds_nobody_knows_are_named_in_a_snapshot(tmp_path):
    log = CountingLog()
    body = (
        b'{"open":{},"sealed":{"actor":"controller:c1","at":"2027-11-22T10:15:01.000000Z","causes":[],"event":'
        b'{"crew":["ann"],"kind":"moon_landed.v9"},"goal":"%s","prev":"%s","seq":%d}}'
    )
    entries = entries_of(STORY)[: SPACING - 1]
    odd = body % (GOAL.encode(), entries[-1].record.digest.encode(), SPACING)
    log.append(GOAL, [*entries, Entry(decode(odd), odd)], after=0)
    assert isinstance(decode(odd).event, Unknown)
    handle(log, tmp_path)
    assert_sound(log, tmp_path, [SPACING])
    found = kept(log, tmp_path).load(SPACING)
    assert found is not None
    assert "moon_landed.v9" in found.kinds
