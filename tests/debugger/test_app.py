"""The terminal around the model: keys, long questions in a thread, following, no colour, damage, and leaving."""

import asyncio
import os
import threading

import pytest

from omk.debugger.app import DebuggerApp
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.patches import NOT_HERE
from omk.debugger.model.tape import Tape
from omk.errors import Damaged, Unusable
from tests.debugger.screens import lines_of, pressed, settled, typed
from tests.debugger.standing import run_of, told

RUN = "gate-red-then-green"


def played(app, *steps, size=(80, 24)):
    """Run the application, and do some steps with its pilot; what the last one gives."""

    async def play():
        answer = None
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            for step in steps:
                answer = await step(app, pilot) if callable(step) else await pressed(app, pilot, step)
        return answer

    return asyncio.run(play())


async def shown(app, pilot):
    await settled(app, pilot)
    return lines_of(app)


def test_a_far_place_is_folded_in_a_thread_while_the_screen_is_up(monkeypatch):
    for module in ("model.debugger", "model.survey"):
        monkeypatch.setattr(f"omk.debugger.{module}.REACH", 4)
    monkeypatch.setattr("omk.debugger.model.survey.PIECE", 3)
    monkeypatch.setattr("omk.debugger.app.SURVEYED", 0)
    goes_on = threading.Event()
    debugger = run_of(RUN, 0)
    read = debugger.tape.source.read

    def held(after, upto):
        for record in read(after, upto):
            if record.seq > 20 and threading.current_thread() is not threading.main_thread():
                goes_on.wait(20)
            yield record

    debugger.tape.source.read = held

    async def far(app, pilot):
        for key in ("g", "3", "9", "enter"):
            await pilot.press(key)
        waiting = lines_of(app)
        goes_on.set()
        for _ in range(1_000):
            if app.debugger.job is None:
                break
            await pilot.pause(0.01)
        await pilot.pause()
        return waiting, lines_of(app)

    async def play():
        async with DebuggerApp(debugger).run_test(size=(80, 24)) as pilot:
            return await far(pilot.app, pilot)

    waiting, after = asyncio.run(play())
    assert waiting[0].startswith(" FOLDING ")
    assert waiting[1].endswith("tree …")
    assert any(line.startswith(">       39") or "   39 " in line for line in waiting)
    assert any("folding 39 events" in line and "esc stops" in line for line in waiting)
    assert after[0].startswith(" RUNNING ")
    assert after[0].endswith("event 39 of 93")


def test_the_arrow_keys_step_and_q_and_control_c_leave():
    for leaving in ("q", "ctrl+c"):
        app = DebuggerApp(run_of(RUN, 5))
        played(app, ("down", "right", "up", "pagedown", leaving))
        assert app.debugger.seq == 12
        assert app.return_code == 0


def test_a_q_that_is_typed_is_a_letter():
    app = DebuggerApp(run_of(RUN, 5))
    played(app, ("/", "q"))
    assert app.view.prompt is not None
    assert app.view.prompt.text == "q"


def test_what_is_pasted_goes_into_the_line_that_is_typed():
    from textual.events import Paste

    async def paste(app, pilot):
        app.post_message(Paste("gate:demo#2\n"))
        await pilot.pause()

    app = DebuggerApp(run_of(RUN, 5))
    played(app, ("g",), paste, ("enter",))
    assert app.debugger.seq == 69


