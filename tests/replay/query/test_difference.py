"""What differs between two moments: exactly that, and by exactly the event that last changed it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from omk.replay.query.difference import compared, difference, flat, told_names
from omk.replay.query.expression import compile_expression
from omk.replay.query.follow import ALWAYS
from tests.histories import histories
from tests.noise import noise
from tests.replay.query.test_scan import told
from tests.scenario import READY, change, files, goal


@settings(max_examples=100, deadline=None)
@given(histories() | noise(), st.sampled_from((0, 1, 4)), st.data())
def test_the_changes_lead_from_one_moment_to_the_other_and_name_what_changed_last(records, spacing, data):
    history, positions = told(records, spacing), st.integers(0, len(records))
    a, b = data.draw(positions), data.draw(positions)
    told_flat = [flat(history.moment(seq)) for seq in range(len(records) + 1)]
    changes = difference(history, a, b)
    led = {path: leaf for path, leaf in told_flat[a].items() if path not in {one.path for one in changes}}
    led |= {one.path: one.new for one in changes if one.new is not None}
    assert led == told_flat[b]
    for one in changes:
        assert (one.old, one.new) == (told_flat[a].get(one.path), told_flat[b].get(one.path))
        low, high = sorted((a, b))
        turns = [n for n in range(low + 1, high + 1) if told_flat[n].get(one.path) != told_flat[n - 1].get(one.path)]
        assert one.cause == turns[-1], one.path


@settings(max_examples=50, deadline=None)
@given(histories() | noise())
def test_every_path_can_be_asked_for(records):
    moment = told(records).moment(len(records))
    for path, leaf in flat(moment).items():
        assert compile_expression(path).value(moment) == leaf, path


def test_a_path_with_anything_in_it_can_be_asked_for():
    odd = ['a "quoted" \\ name', "ends/in\n\x1b[31m.py", "\u202eback", "pass", "__class__", "1", "ä.py", "with-dash", ""]
    story = goal.given(*READY, files("done", "later", *(change(path, "later", None) for path in odd)))
    moment = told(list(story.records)).moment(len(story.records))
    paths = [path for path, leaf in flat(moment).items() if path.startswith("files[") and leaf == "added"]
    assert len(paths) == len(odd)
    assert all(compile_expression(path).value(moment) == "added" for path in paths)


def test_between_a_moment_and_itself_nothing_differs():
    records = list(goal.given(*READY).records)
    history = told(records)
    assert difference(history, 9, 9) == []
    assert compared(history.moment(9), history.moment(9)) == []


def test_between_two_histories_no_event_is_named():
    history = told(list(goal.given(*READY).records))
    changes = compared(history.moment(1), history.moment(20))
    assert changes
    assert {one.cause for one in changes} == {None}


def test_nothing_that_changes_with_every_event_is_told():
    assert [path for path, name in told_names() if not ALWAYS.isdisjoint(name.reads)] == []
