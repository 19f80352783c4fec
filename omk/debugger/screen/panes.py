"""The panes: proof, state, the step, its code, why, and the breakpoints, each as lines of any number."""

from collections.abc import Callable

from omk.debugger.model.debugger import Debugger
from omk.debugger.screen.code import code_lines
from omk.debugger.screen.naming import expression_of
from omk.debugger.screen.step import step_lines
from omk.debugger.screen.supposition import left_out_lines, supposed_lines
from omk.debugger.screen.tree import row_line, tree_rows
from omk.debugger.screen.view import Pane, View
from omk.replay.documents import Document, state_document, with_output_tails
from omk.replay.explain.chain import with_chains
from omk.replay.explain.why import why_document
from omk.replay.moment import Moment
from omk.replay.proof_document import proof_document
from omk.views.lines import BLANK, Line, Span, cells, line, wrapped
from omk.views.proof import proof_lines
from omk.views.why import why_lines

Draw = Callable[[Debugger, View, int], list[Line]]
TITLES: dict[Pane, str] = {
    "proof": "Proof", "state": "State", "step": "Step", "code": "Code", "why": "Why", "breakpoints": "Breaks",
}  # fmt: skip
NO_BREAKPOINT = (
    "No breakpoints. Press b and type an expression: a condition stops where it becomes true, a value where it changes."
)
EXAMPLES = ('status == "ready"', "gates.tests.outcome", "len(files) > 3", '"gate.tests" in gaps', "tree")


def pane_lines(debugger: Debugger, view: View, pane: Pane, width: int) -> list[Line]:
    """All lines of a pane, none wider than *width*."""
    judged = debugger.judged if pane in {"proof", "why"} else debugger.moment
    if pane != "breakpoints" and judged is None:
        return [line(), line(Span("  The state at this event is being folded …", "dim"))]
    above = left_out_lines(debugger, width) if pane in {"step", "code"} else []
    return fitted([*above, *_DRAW[pane](debugger, view, width)], width)


def fitted(lines: list[Line], width: int) -> list[Line]:
    """The lines, those that are too wide broken in pieces if they are to be copied or read whole."""
    made: list[Line] = []
    for one in lines:
        made += _broken(one, width) if sum(cells(span.text) for span in one) > width else [one]
    return made


def _broken(one: Line, width: int) -> list[Line]:
    made: list[Line] = []
    now: list[Span] = []
    left = width
    for span in one:
        kept = ""
        for character in span.text:
            if cells(character) > left:
                made.append((*now, Span(kept, span.style)))
                now, kept, left = [Span("      ")], "", width - 6
            kept += character
            left -= cells(character)
        now.append(Span(kept, span.style))
    return [*made, tuple(now)]


def _proof(debugger: Debugger, _: View, width: int) -> list[Line]:
    moment = _judged(debugger)
    document = debugger.tape.resolved(proof_document(moment.state, moment.proof)) | {"goal": ""}  # the header names it
    return [*supposed_lines(debugger, width), *proof_lines(document, width)]


def _why(debugger: Debugger, view: View, width: int) -> list[Line]:
    moment = _judged(debugger)
    why = debugger.tape.resolved(why_document(moment.proof)) | {"goal": ""}
    why = with_output_tails(why, moment.state, debugger.tape.blob)
    why = with_chains(why, moment.state, debugger.tape.history) if view.has_chains else why
    return [*supposed_lines(debugger, width), *why_lines(why, width)]


def _judged(debugger: Debugger) -> Moment:
    """The moment that is judged: the hypothetical one where something is supposed."""
    if debugger.judged is None:
        raise LookupError(debugger.seq)  # whoever asks has looked
    return debugger.judged


def _state(debugger: Debugger, view: View, width: int) -> list[Line]:
    rows = tree_rows(*state_documents(debugger, view), view.expanded)
    chosen = view.choose("state", len(rows))
    return [row_line(row, width, is_chosen=view.is_inside and place == chosen) for place, row in enumerate(rows)]


def chosen_path(debugger: Debugger, view: View) -> str | None:
    """The expression that reads the row of the state one stands on; None where there is none."""
    rows = tree_rows(*state_documents(debugger, view), view.expanded)
    moment = debugger.moment
    return expression_of(rows[view.choose("state", len(rows))].path, moment) if moment else None


def state_documents(debugger: Debugger, view: View) -> tuple[Document, Document]:
    """The state where one stands, and the one before it."""
    seq = debugger.seq if debugger.moment else 0
    made = {place: view.states.get(place) or _document(debugger, place) for place in (max(0, seq - 1), seq)}
    view.states = made
    return made[seq], made[max(0, seq - 1)]


def _document(debugger: Debugger, seq: int) -> Document:
    moment = debugger.moment_at(seq)
    return debugger.tape.resolved(state_document(moment.state, moment.proof))


def _breakpoints(debugger: Debugger, view: View, width: int) -> list[Line]:
    if not debugger.breakpoints:
        return [*wrapped(NO_BREAKPOINT, width, indent="  "), BLANK, *(line("    ", Span(one, "name")) for one in EXAMPLES)]
    chosen = view.choose("breakpoints", len(debugger.breakpoints))
    lines = []
    for place, one in enumerate(debugger.breakpoints):
        here = view.is_inside and place == chosen
        hit = debugger.hits is not None and one in debugger.hits.points
        spans = (
            Span(f"{'>' if here else ' '}{'●' if hit else ' '} "),
            Span("[on]  " if one.is_on else "[off] ", "good" if one.is_on else "dim"),
            Span(f"{one.number}  ", "bold"),
            Span(one.expression.text, "name" if one.is_on else "dim"),
            Span(f"  {one.sense}", "dim"),
        )
        lines.append(tuple(Span(span.text, f"{span.style} here".strip()) for span in spans) if here else spans)
    keys = "r runs to the next hit, R back to the one before; tab goes in: enter switches one, delete forgets it."
    return [*lines, BLANK, *wrapped(keys, width, indent="  ", style="dim")]


def _step(debugger: Debugger, _: View, width: int) -> list[Line]:
    return step_lines(debugger, width)


def _code(debugger: Debugger, _: View, width: int) -> list[Line]:
    return code_lines(debugger, width)


_DRAW: dict[Pane, Draw] = {
    "proof": _proof, "state": _state, "step": _step, "code": _code, "why": _why, "breakpoints": _breakpoints,
}  # fmt: skip
