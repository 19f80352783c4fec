"""Making a folder ready for a checkout: what is already exactly right stays, all else goes, whatever its modes."""

import os
import stat
from pathlib import Path

from omk.runtime.bare import BareRepository
from omk.runtime.folders import empty_folder, remove_tree
from omk.runtime.git import GitFailed
from omk.runtime.snapshot import LINK, SUBMODULE, Entry, blob_id, entries_of, mode_of, parents_of, quote

CONVERTING = ("filter", "ident", "working-tree-encoding", "eol")
"""The attributes by which a checkout may write other bytes than the blob's (gitattributes)."""


def clear_differences(bare: BareRepository, top: Path, tree: str, index: Path) -> None:
    """Remove from *top* all that is not byte for byte what *tree* has there: ignored files, `.git`, embedded ones too.

    *index* holds the tree; it says which attributes count.
    """
    if top.is_symlink() or not top.is_dir():
        empty_folder(top)
        return
    entries = entries_of(bare, tree)
    folders = {b"", *(parent for path in entries for parent in parents_of(path))}
    files: list[bytes] = []
    todo = [b""]
    while todo:
        folder = todo.pop()
        place = os.path.join(os.fsencode(top), folder)  # noqa: PTH118 - paths are bytes here
        os.chmod(place, stat.S_IMODE(os.lstat(place).st_mode) | stat.S_IRWXU)  # noqa: PTH101
        for name in os.listdir(place):  # noqa: PTH208
            path = folder + b"/" + name if folder else name
            status = os.lstat(os.path.join(place, name))  # noqa: PTH118
            if stat.S_ISDIR(status.st_mode) and path in folders:
                todo.append(path)
            elif is_file_of(entries.get(path), status):
                files.append(path)
            elif not is_link_of(entries.get(path), status, top / os.fsdecode(path), bare.user.object_format):
                remove_tree(top / os.fsdecode(path))
    for path in changed_files(bare, top, index, files, entries):
        remove_tree(top / os.fsdecode(path))


def is_file_of(entry: Entry | None, status: os.stat_result) -> bool:
    """Whether this can be the file of the tree: a file with its mode that its owner may read and write."""
    if entry is None or not stat.S_ISREG(status.st_mode):
        return False
    may_use = stat.S_IRUSR | stat.S_IWUSR
    return entry[0] == mode_of(status) and status.st_mode & may_use == may_use


def is_link_of(entry: Entry | None, status: os.stat_result, path: Path, object_format: str) -> bool:
    """Whether this is the link of the tree, or the empty folder that stands for its submodule."""
    if entry is None:
        return False
    if stat.S_ISLNK(status.st_mode):
        return entry == (LINK, blob_id(os.fsencode(path.readlink()), object_format))
    return entry[0] == SUBMODULE and stat.S_ISDIR(status.st_mode) and os.access(path, os.R_OK) and not any(path.iterdir())


def changed_files(bare: BareRepository, top: Path, index: Path, files: list[bytes], entries: dict[bytes, Entry]) -> list[bytes]:
    """Those files that a checkout might make differently; all of them when that cannot be told."""
    names = b"".join(quote(path) + b"\n" for path in files)
    try:
        answer = bare.git("hash-object", "--no-filters", "--stdin-paths", work_tree=top, stdin=names)
    except GitFailed:
        return files
    same = {path for path, blob in zip(files, answer.decode().split(), strict=True) if blob == entries[path][1]}
    untouched = same - converted(bare, index, same)
    return [path for path in files if path not in untouched]


def converted(bare: BareRepository, index: Path, files: set[bytes]) -> set[bytes]:
    """Those files whose checked-out bytes need not be their blob's: by the tree's attributes, or by line endings."""
    endings = bare.git("config", "--null", "--list", "--includes").lower().split(b"\0")
    if b"core.autocrlf\ntrue" in endings or b"core.eol\ncrlf" in endings:
        return files
    names = b"".join(path + b"\0" for path in sorted(files))
    environment = {"GIT_INDEX_FILE": str(index)}
    shown = bare.git("check-attr", "--cached", "-z", "--stdin", *CONVERTING, environment=environment, stdin=names)
    parts = shown.split(b"\0")
    answers = zip(parts[0::3], parts[2::3], strict=False)
    return {path for path, value in answers if value not in {b"unspecified", b"unset", b"lf"}}
