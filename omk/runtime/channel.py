"""A channel on which an agent's process asks what it may do: a Unix socket, one request after the other, each a line of JSON.

The socket's address may be longer than the system allows for one (104 bytes on macOS), so on Linux it is named through
the folder's file descriptor.
"""

import contextlib
import os
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from omk.domain.event import Value
from omk.domain.subjects.agent import Action, Answer
from omk.errors import OmkError, Refused, Unusable

VARIABLE = "OMK_ASK_SOCKET"
LONGEST = 1 << 16
"""Bytes of a request at most."""
WAITING = 16
PATIENCE_SECONDS = 2.0
"""How long whoever connects may take to say what it wants: others wait meanwhile."""


class Request(Value):
    """What an agent wants to do, in its own words."""

    action: Action
    title: str


class Reply(Value):
    """What it is told, and by which rule."""

    answer: Answer
    rule: str


class Channel:
    """Listens in a thread of its own as long as it is open; *answer* hears a request, and a way to ask if it still matters."""

    def __init__(self, path: Path, answer: Callable[[Request, Callable[[], bool]], Reply]) -> None:
        self.path, self._answer = path, answer
        self._error: BaseException | None = None
        self._socket = _listening(path)
        self._closed, self._close = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="channel", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more; raises what went wrong in the thread."""
        os.write(self._close, b".")
        self._thread.join()
        self._socket.close()
        self.path.unlink(missing_ok=True)
        os.close(self._closed)
        os.close(self._close)
        if self._error is not None:
            raise self._error

    def _serve(self) -> None:
        try:
            while self._waits_for(self._socket):
                connection = self._socket.accept()[0]
                with connection, contextlib.suppress(OSError):  # whoever asked has left
                    self._reply(connection)
        except BaseException as error:  # noqa: BLE001 - whoever closes the channel raises it
            self._error = error

    def _reply(self, connection: socket.socket) -> None:
        """Answer one request; what is none is refused, too."""
        try:
            request = msgspec.json.decode(self._line(connection), type=Request)
            reply = self._answer(request, lambda: self._is_closed() or _has_left(connection))
        except msgspec.DecodeError as error:
            reply = Reply(answer="refused", rule=f"this is no request: {error}")
        except OmkError as error:
            reply = Reply(answer="refused", rule=str(error))
        connection.sendall(msgspec.json.encode(reply) + b"\n")

    def _line(self, connection: socket.socket) -> bytes:
        """What is sent up to the first line break; cut where it is too long, or where the channel is closed."""
        line = b""
        while b"\n" not in line and len(line) < LONGEST and self._waits_for(connection, PATIENCE_SECONDS):
            more = connection.recv(LONGEST - len(line))
            if not more:
                break
            line += more
        return line.partition(b"\n")[0]

    def _waits_for(self, readable: socket.socket, seconds: float | None = None) -> bool:
        """Wait until there is something to read; false once the channel is to close, or when the time is over."""
        ready = select.select([readable.fileno(), self._closed], [], [], seconds)[0]
        return bool(ready) and self._closed not in ready

    def _is_closed(self) -> bool:
        return bool(select.select([self._closed], [], [], 0)[0])


def _listening(path: Path) -> socket.socket:
    """A socket at *path*, in the place of one that a killed omk left. Raises `Unusable` where there can be none."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with _address(path) as address:
            listening.bind(address)
        listening.listen(WAITING)
    except OSError as error:
        listening.close()
        text = f"No socket can be made at {path}: {error}. Set XDG_STATE_HOME to a folder with a shorter path."
        raise Unusable(text) from error
    return listening


def ask(action: Action, title: str) -> Reply:
    """Ask through the channel of the agent that this process belongs to. Raises `Refused` where there is none."""
    path = os.environ.get(VARIABLE)
    if not path:
        raise Refused("`omk ask` is for agents: it works only inside of one that omk has started.")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            with _address(Path(path)) as address:
                connection.connect(address)
            connection.sendall(msgspec.json.encode(Request(action=action, title=title)) + b"\n")
            return msgspec.json.decode(_all_of(connection), type=Reply)
    except (OSError, msgspec.DecodeError) as error:
        raise Refused(f"Nobody answers at {path} ({error}). The agent that it belongs to has ended.") from error


def _all_of(connection: socket.socket) -> bytes:
    answer = b""
    while more := connection.recv(LONGEST):
        answer += more
    return answer


def _has_left(connection: socket.socket) -> bool:
    """Whether whoever asked waits no longer."""
    if not select.select([connection], [], [], 0)[0]:
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name of *path* that is short enough for the system, as long as the block runs."""
    if not sys.platform.startswith("linux"):
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
