"""The terminal: keys go to the model, the screen is drawn anew line by line, long questions run beside it in a thread."""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from omk.debugger.keys import press
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.work import Job
from omk.debugger.screen.layout import screen
from omk.debugger.screen.view import View
from omk.errors import Damaged, OmkError
from omk.replay.printable import printable
from omk.views.lines import Line, cells

POLL_SECONDS, REDRAW_SECONDS = 0.2, 0.1
SURVEYED = 200_000
"""The longest history that is surveyed unasked, so that the timeline shows where the verdict changed."""
STYLES = {
    "good": Style(color="green"), "bad": Style(color="red"), "warn": Style(color="yellow"), "name": Style(color="cyan"),
    "bold": Style(bold=True), "dim": Style(dim=True), "here": Style(reverse=True), "struck": Style(dim=True, strike=True),
    "badge-good": Style(bold=True, color="white", bgcolor="green"), "badge-bad": Style(bold=True, color="white", bgcolor="red"),
    "badge-warn": Style(bold=True, color="black", bgcolor="yellow"),
}  # fmt: skip
PLAIN = Style()


class Board(Widget, can_focus=True):
    """Shows the lines of the screen; only those that changed are drawn again, which matters over a slow connection."""

    DEFAULT_CSS = "Board { width: 100%; height: 100%; background: ansi_default; color: ansi_default; }"

    def __init__(self, draw: Callable[[int, int], list[Line]]) -> None:
        super().__init__()
        self.draw, self.lines = draw, list[Line]()

    def renew(self) -> None:
        """Draw what has changed."""
        before, self.lines = self.lines, self.draw(self.size.width, self.size.height)
        changed = [
            Region(0, y, self.size.width, 1)
            for y in range(self.size.height)
            if y >= len(before) or y >= len(self.lines) or before[y] != self.lines[y]
        ]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        """Another size is another screen."""
        self.lines = self.draw(self.size.width, self.size.height)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen as segments; nothing in it is markup, and nothing in it can steer the terminal."""
        line = self.lines[y] if y < len(self.lines) else ()
        segments = [Segment(printable(span.text), styled(span.style)) for span in line]
        used = sum(cells(segment.text) for segment in segments)
        return Strip([*segments, Segment(" " * max(0, self.size.width - used), PLAIN)], max(used, self.size.width))


def styled(names: str) -> Style:
    """The style of these names together."""
    return Style.combine(STYLES.get(name, PLAIN) for name in names.split()) if names else PLAIN


class DebuggerApp(App[None]):
    """`omk debug`: a model, a view of it, and a terminal."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c,ctrl+q", "quit", "quit", priority=True, show=False)]
    CSS = "Screen { background: ansi_default; }"

    def __init__(self, debugger: Debugger, view: View | None = None) -> None:
        super().__init__(ansi_color=True)
        self.debugger, self.view = debugger, view or View()
        self.damage: Damaged | None = None
        self.defect: Exception | None = None
        self.is_fetching = self._is_reading = False
        self._job: Job | None = None
        self._over = Event()
        self.board = Board(self._lines)

    def compose(self) -> ComposeResult:
        """One widget: the model's lines."""
        yield self.board

    def on_mount(self) -> None:
        """Begin what goes on by itself."""
        self.board.focus()
        self._carry_on()
        if self.debugger.head <= SURVEYED:
            self._beside(self._survey)
        if self.debugger.follows:
            self.set_interval(POLL_SECONDS, self._poll)
        self.set_interval(REDRAW_SECONDS, self._redraw_job)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._over.set()

    # --- Keys ---

    def on_key(self, event: events.Key) -> None:
        """Every key goes to the model."""
        event.stop()
        event.prevent_default()
        character = event.character if event.is_printable else None
        name = character if character is not None and character != " " else event.key
        if name == "q" and self.view.prompt is None:
            self.exit()
            return
        self._try(lambda: press(self.debugger, self.view, name, character))

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted goes into the line that is being typed."""
        if self.view.prompt is not None:
            self.view.prompt.type(" ".join(event.text.split()))
            self.board.renew()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel steps through the timeline, or scrolls the pane it is over."""
        self._wheel(event.screen_y, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The other way."""
        self._wheel(event.screen_y, -1)

    def _wheel(self, y: float, sign: int) -> None:
        is_above = y < self.board.size.height * 2 // 5
        self._try(lambda: self.debugger.step(sign) if is_above else self.view.scroll(3 * sign))

    def _try(self, act: Callable[[], object]) -> None:
        """Act, and draw what came of it; what cannot be done is said in the status line."""
        try:
            act()
        except Damaged as damage:
            self._damaged(damage)
            return
        except OmkError as problem:
            self.debugger.complain(str(problem))
        self._carry_on()

    # --- What takes longer than a key may ---

    def _carry_on(self) -> None:
        """Draw, and take up what the model has left to be done."""
        job = self.debugger.job
        if job is not None and job is not self._job:
            self._job = job
            self._beside(lambda: self._work(job))
        self.board.renew()
        if self.debugger.patches.wanted is not None and not self.is_fetching:
            self.is_fetching = True
            self._beside(self._fetch)
        if not self._is_reading and self.debugger.tape.lacks(self.debugger.seq):
            self._is_reading = True
            self._beside(self._read_ahead)

    def _beside(self, act: Callable[[], None]) -> None:
        Thread(target=self._guarded, args=(act,), daemon=True).start()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Run in a thread; damage of the log ends the debugger, as it ends every command that reads; so does a defect."""
        try:
            act()
        except OmkError as problem:
            self._call(self._tell, problem)
        except Exception as error:  # noqa: BLE001 - a thread must not end unheard
            self._call(self._handle_exception, error)

    def _tell(self, problem: OmkError) -> None:
        if isinstance(problem, Damaged):
            self._damaged(problem)
        else:
            self._try(lambda: self.debugger.complain(str(problem)))

    def _work(self, job: Job) -> None:
        """Carry a job on until it is over, or nobody wants its answer any more."""
        over = None
        try:
            while over is None and self.debugger.job is job and not self._over.is_set():
                over = job.go_on(1)
        except OmkError as problem:
            if isinstance(problem, Damaged):
                raise
            self._call(self._try, partial(self.debugger.fail, job, problem))
            return
        if over is not None:
            self._call(self._try, partial(self.debugger.answer, job, over.answer))

    def _survey(self) -> None:
        survey = self.debugger.survey
        while survey.seq < self.debugger.head and not self._over.is_set():
            survey.go_on()
        self._call(self.board.renew)

    def _fetch(self) -> None:
        self.debugger.patches.fetch()
        self.is_fetching = False
        self._call(self._carry_on)

    def _read_ahead(self) -> None:
        """Have the records at hand that the next keys will ask for."""
        tape = self.debugger.tape
        try:
            while (span := tape.lacks(self.debugger.seq)) is not None and not self._over.is_set():
                tape.fetch(*span)
        finally:
            self._is_reading = False

    def _call(self, act: Callable[..., object], *arguments: object) -> None:
        """Have the terminal's own thread do something."""
        if not self._over.is_set():
            self.call_later(act, *arguments)

    def _poll(self) -> None:
        self._try(self.debugger.poll)
        if self.debugger.survey.seq < self.debugger.head <= SURVEYED:
            self.debugger.survey.go_on()
            self.board.renew()

    def _redraw_job(self) -> None:
        if self.debugger.job is not None:
            self.board.renew()

    def _damaged(self, damage: Damaged) -> None:
        self.damage = damage
        self.exit()

    def _fatal_error(self) -> None:
        """Nobody expected this: end, and leave it to whoever started the debugger to say it, instead of all that is at hand."""
        self.defect = self._exception
        self._close_messages_no_wait()

    # --- Drawing ---

    def _lines(self, width: int, height: int) -> list[Line]:
        try:
            return screen(self.debugger, self.view, width, height)
        except Damaged as damage:
            self._damaged(damage)
            return []
