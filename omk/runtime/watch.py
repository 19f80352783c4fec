"""Seeing, while a child runs, that somebody paused or cancelled the goal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from omk.domain.event import Recorded
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.goal import GoalCancelled, GoalPaused
from omk.errors import OmkError
from omk.runtime.inside import marked_as_controller
from omk.runtime.session import Session

INTERVAL_SECONDS = 0.3


@contextmanager
def watching(session: Session) -> Iterator[None]:
    """While the block runs, a thread looks at the log and sets `session.stop` when the goal must not go on."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(session, session.state.seq, over), daemon=True)
    thread.start()
    try:
        with marked_as_controller(session.handle.folder):
            yield
    finally:
        over.set()
        thread.join()


def _watch(session: Session, seq: int, over: threading.Event) -> None:
    """Poll the log (SQLite cannot notify) until the block is over; reading may fail, the controller will see it too."""
    log = session.reopen()
    try:
        while not over.wait(INTERVAL_SECONDS):
            for record in log.read(session.goal, after=seq):
                seq = record.seq
                if _ends_work(record, session.handle.controller):
                    session.stop.set()
    except OmkError:
        return
    finally:
        log.close()


def _ends_work(record: Recorded, controller: str | None) -> bool:
    event = record.event
    if isinstance(event, ControllerStarted):
        return event.controller != controller
    return isinstance(event, GoalPaused | GoalCancelled)
