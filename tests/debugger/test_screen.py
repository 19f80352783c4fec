"""The screen: whatever is pressed, on whatever history, it fits the terminal, and nothing in it can steer one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.debugger.keys import BY_NAME, KEYS, help_lines, press
from omk.debugger.screen.layout import screen
from omk.debugger.screen.timeline import BAD, DROPPED, FALLEN, FOUND, HIT
from omk.debugger.screen.view import PANES, View
from omk.domain.event import Unknown
from omk.views.lines import cells
from tests.debugger.standing import drawn, key, over, run_of, text_of
from tests.histories import histories

RUN = "gate-red-then-green"
NAMES = (*BY_NAME, "enter", "delete", "backspace", "y", "é", "ctrl+y", "f5")


@given(histories(), st.lists(st.sampled_from(NAMES), max_size=30), st.integers(1, 150), st.integers(1, 50))
def test_whatever_is_pressed_the_screen_fits_the_terminal(records, names, width, height):
    debugger, view = over(records, len(records) // 2), View()
    for name in names:
        key(debugger, view, name)
        lines = screen(debugger, view, width, height)
        assert len(lines) <= height
        assert all(sum(cells(span.text) for span in one) <= width for one in lines)
        assert 0 <= debugger.seq <= debugger.head


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 12)])
@pytest.mark.parametrize("pane", PANES)
def test_every_pane_fits_at_every_event(pane, size):
    debugger, view = run_of(RUN, 0), View(pane=pane)
    for seq in range(debugger.head + 1):
        debugger.go(seq)
        lines = screen(debugger, view, *size)
        assert len(lines) == size[1]
        assert max(sum(cells(span.text) for span in one) for one in lines) <= size[0]


@pytest.mark.parametrize("pane", PANES)
def test_no_pane_shows_a_commitment_in_place_of_words(pane):
    debugger, view = run_of(RUN), View(pane=pane)
    for seq in range(0, debugger.head + 1, 5):
        debugger.go(seq)
        assert "§" not in "\n".join(drawn(debugger, view, 120, 200))


def test_scrolling_reaches_the_last_line_of_a_pane_and_no_further():
    debugger, view = run_of(RUN, 37), View()
    assert not any("nobody has decided yet" in line for line in drawn(debugger, view))
    for _ in range(50):
        key(debugger, view, "d")
        drawn(debugger, view)
    end = drawn(debugger, view)
    assert "nobody has decided yet" in end[-3]
    key(debugger, view, "u")
    assert drawn(debugger, view) != end


def test_at_80_columns_every_pane_is_reached_by_a_key_and_named_in_the_bar():
    debugger, view = run_of(RUN, 37), View()
    for number, name in enumerate(("Proof", "State", "Step", "Code", "Why", "Breaks"), start=1):
        key(debugger, view, str(number))
        assert any(f"[{number} {name}]" in line for line in drawn(debugger, view))


def test_at_120_columns_the_step_stands_beside_the_pane_that_is_shown():
    shown = drawn(run_of(RUN, 37), View(), 120, 40)
    assert any("[1 Proof]" in line and "3 Step" in line for line in shown)
    assert any("gate.demo" in line and "│" in line for line in shown)
    assert any("gates.demo.outcome" in line for line in shown)


# --- Marks that need no colour ---


def row_of(debugger, seq, view=None):
    return next(line for line in drawn(debugger, view)[2:9] if f" {seq}  " in line)


def test_the_event_one_stands_after_is_marked():
    debugger = run_of(RUN, 37)
    assert row_of(debugger, 37).startswith(">")
    assert row_of(debugger, 36).startswith(" ")


def test_events_that_opened_or_closed_gaps_are_marked():
    debugger = run_of(RUN)
    list(debugger.survey.reach(debugger.head))
    for seq, mark in ((3, "±"), (5, "!"), (57, "+"), (60, "+"), (69, "-"), (70, " ")):
        debugger.go(seq)
        assert row_of(debugger, seq)[3] == mark


def test_an_event_that_only_opened_or_closed_what_is_at_work_has_no_mark_of_the_verdict():
    debugger = run_of(RUN, 38)
    list(debugger.survey.reach(debugger.head))
    assert debugger.survey.changes[38].closed == debugger.survey.changes[39].opened == ("obligations.closed",)
    assert [row_of(debugger, seq)[3] for seq in (38, 39)] == [" ", " "]


def test_an_event_that_went_wrong_itself_is_marked_whatever_the_verdict_made_of_it():
    debugger = run_of(RUN, 37)
    assert [row_of(debugger, seq)[4] for seq in (35, 37, 38, 39)] == [" ", BAD, BAD, " "]
    debugger.go(46)
    assert row_of(debugger, 46)[4] == BAD


def test_what_was_left_out_and_what_falls_with_it_are_marked_and_the_verdict_is_called_hypothetical():
    debugger, view = run_of(RUN, 69), View()
    key(debugger, view, "x")
    assert row_of(debugger, 69, view)[:2] == f">{DROPPED}"
    assert row_of(debugger, 71, view)[:2] == f" {FALLEN}"
    for pane in ("1", "5"):
        key(debugger, view, pane)
        shown = drawn(debugger, view)
        assert shown[0].startswith(" HYPOTHETICAL: RUNNING ")
        assert shown[10].startswith(" HYPOTHETICAL ")
    key(debugger, view, "x")
    assert "HYPOTHETICAL" not in "\n".join(drawn(debugger, view))


def test_a_supposition_says_in_four_lines_what_it_makes_of_the_verdict():
    debugger, view = run_of(RUN, 69), View()
    key(debugger, view, "x", ">")
    at = next(place for place, text in enumerate(drawn(debugger, view)) if text.startswith("  before"))
    assert drawn(debugger, view)[at : at + 5] == [
        "  before  READY   no gaps",
        "  after   NOT READY   5 gaps",
        "  opened  gate.demo, integration.accepted, obligations.closed and 2 more",
        "  closed  no gap",
        "",
    ]


def test_the_tree_above_is_that_of_the_history_which_the_verdict_is_of():
    debugger, view = run_of(RUN, 60), View()
    recorded = drawn(debugger, view)[1]
    key(debugger, view, "x", "j")
    supposed = drawn(debugger, view)[1]
    assert "tree a156a7a46fba" in recorded
    assert "tree 0448665d05aa" in supposed
    assert "tree 0448665d05aa" in "\n".join(drawn(debugger, view, 80, 40)[10:])


def test_step_and_code_say_that_the_event_is_left_out():
    debugger, view = run_of(RUN, 69), View()
    key(debugger, view, "x")
    for pane in "34":
        key(debugger, view, pane)
        assert any(text.startswith("  Event 69 is left out (x).") for text in drawn(debugger, view))
    key(debugger, view, "j", "j")
    assert any(text.startswith("  Event 71 is left out: it rests on event 69") for text in drawn(debugger, view))
    key(debugger, view, "k")
    assert "left out" not in "\n".join(drawn(debugger, view))


def test_a_hit_and_a_found_text_are_marked():
    debugger, view = run_of(RUN, 60), View()
    key(debugger, view, "b", "type:gates.demo.outcome", "enter", "R", "/", "type:DEMO", "enter", "N")
    assert row_of(debugger, 37, view)[2] == FOUND
    key(debugger, view, "r", "R")
    assert row_of(debugger, 37, view)[2] == HIT


def test_a_pane_that_gets_the_keys_has_a_double_bar():
    debugger, view = run_of(RUN, 37), View()
    key(debugger, view, "2")
    assert "═" not in "\n".join(drawn(debugger, view))
    key(debugger, view, "tab")
    assert "═" in "\n".join(drawn(debugger, view))


# --- Inside the panes ---


def test_the_state_opens_and_closes_row_by_row():
    debugger, view = run_of(RUN, 37), View()
    key(debugger, view, "2", "tab", *"jjjjjjjjjjj")
    assert any(line.startswith(">* ▸ gates") for line in drawn(debugger, view))
    key(debugger, view, "enter", "j", "j", "j", "right")
    shown = drawn(debugger, view, 80, 60)
    assert any(line.startswith(">*   ▾ demo") for line in shown)
    assert any(line.startswith(" *       outcome         never -> failed") for line in shown)
    key(debugger, view, "left", "left", "left")
    assert any(line.startswith(">* ▸ gates") for line in drawn(debugger, view))
    key(debugger, view, "tab", "k")
    assert debugger.seq == 36


def test_a_breakpoint_is_switched_off_and_forgotten_in_its_pane():
    debugger, view = run_of(RUN, 37), View()
    key(debugger, view, "b", "type:tree", "enter", "b", "type:phase", "enter", "6", "tab", "j", "enter")
    assert [one.is_on for one in debugger.breakpoints] == [True, False]
    assert any(line.startswith("> ") and "[off]" in line for line in drawn(debugger, view))
    key(debugger, view, "d")
    assert [one.expression.text for one in debugger.breakpoints] == ["tree"]


# --- Prompts and help ---


def test_a_line_that_is_typed_may_be_edited_and_recalled():
    debugger, view = run_of(RUN, 5), View()
    key(debugger, view, "g", "type:gate:dxmo#1", "left", "left", "left", "left", "backspace", "type:e", "enter")
    assert (debugger.seq, view.prompt) == (37, None)
    key(debugger, view, "g", "type:9", "ctrl+u", "up", "home", "delete", "type:g", "end", "backspace", "type:2", "enter")
    assert debugger.seq == 69
    key(debugger, view, "/", "type:no such", "ctrl+w", "type:thing", "escape")
    assert (debugger.seq, view.prompt, debugger.sought) == (69, None, "")
    key(debugger, view, "g", "backspace")
    assert view.prompt is None


def test_a_long_line_that_is_typed_stays_on_the_screen():
    debugger, view = run_of(RUN, 5), View()
    key(debugger, view, "b", "type:" + "x" * 300)
    assert max(map(len, drawn(debugger, view))) <= 80


def test_the_help_names_every_key_there_is():
    told = "\n".join(text_of(help_lines()))
    for one in KEYS:
        assert one.told in told
    assert len({name for one in KEYS for name in one.names}) == sum(len(one.names) for one in KEYS)


def test_any_other_key_leaves_the_help():
    debugger, view = run_of(RUN, 5), View()
    key(debugger, view, "?", "j", "j", "k")
    assert view.is_help
    key(debugger, view, "q")
    assert not view.is_help


def test_a_message_goes_with_the_next_key_that_does_something():
    debugger, view = run_of(RUN, 5), View()
    for name in ("u", "3", "tab", "?", "j"):
        key(debugger, view, "b", "type:tree", "enter")
        assert drawn(debugger, view)[-2].startswith(" Breakpoint ")
        key(debugger, view, "y")
        assert drawn(debugger, view)[-2].startswith(" Breakpoint ")
        key(debugger, view, name)
        assert debugger.message == ""
        key(debugger, view, "escape")


def test_a_message_that_is_said_again_stays():
    debugger, view = run_of(RUN), View()
    for _ in range(3):
        key(debugger, view, "j")
        assert debugger.message == "This is the last event."


def test_quitting_and_the_help_are_named_below_at_80_columns():
    footer = drawn(run_of(RUN))[-1]
    assert footer.endswith("w why   ? help  q quit")
    assert "…" not in footer


def test_the_help_begins_with_the_keys_of_a_first_investigation():
    told = text_of(help_lines())[:8]
    assert [text[:11].strip() for text in told[3:8]] == ["[", "w", "3", "b R", "x"]


# --- Strangers' text ---


def test_an_event_of_a_kind_nobody_knows_is_shown_as_it_is():
    records = list(run_of(RUN).tape.source.read(0, 10))
    records[9] = replace(records[9], event=Unknown("gate_sang.v7", b'{"kind":"gate_sang.v7","song":"la"}'), open=b"{}")
    debugger, view = over(records, 10), View(pane="step")
    shown = "\n".join(drawn(debugger, view, 80, 60))
    assert "gate_sang.v7" in shown
    assert "la" in shown
    key(debugger, view, "4", "5", "2")


def test_a_key_without_a_meaning_does_nothing():
    debugger, view = run_of(RUN, 5), View()
    before = drawn(debugger, view)
    press(debugger, view, "ö", "ö")
    press(debugger, view, "f12", None)
    assert drawn(debugger, view) == before
