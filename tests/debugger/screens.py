"""The screens that are compared: which run, where one begins, how large the terminal is, which keys are pressed.

`python -m tests.debugger.rewrite` writes them anew into tests/debugger/screens/.
"""

import asyncio
from pathlib import Path

from msgspec import Struct

from omk.debugger.app import DebuggerApp
from tests.debugger.standing import run_of

FOLDER = Path(__file__).parent / "screens"
PATIENCE = 2_000
"""Hundredths of a second to wait until everything asked for is answered."""


class Shot(Struct, frozen=True):
    """One screen: the recorded run, the keys, and the size."""

    run: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (80, 24)
    seq: int | None = None


def typed(words: str) -> tuple[str, ...]:
    """The keys that type some words, and enter."""
    return (*words, "enter")


RED, STALE, SCOPE = "gate-red-then-green", "gate-goes-stale-after-edit", "scope-violated"
BACK = (*("b", *typed("gates.demo.outcome")), *("b", *typed('status == "ready"')), "6", "R", "R")
SHOTS = {
    "opening": Shot(RED),
    "before-the-first-event": Shot(RED, ("home", "3")),
    "red-gate": Shot(RED, ("g", *typed("gate:demo#1"))),
    "red-gate-step": Shot(RED, ("g", *typed("gate:demo#1"), "3")),
    "red-gate-why": Shot(RED, ("g", *typed("gate:demo#1"), "w")),
    "red-gate-chain": Shot(RED, ("g", *typed("gate:demo#1"), "c", "z")),
    "red-gate-large": Shot(RED, ("g", *typed("gate:demo#1"), "w", "z")),
    "state": Shot(RED, ("g", *typed("gate:demo#1"), "2", "tab", *"jjjjjjjjjjj", "enter", *"jjj", "enter", *"jjjj")),
    "code": Shot(SCOPE, ("g", *typed("files_changed"), "4")),
    "next-verdict": Shot(STALE, ("home", "]", "]", "]")),
    "found": Shot(RED, ("home", "/", *typed("demo"), "n")),
    "breakpoints-after-running-back": Shot(RED, BACK),
    "what-if": Shot(RED, ("g", *typed("gate:demo#2"), "x")),
    "what-if-why": Shot(RED, ("x", "w"), seq=89),
    "help": Shot(RED, ("?",)),
    "help-end": Shot(RED, ("?", *["pagedown"] * 5)),
    "typing": Shot(RED, ("b", *"len(files) > 3")),
    "bad-expression": Shot(RED, ("b", *typed("gate.tests"))),
    "path-that-leads-nowhere": Shot(RED, ("b", *typed("gates.demo.outcom"))),
    "what-if-step": Shot(RED, ("g", *typed("gate:demo#2"), "x", "3", "j", "j")),
    "bad-address": Shot(RED, ("g", *typed("gate:demo#9"))),
    "wide": Shot(RED, ("g", *typed("gate:demo#1")), (120, 40)),
    "wide-what-if": Shot(RED, ("g", *typed("gate:demo#2"), "x", "5"), (120, 40)),
    "wide-state": Shot(STALE, ("g", *typed("files_changed#2"), "2"), (120, 40)),
    "small": Shot(RED, ("g", *typed("gate:demo#1")), (60, 14)),
}


def file_of(name: str) -> Path:
    """Where a screen is kept."""
    return FOLDER / f"{name}.txt"


async def settled(app, pilot):
    """Wait until the survey is made and nothing asked for is unanswered."""
    for _ in range(PATIENCE):
        debugger = app.debugger
        is_surveyed = debugger.survey.seq == debugger.head
        is_idle = debugger.job is None and not app.is_fetching and debugger.patches.wanted is None
        if (is_idle and is_surveyed) or app.damage is not None or app.return_code is not None:
            break
        await pilot.pause(0.01)
    await pilot.pause()


def lines_of(app) -> list[str]:
    """What the terminal shows."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def pressed(app, pilot, keys):
    """Press keys one by one, each after what the one before asked for is answered."""
    await settled(app, pilot)
    for key in keys:
        await pilot.press(KEYS.get(key, key))
        await settled(app, pilot)


KEYS = {
    " ": "space", "(": "left_parenthesis", ")": "right_parenthesis", ">": "greater_than_sign", ":": "colon", "#": "number_sign",
    ".": "full_stop", "=": "equals_sign", '"': "quotation_mark", "_": "underscore", "/": "slash", "?": "question_mark",
    "]": "right_square_bracket", "[": "left_square_bracket",
}  # fmt: skip
"""How Textual calls what is no letter."""


def shoot(shot: Shot) -> str:
    """The screen, as text."""

    async def play() -> str:
        app = DebuggerApp(run_of(shot.run, shot.seq))
        async with app.run_test(size=shot.size) as pilot:
            await pressed(app, pilot, shot.keys)
            return "\n".join(lines_of(app)) + "\n"

    return asyncio.run(play())
