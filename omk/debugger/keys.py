"""The keys: one table that the help shows and the debugger obeys. Single characters, so that any terminal sends them."""

from collections.abc import Callable
from typing import NamedTuple

from omk.debugger.model.debugger import Debugger
from omk.debugger.model.prompt import Prompt
from omk.debugger.screen.panes import chosen_path, state_documents
from omk.debugger.screen.tree import parts, tree_rows
from omk.debugger.screen.view import CHOSEN, PANES, View
from omk.views.lines import Line, Span, heading, line, padded

Act = Callable[[Debugger, View], None]
TEN = 10


class Key(NamedTuple):
    """Some keys that do the same: how they are called, what they do, and in which part of the help."""

    names: tuple[str, ...]
    shown: str
    told: str
    part: str
    act: Act


def _step(by: int) -> Act:
    return lambda debugger, _: debugger.step(by)


def _page(sign: int) -> Act:
    return lambda debugger, view: debugger.step(sign * max(1, view.room - 1))


def _pane(number: int) -> Act:
    return lambda _, view: view.show(PANES[number])


def _scroll(sign: int) -> Act:
    return lambda _, view: view.scroll(sign * 5)


def _ask(kind: str, label: str) -> Act:
    def ask(_: Debugger, view: View) -> None:
        view.prompt = Prompt(kind, label, view.past.setdefault(kind.removesuffix(" back"), []))

    return ask


def _break(debugger: Debugger, view: View) -> None:
    """Ask where to break; whoever stands on a line of the state gets its path to begin with."""
    path = chosen_path(debugger, view) if view.is_inside and view.pane == "state" else None
    _ask("break", "break at")(debugger, view)
    if path and view.prompt is not None:
        view.prompt.type(path)


def _end(debugger: Debugger, _: View) -> None:
    debugger.go(debugger.head)


def _into(_: Debugger, view: View) -> None:
    view.is_inside = not view.is_inside


def _large(_: Debugger, view: View) -> None:
    view.is_large = not view.is_large


def _stop(debugger: Debugger, _: View) -> None:
    debugger.stop()


def _why(_: Debugger, view: View) -> None:
    view.show("why")
    view.tops["why"] = 0


def _chains(_: Debugger, view: View) -> None:
    view.has_chains = not (view.has_chains and view.pane == "why")
    view.show("why")


def _help(_: Debugger, view: View) -> None:
    view.is_help = True


def _run(*, back: bool) -> Act:
    return lambda debugger, _: debugger.run(back=back)


def _verdict(*, back: bool) -> Act:
    return lambda debugger, _: debugger.last_verdict() if back else debugger.next_verdict()


def _again(*, back: bool) -> Act:
    return lambda debugger, _: debugger.search("", back=back)


