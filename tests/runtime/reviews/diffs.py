"""Diffs for review tests: two trees as dictionaries from path to content."""

import hashlib

from omk.domain.values import Change, Finding, Operation
from omk.runtime.reviews.material import GateEvidence, Material
from omk.runtime.reviews.wall import review

Tree = dict[str, str | bytes]
GREEN = (GateEvidence(name="tests", required=True, outcome="passed", fresh=True),)


def raw(content: str | bytes | None) -> bytes | None:
    """The bytes of a file of a tree."""
    return content.encode() if isinstance(content, str) else content


def blob(content: str | bytes | None) -> str | None:
    """A blob id: equal for equal content."""
    return None if content is None else hashlib.sha1(raw(content) or b"", usedforsecurity=False).hexdigest()


def diff(
    old: Tree,
    new: Tree,
    *,
    gates: tuple[GateEvidence, ...] = GREEN,
    kind: str = "greenfield",
    modes: dict[str, str] | None = None,
) -> Material:
    """The material of a change from *old* to *new*; *modes* names links and submodules."""
    changes = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        mode = None if after is None else (modes or {}).get(path, "100644")
        operation: Operation = "deleted" if after is None else "added" if before is None else "modified"
        changes.append(
            Change(
                path=path,
                operation=operation,
                old_mode=None if before is None else "100644",
                mode=mode,
                old=blob(before),
                new=blob(after),
            )
        )
    return Material(
        changes=tuple(changes), base="a" * 40, tree="b" * 40, gates=gates, kind=kind, paths=tuple(new),
        old=lambda path: raw(old.get(path)), new=lambda path: raw(new.get(path)),
    )  # fmt: skip


def shown(finding: Finding) -> str:
    """The finding as `path:line code`."""
    return f"{finding.path}:{finding.line} {finding.code}"


def objections(name: str, material: Material) -> list[str]:
    """What a pass objects to; it is blocked exactly when there is something."""
    verdict = review(name, material)
    found = [shown(finding) for finding in verdict.findings]
    assert (verdict.outcome == "blocked") is bool(found), verdict
    assert verdict.summary.endswith(".")
    return found
