"""Pictures: what is drawn is as long as its value, fits, and says its unit."""

import xml.etree.ElementTree as ET

import pytest

from omk.domain.amounts import dollars
from omk.views.amounts import amount, shortened, title
from omk.views.charts import bar_lines, bar_text, bars_of, series_lines, series_of, sparkline
from omk.views.lines import cells
from omk.views.stats import answer_lines, answer_markdown
from omk.views.svg import WIDTH, chart, nice

SVG = "{http://www.w3.org/2000/svg}"
BARS = {
    "kind": "bars",
    "label": ["gate"],
    "value": "failed_percent",
    "most": 100,
    "beside": "runs",
    "counts": "run",
    "axis": "red",
}
COURSE = {"kind": "series", "time": "begins_at", "values": ["ready"], "axis": "goals"}


def answer(rows, picture=None, **more):
    columns = [{"name": name, "sentence": ""} for name in (rows[0] if rows else ())]
    usual = {"question": "gates", "sentence": "How are the gates?", "parameters": {}, "about": "Few.", "empty": "There is none."}
    return {**usual, "columns": columns, "rows": rows, "picture": picture, **more}


def gates(*percents):
    return [{"gate": f"gate-{number}", "failed_percent": one, "runs": number + 1} for number, one in enumerate(percents)]


def steps(*values):
    return [{"begins_at": f"2026-01-{day:02}T00:00:00.000000Z", "ready": value} for day, value in enumerate(values, 1)]


def bars(rows, picture=None):
    found = bars_of(answer(rows, picture or BARS))
    assert found is not None
    return found


def text(lines):
    return ["".join(span.text for span in one) for one in lines]


# --- Amounts ---


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("median_ms", 61_000, "1m01s"),
        ("micro_usd", 1_234_567_891, "$1,234.567891"),
        ("failed_percent", 12.5, "12.5 %"),
        ("lost_at", "2026-01-02T03:04:05.678901Z", "2026-01-02 03:04:05"),
        ("kind", "files_changed.v1", "files_changed"),
        ("status_now", "not_ready", "not ready"),
        ("opened", ["gate.tests", "review.code"], "gate.tests, review.code"),
        ("opened", [], "–"),
        ("p50_ms", None, "–"),
        ("goals", 12_345, "12,345"),
        ("seq", 12_345, "12345"),
        ("lift", 1.5, "1.50"),
    ],
)
def test_an_amount_is_told_in_the_unit_of_its_column(column, value, words):
    assert amount(column, value) == words


def test_money_is_exact_and_has_at_least_cents():
    assert [dollars(one) for one in (0, 1, 10_000, 2_500_000, -1)] == ["$0.00", "$0.000001", "$0.01", "$2.50", "-$0.000001"]
    assert dollars(9_007_199_254_740_993_000_001) == "$9,007,199,254,740,993.000001"


def test_a_title_has_no_unit():
    names = ("median_ms", "failed_percent", "mean_micro_usd", "lost_at")
    assert [title(one) for one in names] == ["median", "failed %", "mean cost", "lost at"]


def test_a_long_text_keeps_both_ends():
    assert shortened("command:claude --model opus", 20) == "command:claud…l opus"
    assert shortened("short", 20) == "short"
    assert cells(shortened("日本語" * 10, 20)) <= 20


# --- In a terminal ---


def test_a_bar_is_as_long_as_its_value_to_an_eighth():
    assert [bar_text(share, 4) for share in (0, 0.5, 1, 0.53125, 0.0001)] == ["", "██", "████", "██▏", "▏"]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_bars_fit_and_have_their_values_behind_them(width):
    lines = text(bar_lines(bars(gates(100.0, 50.0, 0.0)), width))
    assert max(map(cells, lines)) <= width
    assert lines[1].split()[0] == "gate-1"
    assert lines[1].endswith("50.0 %  2 runs")
    assert lines[0].count("█") // 2 == lines[1].count("█")


def test_only_the_first_bars_are_drawn_and_the_others_counted():
    lines = text(bar_lines(bars(gates(*[50.0] * 15)), 80))
    assert lines[-1] == "  and 3 more"


def test_bars_of_one_group_stand_below_its_name():
    rows = [{"kind": kind, "gate": "a", "failed_percent": 5.0, "runs": 1} for kind in ("bugfix", "bugfix", "feature")]
    lines = text(bar_lines(bars(rows, {**BARS, "group": ["kind"]}), 80))
    assert [one.split()[0] for one in lines] == ["bugfix", "a", "a", "feature", "a"]


def test_rows_are_counted_by_what_they_have_in_common():
    rows = [{"kind": one} for one in ("merge_started.v1", "files_changed.v1", "merge_started.v1")]
    found = bars(rows, {"kind": "counts", "label": ["kind"], "axis": "times"})
    assert [(one.label, one.value) for one in found.bars] == [("merge_started", 2), ("files_changed", 1)]


