"""A minimized log: what is told of it, and the page that lies beside it."""

from collections.abc import Sequence
from typing import Any

from omk.views.lines import Line, Span, badge, line, word, wrapped
from omk.views.markdown import code, escaped
from omk.views.why import kind_name

Document = dict[str, Any]
HOW = (
    "The records were numbered, chained and sealed again as a goal of another name; their texts and outputs are those recorded "
    "there, under the same salts. Verdicts on record and erasures are left out, since they speak of events by number."
)


def minimize_lines(made: Document, width: int) -> list[Line]:
    """What was made, as lines of at most *width* columns."""
    lines = [line(badge(made["status"]), "  ", Span(made["goal"], "bold"), Span(f"  at event {made['seq']}", "dim"))]
    gaps = ", ".join(made["gaps"]) or "none"
    rows = (
        ("Kept", f"{len(made['kept'])} of {made['events']} events; without any one of them the verdict is another"),
        ("Gaps", f"{gaps}, as before" if made["gaps"] else "none, as before"),
        ("Folder", made["folder"]),
    )
    for name, text in rows:
        first, *rest = wrapped(text, width, indent=" " * 10)
        lines += [line(f"  {name:<8}", *first[1:]), *rest]
    return lines


def minimize_markdown(made: Document) -> list[str]:
    """What was made."""
    gaps = ", ".join(map(code, made["gaps"])) or "none"
    return [
        "# Minimized",
        "",
        f"**{word(made['status'])}** – {code(made['goal'])} at event {made['seq']}",
        "",
        f"- kept: {len(made['kept'])} of {made['events']} events",
        f"- gaps: {gaps}",
        f"- folder: {code(made['folder'])}",
    ]


def about_minimized(name: str, made: Document, entries: Sequence[Any], *, status: str, gaps: Sequence[str]) -> str:
    """The page `about.md`: the claim, what it was made from, its events, and how it was made."""
    still = f"still `{status}`" + (f" with {', '.join(code(one) for one in gaps)} open" if gaps else "")
    place = f"{made['goal']}@{made['seq']}"
    rows = [
        f"- `@{entry.seq}` ({kind_name(entry.kind)}, there event {was}): {escaped(entry.summary)}"
        for entry, was in zip(entries, made["kept"], strict=True)
    ]
    parts = (
        f"# {name}",
        f"**{made['events']} of the {made['seq']} events of {place} are {still}, and none of them can go.**",
        "Without any one of them, and what rests on it, the status or a gap is another; only the first stays in any case.",
        "## What to look at",
        "\n".join(rows),
        "## How it was made",
        f"By `omk minimize {place}`. {HOW}",
    )
    return "\n\n".join(parts) + "\n"
