"""Pictures of an answer's rows: bars and sparklines in the columns of a terminal, from what `omk.views.svg` draws, too."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from omk.domain.words import counted
from omk.views.amounts import amount, shortened
from omk.views.lines import Line, Span, cells, cut, line, padded, wrapped

Document = dict[str, Any]
MOST_BARS = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_LONGEST, _SHORTEST = 48, 8
"""Of a bar; where there is less room for the longest one, the counts beside them are left out."""
_APART = " · "

# --- What is drawn ---


class Bar(NamedTuple):
    """One bar: what it stands for and in which group, how long it is, that in words, and a count that belongs to it."""

    group: str
    label: str
    value: float
    text: str
    beside: str


class Bars(NamedTuple):
    """Bars, the longest possible value, the column it is of, what the axis means, and a style of `omk.views.lines`."""

    bars: list[Bar]
    most: float
    column: str
    axis: str
    style: str


class Series(NamedTuple):
    """Values over time: when each step begins, and the values by name; what the axis means."""

    times: list[str]
    values: dict[str, list[int]]
    axis: str


def bars_of(answer: Document) -> Bars | None:
    """The bars of an answer; null where it has none, or nothing but zeros."""
    picture = answer["picture"] or {}
    rows = answer["rows"]
    if picture.get("kind") == "counts":
        bars, column = _counted(rows, picture), "times"
    elif picture.get("kind") == "bars":
        column = picture["value"]
        bars = [_bar(row, picture) for row in rows if row[column] is not None]
    else:
        return None
    most = max((one.value for one in bars), default=0)
    return Bars(bars, picture.get("most", most), column, picture["axis"], picture.get("style", "name")) if most else None


def series_of(answer: Document) -> Series | None:
    """The values over time of an answer; null where it has none, or fewer than two steps."""
    picture, rows = answer["picture"] or {}, answer["rows"]
    if picture.get("kind") != "series" or len(rows) < 2:  # noqa: PLR2004 - one step is no course
        return None
    values = {name: [row[name] for row in rows] for name in picture["values"]}
    return Series([row[picture["time"]] for row in rows], values, picture["axis"])


def _bar(row: Document, picture: Document) -> Bar:
    column = picture["value"]
    text, beside = amount(column, row[column]), picture.get("beside")
    told = _many(row[beside], picture["counts"]) if beside else ""
    return Bar(_label(row, picture.get("group", ())), _label(row, picture["label"]), row[column], text, told)


def _many(number: int, noun: str) -> str:
    return counted(number, noun).replace(str(number), f"{number:,}", 1)


def _counted(rows: list[Document], picture: Document) -> list[Bar]:
    """A bar for each label, by how many rows have it; groups in the order of the rows."""
    found = Counter((_label(row, picture.get("group", ())), _label(row, picture["label"])) for row in rows)
    groups = list(dict.fromkeys(group for group, _ in found))
    ranked = sorted(found.items(), key=lambda one: (groups.index(one[0][0]), -one[1]))
    return [Bar(group, label, count, f"{count:,}", "") for (group, label), count in ranked]


def _label(row: Document, columns: Sequence[str]) -> str:
    return _APART.join(amount(column, row[column]) for column in columns)


# --- In a terminal ---


def bar_lines(drawn: Bars, width: int) -> list[Line]:
    """The first bars, each with its label before and its value behind, in lines of at most *width* columns."""
    shown = drawn.bars[:MOST_BARS]
    labels = min(max(cells(one.label) for one in shown), width * 2 // 5)
    texts = max(cells(one.text) for one in shown)
    besides = max(cells(one.beside) for one in shown)
    room = min(_LONGEST, width - labels - texts - besides - 8)
    if room < _SHORTEST:
        room, besides = max(1, min(_LONGEST, width - labels - texts - 6)), 0
    lines, group = list[Line](), ""
    for one in shown:
        if one.group != group:
            group = one.group
            lines.append(line("  ", Span(cut(group, width - 2), "bold")))
        bar = Span(padded(bar_text(one.value / drawn.most, room), room), drawn.style)
        value = " " * (texts - cells(one.text)) + one.text
        label = Span(padded(shortened(one.label, labels), labels))
        lines.append(line("  ", label, "  ", bar, "  ", value, "  ", Span(one.beside if besides else "", "dim")))
    left = len(drawn.bars) - len(shown)
    return lines + ([line(Span(f"  and {left} more", "dim"))] if left else [])


def bar_text(share: float, room: int) -> str:
    """A bar of a share of *room* columns, to an eighth of one; what is not nothing has at least that."""
    eighths = max(round(share * room * 8), 1 if share > 0 else 0)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def series_lines(drawn: Series, width: int) -> list[Line]:
    """A sparkline for each value, one below the other, with the time below them."""
    names = {name: name.replace("_", " ") for name in drawn.values}
    label = max(map(cells, names.values()))
    tails = {name: f"now {values[-1]:,}, at most {max(values):,}" for name, values in drawn.values.items()}
    room = width - label - max(map(cells, tails.values())) - 6
    lines, used = [], 0
    for name, values in drawn.values.items():
        spark = sparkline(values, room)
        used = len(spark)
        lines.append(line("  ", padded(names[name], label), "  ", Span(spark, "name"), "  ", Span(tails[name], "dim")))
    return [*lines, *_time_axis(drawn.times, used, label + 4, width)]


def sparkline(values: list[int], room: int) -> str:
    """Values as heights in at most *room* columns: the lowest is nothing; each column is the highest of its steps."""
    most = max(values) or 1
    together = -(-len(values) // max(1, room))
    groups = [max(values[start : start + together]) for start in range(0, len(values), together)]
    wide = max(1, min(4, room // len(groups)))
    return "".join(_HEIGHTS[-(-value * (len(_HEIGHTS) - 1) // most)] * wide for value in groups)


def _time_axis(times: list[str], used: int, indent: int, width: int) -> list[Line]:
    first, last = stamp(times[0], times), stamp(times[-1], times)
    step = f"{step_name(times)}, UTC"
    between = used - cells(first) - cells(last)
    if between >= 1:
        told = f"{first}{' ' * between}{last}  "
        if indent + cells(told) + cells(step) <= width:
            return [line(" " * indent, Span(told + step, "dim"))]
        return [line(" " * indent, Span(told, "dim")), line(" " * indent, Span(step, "dim"))]
    return wrapped(f"{first} to {last}, {step}", width, indent=" " * indent, style="dim")


_STEPS = ((86_400 * 300, "year", 4), (86_400 * 20, "month", 7), (86_400 * 6, "week", 10), (86_400, "day", 10))
_SMALL = ((3_600, "hour", 16), (60, "minute", 16), (0, "second", 19))


def step_name(times: list[str]) -> str:
    """How long a step is: `a step is a day`."""
    name = _step(times)[0]
    return f"a step is {'an' if name == 'hour' else 'a'} {name}"


def stamp(time: str, times: list[str]) -> str:
    """A time as exactly as the steps between *times* need."""
    return time[: _step(times)[1]].replace("T", " ")


def _step(times: list[str]) -> tuple[str, int]:
    seconds = (datetime.fromisoformat(times[1]) - datetime.fromisoformat(times[0])).total_seconds()
    return next((name, length) for least, name, length in (*_STEPS, *_SMALL) if seconds >= least)
