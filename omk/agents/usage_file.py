"""What an agent says it spent: JSON lines that it appends to a private file, read as they come.

A line is `{"tokens_in": n, "tokens_out": n, "tokens_cached": n, "usd": "0.012"}`: what was spent since the line before. Every
key may be left out, others are ignored. Money is text or a number, and never a float on its way: each line is rounded up to
a millionth of a micro-dollar, and their sum to a micro-dollar.
"""

import contextlib
import os
import stat
from decimal import ROUND_UP, Context, Decimal
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta, Struct

from omk.domain.amounts import MICRO, MOST, number
from omk.domain.values import Spent

Count = Annotated[int, Meta(ge=0, le=MOST)]
PIECE = 1 << 20
"""Bytes that are read at once: so many a tick keep the loop that feeds the agent going."""
LONGEST = 1 << 16
"""Bytes a line has at most."""
EXACT = Context(prec=60, rounding=ROUND_UP, traps=[])
SHOWN = 80


NOTHING = msgspec.Raw(b"null")


class Line(Struct, frozen=True):
    """One report."""

    tokens_in: Count | None = None
    tokens_out: Count | None = None
    tokens_cached: Count | None = None
    usd: msgspec.Raw = NOTHING


MOST_AT_THE_END = 64 << 20
"""Bytes that are read after the agent has ended, of what it wrote faster than it was read: reports are short."""


class UsageFile:
    """A file of reports, and the sum of those read so far; `unread` counts the lines that are none, `odd` is the first."""

    def __init__(self, descriptor: int) -> None:
        self.unread, self.odd = 0, ""
        self._descriptor, self._rest, self._is_lost = descriptor, b"", False
        self._tokens, self._fractions = [0, 0, 0], 0

    @classmethod
    def make(cls, path: Path) -> Self:
        """A new, empty file that only its owner can read."""
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return cls(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    @classmethod
    def left(cls, path: Path) -> Self | None:
        """The file that an agent left, which may have put anything in its place; null unless it is a file."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return cls(descriptor)
        os.close(descriptor)
        return None

    @property
    def spent(self) -> Spent:
        """What the lines read so far come to."""
        read, written, cached = self._tokens
        return Spent(tokens_in=read, tokens_out=written, tokens_cached=cached, micro_usd=-(-self._fractions // MICRO))

    def read(self) -> bool:
        """Read a piece more; what has no line break yet is read later. Whether there may be more."""
        piece = os.read(self._descriptor, PIECE)
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > LONGEST:
            self._rest, self._is_lost = self._rest[:LONGEST], True
        return len(piece) == PIECE

    def finish(self) -> None:
        """Read all that is there by now, also a last line without a line break."""
        left = min(os.fstat(self._descriptor).st_size, MOST_AT_THE_END)
        while left > 0 and self.read():
            left -= PIECE
        self._take(self._rest)
        self._rest = b""
        os.close(self._descriptor)

    def _take(self, line: bytes) -> None:
        is_lost, self._is_lost = self._is_lost or len(line) > LONGEST, False
        if not is_lost and (not line.strip() or self._adds(line)):
            return
        self.unread += 1
        self.odd = self.odd or line[:SHOWN].decode("utf-8", "replace")

    def _adds(self, line: bytes) -> bool:
        """Add a line to the sum; false if it is none."""
        try:
            read = msgspec.json.decode(line, type=Line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        more = (read.tokens_in or 0, read.tokens_out or 0, read.tokens_cached or 0)
        new = [before + count for before, count in zip(self._tokens, more, strict=True)]
        written = bytes(read.usd).decode("ascii", "replace").strip('"')
        amount = Decimal(0) if written == "null" else number(written)
        money = None if amount is None else fractions(amount)
        if money is None or sum(new) > MOST or self._fractions + money > MOST * MICRO:
            return False
        self._tokens, self._fractions = new, self._fractions + money
        return True


def fractions(usd: Decimal) -> int | None:
    """Dollars in millionths of a micro-dollar, rounded up; null for what is no amount of money."""
    if not usd.is_finite() or usd < 0 or usd > MOST // MICRO:
        return None
    return int(EXACT.multiply(usd, Decimal(MICRO * MICRO)).to_integral_value(ROUND_UP, context=EXACT))
