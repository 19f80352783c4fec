"""Folders that others may have left in any state: emptied and removed whatever their modes."""

import contextlib
import errno
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from omk.errors import Unusable


def remove_tree(path: Path) -> None:
    """Remove a file, a link or a whole folder, also read-only ones; nothing there is fine.

    Raises `Unusable` when the operating system will not have it gone.
    """
    try:
        if not os.path.lexists(path):
            return  # where nothing can be written, nothing has to be
        if not path.is_symlink() and path.is_dir():
            open_up(path)
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unusable(f"{path} cannot be removed: {error.strerror}. Remove it by hand.") from error


def empty_folder(path: Path) -> None:
    """Make *path* an empty, writable folder, whatever it was."""
    if path.is_symlink() or not path.is_dir():
        remove_tree(path)
        path.mkdir(mode=0o700, parents=True)
        return
    path.chmod(0o700)
    for entry in list(path.iterdir()):
        remove_tree(entry)


def open_up(folder: Path) -> None:
    """Let the owner read, write and enter every folder below, so that it can be removed."""
    todo = [folder]
    while todo:
        current = todo.pop()
        with contextlib.suppress(FileNotFoundError), too_long_is_fine():
            mode = stat.S_IMODE(current.stat(follow_symlinks=False).st_mode)
            if mode & stat.S_IRWXU != stat.S_IRWXU:
                current.chmod(mode | stat.S_IRWXU)
            with os.scandir(current) as entries:
                todo += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


@contextlib.contextmanager
def too_long_is_fine() -> Iterator[None]:
    """What lies too deep to be named is left as it is: it is removed from folder to folder, by their descriptors."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise


def replace_file(path: Path, content: bytes) -> None:
    """Make *path* hold exactly *content*, atomically; a file that already does is not touched."""
    try:
        if not path.is_symlink() and path.read_bytes() == content:
            return
    except (FileNotFoundError, PermissionError):
        pass
    except IsADirectoryError:
        remove_tree(path)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    fresh.write_bytes(content)
    fresh.replace(path)
