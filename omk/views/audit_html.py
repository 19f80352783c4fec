"""The page of an audit as one HTML file: no script, nothing loaded from anywhere, readable on paper and on a telephone."""

from collections.abc import Iterator
from html import escape

from omk.views.audit import left_out_text, shown_queries
from omk.views.audit_page import NOTHING, Block, Cell, Facts, Page, Quote, Section, Table, Words
from omk.views.lines import style_of, word

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the page lets a browser do, should anything in it ever ask: nothing but use its own style."""
STYLE = """\
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --paper: #ffffff; --line: #d1d9e0; --soft: #f6f8fa;
  --good: #116329; --bad: #b3132a; --warn: #7a4b00; --name: #0a4f9e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa5b1; --paper: #0d1117; --line: #3d444d;
  --soft: #161b22; --good: #56d364; --bad: #ff8b85; --warn: #e3b341; --name: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.5rem; padding-bottom: 0.25rem; border-bottom: 2px solid var(--line); }
.badge { display: inline-block; padding: 0.15rem 0.7rem; border: 2px solid; border-radius: 1rem; font-weight: 700; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; padding: 0; margin: 0.75rem 0; }
a { color: var(--name); }
figure { margin: 1.25rem 0; }
figcaption, caption { text-align: left; font-weight: 600; font-size: 0.9rem; padding: 0.5rem 0 0.35rem;
  overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 1.25rem 0 0.5rem; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { color: var(--dim); font-weight: 600; overflow-wrap: normal; }
td.bold, [data-label="what"], [data-label="by"], [data-label="decided"] { min-width: 8rem; }
[data-label="time"] { min-width: 12.5rem; }
[data-label="took"] { min-width: 4.5rem; }
.facts th { width: 14rem; color: var(--dim); font-weight: 400; }
code, pre { font: 0.85em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: 0.75rem; background: var(--soft);
  border: 1px solid var(--line); border-radius: 0.4rem; }
details { margin: 0.25rem 0 1rem; }
summary { color: var(--dim); font-size: 0.85rem; cursor: pointer; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .warn { color: var(--warn); }
.dim { color: var(--dim); } .bold { font-weight: 600; }
@media (max-width: 44rem) {
  table:not(.facts), table:not(.facts) > tbody, table:not(.facts) > tbody > tr { display: block; }
  table:not(.facts) > caption { display: block; }
  table:not(.facts) > thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table:not(.facts) > tbody > tr { border-bottom: 1px solid var(--line); padding: 0.4rem 0; }
  table:not(.facts) > tbody > tr > * { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0.5rem;
    border: 0; padding: 0.1rem 0; }
  table:not(.facts) > tbody > tr > td[colspan] { display: block; }
  [data-label]::before { content: attr(data-label); color: var(--dim); font-weight: 400; }
  table:not(.facts) td.nothing { display: none; }
  .facts th { width: 7.5rem; }
}
@media print {
  :root { --ink: #000; --dim: #444; --paper: #fff; --line: #999; --soft: #fff; --good: #000; --bad: #000; --warn: #000;
    --name: #000; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  nav { display: none; }
  tr, figure { break-inside: avoid; }
  h2, caption, figcaption { break-after: avoid; }
  thead { display: table-header-group; }
}
@page { margin: 18mm 15mm; }
"""


def audit_html(one: Page, *, explain: bool = False) -> str:
    """The page as a whole HTML document, which ends with a line break."""
    links = "".join(f'<li><a href="#{part.key}">{escape(part.title)}</a></li>' for part in one.sections)
    parts = (
        "<!DOCTYPE html>",
        '<html lang="en" dir="ltr">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(one.title)}</title>",
        f"<style>\n{STYLE}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{escape(one.title)}</h1>",
        f'<p><span class="badge {style_of(one.status)}">{escape(word(one.status).upper())}</span></p>',
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>',
        "</header>",
        "<main>",
        *(text for section in one.sections for text in _section(one, section, explain=explain)),
        "</main>",
        "</body>",
        "</html>",
    )
    return "\n".join(parts) + "\n"


def _section(one: Page, section: Section, *, explain: bool) -> Iterator[str]:
    yield f'<section id="{section.key}" aria-labelledby="{section.key}-title">'
    yield f'<h2 id="{section.key}-title">{escape(section.title)}</h2>'
    for block in section.blocks:
        yield from _block(block)
        for query in shown_queries(one, block, explain=explain):
            yield f"<details{' open' if explain else ''}><summary>SQL of {query.name}: {escape(query.about)}</summary>"
            yield f"<pre><code>{escape(query.sql)}</code></pre></details>"
    yield "</section>"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Words():
            yield f"<p{_class(block.style)}>{escape(block.text)}</p>"
        case Quote():
            yield f"<figure><figcaption>{escape(block.caption)}</figcaption>"
            yield f'<pre dir="auto">{_verbatim(block.text)}</pre></figure>'
        case Facts():
            rows = (f'<tr><th scope="row">{escape(label)}</th>{_cell(cell)}</tr>' for label, cell in block.rows)
            yield f'<table class="facts"><caption>{escape(block.caption)}</caption><tbody>'
            yield from rows
            yield "</tbody></table>"
        case Table(rows=[], nothing=""):
            pass
        case Table(rows=[]):
            yield f'<figure><figcaption>{escape(block.caption)}</figcaption><p class="dim">{escape(block.nothing)}</p></figure>'
        case Table():
            yield from _table(block)


def _verbatim(text: str) -> str:
    """Text in a `pre`, whose first line break a browser would drop."""
    return escape(f"\n{text}" if text.startswith("\n") else text)


def _table(block: Table) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in block.head)
    yield f"<table><caption>{escape(block.caption)}</caption><thead><tr>{heads}</tr></thead><tbody>"
    after, left_out = block.gap
    for number, row in enumerate(block.rows):
        if left_out and number == after:
            yield f'<tr><td class="warn" colspan="{len(block.head)}">{escape(left_out_text(left_out))}</td></tr>'
        yield "<tr>" + "".join(_cell(cell, head) for head, cell in zip(block.head, row, strict=True)) + "</tr>"
    yield "</tbody></table>"


def _cell(cell: Cell, label: str = "") -> str:
    text = escape(cell.text)
    shown = f"<code>{text}</code>" if cell.is_code else text
    named = f' data-label="{escape(label)}"' if label else ""
    style = "dim nothing" if cell == NOTHING else cell.style
    return f"<td{named}{_class(style)}><span>{shown}</span></td>"


def _class(style: str) -> str:
    return f' class="{style}"' if style and style != "name" else ""
