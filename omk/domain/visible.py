"""Names of strangers as they are shown: what one cannot see in them is spelled out, so that no two look alike.

The characters are listed, not asked of Unicode's tables, which differ between versions of Python.
"""

import re

_UNSEEN = "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"


def visible(name: str) -> str:
    r"""*name* on one line, with `\x1b`, `\n`, `\u202e` and the like in the place of what cannot be seen."""
    if name.isascii() and name.isprintable():
        return name
    return re.sub(_UNSEEN, lambda match: match[0].encode("unicode_escape").decode("ascii"), name)