MOVE, FIND, STOP, LOOK, ELSE = "Move through time", "Find", "Stop where it matters", "Look", "Else"
KEYS = (
    Key(("j", "down", "right", "space"), "j ↓", "one event forward", MOVE, _step(1)),
    Key(("k", "up", "left"), "k ↑", "one event back", MOVE, _step(-1)),
    Key(("J",), "J", "ten events forward", MOVE, _step(TEN)),
    Key(("K",), "K", "ten events back", MOVE, _step(-TEN)),
    Key(("pagedown", "ctrl+f"), "PgDn ^F", "a page forward", MOVE, _page(1)),
    Key(("pageup", "ctrl+b"), "PgUp ^B", "a page back", MOVE, _page(-1)),
    Key(("home", "<"), "Home <", "before the first event", MOVE, lambda debugger, _: debugger.go(0)),
    Key(("end", ">", "G"), "End > G", "the last event; with --follow stay there", MOVE, _end),
    Key(("]",), "]", "the next event that changed the verdict, or run that ended badly", MOVE, _verdict(back=False)),
    Key(("[",), "[", "the one before", MOVE, _verdict(back=True)),
    Key(("g", ":"), "g :", "go to an address: 12, -1, ready, gate:tests#2, a time, …", FIND, _ask("jump", "go to")),
    Key(("/",), "/", "find text in the timeline, forward", FIND, _ask("find", "find")),
    Key(("\\",), "\\", "find text in the timeline, backward", FIND, _ask("find back", "find back")),
    Key(("n",), "n", "the next one", FIND, _again(back=False)),
    Key(("N",), "N", "the one before", FIND, _again(back=True)),
    Key(("b",), "b", "break where an expression becomes true or changes", STOP, _break),
    Key(("r",), "r", "run to the next event that hits a breakpoint", STOP, _run(back=False)),
    Key(("R",), "R", "run back to the one before", STOP, _run(back=True)),
    Key(("x",), "x", "what if this event had not happened; again: undo", STOP, lambda debugger, _: debugger.suppose()),
    Key(("X",), "X", "undo all of these", STOP, lambda debugger, _: debugger.suppose_nothing()),
    *(
        Key((str(place + 1),), str(place + 1), told, LOOK, _pane(place))
        for place, told in enumerate(
            ("the proof with its gaps", "the state as a tree", "the step: what the event changed", "the code it changed",
             "why not ready, and what would make it so", "the breakpoints")
        )
    ),
    Key(("w",), "w", "why, as of this moment", LOOK, _why),
    Key(("c",), "c", "why, with what led to each gap; again: without", LOOK, _chains),
    Key(("d",), "d", "the pane's content down", LOOK, _scroll(1)),
    Key(("u",), "u", "the pane's content up", LOOK, _scroll(-1)),
    Key(("tab",), "Tab", "keys go into the pane (j k enter), and back", LOOK, _into),
    Key(("z",), "z", "make the pane large, and small again", LOOK, _large),
    Key(("?", "h"), "?", "this help", ELSE, _help),
    Key(("escape",), "Esc", "stop what takes long; leave a prompt, a pane, the help", ELSE, _stop),
)  # fmt: skip
FORMS = {
    "jump": "12  -1  head  ready  gate_ran#2  gate:NAME#2  tool:ID  TIME",
    "break": 'status == "ready"   gates.tests.outcome   len(files) > 3   tree',
}
"""What may be typed where one is asked."""
ROOMY = "j k step  [ ] verdict  g go  / find  b break  r R run  x what-if  w why"
NARROW = "j k step  [ ] verdict  g go  b break  r run  x what-if  w why"
"""The keys to know, where there is room for all of them, and in 80 columns."""
BY_NAME = {name: key for key in KEYS for name in key.names}
BEGIN = (
    ("[", "back to what changed the verdict last, or to a run that ended badly"),
    ("w", "why the goal was not ready there, and what would make it so"),
    ("3", "what the event changed, in the words that b takes"),
    ("b R", "b gates.NAME.outcome, then R: back to where it changed last"),
    ("x", "what the verdict would be if the event had not happened"),
)
"""The five keys of a first investigation."""
MARKS = (
    (">", "you are here"),
    ("x ~", "left out by x; falls with what was left out"),
    ("● /", "a breakpoint is hit; the text you look for"),
    ("+ - ±", "it opened gaps; closed gaps; both (obligations.closed aside)"),
    ("!", "it changed the status alone"),
    ("✗", "it went wrong itself: a run that failed, a review that blocked, …"),
)


def press(debugger: Debugger, view: View, name: str, character: str | None) -> None:
    """Do what a key says; *character* is what it types, if it types anything."""
    if view.prompt is not None:
        _typed(debugger, view, view.prompt, name, character)
    elif view.is_help:
        _in_help(view, name)
    else:
        act = (_inside(view, name) if view.is_inside else None) or (BY_NAME[name].act if name in BY_NAME else None)
        if act is not None:
            debugger.say("")  # what was said is read by now
            act(debugger, view)


def _in_help(view: View, name: str) -> None:
    move = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": TEN, "pageup": -TEN, "space": TEN}.get(name)
    if move is None:
        view.is_help = False
    else:
        view.tops["help"] = max(0, view.tops.get("help", 0) + move)