def test_without_colour_the_text_is_the_same_and_nothing_is_coloured(monkeypatch):
    keys = ("g", *typed("gate:demo#2"), "x")

    async def styles(app, pilot):
        await settled(app, pilot)
        strips = [app.board.render_line(y) for y in range(24)]
        for each in app._filters:
            strips = [strip.apply_filter(each, app.background_colors[1]) for strip in strips]
        styles = [segment.style for strip in strips for segment in strip if segment.style]
        colours = {colour.get_truecolor() for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
        return {one for one in colours if len({*one}) > 1}, lines_of(app)

    colours, with_colour = played(DebuggerApp(run_of(RUN)), keys, styles)
    monkeypatch.setenv("NO_COLOR", "1")
    app = DebuggerApp(run_of(RUN))
    assert app.no_color
    none, without = played(app, keys, styles)
    assert colours
    assert not none
    assert with_colour == without


def test_a_goal_that_grows_is_followed_from_its_head():
    records = list(run_of(RUN).tape.source.read(0, None))
    debugger = Debugger(Tape(told(records[:40], records[0].goal), 40), 40, follows=True)

    async def grow(app, pilot):
        app.debugger.tape.source = told(records, records[0].goal)
        for _ in range(500):
            if app.debugger.head == len(records):
                break
            await pilot.pause(0.01)
        return await shown(app, pilot)

    lines = played(DebuggerApp(debugger), grow)
    assert lines[0].startswith(" READY ")
    assert lines[0].endswith("event 93 of 93")
    assert lines[1].endswith("followed to its end")


def test_damage_that_is_met_on_the_way_ends_the_debugger_and_is_kept_for_whoever_started_it():
    records = list(run_of(RUN).tape.source.read(0, None))
    source = told(records, records[0].goal)
    read = source.read

    def damaged(after, upto):
        for record in read(after, upto):
            if record.seq == 50:
                raise Damaged(record.goal, 50, "chain.broken", "it was changed.")
            yield record

    source.read = damaged
    app = DebuggerApp(Debugger(Tape(source, len(records)), 0))
    played(app)
    assert app.damage is not None
    assert (app.damage.seq, app.damage.code) == (50, "chain.broken")


def broken(*_):
    raise TypeError("nobody\nexpected this")


@pytest.mark.parametrize("place", ["app.screen", "app.press", "model.survey.Survey.go_on"])
def test_a_defect_ends_the_debugger_wherever_it_is_met_and_is_kept_for_whoever_started_it(place, monkeypatch):
    app = DebuggerApp(run_of(RUN, 5))
    monkeypatch.setattr(f"omk.debugger.{place}", broken)
    with pytest.raises(TypeError, match="expected this"):
        played(app, ("j",))
    assert isinstance(app.defect, TypeError)
    assert app.return_code == 1
    assert app._exit_renderables == []


# --- The code of a step ---


def test_the_patch_is_got_in_a_thread_once_and_shown(monkeypatch):
    asked = []

    def patch(old, new):
        asked.append((old, new, threading.current_thread() is threading.main_thread()))
        return (
            b"diff --git a/total.py b/total.py\nindex "
            + b"a" * 40
            + b".."
            + b"c" * 40
            + b" 100644\n--- a/total.py\n+++ b/total.py\n@@ -1 +1 @@\n-[red]old[/red]\nindex is a word\n+\x1b[31mnew\n"
        )

    app = DebuggerApp(run_of(RUN, 28, patch=patch))
    lines = played(app, ("4", "1", "4"), shown)
    assert "-[red]old[/red]" in lines
    assert "+new" in lines
    assert "index aaaaaaaaaaaa..cccccccccccc 100644" in lines
    assert "index is a word" in lines
    assert len(asked) == 1
    assert not asked[0][2]


def test_code_that_is_not_to_be_had_leaves_the_paths():
    def patch(_, __):
        raise Unusable("git is not installed.")

    lines = played(DebuggerApp(run_of(RUN, 28, patch=patch)), ("4",), shown)
    assert any("The code is not here: git is not installed." in line for line in lines)
    assert any(line.startswith("  + total.py  absent -> ") for line in lines)
    lines = played(DebuggerApp(run_of(RUN, 28)), ("4",), shown)
    assert NOT_HERE.split()[0] in " ".join(lines)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (20, 5)])
def test_another_size_of_the_terminal_is_another_screen(size):
    async def resize(app, pilot):
        await pilot.resize_terminal(*size)
        return await shown(app, pilot)

    lines = played(DebuggerApp(run_of(RUN, 28)), resize)
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]
    assert os.environ.get("NO_COLOR") is None
