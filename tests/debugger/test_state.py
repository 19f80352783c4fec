"""The state in its pane: every line is called what an expression calls it, and the tree opens and closes by its rows."""

import pytest

from omk.debugger.screen.naming import expression_of
from omk.debugger.screen.panes import state_documents
from omk.debugger.screen.tree import parts
from omk.debugger.screen.view import View
from omk.replay.query.expression import compile_expression
from omk.replay.query.values import plain
from tests.debugger.standing import drawn, key, run_of

RUN = "gate-red-then-green"
TO_GATES = ("2", "tab", *"jjjjjjjjjjj")


def leaves(value, path=()):
    """Every value that is shown in a row of its own, with where it is."""
    for name, item in parts(value).items():
        if parts(item):
            yield from leaves(item, (*path, name))
        elif not isinstance(item, (list, dict)):
            yield (*path, name), item


@pytest.mark.parametrize("run", [RUN, "scope-violated", "gate-goes-stale-after-edit"])
def test_what_a_row_is_called_reads_what_it_shows(run):
    debugger, named = run_of(run, 0), 0
    for seq in range(0, debugger.head + 1, 4):
        debugger.go(seq)
        now, _ = state_documents(debugger, View())
        for keys, value in leaves(now):
            path = expression_of(keys, debugger.moment)
            if path is not None:
                named += 1
                assert plain(compile_expression(path).value(debugger.moment)) == value, path
    assert named > 1_000


def test_words_of_people_have_no_expression():
    moment = run_of(RUN).moment
    assert expression_of(("prompt",), moment) is None
    assert expression_of(("tasks", "goal-plan", "title"), moment) is None
    assert expression_of(("tasks", "goal-plan", "status"), moment) == 'tasks["goal-plan"].status'
    assert expression_of(("tasks", "goal-plan", "write_set", "first"), moment) is None


def test_the_line_one_stands_on_is_named_below_and_b_begins_with_it():
    debugger, view = run_of(RUN, 37), View()
    key(debugger, view, *TO_GATES, "enter", *"jjj", "enter", *"jjj")
    assert drawn(debugger, view)[-2] == " gates.demo.outcome"
    key(debugger, view, "b", "enter")
    assert [one.expression.text for one in debugger.breakpoints] == ["gates.demo.outcome"]


def test_a_line_that_no_expression_reads_says_so():
    debugger, view = run_of(RUN, 37), View()
    key(debugger, view, "2", "tab", *"jjj")
    shown = drawn(debugger, view)
    assert any(line.startswith(">  ") and " prompt " in line for line in shown)
    assert shown[-2] == " no expression reads this"


def test_a_row_with_a_slash_in_its_name_is_left_for_the_row_above_it():
    debugger = run_of(RUN, 37)
    document = {"phase": "proof", "changes": [{"path": "src/a.py", "old": None}]}
    view = View(states={37: document, 36: document})
    key(debugger, view, "2", "tab", "j", "enter", "j", "enter", "j")
    assert any(line.startswith(">        path ") for line in drawn(debugger, view))
    key(debugger, view, "left")
    assert any(line.startswith(">    ▾ src/a.py") for line in drawn(debugger, view))
