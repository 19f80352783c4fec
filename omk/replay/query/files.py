"""The files in which two trees differ, as far as the net changes against a base commit tell."""

from omk.domain.subjects.worktree import Files
from omk.domain.values import Operation
from omk.replay.documents import Document

Content = tuple[str | None, str | None]
"""A blob id and a git file mode, null where there is no file."""


def is_comparable(a: Files, b: Files) -> bool:
    """Whether both stand on the same base, or one of them is before everything."""
    return a.base is None or b.base is None or a.base.tree == b.base.tree


def changed_files(a: Files, b: Files) -> list[Document]:
    """`[{path, operation}]`: what became of the files on the way from *a* to *b*, by path.

    Of files that only one of two bases changed it knows nothing, where they stand on different ones.
    """
    changes = ((path, _content(a, b, path), _content(b, a, path)) for path in sorted({*a.paths, *b.paths}))
    return [{"path": path, "operation": _operation(old, new)} for path, old, new in changes if old != new]


def _content(files: Files, others: Files, path: str) -> Content:
    net = files.paths.get(path)
    if net is not None:
        return net.new, net.mode
    untouched = others.paths[path]
    return untouched.old, untouched.old_mode


def _operation(old: Content, new: Content) -> Operation:
    return "added" if old[0] is None else "deleted" if new[0] is None else "modified"
