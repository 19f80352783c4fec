"""What a review looks at, what it answers, and how it reads a diff.

Added lines are a multiset difference: a line of the new file counts as added when the old file has fewer of it. That is
linear, and a line that only moved is not added, which is what every rule here wants.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Literal

import msgspec

from omk.domain.values import Change, Finding, GateOutcome

Outcome = Literal["passed", "blocked", "not_applicable"]
ReadBlob = Callable[[str], bytes | None]

LINK, GITLINK = "120000", "160000"
SOURCES = frozenset(
    (
        "bash", "c", "cc", "cjs", "clj", "cpp", "cs", "css", "cxx", "dart", "ex", "exs", "fs", "go", "h", "hpp", "hs",
        "html", "java", "jl", "js", "jsx", "kt", "lua", "m", "mjs", "ml", "php", "pl", "ps1", "py", "pyi", "r", "rb",
        "rs", "scala", "scss", "sh", "sql", "svelte", "swift", "ts", "tsx", "vue", "zig", "zsh",
    )
)  # fmt: skip


SHOWN = 5


class GateEvidence(msgspec.Struct, frozen=True):
    """A gate's latest outcome (null: never ran), whether it judged the tree and the definition of now, what it runs."""

    name: str
    required: bool
    outcome: GateOutcome | None
    fresh: bool
    proves: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it passed, on this tree."""
        return self.outcome == "passed" and self.fresh


class Material(msgspec.Struct, frozen=True, dict=True):
    """The diff from the base tree to the tree under review, and the gates' evidence.

    `old` and `new` read a path of the two trees (a link's target as bytes; None when absent); `paths` are all paths of
    the new tree, when known; `kind` is the goal's kind.
    """

    changes: tuple[Change, ...]
    base: str
    tree: str
    old: ReadBlob
    new: ReadBlob
    gates: tuple[GateEvidence, ...] = ()
    kind: str = "greenfield"
    paths: tuple[str, ...] = ()

    @cached_property
    def files(self) -> tuple[Change, ...]:
        """The changes that leave a regular file."""
        kept = (change for change in self.changes if change.operation != "deleted")
        return tuple(change for change in kept if change.mode not in (LINK, GITLINK))

    @cached_property
    def moved(self) -> frozenset[str]:
        """Paths that only moved: added with the content of a file that was deleted."""
        gone = {change.old for change in self.changes if change.operation == "deleted"}
        return frozenset(change.path for change in self.changes if change.operation == "added" and change.new in gone)

    def added(self, change: Change) -> Iterator[tuple[int, str]]:
        """Number and text of each line the change adds; a file that only moved adds none."""
        if change.path in self.moved:
            return
        before = Counter(lines(self.old(change.path)) if change.old is not None else ())
        for number, line in enumerate(lines(self.new(change.path)), start=1):
            if before[line] > 0:
                before[line] -= 1
            else:
                yield number, line


class Verdict(msgspec.Struct, frozen=True):
    """What a review pass answers: one sentence and, when blocked, what it objects to."""

    outcome: Outcome
    summary: str
    findings: tuple[Finding, ...] = ()


def judged(findings: list[Finding], praise: str, blame: str) -> Verdict:
    """Passed with *praise* when nothing was found, else blocked with *blame* and the first findings."""
    if not findings:
        return Verdict("passed", praise)
    first = ", ".join(place(finding) for finding in findings[:SHOWN])
    more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    return Verdict("blocked", f"{blame}: {first}{more}.", tuple(findings))


def place(finding: Finding) -> str:
    """The finding as `path:line code`."""
    return f"{finding.path}{'' if finding.line is None else f':{finding.line}'} {finding.code}"


def lines(content: bytes | None) -> list[str]:
    """The lines of a file as text; bytes that are not UTF-8 are replaced."""
    return (content or b"").decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def line_count(content: bytes | None) -> int:
    """How many lines the file has; the end of the last line starts no other."""
    return 0 if not content else content.count(b"\n") + (not content.endswith(b"\n"))


def suffix(path: str) -> str:
    """The file's suffix in lower case, without the dot."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""


def is_source(path: str) -> bool:
    """Whether the path names program text."""
    return suffix(path) in SOURCES


def is_test(path: str) -> bool:
    """Whether the path names a test, by the habits of the common test runners."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    ends = stem.endswith(("_test", "_tests", "_spec")) or ".test." in name or ".spec." in name
    named = stem.startswith("test_") or ends
    placed = bool({"tests", "test", "__tests__", "spec"} & set(folders)) and name not in ("__init__.py", "conftest.py")
    return is_source(path) and (named or placed)


def is_binary(content: bytes) -> bool:
    """Whether git would call it binary: a zero byte among the first 8,000."""
    return b"\0" in content[:8000]
