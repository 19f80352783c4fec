"""Styled lines: widths are columns of a terminal, nothing is wider than it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.views.lines import Span, badge, cells, cut, cut_left, table, wrapped
from omk.views.times import took


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("größe", 5), ("数字", 4), ("e\u0301", 1)])
def test_a_text_takes_as_many_columns_as_a_terminal_gives_it(text, columns):
    assert cells(text) == columns


@given(st.text(max_size=80), st.integers(1, 40))
def test_a_cut_text_is_never_too_wide(text, width):
    assert cells(cut(text, width)) <= max(width, 1)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Mn", "Cf"]), max_size=200), st.integers(20, 60))
def test_wrapping_loses_no_word_and_no_line_is_too_wide(text, width):
    lines = ["".join(span.text for span in one) for one in wrapped(text, width, indent="  ")]
    assert all(cells(one) <= width for one in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("operator:", "omk waive goal-20261122-101500-151-29f8445d review.test --reason TEXT"),
        ("It stays open. See", "omk why goal-20261122-101500-151-29f8445d."),
        ("More of it:", "omk budget goal-1 --task store --add-time 10m"),
        ("Only a loop is", "(omk run --until-ready),"),
        ("Look with", "`omk replay latest@-1 --kind gate_ran`"),
    ],
)
def test_a_command_stays_on_one_line(words, command):
    lines = ["".join(span.text for span in one) for one in wrapped(f"{words} {command} as it is", 20)]
    assert [one for one in lines if command in one], lines


def test_the_columns_of_a_table_stand_below_one_another():
    rows = [(Span("a"), Span("数字"), Span("x" * 90)), (Span("bbb"), Span("c"), Span("end"))]
    first, second = ("".join(span.text for span in one) for one in table(rows, 40))
    assert cells(first) == 40
    assert cells(first[: first.index("x")]) == second.index("end")


@pytest.mark.parametrize(("status", "style"), [("ready", "good"), ("not_ready", "warn"), ("failed_infra", "bad")])
def test_a_badge_shows_the_status_in_its_colour(status, style):
    assert badge(status).style == f"badge-{style}"
    assert status.replace("_", " ").upper() in badge(status).text


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, ""),
        (0, "0 ms"),
        (999, "999 ms"),
        (2_500, "2.5 s"),
        (125_000, "2m05s"),
        (4_020_000, "1h07m"),
        (273_600_000, "3d04h"),
    ],
)
def test_a_span_of_time_is_short(milliseconds, words):
    assert took(milliseconds) == words


def test_a_path_that_is_too_long_keeps_the_name_of_the_file():
    path = "src/a/very/long/way/down/to/the/parser.py"
    assert cut_left(path, 20) == "…wn/to/the/parser.py"
    assert cut_left(path, 80) == path
    assert cut_left("目録/構文解析.py", 9) == "…解析.py"
