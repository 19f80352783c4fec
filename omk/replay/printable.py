"""Text of strangers made safe to show: nothing in it can move the cursor, colour the screen or reverse the reading order.

The characters are listed, not asked of Unicode's tables, which differ between versions of Python. The patterns are compiled
when they are first needed: most text needs none, and every command pays for what is compiled at its start.
"""

import re

LIMIT = 160
_ESCAPES = r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?"
_INVISIBLE = (
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_BLANKS = "[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+"


def printable(text: str) -> str:
    """*text* on one line, without escape sequences, control characters and marks that change the reading order."""
    if text.isprintable():
        return text
    return re.sub(_INVISIBLE, "", re.sub(_BLANKS, " ", re.sub(_ESCAPES, "", text)))


def shortened(text: str, limit: int = LIMIT) -> str:
    """*text* made printable, cut to *limit* characters with `…` at its end."""
    if len(text) <= limit and text.isprintable():
        return text
    line = " ".join(printable(text[: 16 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
