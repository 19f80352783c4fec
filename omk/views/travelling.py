"""What travelling in time answers: a checkout, a fork, the step that broke a gate."""

from typing import Any

from omk.views.lines import Line, Span, badge, line, table, word
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


def bisect_lines(done: Document, width: int) -> list[Line]:
    """Which step broke the gate, or why none can be named."""
    tried = f"{done['tried']} of {done['trees']} trees tried"
    if done["outcome"] == "broken":
        head = line("Gate ", Span(done["gate"], "bold"), " broke at ", Span(f"event {done['first_bad']}", "bad"))
        good = "the base commit" if done["last_good"] is None else f"event {done['last_good']}"
        rows = [
            ("step", done["agent"] or "omk"),
            ("bad", done["first_bad_tree"][:12]),
            ("good", f"{done['last_good_tree'][:12]}, {good}"),
            ("tried", tried),
        ]
        return [head, *table([(Span(name, "dim"), Span(text)) for name, text in rows], width)]
    return [line("Gate ", Span(done["gate"], "bold"), f" {_unbroken(done)}"), line("  ", Span(tried, "dim"))]


def bisect_markdown(done: Document) -> list[str]:
    """The same as Markdown."""
    tried = f"{done['tried']} of {done['trees']} trees tried."
    if done["outcome"] == "broken":
        good = "the base commit" if done["last_good"] is None else f"event {done['last_good']}"
        where = f"broke at event {done['first_bad']} (tree {code(done['first_bad_tree'])}) and passed at {good}"
        return [f"Gate {code(done['gate'])} {where}. {tried}"]
    return [f"Gate {code(done['gate'])} {_unbroken(done)}. {tried}"]


def _unbroken(done: Document) -> str:
    if done["outcome"] == "passes":
        return "passes on the last tree: no step broke it"
    return "passes on no recorded tree: there is no step that broke it"


def checkout_lines(done: Document) -> list[Line]:
    """Where the files are, and which tree they are."""
    tree = Span(done["tree"][:12], "bold")
    where = f"{done['files']} {'file' if done['files'] == 1 else 'files'} in {done['directory']}"
    return [line("Tree ", tree, f" of {done['goal']}, event {done['seq']}"), line("  ", Span(where, "good"))]


def checkout_markdown(done: Document) -> list[str]:
    """The same as Markdown."""
    return [f"Tree {code(done['tree'])} of {code(done['goal'])} at event {done['seq']} is in {code(done['directory'])}."]
