"""What a process printed, bounded: the head and the tail are kept, the middle is only counted."""

KEPT = 512 * 1024
"""Bytes kept of each end."""


class Capture:
    """Takes any number of bytes in at most three times `KEPT` bytes of memory."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept, self.size = kept, 0
        self._head, self._tail = bytearray(), bytearray()

    def add(self, chunk: bytes) -> None:
        """Take in what was printed next."""
        self.size += len(chunk)
        room = self.kept - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self.kept:
            del self._tail[: len(self._tail) - self.kept]

    @property
    def output(self) -> bytes:
        """The head and the tail, one after the other; what is left out lay after the first `kept` bytes."""
        return bytes(self._head + self._tail[max(0, len(self._tail) - self.kept) :])

    @property
    def left_out(self) -> int:
        """How many bytes between head and tail were not kept."""
        return max(0, self.size - 2 * self.kept)
