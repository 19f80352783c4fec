"""A line that is being typed: its text and where the next character goes."""

from dataclasses import dataclass, field


@dataclass
class Prompt:
    """What is asked for (`label`), the text so far, and the place in it; `past` are earlier answers, newest last."""

    kind: str
    label: str
    past: list[str] = field(default_factory=list)
    text: str = ""
    place: int = 0
    back: int = 0

    def type(self, characters: str) -> None:
        """Put characters in."""
        self._put(self.text[: self.place] + "".join(one for one in characters if one.isprintable()))

    def press(self, key: str) -> None:
        """A key that edits the line; others do nothing."""
        before, after = self.text[: self.place], self.text[self.place :]
        match key:
            case "backspace" | "ctrl+h":
                self._put(before[:-1])
            case "ctrl+w":
                self._put("".join(before.rstrip().rpartition(" ")[:2]))
            case "ctrl+u":
                self._put("")
            case "delete" | "ctrl+d":
                self.text = before + after[1:]
            case "left" | "right":
                self.place = min(max(0, self.place + (1 if key == "right" else -1)), len(self.text))
            case "home" | "ctrl+a":
                self.place = 0
            case "end" | "ctrl+e":
                self.place = len(self.text)
            case "up" | "down":
                self._recall(1 if key == "up" else -1)
            case _:
                pass

    def _put(self, before: str) -> None:
        """Have this before the place, and what was after it still after it."""
        self.text, self.place = before + self.text[self.place :], len(before)

    def _recall(self, by: int) -> None:
        self.back = min(max(0, self.back + by), len(self.past))
        self.text = self.past[-self.back] if self.back else ""
        self.place = len(self.text)
