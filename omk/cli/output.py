"""The one place that prints: data to stdout, talk to stderr, colour only on a terminal.

Whatever it prints as text is made harmless first: no line can hold a control character or an escape sequence.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from omk.cli.options import Format
from omk.domain.visible import visible
from omk.replay.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

    from omk.views.lines import Line

NARROWEST, USUAL = 40, 80
_CONTROLS = rb"\xc2[\x80-\x9f]"
_STYLES = {
    "good": "green", "bad": "red", "warn": "yellow", "name": "cyan", "bold": "bold", "dim": "dim",
    "badge-good": "bold white on green", "badge-bad": "bold white on red", "badge-warn": "bold black on yellow",
}  # fmt: skip


def show(form: Format, document: Any, lines: Callable[[int], "Sequence[Line]"], markdown: Callable[[], Sequence[str]]) -> None:
    """Print a document in the form asked for; only what is asked for is drawn."""
    match form:
        case Format.JSON:
            write(json_bytes(document) + b"\n")
        case Format.TEXT:
            draw(lines(width()))
        case Format.MD:
            draw_markdown(markdown())


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8, in the order of the document; control characters are written as escapes."""
    return re.sub(_CONTROLS, lambda match: b"\\u00%02x" % match[0][1], msgspec.json.encode(value))


def draw(lines: "Iterable[Line]") -> None:
    """Styled lines: through rich on a terminal, else as they are."""
    write(drawn(lines))


def drawn(lines: "Iterable[Line]") -> bytes:
    """Styled lines as they are written, each with its line break."""
    if is_terminal():
        return encoded(_with_rich(lines))
    return encoded("".join([printable("".join([span.text for span in one])).rstrip() + "\n" for one in lines]))


def encoded(text: str) -> bytes:
    """Text in the encoding of stdout; what it has no character for becomes `?`."""
    return text.encode(sys.stdout.encoding or "utf-8", "replace")


def draw_markdown(lines: Iterable[str]) -> None:
    """Lines of Markdown, with one line break at the end."""
    text = "\n".join(printable(one) for one in lines)
    write(encoded(text.rstrip("\n") + "\n"))


def say(text: str) -> None:
    """Tell the person something that is not the answer; what cannot be seen in a name is spelled out."""
    print(f"omk: {visible(text.replace(chr(10), ' '))}", file=sys.stderr)


def is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """How many columns there are."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return max(NARROWEST, int(given))
    try:
        return max(NARROWEST, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return USUAL


def write_text(text: str) -> None:
    """Text to stdout, as it is."""
    write(encoded(text))


def write(content: bytes) -> None:
    """Bytes to stdout, at once; a reader who left ends the command quietly."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


@cache
def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def _with_rich(lines: "Iterable[Line]") -> str:
    from rich.text import Text

    console = _console()
    with console.capture() as captured:
        for one in lines:
            console.print(Text.assemble(*((printable(span.text), _STYLES.get(span.style, "")) for span in one)))
    return captured.get()
