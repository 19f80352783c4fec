"""Rows are drawn in columns that fit, numbers at the right, or each by itself."""

from omk.views.lines import Span, cells
from omk.views.rows import Head, Layout, described, rows_markdown

HEADS = [Head("gate"), Head("n", is_number=True), Head("at", is_whole=True)]
ROWS = [["tests", "7", "2026-11-22T10:15:00.123456Z"], ["日本", "1234", None]]


def drawn(heads, rows, width):
    layout = Layout(heads, rows, width)
    return ["".join(span.text for span in one).rstrip() for one in [*layout.head(), *layout.lines(rows)]]


def test_numbers_stand_at_the_right_and_null_is_named():
    assert drawn(HEADS, ROWS, 80) == [
        "  gate      n  at",
        "  ─────  ────  ───────────────────────────",
        "  tests     7  2026-11-22T10:15:00.123456Z",
        "  日本   1234  NULL",
    ]


def test_the_widest_words_are_cut_and_numbers_and_times_are_not():
    rows = [["a" * 60, "1234567890", "2026-11-22T10:15:00.123456Z"], ["日本" * 30, "1", None]]
    lines = drawn(HEADS, rows, 60)
    assert [cells(one) <= 60 for one in lines] == [True] * 4
    assert lines[2] == f"  {'a' * 16}…  1234567890  2026-11-22T10:15:00.123456Z"
    assert lines[3].startswith(f"  {'日本' * 4}…")


def test_too_many_columns_are_shown_row_by_row():
    heads = [Head(f"column_{number}") for number in range(12)]
    lines = drawn(heads, [["x" * 90] * 12, [None] * 12], 80)
    assert (lines[0], lines[14]) == ("row 1", "row 2")
    assert lines[13] == ""
    assert all(cells(one) <= 80 for one in lines)
    assert lines[1].startswith("  column_0   xxx")


def test_rows_that_come_later_are_cut_to_the_widths_of_the_first():
    layout = Layout([Head("a"), Head("b")], [["x", "y"]], 40)
    later = next(iter(layout.lines([["long", "longer"]])))
    assert "".join(span.text for span in later) == "  …  …"


def test_null_is_dim_and_a_text_that_reads_null_is_not():
    layout = Layout([Head("a"), Head("b")], [[None, "NULL"]], 40)
    line = next(iter(layout.lines([[None, "NULL"]])))
    assert [one.style for one in line if one.text == "NULL"] == ["dim", ""]


def test_no_columns_and_no_rows_are_drawn_as_what_they_are():
    assert drawn([Head("a")], [], 40) == ["  a", "  ─"]
    assert drawn([], [], 40) == []


def test_markdown_escapes_what_would_be_taken_for_markup():
    assert list(rows_markdown([Head("a_b"), Head("n", is_number=True)], [["x|y", "1"], [None, None]])) == [
        "| a\\_b | n |",
        "| --- | ---: |",
        "| x\\|y | 1 |",
        "|  |  |",
    ]


def test_a_sentence_goes_on_below_itself():
    lines = described([(Span("goal"), Span("the goal that was asked for by a person"))], 30)
    assert ["".join(span.text for span in one).rstrip() for one in lines] == [
        "  goal  the goal that was",
        "        asked for by a person",
    ]
