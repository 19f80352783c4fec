"""How one looks at the debugger: which pane is shown, how far each is scrolled, what is open in the tree of the state."""

from dataclasses import dataclass, field
from typing import Literal

from omk.debugger.model.prompt import Prompt
from omk.replay.documents import Document

Pane = Literal["proof", "state", "step", "code", "why", "breakpoints"]
PANES: tuple[Pane, ...] = ("proof", "state", "step", "code", "why", "breakpoints")
CHOSEN: tuple[Pane, ...] = ("state", "breakpoints")
"""The panes in which one can stand on a line."""


@dataclass
class View:
    """The display's own state; nothing in it changes what the debugger knows."""

    pane: Pane = "proof"
    is_inside: bool = False
    is_large: bool = False
    is_help: bool = False
    prompt: Prompt | None = None
    top: int = 0
    tops: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    expanded: set[tuple[str, ...]] = field(default_factory=set)
    has_chains: bool = False
    states: dict[int, Document] = field(default_factory=dict)
    room: int = 10
    past: dict[str, list[str]] = field(default_factory=dict)

    def show(self, pane: Pane) -> None:
        """Show another pane, from its top."""
        if pane != self.pane:
            self.pane, self.is_inside = pane, False
        self.is_help = False

    def keep_in_sight(self, seq: int, head: int, rows: int) -> int:
        """The first row of a timeline of *rows* rows that has event *seq* in it, moved as little as may be."""
        edge = min(2, (rows - 1) // 2)
        if not self.top - rows <= seq < self.top + 2 * rows:
            self.top = seq - rows // 2
        self.top = min(self.top, seq - edge)
        self.top = max(self.top, seq - rows + 1 + edge)
        self.top = max(0, min(self.top, head - rows + 1))
        return self.top

    def scroll(self, by: int) -> None:
        """Move the pane's content by some lines."""
        self.tops[self.pane] = max(0, self.tops.get(self.pane, 0) + by)

    def fit(self, count: int, rows: int) -> int:
        """The first of *count* lines to show in *rows* rows."""
        self.tops[self.pane] = max(0, min(self.tops.get(self.pane, 0), count - rows))
        return self.tops[self.pane]

    def choose(self, pane: str, count: int, by: int = 0) -> int:
        """The line one stands on in a pane of *count* lines, after going *by* lines."""
        self.lines[pane] = max(0, min(self.lines.get(pane, 0) + by, count - 1))
        return self.lines[pane]
