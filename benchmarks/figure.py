"""A figure: what was measured, and what it should be."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A value in its unit beside its goal (0: none), the most that it may be, or with *is_least* the least."""

    name: str
    value: float
    unit: str
    goal: float
    is_least: bool = False

    @property
    def line(self) -> str:
        """Name, value, unit, goal, `ok` or `short`, with tabs between."""
        met = not self.goal or (self.value >= self.goal if self.is_least else self.value <= self.goal)
        goal = f"{'>= ' if self.is_least else ''}{self.goal}" if self.goal else "-"
        value = f"{self.value:.{2 if self.value >= 0.1 else 4}f}"
        return "\t".join((self.name, value, self.unit, goal, "ok" if met else "short"))
