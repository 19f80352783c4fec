"""Added files that a program would import in place of the standard library's module of the same name."""

import sys
from collections.abc import Iterator
from itertools import pairwise

from omk.domain.values import Finding
from omk.runtime.gates.lines import expanded, joined, words
from omk.runtime.reviews.material import LINK, Material

LIBRARY = sys.stdlib_module_names | {"sitecustomize", "usercustomize"}  # the last two are imported unasked


def shadowing(material: Material) -> Iterator[Finding]:
    """The added modules that hide the standard library from what the gates run."""
    folders = {"", *(folder for gate in material.gates for folder in imported_from(gate.command))}
    for change in material.changes:
        if change.operation != "added" or not (change.path.endswith(".py") or change.mode == LINK):
            continue
        folder, _, name = change.path.removesuffix(".py").rpartition("/")
        if name == "__init__":
            folder, _, name = folder.rpartition("/")
        if folder in folders and name in LIBRARY:
            yield Finding(path=change.path, line=None, code="shadows_stdlib")


def imported_from(command: tuple[str, ...]) -> Iterator[str]:
    """The folders from which the Python scripts of a gate's command import first: where they are, and where they run."""
    line = [word for text in command for variant in expanded(text) for word in words(variant)]
    places = ["", *(f"{word}/" for before, word in pairwise(line) if before in ("cd", "-C"))]
    for place in places:
        yield joined(place, ".")
        yield from (joined(place, word).rpartition("/")[0] for word in line if word.endswith(".py"))
