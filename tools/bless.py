"""Fold recorded runs again, show how what stands beside their logs differs, write it: `python -m tools.bless [NAME…]`.

That is the state, the proof, the verdict at every moment, and what today's controller would do otherwise.

Bless a difference only after reading it, and commit it with the change that made it. A log is never touched.
"""

import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from omk.errors import OmkError
from tools.corpus import REPLAYS, Unheard, folded, folders


def differences(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """The files of a run that are out of date: path, unified difference, and the text each should have ("": none at all)."""
    for name, wanted in folded(folder).items():
        path = folder / name
        stored = path.read_text(encoding="utf-8") if path.exists() else ""
        if stored != wanted:
            place = f"{folder.name}/{name}"
            lines = (stored.splitlines(keepends=True), wanted.splitlines(keepends=True))
            yield path, "".join(unified_diff(*lines, f"{place} (stored)", f"{place} (folded now)")), wanted


def write(path: Path, text: str) -> None:
    """Put *text* into the file; without any, take the file away."""
    if text:
        path.write_text(text, encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def main(names: list[str], replays: Path = REPLAYS) -> int:
    """Bless these runs (none: all); 1 when one is not there or its log is damaged."""
    try:
        for folder in folders(names, replays):
            for path, difference, wanted in list(differences(folder)):
                print(difference, end="")
                write(path, wanted)
                print(f"{folder.name}/{path.name} {'written' if wanted else 'removed'}")
    except (Unheard, OmkError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
