"""What differs between two moments: exactly that, and by exactly the event that last changed it."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from omk.domain.subjects.delivery import RejectChange
from omk.replay.query.difference import compared, difference, explained, shares, told_names
from omk.replay.query.expression import compile_expression
from omk.replay.query.files import changed_files, is_comparable
from omk.replay.query.follow import ALWAYS
from tests.histories import histories
from tests.noise import noise
from tests.replay.query.leaves import flat
from tests.replay.query.test_scan import told
from tests.scenario import ANN, PROVEN, READY, change, files, goal, tree


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


def test_a_moment_of_a_common_past_is_shared_and_a_later_one_is_not():
    accepted = told(list(goal.given(*READY).records))
    rejected = told(list(goal.given(*PROVEN, RejectChange(actor=ANN, tree=tree("done"), reason="No.")).records))
    last = len(goal.given(*PROVEN).records)
    assert shares(rejected, accepted.moment(last))
    assert not shares(rejected, accepted.moment(last + 1))
    assert not shares(rejected, accepted.moment(0))
    causes = {one.path: one.cause for one in explained(rejected, accepted.moment(last), rejected.moment(last + 1))}
    assert causes["acceptance.status"] == last + 1


@settings(max_examples=50, deadline=None)
@given(histories(), st.data())
def test_the_files_that_differ_are_those_whose_contents_do(records, data):
    history, positions = told(records), st.integers(0, len(records))
    a, b = (history.moment(data.draw(positions)).state.worktree for _ in "ab")
    assume(is_comparable(a, b))
    base = a.base or b.base
    untouched = {path: (net.old, net.old_mode) for one in (a, b) for path, net in one.paths.items()}
    contents = [untouched | {path: (net.new, net.mode) for path, net in one.paths.items()} for one in (a, b)]
    words = {(True, False): "added", (False, True): "deleted", (False, False): "modified"}
    expected = [
        {"path": path, "operation": words[contents[0][path][0] is None, contents[1][path][0] is None]}
        for path in sorted(untouched)
        if contents[0][path] != contents[1][path]
    ]
    assert changed_files(a, b) == expected
    assert base is not None or expected == []
