"""Conflicts of a slice with the goal's tree: mended where the two sides differ in nothing that counts, else explained.

Git merges; where it gives up, `git merge-file` settles the file once for either side, and the two results are compared as
a whole: a region inside a string or a comment is judged as what it is.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from omk.domain.subjects.slice import Collision
from omk.runtime.bare import BareRepository
from omk.runtime.comments import same_but_for
from omk.runtime.git import encode_path, run_git
from omk.runtime.snapshot import Entry, blob_id, build

BASE, OURS, THEIRS = 1, 2, 3
"""The stages of a path in a merge (git-ls-files)."""
FILES = ("100644", "100755")
CONTENT = "CONFLICT (contents)"
KINDS = {
    "CONFLICT (modify/delete)": "one side deleted it",
    "CONFLICT (rename/delete)": "one side deleted it, the other renamed it",
    "CONFLICT (rename/rename)": "both sides renamed it",
    "CONFLICT (binary)": "both sides changed it, and it is no text",
}
"""What git calls a conflict (git-merge-tree, "stable string"), as a reason."""


class Collided(NamedTuple):
    """A path that git could not merge: what each stage has there, and what git calls the conflict."""

    path: bytes
    stages: Mapping[int, Entry]
    kinds: tuple[str, ...]


class Found(NamedTuple):
    """What `git merge-tree` made of two trees: a tree, with marks where `collided` names a path."""

    tree: str
    collided: tuple[Collided, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that collided, sorted."""
        return tuple(sorted(encode_path(one.path) for one in self.collided))


class Mended(NamedTuple):
    """What merging came to: the tree, null if a collision is not safe; and every collision, sorted by path."""

    tree: str | None
    collisions: tuple[Collision, ...]


class Settled(NamedTuple):
    """What became of a path: the collision, and the content that takes its place where that is safe."""

    collision: Collision
    content: bytes | None


def found_in(said: bytes, *, is_clean: bool) -> Found:
    """What `git merge-tree --write-tree -z` printed, as values."""
    parts = said.split(b"\0")
    tree = parts[0].strip().decode()
    if is_clean:
        return Found(tree, ())
    end = parts.index(b"", 1)
    stages: dict[bytes, dict[int, Entry]] = {}
    for line in parts[1:end]:
        facts, _, path = line.partition(b"\t")
        mode, name, stage = facts.decode().split()
        stages.setdefault(path, {})[int(stage)] = (mode, name)
    kinds: dict[bytes, list[str]] = {}
    for path, kind in _messages(parts[end + 1 :]):
        if kind.startswith("CONFLICT"):
            kinds.setdefault(path, []).append(kind)
    paths = sorted(stages.keys() | kinds.keys())
    return Found(tree, tuple(Collided(path, stages.get(path, {}), tuple(kinds.get(path, ()))) for path in paths))


def _messages(parts: list[bytes]) -> Iterator[tuple[bytes, str]]:
    """Path and kind of each message: a count, so many paths, the kind, the words."""
    at = 0
    while at + 2 < len(parts) and parts[at].isdigit():
        after = at + 1 + int(parts[at])
        for path in parts[at + 1 : after]:
            yield path, parts[after].decode(errors="replace")
        at = after + 2


def mend(bare: BareRepository, found: Found) -> Mended:
    """The tree with our side wherever the sides differ in nothing that counts; none if they differ in more anywhere."""
    settled = [settle(bare, one) for one in found.collided]
    collisions = tuple(sorted((one.collision for one in settled), key=lambda one: one.path))
    contents = [one.content for one in settled if one.content is not None]
    if len(contents) < len(settled):
        return Mended(None, collisions)
    bare.write_blobs(contents)
    orders = [
        (one.path, (one.stages[OURS][0], blob_id(content, bare.user.object_format)))
        for one, content in zip(found.collided, contents, strict=True)
    ]
    gaps: dict[bytes, str] = {}
    with bare.scratch() as folder:
        return Mended(build(bare, found.tree, list(orders), folder / "index", gaps), collisions)


def settle(bare: BareRepository, one: Collided) -> Settled:
    """Judge one path."""
    path = encode_path(one.path)
    if (reason := _unsafe(one)) is not None:
        return Settled(Collision(path=path, side="unsafe", reason=reason), None)
    ours, theirs = _favouring(bare, one, "--ours"), _favouring(bare, one, "--theirs")
    if ours is None or theirs is None:
        return Settled(Collision(path=path, side="unsafe", reason=KINDS["CONFLICT (binary)"]), None)
    trifle = same_but_for(ours, theirs, path)
    if trifle is None:
        return Settled(Collision(path=path, side="unsafe", reason="both sides changed the same lines"), None)
    return Settled(Collision(path=path, side="safe", reason=f"the sides differ in {trifle} alone"), ours)


def _unsafe(one: Collided) -> str | None:
    """Why the sides cannot be compared line by line; null if they can."""
    other = next((kind for kind in one.kinds if kind != CONTENT), None)
    if other is not None:
        return KINDS.get(other, f"git says {other}")
    if not {OURS, THEIRS} <= one.stages.keys():
        return KINDS["CONFLICT (modify/delete)"]
    modes = {mode for mode, _ in one.stages.values()}
    if not modes <= set(FILES):
        return "it is a link or a repository of its own"
    return "the sides give it another mode" if len(modes) > 1 else None


def _favouring(bare: BareRepository, one: Collided, side: str) -> bytes | None:
    """The file merged, with *side* where both changed it; null if it is no text."""
    with bare.scratch() as folder:
        for stage in (OURS, BASE, THEIRS):
            blob = one.stages[stage][1] if stage in one.stages else None
            (folder / str(stage)).write_bytes(bare.git("cat-file", "blob", blob) if blob else b"")
        arguments = ("merge-file", "-p", "--quiet", "--diff3", side, str(OURS), str(BASE), str(THEIRS))
        ended = run_git(arguments, directory=folder, git_dir=bare.path, environment={}, stdin=None, reads=True)
        return ended.stdout if ended.status == 0 else None
