"""The page of an audit as text, as wide as the terminal, and as Markdown."""

from collections.abc import Iterator, Sequence

from omk.views.audit_asked import asked, opened, verdict
from omk.views.audit_decided import changed, decided, digests
from omk.views.audit_done import done, evidence
from omk.views.audit_page import NOTHING, Block, Cell, Document, Facts, Page, Query, Quote, Table, Words
from omk.views.lines import BLANK, Line, Span, badge, cells, line, padded, wrapped
from omk.views.markdown import code, escaped, longest_ticks, table

_INDENT = "  "
_BELOW = "    "
_NARROWEST = 30
"""The least room in which a last column is broken beside the others."""


def page(document: Document) -> Page:
    """The page of a dossier, in the order in which an auditor asks."""
    makers = (verdict, asked, done, evidence, decided, changed, opened, digests)
    queries = {name: Query(name, part["about"], part["sql"]) for name, part in document["parts"].items()}
    cut = frozenset(name for name, part in document["parts"].items() if part["left_out"])
    title = f"Audit of {document['goal']} at event {document['seq']}"
    return Page(title, document["goal"], document["status"], [make(document) for make in makers], queries, cut)


def shown_queries(one: Page, block: Block, *, explain: bool) -> Iterator[Query]:
    """The queries that a block rests on: all of them to explain it, else those of which rows are left out."""
    parts = () if isinstance(block, Quote) else getattr(block, "parts", ())
    return (one.queries[name] for name in parts if explain or name in one.cut)


def left_out_text(count: int) -> str:
    """How it is said that rows are missing."""
    return f"… {count:,} left out here; the query below gives all …"


# --- Text ---


def audit_lines(one: Page, width: int, *, explain: bool = False) -> list[Line]:
    """The page as lines of at most *width* columns, but for queries, which are as they have to be typed."""
    lines = [line(badge(one.status), "  ", Span(one.title, "bold"))]
    for section in one.sections:
        lines += [BLANK, line(Span(section.title.upper(), "bold")), line(Span("─" * min(width, cells(section.title)), "dim"))]
        for block in section.blocks:
            lines += [*_block(block, width), *_queries(one, block, width, explain=explain)]
    return lines


def _queries(one: Page, block: Block, width: int, *, explain: bool) -> Iterator[Line]:
    for query in shown_queries(one, block, explain=explain):
        yield from wrapped(f"SQL of {query.name}: {query.about}", width, indent=_INDENT, style="dim")
        yield from (line(Span(f"{_INDENT}{_INDENT}{text}", "dim")) for text in query.sql.split("\n"))


def _block(block: Block, width: int) -> list[Line]:
    match block:
        case Words():
            return [BLANK, *wrapped(block.text, width, indent=_INDENT, style=block.style)]
        case Quote():
            quoted = (piece for text in block.text.splitlines() or [""] for piece in _pieces(text, width - 4))
            return [BLANK, line(Span(f"{_INDENT}{block.caption}", "bold")), *(line("  │ ", Span(one, "name")) for one in quoted)]
        case Facts():
            return [*_caption(block.caption, width), *_facts(block, width)]
        case Table(rows=[], nothing=""):
            return []
        case Table(rows=[]):
            return [*_caption(block.caption, width), *wrapped(block.nothing, width, indent=_INDENT, style="dim")]
        case Table():
            return [*_caption(block.caption, width), *_table(block, width)]


def _caption(text: str, width: int) -> list[Line]:
    return [BLANK, *wrapped(text, width, indent=_INDENT, style="bold")]


def _facts(block: Facts, width: int) -> Iterator[Line]:
    longest = max((cells(label) for label, _ in block.rows), default=0)
    for label, cell in block.rows:
        yield from _labelled(padded(label, longest), cell, width, indent=_INDENT)


