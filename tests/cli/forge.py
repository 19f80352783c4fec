"""A forge in a folder: a bare remote, and a `gh` on PATH that knows its pull requests and takes no word it does not know."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.cli.calling import git, write

GH = Path(__file__).parent / "fake_gh.py"


class Forge:
    """The remote `origin` of *repository* (its `main` pushed), and the state of the fake gh beside it."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.repository, self.remote, self.file = repository, folder / "origin.git", folder / "forge.json"
        git("init", "--quiet", "--bare", str(self.remote), at=repository)
        git("remote", "add", "origin", str(self.remote), at=repository)
        git("push", "--quiet", "origin", "main", at=repository)
        self.bin = folder / "forge-bin"
        script = f'#!/bin/sh\nexec {sys.executable} -S -E {GH} {self.file} {self.remote} "$@"\n'
        write(self.bin / "gh", script).chmod(0o755)
        self.say()

    @property
    def path(self) -> str:
        """The PATH on which this gh comes first."""
        return f"{self.bin}:{os.environ['PATH']}"

    @property
    def state(self) -> Any:
        """What the forge knows: `{pulls, calls, …}`."""
        return json.loads(self.file.read_text())

    @property
    def pulls(self) -> Any:
        """Its pull requests."""
        return self.state["pulls"]

    def said(self, verb: str) -> list[list[str]]:
        """The words of every call of `gh pr VERB`, in order."""
        return [words for words in self.state["calls"] if words[1] == verb]

    def say(self, **more: Any) -> None:
        """Change what the forge knows or how it behaves; see `fake_gh.py`."""
        known = json.loads(self.file.read_text()) if self.file.exists() else {"pulls": [], "calls": []}
        self.file.write_text(json.dumps(known | more))

    def tip(self, branch: str) -> str:
        """The commit that a branch of the remote is at, empty if it is not there."""
        return git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}", at=self.remote)

    def tree(self, branch: str) -> str:
        """The tree of a branch of the remote."""
        return git("rev-parse", f"{branch}^{{tree}}", at=self.remote)

    def commit(self, name: str, content: str, *, branch: str = "main") -> str:
        """Somebody else pushes a commit that adds a file."""
        elsewhere = self.remote.parent / "elsewhere"
        if not elsewhere.exists():
            git("clone", "--quiet", str(self.remote), str(elsewhere), at=self.repository)
        git("fetch", "--quiet", "origin", at=elsewhere)
        git("checkout", "--quiet", "-B", "work", f"origin/{branch}", at=elsewhere)
        write(elsewhere / name, content)
        git("add", "--all", at=elsewhere)
        git("commit", "--quiet", "--message", f"Add {name}", at=elsewhere)
        git("push", "--quiet", "origin", f"HEAD:{branch}", at=elsewhere)
        return git("rev-parse", "HEAD", at=elsewhere)
