"""What every log promises; each kind of log is a subclass that says how to open one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier

import pytest

from omk.domain.event import Unknown, kind_of
from omk.domain.subjects.goal import GoalForked, GoalPaused
from omk.errors import Conflict, Damaged
from omk.log.blobs import pack
from omk.log.protocol import Head, Log, begins_fork
from omk.log.shares import share_of
from tests.log.records import GOAL, OTHER, STORY, foreign, history, many

_, BLOB = pack(b"one\ntwo\n", b"", 8, b"s" * 16)


class LogContract:
    """Given an empty log."""

    def open(self, folder: Path) -> Log:
        """Another handle on the same log."""
        raise NotImplementedError

    @pytest.fixture
    def log(self, tmp_path: Path) -> Iterator[Log]:
        log = self.open(tmp_path)
        yield log
        log.close()

    def test_what_was_appended_is_read_again(self, log):
        entries = history()
        log.append(GOAL, entries[:2], after=0)
        log.append(GOAL, entries[2:], after=2)
        assert list(log.read(GOAL)) == [entry.record for entry in entries]
        assert [stored.body for stored in log.bodies(GOAL)] == [entry.body for entry in entries]

    def test_reading_unverified_gives_the_same_and_a_digest_for_the_last_record_only(self, log):
        entries = history()
        log.append(GOAL, entries, after=0)
        records = list(log.read(GOAL, verify=False))
        assert [record.event for record in records] == [entry.record.event for entry in entries]
        assert [record.open for record in records] == [entry.record.open for entry in entries]
        assert [record.digest for record in records] == ["", "", "", "", entries[-1].record.digest]

    def test_an_unknown_goal_has_no_records(self, log):
        assert list(log.read("nobody")) == []
        assert list(log.bodies("nobody")) == []
        assert log.heads() == []

    @pytest.mark.parametrize("verify", [True, False])
    def test_a_part_of_a_history_is_read_between_two_positions(self, log, verify):
        log.append(GOAL, many(9), after=0)
        parts = [(0, 0), (0, 4), (4, 6), (8, None), (9, None), (3, 99)]
        read = {part: [record.seq for record in log.read(GOAL, after=part[0], upto=part[1], verify=verify)] for part in parts}
        assert read == {
            (0, 0): [],
            (0, 4): [1, 2, 3, 4],
            (4, 6): [5, 6],
            (8, None): [9],
            (9, None): [],
            (3, 99): [4, 5, 6, 7, 8, 9],
        }

    def test_who_expects_another_head_meets_a_conflict_and_nothing_is_stored(self, log):
        log.append(GOAL, many(3), after=0)
        for after in (0, 1, 2, 4, 7):
            late = history([GoalPaused(reason="late")], after=after)
            with pytest.raises(Conflict) as caught:
                log.append(GOAL, late, after=after, blobs=[BLOB])
            assert (caught.value.goal, caught.value.expected) == (GOAL, after)
        assert log.heads() == [Head(GOAL, 3, 3)]
        assert log.blob(BLOB.digest) is None

    def test_a_new_goal_begins_with_its_first_event(self, log):
        with pytest.raises(Conflict):
            log.append(GOAL, history(after=4), after=4)
        assert log.heads() == []

    def test_records_of_another_place_are_a_mistake_of_the_caller(self, log):
        entries = history()
        for goal, batch, after in ((OTHER, entries, 0), (GOAL, entries[1:], 0), (GOAL, [entries[0], entries[2]], 0)):
            with pytest.raises(ValueError, match="cannot be stored"):
                log.append(goal, batch, after=after)
        assert log.heads() == []

    def test_a_batch_and_its_outputs_are_stored_together(self, log):
        log.append(GOAL, many(2), after=0, blobs=[BLOB])
        log.append(OTHER, many(1, goal=OTHER), after=0, blobs=[BLOB])
        assert log.blob(BLOB.digest) == b"one\ntwo\n"
        assert log.packed(BLOB.digest) == BLOB
        assert log.blob("b2:" + "0" * 64) is None

    def test_a_batch_is_stored_whole_or_not_at_all(self, log):
        entries = many(5)
        log.append(GOAL, entries[:3], after=0)
        with pytest.raises(Conflict):
            log.append(GOAL, entries[1:], after=1)
        assert [record.seq for record in log.read(GOAL)] == [1, 2, 3]

    def test_heads_name_the_last_record_of_every_goal_and_its_position(self, log):
        log.append(OTHER, many(2, goal=OTHER), after=0)
        log.append(GOAL, many(3), after=0)
        log.append(OTHER, many(3, goal=OTHER)[2:], after=2)
        assert log.heads() == [Head(GOAL, 3, 5), Head(OTHER, 3, 6)]

    def test_following_goes_on_after_a_position(self, log):
        log.append(OTHER, many(2, goal=OTHER), after=0)
        log.append(GOAL, many(2), after=0)
        log.append(OTHER, many(3, goal=OTHER)[2:], after=2)
        places = [(position, record.goal, record.seq) for position, record in log.follow()]
        assert places == [(1, OTHER, 1), (2, OTHER, 2), (3, GOAL, 1), (4, GOAL, 2), (5, OTHER, 3)]
        assert [position for position, _ in log.follow(after=3)] == [4, 5]
        assert list(log.follow(after=5)) == []
        assert all(record.digest for _, record in log.follow())

    def test_a_stretch_of_the_whole_log_is_read_as_it_is_stored(self, log):
        assert (log.end(), list(log.stretch(0, 9))) == (0, [])
        entries = {OTHER: many(3, goal=OTHER), GOAL: many(2)}
        log.append(OTHER, entries[OTHER][:2], after=0)
        log.append(GOAL, entries[GOAL], after=0)
        log.append(OTHER, entries[OTHER][2:], after=2)
        found = list(log.stretch(0, log.end()))
        assert [(position, goal) for position, goal, _ in found] == [(1, OTHER), (2, OTHER), (3, GOAL), (4, GOAL), (5, OTHER)]
        assert {body for _, _, body in found} == {entry.body for many in entries.values() for entry in many}
        assert [position for position, _, _ in log.stretch(1, 4)] == [2, 3, 4]

    def test_every_goal_is_in_one_share_of_a_stretch(self, log):
        for number in range(6):
            goal = f"goal-{number}"
            log.append(goal, many(2, goal=goal), after=0)
        shares = [[place for place, _, _ in log.stretch(2, 11, share=(number, 3))] for number in range(3)]
        assert sorted(place for share in shares for place in share) == list(range(3, 12))
        assert all(goal == f"goal-{(place - 1) // 2}" for place, goal, _ in log.stretch(0, 12, share=(1, 3)))
        assert [share_of(f"goal-{number}", 3) for number in range(6)] == [ord(str(number)) % 3 for number in range(6)]

    def test_another_handle_sees_what_was_appended(self, log, tmp_path):
        other = self.open(tmp_path)
        log.append(GOAL, many(1), after=0)
        assert [record.seq for record in other.read(GOAL)] == [1]
        other.append(GOAL, many(2)[1:], after=1)
        assert [record.seq for record in log.read(GOAL)] == [1, 2]
        other.close()

    def test_records_of_some_kinds_are_picked_out_of_a_part_of_a_history(self, log):
        parent = history()
        log.append(GOAL, parent, after=0)
        event = GoalForked(goal=GOAL, seq=3, head=parent[2].record.digest, prompt="the other way")
        log.append(OTHER, history([event, *STORY], goal=OTHER, after=3, prev=event.head), after=3)
        for goal, after, upto in ((GOAL, 0, 5), (GOAL, 1, 3), (OTHER, 0, 9), (OTHER, 2, 6)):
            kinds = frozenset(kind_of(one.event) for one in log.read(goal))
            for some in ({max(kinds)}, kinds - {max(kinds)}, kinds, {"moon_landed.v9"}):
                picked = [(one.seq, one.event) for one in log.pick(goal, frozenset(some), after=after, upto=upto)]
                every = log.read(goal, after=after, upto=upto)
                assert picked == [(one.seq, one.event) for one in every if kind_of(one.event) in some]

    def test_an_unknown_kind_is_kept_as_it_is(self, log):
        entry = foreign()
        log.append(GOAL, [entry], after=0)
        (record,) = log.read(GOAL)
        assert record.event == Unknown("moon_landed.v9", b'{"crew":["ann"],"kind":"moon_landed.v9"}')
        assert [stored.topic for stored in log.bodies(GOAL)] == ["moon_landed.v9"]
        assert [stored.body for stored in log.bodies(GOAL)] == [entry.body]

    def test_a_fork_begins_where_its_parent_stood(self, log):
        parent = many(4)
        log.append(GOAL, parent, after=0)
        event = GoalForked(goal=GOAL, seq=2, head=parent[1].record.digest, prompt="the other way")
        fork = history([event, *STORY], goal=OTHER, after=2, prev=parent[1].record.digest)
        log.append(OTHER, fork[:2], after=2)
        log.append(OTHER, fork[2:], after=4)
        assert begins_fork(fork)
        places = [(record.goal, record.seq) for record in log.read(OTHER)]
        assert places == [(GOAL, 1), (GOAL, 2), *((OTHER, seq) for seq in range(3, 9))]
        assert [record.seq for record in log.read(OTHER, after=1, upto=4)] == [2, 3, 4]
        assert [record.seq for record in log.read(OTHER, after=3)] == [4, 5, 6, 7, 8]
        assert [record.digest for record in log.read(OTHER, verify=False)] == [""] * 7 + [fork[-1].record.digest]
        assert [stored.seq for stored in log.bodies(OTHER)] == [3, 4, 5, 6, 7, 8]

    def test_a_fork_of_a_fork_may_begin_in_what_that_one_inherited(self, log):
        log.append(GOAL, many(6), after=0)
        for name, of, seq in (("child", GOAL, 5), ("early", "child", 3), ("last", "early", 2), ("deep", "child", 7)):
            (at,) = log.read(of, after=seq - 1, upto=seq)
            event = GoalForked(goal=of, seq=seq, head=at.digest, prompt="the other way")
            log.append(name, history([event, *STORY[:2]], goal=name, after=seq, prev=at.digest), after=seq)
        owners = {
            "child": [GOAL] * 5 + ["child"] * 3,
            "early": [GOAL] * 3 + ["early"] * 3,
            "last": [GOAL] * 2 + ["last"] * 3,
            "deep": [GOAL] * 5 + ["child"] * 2 + ["deep"] * 3,
        }
        for name, expected in owners.items():
            records = list(log.read(name))
            assert [one.seq for one in records] == list(range(1, len(records) + 1))
            assert [one.goal for one in records] == expected
            for after, upto in product(range(len(records) + 1), range(len(records) + 1)):
                part = records[after:upto]
                assert list(log.read(name, after=after, upto=upto)) == part
                hasty = list(log.read(name, after=after, upto=upto, verify=False))
                assert [(one.goal, one.seq) for one in hasty] == [(one.goal, one.seq) for one in part]
                assert [one.digest for one in hasty[-1:]] == [one.digest for one in part[-1:]]

    def test_goals_that_were_forked_from_each_other_are_damage(self, log):
        for name, other in (("g-one", "g-two"), ("g-two", "g-one")):
            event = GoalForked(goal=other, seq=1, head="b2:" + "0" * 64, prompt="round")
            log.append(name, history([event], goal=name, after=1, prev="b2:" + "0" * 64), after=1)
        with pytest.raises(Damaged) as caught:
            list(log.read("g-one"))
        assert caught.value.code == "chain.broken"

    def test_of_writers_that_expect_the_same_head_exactly_one_succeeds(self, log):
        rounds, writers = 10, 4
        with ThreadPoolExecutor(writers) as pool:
            for after in range(rounds):
                start = Barrier(writers)
                prev = next(log.read(GOAL, after=after - 1, upto=after)).digest if after else ""

                def write(number: int, after: int = after, prev: str = prev, start: Barrier = start) -> bool:
                    entries = history([GoalPaused(reason=f"writer {number}")], after=after, prev=prev)
                    start.wait()
                    try:
                        log.append(GOAL, entries, after=after)
                    except Conflict:
                        return False
                    return True

                assert sum(pool.map(write, range(writers))) == 1
        assert [record.seq for record in log.read(GOAL)] == list(range(1, rounds + 1))

    def test_a_record_that_does_not_rest_on_the_one_before_it_is_damage(self, log):
        log.append(GOAL, many(2), after=0)
        log.append(GOAL, history([GoalPaused(reason="x")], after=2, prev="b2:" + "0" * 64), after=2)
        with pytest.raises(Damaged) as caught:
            list(log.read(GOAL))
        assert (caught.value.goal, caught.value.seq, caught.value.code) == (GOAL, 3, "chain.broken")

    def test_damage_in_the_parent_of_a_fork_is_named_in_the_parent(self, log):
        parent = many(4)
        log.append(GOAL, parent[:1], after=0)
        log.append(GOAL, history([GoalPaused(reason="x")], after=1, prev="b2:" + "0" * 64), after=1)
        (second,) = log.read(GOAL, after=1, verify=False)
        event = GoalForked(goal=GOAL, seq=2, head=second.digest, prompt="the other way")
        log.append(OTHER, history([event], goal=OTHER, after=2, prev=second.digest), after=2)
        with pytest.raises(Damaged) as caught:
            list(log.read(OTHER))
        assert (caught.value.goal, caught.value.seq, caught.value.code) == (GOAL, 2, "chain.broken")