def _labelled(label: str, cell: Cell, width: int, *, indent: str) -> Iterator[Line]:
    """A value after its label; what does not fit goes on below its beginning, and an id below its label."""
    lead, text = f"{indent}{label}  ", _flat(cell.text)
    room = max(10, width - cells(lead))
    if room < cells(text) <= width - cells(_BELOW) and " " not in text:
        yield line(Span(lead, "dim"))
        yield line(_BELOW, Span(text, cell.style))
        return
    for place, piece in enumerate(_pieces(text, room)):
        yield line(Span(lead if place == 0 else " " * cells(lead), "dim"), Span(piece, cell.style))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _pieces(text: str, room: int) -> list[str]:
    """A line in pieces of at most *room* columns, broken at blanks where there are any, its own blanks kept."""
    pieces = []
    rest = text.expandtabs(4)
    while cells(rest) > room:
        length = room if rest.isascii() else _fitting(rest, room)
        at = rest.rfind(" ", length // 2, length + 1)
        end = length if at <= 0 else at
        pieces.append(rest[:end])
        rest = rest[end:].removeprefix(" ")
    return [*pieces, rest]


def _fitting(text: str, room: int) -> int:
    """How many characters of *text* fit into *room* columns; at least one."""
    used = 0
    for length, character in enumerate(text):
        used += cells(character)
        if used > room:
            return max(1, length)
    return len(text)


def _table(block: Table, width: int) -> Iterator[Line]:
    """Rows in columns; a column for which there is no room stands below its row, under its name."""
    texts = [[_flat(cell.text) for cell in row] for row in block.rows]
    widths = [max(cells(head), *(cells(row[place]) for row in texts)) for place, head in enumerate(block.head)]
    longest = max(cells(word) for row in texts for word in row[-1].split() or [""])
    beside, room = _beside(widths, width, longest)
    yield line(Span(_INDENT + "  ".join(padded(block.head[place], widths[place]) for place in beside), "dim"))
    after, left_out = block.gap
    for number, (row, told) in enumerate(zip(block.rows, texts, strict=True)):
        if left_out and number == after:
            yield line(Span(f"{_INDENT}{left_out_text(left_out)}", "warn"))
        pieces = _pieces(told[-1], room)
        shown = [*told[:-1], pieces[0]]
        yield line(_INDENT, *(Span(padded(shown[place], widths[place]) + "  ", row[place].style) for place in beside))
        yield from (line(" " * (width - room), Span(piece, row[-1].style)) for piece in pieces[1:] if len(told) - 1 in beside)
        for place in range(len(told)):
            if place not in beside and told[place] not in {"", NOTHING.text}:
                yield from _labelled(block.head[place], row[place], width, indent=_BELOW)


def _beside(widths: Sequence[int], width: int, longest: int) -> tuple[list[int], int]:
    """The columns that stand beside one another, and how much room the last one has, whose longest word is given."""
    beside, used = [], cells(_INDENT)
    for place, needed in enumerate(widths[:-1]):
        if used + needed <= width:
            beside.append(place)
            used += needed + 2
    room = width - used
    has_room = widths[-1] <= room or max(_NARROWEST, longest) <= room
    return [*beside, len(widths) - 1] if has_room else beside, max(1, room)


# --- Markdown ---

_MORE = str.maketrans({"&": "\\&", "~": "\\~", "@": "\\@"})


def audit_markdown(one: Page, *, explain: bool = False) -> list[str]:
    """The page as lines of Markdown."""
    lines = [f"# {_text(one.title)}", "", f"**{_text(one.status.replace('_', ' '))}**", ""]
    for section in one.sections:
        lines += [f"## {_text(section.title)}", ""]
        for block in section.blocks:
            lines += _block_markdown(block)
            for query in shown_queries(one, block, explain=explain):
                lines += [f"SQL of {query.name}: {_text(query.about)}", "", *_fenced(query.sql, "sql"), ""]
    return lines


def _block_markdown(block: Block) -> list[str]:
    match block:
        case Words():
            return [_text(block.text), ""]
        case Quote():
            return [f"**{_text(block.caption)}**", "", *_fenced(block.text, "text"), ""]
        case Facts():
            rows = [(_text(label), _cell(cell)) for label, cell in block.rows]
            return [f"**{_text(block.caption)}**", "", *table(("what", ""), rows)]
        case Table(rows=[], nothing=""):
            return []
        case Table(rows=[]):
            return [f"**{_text(block.caption)}**", "", _text(block.nothing), ""]
        case Table():
            rows_of_cells = [tuple(map(_cell, row)) for row in block.rows]
            after, left_out = block.gap
            if left_out:
                blanks = [""] * (len(block.head) - 1)
                rows_of_cells.insert(after, (left_out_text(left_out), *blanks))
            return [f"**{_text(block.caption)}**", "", *table(block.head, rows_of_cells)]


def _cell(cell: Cell) -> str:
    return code(cell.text) if cell.is_code else _text(cell.text)


def _text(text: str) -> str:
    return escaped(text).translate(_MORE)


def _fenced(text: str, language: str) -> list[str]:
    fence = "`" * max(3, longest_ticks(text) + 1)
    return [f"{fence}{language}", *text.splitlines(), fence]
