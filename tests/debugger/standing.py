"""Debuggers for the tests: over records in memory, and over the recorded runs of replays/, drawn without a terminal."""

from omk.debugger.keys import press
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.tape import Tape
from omk.debugger.screen.layout import screen
from omk.debugger.screen.view import View
from omk.replay.history import History
from tests.scenario import GOAL
from tools.corpus import REPLAYS, history_of, open_run


def told(records, goal=GOAL):
    """The history that these records are."""

    def read(after, upto):
        return iter([one for one in records if after < one.seq and (upto is None or one.seq <= upto)])

    return History(goal, read)


def over(records, seq=0, goal=GOAL):
    """A debugger that stands somewhere in a history of these records."""
    debugger = Debugger(Tape(told(records, goal), len(records)), seq)
    debugger.finish()
    return debugger


def run_of(name, seq=None, **more):
    """A debugger that stands in a recorded run."""
    log, goal = open_run(REPLAYS / name)
    (head,) = log.heads()
    debugger = Debugger(Tape(history_of(log, goal), head.seq, blob=log.blob, **more), head.seq if seq is None else seq)
    debugger.finish()
    return debugger


def key(debugger, view, *names):
    """Press keys, one after the other, and wait for what they ask; `type:words` types words."""
    for name in names:
        if name.startswith("type:"):
            for character in name.removeprefix("type:"):
                press(debugger, view, character, character)
        else:
            press(debugger, view, name, name if len(name) == 1 else None)
        debugger.finish()


def text_of(lines):
    """Lines without their styles."""
    return ["".join(span.text for span in one).rstrip() for one in lines]


def drawn(debugger, view=None, width=80, height=24):
    """The screen as lines of text."""
    return text_of(screen(debugger, view or View(), width, height))