def test_counted_rows_keep_the_order_of_their_groups():
    rows = [
        {"kind": kind, "outcome": outcome} for outcome, kind in (("lost", "a"), ("again", "a"), ("again", "b"), ("again", "b"))
    ]
    found = bars(rows, {"kind": "counts", "group": ["outcome"], "label": ["kind"], "axis": "times"})
    assert [(one.group, one.label, one.value) for one in found.bars] == [("lost", "a", 1), ("again", "b", 2), ("again", "a", 1)]


def test_zeros_and_a_single_step_are_no_picture():
    assert bars_of(answer(gates(0.0, 0.0), BARS)) is None
    assert series_of(answer(steps(3), COURSE)) is None
    assert chart(answer(gates(0.0), BARS)) is None
    assert chart(answer([], BARS)) is None


def test_a_sparkline_is_as_high_as_its_values_and_fits():
    assert sparkline([0, 1, 2, 7], 4) == "▁▂▃█"
    assert sparkline([0, 1], 9) == "▁▁▁▁████"
    assert sparkline([0, 5, 0, 0, 1, 0], 3) == "█▁▃"
    assert sparkline([0, 0], 2) == "▁▁"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_course_has_the_time_below_it_and_its_last_value_beside(width):
    course = series_of(answer(steps(*range(40)), COURSE))
    assert course is not None
    lines = text(series_lines(course, width))
    assert max(map(cells, lines)) <= width
    assert "now 39, at most 39" in lines[0]
    assert "2026-01-01" in " ".join(lines[1:])
    assert "a step is a day" in " ".join(" ".join(lines[1:]).split())


# --- A whole answer ---


@pytest.mark.parametrize("width", [40, 80, 120])
def test_an_answer_names_the_columns_for_which_there_is_no_room(width):
    row = {"path": "src/" + "x" * 60 + "/main.py", **{f"count_{number}": number * 1_000_000 for number in range(12)}}
    lines = text(answer_lines(answer([row]), width))
    assert max(map(cells, lines)) <= width
    words = " ".join(" ".join(lines).split())
    assert all(f"count {number}" in words for number in range(12))
    assert "(--json, --format md)" in words


def test_an_answer_without_rows_is_a_sentence():
    assert text(answer_lines(answer([], BARS), 80)) == ["How are the gates?", "", "  There is none."]
    assert answer_markdown(answer([], BARS)) == ["# How are the gates?", "", "There is none.", ""]


def test_markdown_has_every_row_and_column():
    lines = answer_markdown(answer(gates(*[50.0] * 30), BARS))
    assert sum(one.startswith("| gate-") for one in lines) == 30


# --- As SVG ---


def parts(drawn, name):
    return list(ET.fromstring(drawn).iter(SVG + name))


def test_a_chart_has_title_axis_unit_and_bars_of_the_right_length():
    drawn = chart(answer(gates(100.0, 50.0), BARS))
    words = [one.text for one in parts(drawn, "text")]
    assert words[0] == "How are the gates?"
    assert {"red, %", "gate-0", "0", "100", "100.0 %, 1 run"} <= set(words)
    paper, full, half = parts(drawn, "rect")
    assert paper.get("fill") == "#ffffff"
    assert float(full.get("width")) == pytest.approx(2 * float(half.get("width")), abs=0.2)


def test_a_chart_of_durations_has_an_axis_in_one_unit():
    picture = {"kind": "bars", "label": ["gate"], "value": "median_ms", "axis": "median time"}
    drawn = chart(answer([{"gate": "a", "median_ms": 5_400_000}], picture))
    assert "median time, hours" in [one.text for one in parts(drawn, "text")]


def test_a_chart_over_time_has_a_line_for_each_value_within_the_page():
    drawn = chart(answer(steps(0, 4, 2), COURSE))
    (course,) = parts(drawn, "polyline")
    points = [tuple(map(float, one.split(","))) for one in course.get("points").split()]
    assert len(points) == 3
    assert all(0 < x < WIDTH for x, _ in points)
    assert points[1][1] < points[2][1] < points[0][1]
    assert "time, UTC; a step is a day" in [one.text for one in parts(drawn, "text")]


def test_a_chart_holds_no_markup_and_no_control_characters_of_others():
    drawn = chart(answer([{"gate": "<b>&\x1b[31m\x00\ud800", "failed_percent": 5.0, "runs": 1}], BARS))
    assert "<b>&�[31m��" in [one.text for one in parts(drawn, "text")]


@pytest.mark.parametrize(
    ("most", "whole", "step"), [(1, True, 1), (9, True, 2), (100, False, 20), (0.83, False, 0.2), (7, True, 2)]
)
def test_ticks_are_round(most, whole, step):
    assert nice(most, 5, is_whole=whole) == pytest.approx(step)
