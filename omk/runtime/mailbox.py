"""A mailbox: many threads work on a goal, one of them owns its log and state; the others ask it, one after the other."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Mailbox:
    """Belongs to the thread that opens it; as long as it is closed, everybody does their own work."""

    def __init__(self) -> None:
        self._owner: int | None = None
        self._letters: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()

    def ask(self, work: Callable[[], Answer]) -> Answer:
        """Have the owner do *work*, and wait for what comes of it; what it raises is raised here."""
        if self._owner is None or threading.get_ident() == self._owner:
            return work()
        answer: Future[Answer] = Future()
        self._letters.put((work, answer))
        return answer.result()

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """While the block runs, its thread is the owner; nobody else may still be asking when it ends."""
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None

    def wake(self) -> None:
        """Let the owner look up; may be called from a signal handler."""
        self._letters.put(None)

    def serve(self, seconds: float) -> None:
        """Wait so long at most until somebody asks or wakes, then do all that is asked by now."""
        try:
            letter = self._letters.get(timeout=seconds)
            while True:
                if letter is not None:
                    _answer(*letter)
                letter = self._letters.get_nowait()
        except Empty:
            return


def _answer(work: Callable[[], Any], answer: "Future[Any]") -> None:
    try:
        answer.set_result(work())
    except Exception as error:  # noqa: BLE001 - it is the asker's
        answer.set_exception(error)
    except BaseException as error:
        answer.set_exception(error)
        raise
