"""Durations: what people write, and what they read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.duration import LONGEST, SECOND, parse_duration, show_duration, show_span
from omk.errors import Refused


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("90", 90_000),
        ("90s", 90_000),
        ("10m", 600_000),
        ("2H", 7_200_000),
        (" 1d ", 86_400_000),
        ("007m", 420_000),
    ],
)
def test_a_whole_number_and_a_unit_are_read_as_milliseconds(text, milliseconds):
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", " ", "m", "-1s", "+1s", "1.5h", "1 m", "10x", "1h30m", "1ms", "٣s", "9" * 19 + "d", "9" * 40, "nan"]
)
def test_anything_else_is_refused_with_the_value_and_the_units(text):
    with pytest.raises(Refused) as refused:
        parse_duration(text)
    assert f"invalid duration '{text}'" in str(refused.value)
    assert "s, m, h or d" in str(refused.value)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (59_000, "59s"),
        (60_000, "1m"),
        (90_000, "90s"),
        (7_200_000, "2h"),
        (86_400_000, "1d"),
        (1_500, "1500ms"),
    ],
)
def test_a_duration_is_shown_in_the_largest_unit_that_divides_it(milliseconds, text):
    assert show_duration(milliseconds) == text


@given(st.integers(min_value=0, max_value=LONGEST // SECOND))
def test_what_is_shown_is_read_back(seconds):
    assert parse_duration(show_duration(seconds * SECOND)) == seconds * SECOND


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_250, "1.2 s"),
        (59_960, "59.9 s"),
        (184_000, "3m04s"),
        (7_500_000, "2h05m"),
        (97_200_000, "1d03h"),
        (8_640_000_000, "100d00h"),
        (-1_500, "-1.5 s"),
    ],
)
def test_a_span_is_shown_for_people(milliseconds, text):
    assert show_span(milliseconds) == text