def _typed(debugger: Debugger, view: View, prompt: Prompt, name: str, character: str | None) -> None:
    if name == "escape":
        view.prompt = None
    elif name == "enter":
        view.prompt = None
        _answered(debugger, prompt, prompt.text.strip())
    elif name == "backspace" and not prompt.text:
        view.prompt = None
    elif character is not None and character.isprintable():
        prompt.type(character)
    else:
        prompt.press(name)


def _answered(debugger: Debugger, prompt: Prompt, text: str) -> None:
    if text and text not in prompt.past[-1:]:
        prompt.past.append(text)
    if prompt.kind == "jump" and text:
        debugger.jump(text)
    elif prompt.kind == "break" and text:
        debugger.add_breakpoint(text)
    elif prompt.kind.startswith("find"):
        debugger.search(text, back=prompt.kind == "find back")


def _inside(view: View, name: str) -> Act | None:
    """What a key does that goes to the pane; None if it has no other meaning there."""
    move = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": TEN, "pageup": -TEN}.get(name)
    if name in {"escape", "tab"}:
        return _out
    if move is not None:
        return _choose(move) if view.pane in CHOSEN else lambda _, view: view.scroll(move)
    if view.pane == "state" and name in {"enter", "space", "right", "left", "l"}:
        return lambda debugger, view: _open(debugger, view, name)
    if view.pane == "breakpoints" and name in {"enter", "space"}:
        return lambda debugger, view: debugger.toggle_breakpoint(_chosen(debugger, view))
    if view.pane == "breakpoints" and name in {"delete", "backspace", "d"}:
        return lambda debugger, view: debugger.delete_breakpoint(_chosen(debugger, view))
    return None


def _out(_: Debugger, view: View) -> None:
    view.is_inside = False


def _choose(by: int) -> Act:
    def choose(debugger: Debugger, view: View) -> None:
        view.choose(view.pane, _count(debugger, view), by)

    return choose


def _chosen(debugger: Debugger, view: View) -> int:
    return view.choose("breakpoints", len(debugger.breakpoints))


def _count(debugger: Debugger, view: View) -> int:
    if view.pane == "breakpoints":
        return len(debugger.breakpoints)
    return len(tree_rows(*state_documents(debugger, view), view.expanded))


def _open(debugger: Debugger, view: View, name: str) -> None:
    rows = tree_rows(*state_documents(debugger, view), view.expanded)
    row = rows[view.choose("state", len(rows))]
    is_open = row.path in view.expanded
    if name == "left" and not row.is_open:
        upper = row.path[:-1]
        view.lines["state"] = next((place for place, one in enumerate(rows) if one.path == upper), 0)
    elif is_open and name != "right":
        view.expanded.discard(row.path)
    elif parts(row.value):
        view.expanded.add(row.path)


def hints(view: View, *, is_roomy: bool) -> tuple[str, str]:
    """The keys to show at the bottom: left, and right; the fewer where there is little room."""
    if view.prompt is not None:
        return FORMS.get(view.prompt.kind, "any part of a line, whatever its case"), "esc leaves"
    if view.is_inside and view.pane == "state":
        return "j k move  enter opens and closes  b breaks there", "tab back"
    if view.is_inside and view.pane == "breakpoints":
        return "j k move  enter switches on and off  d deletes", "tab back"
    if view.is_inside:
        return "j k scroll", "tab back"
    return ROOMY if is_roomy else NARROW, "? help  q quit"


def help_lines() -> list[Line]:
    """Every key, and what the marks in the timeline mean."""
    lines: list[Line] = [line(Span(" omk debug", "bold"), "  everything shown is as of right after the event marked >")]
    lines += heading(" Begin with")
    lines += [line("  ", Span(padded(keys, 9), "name"), told) for keys, told in BEGIN]
    for part in (MOVE, FIND, STOP, LOOK, ELSE):
        lines += heading(f" {part}")
        lines += [line("  ", Span(padded(key.shown, 9), "name"), key.told) for key in KEYS if key.part == part]
    lines.append(line("  ", Span(padded("q ^C", 9), "name"), "quit"))
    lines += heading(" Marks in the timeline")
    return [*lines, *(line("  ", Span(padded(marks, 9), "name"), told) for marks, told in MARKS)]
