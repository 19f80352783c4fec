"""The architect pass: does the change keep the repository one that people can hold, build and clone anywhere?"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from omk.domain.values import Change, Finding
from omk.runtime.reviews.material import GITLINK, LINK, Material, Verdict, is_binary, is_source, judged, line_count

LONGEST_FILE = 400  # lines
LARGEST_BINARY = 1 << 20  # bytes


def architect(material: Material) -> Verdict:
    """Block files that grew too long, links out of the tree, submodules, large binaries, paths that differ by case."""
    if not material.changes:
        return Verdict("not_applicable", "Nothing changed.")
    found = [finding for change in material.changes for finding in objections(material, change)]
    found += collisions(material)
    return judged(found, "The structure holds: sizes, links and paths are in order.", "The structure suffers")


def objections(material: Material, change: Change) -> Iterator[Finding]:
    """What is wrong with one change by itself."""
    if change.operation == "deleted":
        return
    if change.mode == GITLINK:
        yield Finding(path=change.path, line=None, code="submodule")
        return
    content = material.new(change.path) or b""
    if change.mode == LINK:
        code = unsound(change.path, content.decode("utf-8", "replace"))
        if code is not None:
            yield Finding(path=change.path, line=None, code=code)
        return
    if is_source(change.path) and grew_too_long(material, change, content):
        yield Finding(path=change.path, line=LONGEST_FILE + 1, code="file_too_long")
    if is_binary(content) and len(content) > LARGEST_BINARY and change.path not in material.moved:
        yield Finding(path=change.path, line=None, code="large_binary")


def grew_too_long(material: Material, change: Change, content: bytes) -> bool:
    """Whether this change made the file longer than it may be; what was too long before is not its doing."""
    if line_count(content) <= LONGEST_FILE or change.path in material.moved:
        return False
    return change.old is None or line_count(material.old(change.path)) <= LONGEST_FILE


def unsound(path: str, target: str) -> str | None:
    """Why a link at *path* may lead out of the tree, as a code.

    After a name, `..` goes up from wherever that name leads, if it is itself a link; so only leading ones can be judged.
    """
    if target.startswith("/"):
        return "link_absolute"
    steps = [step for step in target.split("/") if step not in ("", ".")]
    ups = next((index for index, step in enumerate(steps) if step != ".."), len(steps))
    if ".." in steps[ups:]:
        return "link_turns_back"
    return "link_leaves" if ups > path.count("/") else None


def collisions(material: Material) -> list[Finding]:
    """Added paths of which another spelling exists, so that a file system that ignores case would keep only one."""
    kept = [change.path for change in material.changes if change.operation != "deleted"]
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for path in (*material.paths, *kept):
        for prefix in prefixes(path):
            spellings[folded(prefix)].add(prefix)
    added = [change.path for change in material.changes if change.operation == "added"]
    clash = [path for path in added if any(len(spellings[folded(prefix)]) > 1 for prefix in prefixes(path))]
    return [Finding(path=path, line=None, code="case_collision") for path in clash]


def prefixes(path: str) -> Iterator[str]:
    """The path and the directories above it."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def folded(path: str) -> str:
    """The path as a file system sees it that ignores case and composition."""
    return unicodedata.normalize("NFC", path).casefold()
