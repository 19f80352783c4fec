"""How the verdict came about, as lines and as Markdown."""

import pytest

from omk.replay.explain.verdicts import verdicts_document
from omk.views.lines import cells
from omk.views.markdown import verdicts_markdown
from omk.views.verdicts import verdict_lines
from tests.replay.explain.test_verdicts import history_of
from tests.scenario import GOAL, READY, goal


def changes(upto=None):
    records = goal.given(*READY).records
    return verdicts_document(history_of(records), len(records) if upto is None else upto)


def text(lines):
    return ["".join(span.text for span in one) for one in lines]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_code_is_left_out(width):
    shown = text(verdict_lines(GOAL, changes(), width))
    assert all(cells(one) <= width for one in shown)
    words = " ".join(shown).split()
    for one in changes():
        assert all(f"+{code}" in words for code in one["opened"])
        assert all(f"-{code}" in words for code in one["closed"])


def test_many_gaps_at_once_stand_below_each_other_in_their_column():
    shown = text(verdict_lines(GOAL, changes(1), 80))
    column = shown[2].index("NOT READY") - 1
    assert shown[2].startswith("    1  03:04:06  goal_created ")
    assert all(one[:column].isspace() and one[column] == "+" for one in shown[3:-2])
    assert len(shown[3:-2]) > 3


def test_the_status_stands_where_it_changed_and_at_the_end():
    shown = text(verdict_lines(GOAL, changes(), 80))
    assert sum("NOT READY" in one for one in shown) == 1
    (entry,) = [one for one in shown if "change_accepted" in one]
    assert " READY   -integration.accepted" in entry
    assert shown[-1] == f" READY   since event {changes()[-1]['seq']}"


def test_what_opens_is_bad_and_what_closes_is_good():
    styles = {span.text[0]: span.style for one in verdict_lines(GOAL, changes(), 80) for span in one if span.text[:1] in "+-"}
    assert styles == {"+": "bad", "-": "good"}


def test_before_the_first_event_there_is_nothing_to_tell():
    assert text(verdict_lines(GOAL, [], 80)) == [f"{GOAL}  before the first event"]
    assert verdicts_markdown(GOAL, []) == [f"# Verdicts of `{GOAL}` (0)", ""]


def test_markdown_has_a_row_for_each_change():
    rows = [one for one in verdicts_markdown(GOAL, changes()) if one.startswith("| ")][2:]
    assert len(rows) == len(changes())
    assert rows[-1].endswith("| ready |  | integration.accepted |")
