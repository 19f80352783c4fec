"""Folders: what is to be gone is gone, and where nothing is, nothing is touched."""

import errno
import os
from pathlib import Path

from omk.runtime.folders import remove_tree


def test_nothing_is_removed_where_nothing_is_also_on_a_disk_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    remove_tree(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []
