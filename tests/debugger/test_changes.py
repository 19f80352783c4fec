"""What one step changed is exactly what differs between the moment before it and the one after it."""

from hypothesis import given, settings

from omk.debugger.model.changes import step_changes
from tests.debugger.standing import told
from tests.histories import histories
from tests.replay.query.leaves import flat


@settings(max_examples=40)
@given(histories(most=25))
def test_the_changes_of_every_step_are_the_leaves_that_differ(records):
    history = told(records)
    for seq in range(1, len(records) + 1):
        before, now = history.moment(seq - 1), history.moment(seq)
        old, new = flat(before), flat(now)
        expected = {path: (old.get(path), new.get(path)) for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
        assert {path: (was, is_now) for path, was, is_now in step_changes(before, now)} == expected
