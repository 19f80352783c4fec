"""Folders: what is to be gone is gone, and where nothing is, nothing is touched."""

import errno
import os
import subprocess
import sys
from pathlib import Path

from omk.runtime.folders import remove_tree


def test_nothing_is_removed_where_nothing_is_also_on_a_disk_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    remove_tree(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_deeper_than_any_path_can_name_is_removed_all_the_same(tmp_path):
    made = "import os\nfor _ in range(100):\n    os.mkdir('d' * 50)\n    os.chdir('d' * 50)\nopen('x', 'w').close()"
    subprocess.run((sys.executable, "-c", made), cwd=tmp_path, check=True)
    (top,) = tmp_path.iterdir()
    remove_tree(top)
    assert list(tmp_path.iterdir()) == []
