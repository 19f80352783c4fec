"""How the building of the lake goes, on stderr: a bar where a person looks, nothing but what is worth knowing elsewhere."""

import sys
from typing import Any

from omk.cli.output import say
from omk.lake.sync import Quiet


class Building(Quiet):
    """Hears how a sync goes, and draws it on a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._total = 0

    def begin(self, total: int) -> None:
        """So many records are to be projected."""
        self._total = total
        if total == 0 or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("building the lake"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def reach(self, done: int) -> None:
        """So many of them are."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
            if done >= self._total:
                self.end()

    def tell(self, text: str) -> None:
        """Something worth knowing."""
        say(text)

    def end(self) -> None:
        """There is nothing more to hear."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
