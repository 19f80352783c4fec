"""The answer to a named question: its sentence, a picture where one reads better, and the rows as a table."""

from collections.abc import Sequence
from typing import Any

from omk.domain.words import counted
from omk.views import markdown
from omk.views.amounts import amount, shortened, title
from omk.views.charts import bar_lines, bars_of, series_lines, series_of
from omk.views.lines import BLANK, Line, Span, cells, line, padded, wrapped

Document = dict[str, Any]
MOST_ROWS = 20
MOST_STEPS = 12
_TEXTS = (str, list)
_WHOLE = ("_at", "goal")
"""Ends of the names of columns whose texts are of no use when they are cut."""
_LEAST = 16
"""Other texts are not cut shorter than that."""
_FIRST, _ENOUGH = 6, 40
"""Columns after the first ones are shown where texts can still be so long."""


def question_lines(questions: list[Document], width: int) -> list[Line]:
    """Every question with its sentence."""
    lines = [line(Span(counted(len(questions), "question"), "bold"), Span("  ask one: omk stats NAME", "dim")), BLANK]
    room = max(len(one["question"]) for one in questions) + 4
    for one in questions:
        first, *more = wrapped(one["sentence"], width - room)
        lines += [line("  ", Span(padded(one["question"], room - 2), "name"), *first)]
        lines += [line(" " * room, *other) for other in more]
    return lines


def questions_markdown(questions: list[Document]) -> list[str]:
    """The same as Markdown."""
    rows = [(markdown.code(one["question"]), markdown.escaped(one["sentence"])) for one in questions]
    return [f"# Questions ({len(questions)})", "", *markdown.table(("question", "what it asks"), rows)]


def answer_lines(answer: Document, width: int) -> list[Line]:
    """Sentence, picture, table and what one has to know about them, in lines of at most *width* columns."""
    lines = wrapped(answer["sentence"], width, style="bold")
    told = told_text(answer["parameters"])
    lines += wrapped(told, width, style="dim") if told else []
    if not answer["rows"]:
        return [*lines, BLANK, *wrapped(answer["empty"], width, indent="  ")]
    bars, series = bars_of(answer), series_of(answer)
    if bars is not None:
        lines += [BLANK, *wrapped(bars.axis, width, indent="  ", style="dim"), *bar_lines(bars, width)]
    if series is not None:
        lines += [BLANK, *wrapped(series.axis, width, indent="  ", style="dim"), *series_lines(series, width)]
    return [*lines, BLANK, *_table(answer, width), BLANK, *wrapped(answer["about"], width, indent="  ", style="dim")]


def answer_markdown(answer: Document) -> list[str]:
    """The same as Markdown, with every row and column."""
    lines = [f"# {markdown.escaped(answer['sentence'])}", ""]
    told = told_text(answer["parameters"])
    lines += [markdown.escaped(told), ""] if told else []
    if not answer["rows"]:
        return [*lines, markdown.escaped(answer["empty"]), ""]
    names = [one["name"] for one in answer["columns"]]
    rows = [tuple(markdown.escaped(amount(name, row[name])) for name in names) for row in answer["rows"]]
    return [*lines, *markdown.table(tuple(map(title, names)), rows), markdown.escaped(answer["about"]), ""]


def told_text(parameters: Document) -> str:
    """What the question was told, in words; empty if nothing."""
    words = {"since": "since {}", "goal": "goal {}", "agent": "agents driven by “{}”"}
    return ", ".join(words[name].format(parameters[name]) for name in words if parameters.get(name) is not None)


# --- The table ---


def _table(answer: Document, width: int) -> list[Line]:
    """As many columns as fit, numbers to the right; which rows and columns are left out is said below."""
    rows, left = _rows(answer)
    columns = _columns(answer["columns"], rows, width)
    room = {name: size for name, (size, _) in columns.items()}
    head = [_cell(title(name), room[name], right=right, style="dim") for name, (_, right) in columns.items()]
    fitted = list(columns.items())
    body = [[_cell(amount(name, row[name]), size, right=right) for name, (size, right) in fitted] for row in rows]
    missing = [title(one["name"]) for one in answer["columns"] if one["name"] not in columns]
    said = [*left, *([f"no room for: {', '.join(missing)}"] if missing else [])]
    lines = [_row(one) for one in (head, *body)]
    return lines + (wrapped(f"{'; '.join(said)} (--json, --format md)", width, indent="  ", style="dim") if said else [])


def _rows(answer: Document) -> tuple[list[Document], list[str]]:
    """The rows that are shown, and what is said of the others: of a course of time the last ones, else the first."""
    rows, is_course = answer["rows"], (answer["picture"] or {}).get("kind") == "series"
    most = MOST_STEPS if is_course else MOST_ROWS
    if len(rows) <= most:
        return rows, []
    return (rows[-most:] if is_course else rows[:most]), [f"the {'last' if is_course else 'first'} {most} of {len(rows):,} rows"]


def _columns(columns: list[Document], rows: Sequence[Document], width: int) -> dict[str, tuple[int, bool]]:
    """The columns that fit with their widths, and whether they hold numbers: the first ones, and what fits beside them."""
    sizes, texts, numbers = dict[str, int](), set[str](), set[str]()
    for name in (one["name"] for one in columns):
        sizes[name] = max(cells(title(name)), *(cells(amount(name, row[name])) for row in rows))
        is_text = any(isinstance(row[name], _TEXTS) for row in rows)
        (texts if is_text else numbers).add(name)
    wide = {name for name in texts if not name.endswith(_WHOLE)}
    least = {name: min(size, max(_LEAST, cells(title(name)))) if name in wide else size for name, size in sizes.items()}
    needed = {name: min(size, _ENOUGH) if name in wide else size for name, size in sizes.items()}
    chosen = list[str]()
    for name in sizes:
        enough = least if len(chosen) < _FIRST else needed
        if sum(enough[one] + 2 for one in (*chosen, name)) <= width:
            chosen.append(name)
    found = {name: sizes[name] for name in chosen}
    _narrow(found, {name: least[name] for name in chosen}, width)
    return {name: (size, name in numbers) for name, size in found.items()}


def _narrow(sizes: dict[str, int], least: dict[str, int], width: int) -> None:
    """Make the columns that have most to spare narrower, until all of them fit."""
    while sum(size + 2 for size in sizes.values()) > width:
        widest = max(sizes, key=lambda name: (sizes[name] > least[name], sizes[name]))
        sizes[widest] -= 1


def _cell(text: str, size: int, *, right: bool, style: str = "") -> Span:
    short = shortened(text, size)
    return Span(" " * (size - cells(short)) + short if right else padded(short, size), style)


def _row(spans: Sequence[Span]) -> Line:
    return line(*(part for span in spans for part in ("  ", span)))
