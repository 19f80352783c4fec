"""What will be printed, held back until it is known that nothing is wrong: in memory, and on disk when it is much."""

from collections.abc import Callable
from typing import IO

ENOUGH = 16 * 1024 * 1024
_PIECE = 1024 * 1024


class Spool:
    """Bytes in the order they were added; beyond 16 MiB most of them wait in a nameless temporary file."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self._file: IO[bytes] | None = None

    def add(self, content: bytes) -> None:
        """Keep *content*."""
        self.buffer += content
        if len(self.buffer) > ENOUGH:
            self._spill()

    def drop_last(self) -> None:
        """Take back the last byte, if there is one."""
        if self.buffer:
            del self.buffer[-1]

    def pour(self, write: Callable[[bytes], None]) -> None:
        """Give everything to *write*, in pieces."""
        if self._file is not None:
            self._file.seek(0)
            while piece := self._file.read(_PIECE):
                write(piece)
            self._file.close()
        write(bytes(self.buffer))

    def _spill(self) -> None:
        if self._file is None:
            from tempfile import TemporaryFile

            self._file = TemporaryFile()  # noqa: SIM115 - closed when it is poured
        self._file.write(self.buffer[:-1])
        del self.buffer[:-1]  # the last byte stays: it may be taken back
