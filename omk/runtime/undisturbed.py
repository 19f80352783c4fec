"""The end of a command, which no second Ctrl-C may cut short."""

import contextlib
import signal
import threading
from collections.abc import Iterator

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Do not hear the signals that end a command; nor do the processes that are started meanwhile.

    What comes while it lasts is dropped. Only the main thread can do so; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # inherited by git, which would else die of the same Ctrl-C
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)  # first: what waits is dropped, not delivered
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
