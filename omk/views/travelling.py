"""What travelling in time answers: a checkout, a fork, the step that broke a gate."""

from typing import Any

from omk.views.lines import Line, Span, badge, line, word
from omk.views.markdown import code

Document = dict[str, Any]


def fork_lines(begun: Document) -> list[Line]:
    """What began, where in whose past, and with which files."""
    start = f"{begun['from']['goal']}@{begun['from']['seq']}"
    return [
        line(badge(begun["status"]), "  ", Span(begun["goal"], "bold")),
        line("  begins at ", Span(start, "name")),
        line("  with tree ", begun["tree"][:12]),
    ]


def fork_markdown(begun: Document) -> list[str]:
    """The same as Markdown."""
    start, tree = code(f"{begun['from']['goal']}@{begun['from']['seq']}"), code(begun["tree"])
    return [f"{code(begun['goal'])} begins at {start} with tree {tree}: **{word(begun['status'])}**."]


def checkout_lines(done: Document) -> list[Line]:
    """Where the files are, and which tree they are."""
    tree = Span(done["tree"][:12], "bold")
    where = f"{done['files']} {'file' if done['files'] == 1 else 'files'} in {done['directory']}"
    return [line("Tree ", tree, f" of {done['goal']}, event {done['seq']}"), line("  ", Span(where, "good"))]


def checkout_markdown(done: Document) -> list[str]:
    """The same as Markdown."""
    return [f"Tree {code(done['tree'])} of {code(done['goal'])} at event {done['seq']} is in {code(done['directory'])}."]
