"""The whole screen: header, timeline, panes, status and keys, as exactly so many lines of exactly so many columns at most."""

from omk.debugger.keys import help_lines, hints
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.prompt import Prompt
from omk.debugger.screen.panes import TITLES, chosen_path, pane_lines
from omk.debugger.screen.supposition import suppositions
from omk.debugger.screen.timeline import timeline_rows
from omk.debugger.screen.view import CHOSEN, PANES, Pane, View
from omk.domain.words import counted
from omk.views.lines import BLANK, Line, Span, badge, cells, cut, line, wrapped
from omk.views.times import moment as time_of

WIDE = 120
ROOMY = 90
FIXED = 5
"""Rows that are always there: two of the header, the bar between, status, keys."""
_HEX = 12


def screen(debugger: Debugger, view: View, width: int, height: int) -> list[Line]:
    """What to show now; also notes in *view* how many rows there are to page through."""
    if view.is_help:
        return _framed([*help_lines()], view, width, height)
    status = _status(debugger, view, width)
    rows = max(2, height - FIXED - len(status) + 1)
    upper = 1 if view.is_large else max(1, (height - FIXED) * 2 // 5)
    lower = max(1, rows - upper)
    view.room = upper if upper > 1 else lower
    top = view.keep_in_sight(debugger.seq, debugger.head, upper)
    shown = _filled(timeline_rows(debugger, top, upper, width), upper)
    bar, panes = _lower(debugger, view, width, lower)
    made = [*_header(debugger, width), *shown, bar, *panes, *status, _hints(view, width)]
    return [clipped(one, width) for one in made[:height]]


def _framed(lines: list[Line], view: View, width: int, height: int) -> list[Line]:
    room = height - 1
    top = max(0, min(view.tops.get("help", 0), len(lines) - room))
    view.tops["help"] = top
    more = f"  {top + 1}-{min(top + room, len(lines))} of {len(lines)}, j k" if len(lines) > room else ""
    end = line(Span(f" esc or ? goes back{more}", "dim"))
    return [clipped(one, width) for one in [*_filled(lines[top : top + room], room), end]]


# --- Header ---


def _header(debugger: Debugger, width: int) -> list[Line]:
    judged = debugger.judged
    mark = badge(judged.status) if judged else Span(" FOLDING ", "badge-warn")
    if debugger.is_hypothetical:
        mark = Span(f" HYPOTHETICAL:{mark.text}", "badge-warn")
    place = f"event {debugger.seq} of {debugger.head}"
    left = line(mark, "  ", Span(cut(debugger.tape.goal, max(8, width - cells(mark.text) - cells(place) - 4)), "bold"))
    return [_both(left, line(Span(place, "bold")), width), _second(debugger)]


def _second(debugger: Debugger) -> Line:
    now, record = debugger.judged, debugger.tape.record(debugger.seq)
    tree = now.state.worktree.tree[:_HEX] if now else "…"
    told = [time_of(record.at) if record else "before the first event", f"tree {tree}" if tree else "no tree yet"]
    told += [counted(len(debugger.breakpoints), "breakpoint")] if debugger.breakpoints else []
    if debugger.follows and debugger.has_ended:
        told.append("followed to its end")
    elif debugger.follows:
        told.append("following" if debugger.seq == debugger.head else "following (end goes back to it)")
    return line(Span(" " + "  ".join(told), "dim"))


# --- The lower half ---


def _lower(debugger: Debugger, view: View, width: int, rows: int) -> tuple[Line, list[Line]]:
    if width < WIDE:
        content, told = _pane(debugger, view, view.pane, width, rows)
        return _bar(view, told, width), content
    half = (width - 3) // 2
    other: Pane = "proof" if view.pane == "step" else "step"
    left, told = _pane(debugger, view, view.pane, half, rows)
    beside = pane_lines(debugger, view, other, width - 3 - half)
    drawn = [(*_padded(one, half), Span(" │ ", "dim"), *two) for one, two in zip(left, _filled(beside[:rows], rows), strict=True)]
    more = f" 1-{rows} of {len(beside)} ─" if len(beside) > rows else "─"
    name = f" {PANES.index(other) + 1} {TITLES[other]} "
    bar = _padded(_bar(view, told, half), half)
    right = line(Span(name + "─" * max(0, width - 3 - half - len(name) - len(more)) + more, "dim"))
    return (*bar, Span("─┬─", "dim"), *right), drawn


def _pane(debugger: Debugger, view: View, pane: Pane, width: int, rows: int) -> tuple[list[Line], str]:
    """The rows of a pane that are in sight, and which ones these are if there are more."""
    lines = pane_lines(debugger, view, pane, width)
    if pane in CHOSEN and view.is_inside:
        chosen = view.lines.get(pane, 0)
        top = view.tops.get(pane, 0)
        view.tops[pane] = min(max(top, chosen - rows + 1), chosen)
    top = view.fit(len(lines), rows)
    told = f"{top + 1}-{min(top + rows, len(lines))} of {len(lines)}" if len(lines) > rows else ""
    return _filled(lines[top : top + rows], rows), told


def _bar(view: View, told: str, width: int) -> Line:
    """The names of the panes, the one that is shown in brackets; drawn double when the keys go to it."""
    rule = "═" if view.is_inside else "─"
    spans = [Span(rule, "dim")]
    for number, pane in enumerate(PANES, start=1):
        name = f"{number} {TITLES[pane]}"
        spans.append(Span(f"[{name}]", "bold") if pane == view.pane else Span(f" {name} ", "dim"))
    end = f" {told} " if told else ""
    used = sum(cells(span.text) for span in spans)
    if used + cells(end) > width:
        end = ""
    return clipped((*spans, Span(rule * max(0, width - used - cells(end) - 1), "dim"), Span(end + rule, "dim")), width)


# --- Status and keys ---


def _status(debugger: Debugger, view: View, width: int) -> list[Line]:
    """What there is to say, or what is being typed: one line, and as many more as a long message needs."""
    if view.prompt is not None:
        return [_typed(view.prompt, width)]
    if debugger.job is not None:
        at = f"  at event {debugger.job.at:,} of {debugger.head:,}" if debugger.job.at else ""
        return [line(Span(f" … {debugger.job.what}{at}  (esc stops)", "warn"))]
    if debugger.message:
        mark, style = (" ! ", "bad") if debugger.is_trouble else (" ", "bold")
        first, *more = wrapped(debugger.message, width, indent=" " * len(mark), style=style)
        return [(Span(mark, style), *first[1:]), *more]
    told: list[Line] = []
    if debugger.is_hypothetical and view.pane not in {"proof", "why"}:  # which say it themselves
        state = " The state is the recorded one." if view.pane == "state" else ""
        told.append(line(Span(f" {suppositions(debugger)}{state}", "warn")))
    if view.is_inside and view.pane == "state":
        told.append(_named(chosen_path(debugger, view)))
    return told or [BLANK]


def _named(path: str | None) -> Line:
    """What b and `omk when` call the line of the state that one stands on."""
    return line(" ", Span(path, "name")) if path else line(Span(" no expression reads this", "dim"))


def _typed(prompt: Prompt, width: int) -> Line:
    """The line that is being typed, as much of it as there is room for, with the cursor in it."""
    room = max(4, width - cells(prompt.label) - 3)
    before = prompt.text[: prompt.place]
    while cells(before) > room:
        before = before[1:]
    after = prompt.text[prompt.place :]
    return line(Span(f" {prompt.label} ", "bold"), before, Span(after[:1] or " ", "here"), after[1:])


def _hints(view: View, width: int) -> Line:
    left, right = hints(view, is_roomy=width >= ROOMY)
    return _both(line(Span(f" {left}", "dim")), line(Span(right, "dim")), width)


# --- Fitting ---


def _filled(lines: list[Line], rows: int) -> list[Line]:
    return [*lines[:rows], *[BLANK] * (rows - len(lines))]


def _both(left: Line, right: Line, width: int) -> Line:
    room = width - _width(right) - 1
    return (*_padded(clipped(left, room), room), *right, Span(" "))


def _width(one: Line) -> int:
    return sum(cells(span.text) for span in one)


def _padded(one: Line, width: int) -> Line:
    return (*one, Span(" " * max(0, width - _width(one))))


def clipped(one: Line, width: int) -> Line:
    """The line in at most *width* columns, with `…` where something is missing."""
    used, kept = 0, list[Span]()
    for span in one:
        room, need = width - used, cells(span.text)
        if need > room:
            return (*kept, Span(cut(span.text, room), span.style))
        kept.append(span)
        used += need
    return tuple(kept)
