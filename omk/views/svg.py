"""An answer's picture as an SVG chart: plain text that a browser, a word processor or a pull request shows."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from omk.domain.duration import DAY, HOUR, MINUTE, SECOND
from omk.views.amounts import shortened
from omk.views.charts import Bars, Series, bars_of, series_of, stamp, step_name
from omk.views.lines import cells
from omk.views.stats import told_text

Document = dict[str, Any]

MOST_BARS = 24
WIDTH, EDGE, ROW, BAR = 860, 24, 28, 16
_LETTER = 7.6
"""How wide a column of text is at 13 pixels, at most, on average."""
_FONT = "font-family:'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif"
_INK, _QUIET, _GRID, _PAPER = "#1f2328", "#59636e", "#dde1e6", "#ffffff"
_COLOURS = {"good": "#2da44e", "bad": "#cf222e", "warn": "#bf8700", "name": "#0969da"}
_COURSES = ("#0969da", "#2da44e", "#cf222e", "#8250df")
_TIMES = ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (SECOND, "seconds"), (1, "milliseconds"))
_TICKS, _PLOT = 5, 260


def chart(answer: Document) -> str | None:
    """The chart of an answer, titled with its sentence; null where there is nothing to draw."""
    bars, series = bars_of(answer), series_of(answer)
    title = _wrapped(answer["sentence"], int((WIDTH - 2 * EDGE) / (_LETTER * 1.35)))
    told = ", ".join(filter(None, (f"omk stats {answer['question']}", told_text(answer["parameters"]))))
    if bars is not None:
        return _page([*_title(title, told), *_bars(bars, _top(title))], _bars_height(bars, _top(title)), answer["sentence"])
    if series is not None:
        return _page([*_title(title, told), *_series(series, _top(title))], _top(title) + _PLOT + 66, answer["sentence"])
    return None


# --- The page ---


def _page(parts: Sequence[str], height: float, label: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    paper = f'<rect width="{WIDTH}" height="{height:.0f}" fill="{_PAPER}"/>'
    return "\n".join([f'{head} role="img" aria-label="{_escaped(label)}" style="{_FONT}">', paper, *parts, "</svg>\n"])


def _title(lines: Sequence[str], told: str) -> Iterator[str]:
    for number, one in enumerate(lines):
        yield _text(EDGE, 34 + 23 * number, one, size=17, weight="bold")
    yield _text(EDGE, 34 + 23 * len(lines) - 2, told, size=12, colour=_QUIET)


def _top(title: Sequence[str]) -> int:
    return 34 + 23 * len(title) + 18


def _text(x: float, y: float, text: str, *, size: int = 13, colour: str = _INK, anchor: str = "start", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
    return f"<text {place}{bold}>{_escaped(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = _GRID) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _escaped(text: str) -> str:
    """Text as XML may hold it; what no XML may hold becomes a replacement character."""
    kept = "".join(one if one.isprintable() else "�" for one in text)
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        kept = kept.replace(sign, name)
    return kept


def _wrapped(text: str, room: int) -> list[str]:
    lines = [""]
    for one in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(one) > room:
            lines.append(one)
        else:
            lines[-1] = f"{lines[-1]} {one}".strip()
    return lines


# --- Bars ---


def _bars_height(drawn: Bars, top: float) -> float:
    return top + _rows(drawn) * ROW + 72


def _rows(drawn: Bars) -> int:
    shown = drawn.bars[:MOST_BARS]
    groups = len({one.group for one in shown if one.group})
    return len(shown) + groups + (1 if len(drawn.bars) > len(shown) else 0)


def _bars(drawn: Bars, top: float) -> Iterator[str]:
    shown = drawn.bars[:MOST_BARS]
    labels = min(300.0, max(cells(one.label) for one in shown) * _LETTER)
    behind = max(cells(one.text) + cells(one.beside) + 2 for one in shown) * _LETTER
    left, right = EDGE + labels + 10, WIDTH - EDGE - behind - 10
    bottom = top + _rows(drawn) * ROW
    most, ticks, unit = _scale(drawn)
    for value, words in ticks:
        x = left + (right - left) * value / most
        yield _line(x, top - 4, x, bottom)
        yield _text(x, bottom + 18, words, size=12, colour=_QUIET, anchor="middle")
    yield _text((left + right) / 2, bottom + 42, f"{drawn.axis}{unit}", size=12, colour=_QUIET, anchor="middle")
    y, group = top, ""
    for one in shown:
        if one.group != group:
            group = one.group
            yield _text(EDGE, y + 17, shortened(group, 100), weight="bold")
            y += ROW
        length = max((right - left) * one.value / most, 1 if one.value else 0)
        yield _text(left - 10, y + 17, shortened(one.label, round(labels / _LETTER)), anchor="end")
        yield f'<rect x="{left:.1f}" y="{y + 5:.1f}" width="{length:.1f}" height="{BAR}" fill="{_COLOURS[drawn.style]}"/>'
        yield _text(left + length + 8, y + 17, ", ".join(filter(None, (one.text, one.beside))), size=12, colour=_QUIET)
        y += ROW
    if len(drawn.bars) > len(shown):
        yield _text(left - 10, y + 17, f"and {len(drawn.bars) - len(shown)} more", colour=_QUIET, anchor="end")
    yield _line(left, top - 4, left, bottom, _QUIET)


def _scale(drawn: Bars) -> tuple[float, list[tuple[float, str]], str]:
    """The longest value of the axis, the ticks on it, and the unit as it stands behind what the axis means."""
    if drawn.column.endswith("_percent"):
        return 100, [(one, str(one)) for one in range(0, 101, 20)], ", %"
    size, unit = 1, ""
    if drawn.column.endswith("_ms"):
        size, name = next((one for one in _TIMES if drawn.most >= one[0]), _TIMES[-1])
        unit = f", {name}"
    step = nice(drawn.most / size, _TICKS, is_whole=not unit and float(drawn.most).is_integer())
    count = math.ceil(drawn.most / size / step - 1e-9)
    return step * count * size, [(step * one * size, f"{step * one:,.6g}") for one in range(count + 1)], unit


def nice(most: float, parts: int, *, is_whole: bool) -> float:
    """A round step that takes at most so many *parts* to reach *most*."""
    raw = most / parts
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= raw * (1 - 1e-9))
    return math.ceil(step) if is_whole else step


# --- Values over time ---


def _series(drawn: Series, top: float) -> Iterator[str]:
    most = max(1, *(max(values) for values in drawn.values.values()))
    step = nice(most, _TICKS, is_whole=True)
    count = math.ceil(most / step - 1e-9)
    left, right = EDGE + 22 + len(f"{step * count:,.0f}") * _LETTER, WIDTH - EDGE - 8
    top, bottom = top + 28, top + 28 + _PLOT - 28
    for number in range(count + 1):
        y = bottom - (bottom - top) * number / count
        yield _line(left, y, right, y, _GRID if number else _QUIET)
        yield _text(left - 8, y + 4, f"{step * number:,.0f}", size=12, colour=_QUIET, anchor="end")
    middle = (top + bottom) / 2
    turned = f'transform="rotate(-90 {EDGE - 4} {middle:.1f})"'
    yield _text(EDGE - 4, middle, drawn.axis, size=12, colour=_QUIET, anchor="middle").replace("<text ", f"<text {turned} ", 1)
    yield from _time_axis(drawn, left, right, bottom)
    x = left
    for (name, values), colour in zip(drawn.values.items(), _COURSES, strict=False):
        yield _course(values, (left, right, top, bottom), step * count, colour)
        yield f'<rect x="{x:.1f}" y="{top - 31:.1f}" width="12" height="12" fill="{colour}"/>'
        yield _text(x + 18, top - 20, name.replace("_", " "))
        x += 18 + (len(name) + 3) * _LETTER


def _course(values: Sequence[int], box: tuple[float, float, float, float], most: float, colour: str) -> str:
    """A line through the values, each in the middle of its step."""
    left, right, top, bottom = box
    wide = (right - left) / len(values)
    points = (f"{left + wide * (at + 0.5):.1f},{bottom - (bottom - top) * one / most:.1f}" for at, one in enumerate(values))
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'


def _time_axis(drawn: Series, left: float, right: float, bottom: float) -> Iterator[str]:
    times, wide = drawn.times, (right - left) / len(drawn.times)
    words, days = [stamp(one, times) for one in times], {one[:10] for one in times}
    day = ""
    if len(days) == 1 and len(words[0]) > len(times[0][:10]):
        words, day = [one[11:] for one in words], f" on {days.pop()}"
    room = len(words[0]) * _LETTER
    every = max(1, math.ceil((room + 16) / wide))
    first = next((at for at in range(len(words)) if left + wide * (at + 0.5) - room / 2 > EDGE), 0)
    for at in range(first, len(words), every):
        x = left + wide * (at + 0.5)
        if x + room / 2 < WIDTH - 4:
            yield _line(x, bottom, x, bottom + 5, _QUIET)
            yield _text(x, bottom + 20, words[at], size=12, colour=_QUIET, anchor="middle")
    told = f"time{day}, UTC; {step_name(times)}"
    yield _text((left + right) / 2, bottom + 44, told, size=12, colour=_QUIET, anchor="middle")
