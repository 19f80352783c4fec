"""Where one stands in a history, and every way to move there: the debugger without its screen."""

from collections.abc import Callable
from typing import Any

from omk.debugger.model import breakpoints, search
from omk.debugger.model.breakpoints import Breakpoint, Hit
from omk.debugger.model.goal import position_of
from omk.debugger.model.patches import Patches
from omk.debugger.model.supposing import Supposing
from omk.debugger.model.survey import REACH, Survey
from omk.debugger.model.tape import Tape
from omk.debugger.model.work import Job, Work
from omk.errors import OmkError, Refused
from omk.replay.address import locate
from omk.replay.cursor import Cursor
from omk.replay.moment import Moment
from omk.replay.query.expression import compile_expression

AT_ONCE = 2
"""How many pieces of work are done before one is told to wait."""
FAST = 4_096
"""The most events that are read in one piece without a word."""


class Debugger:
    """A position in the history of a goal: everything it shows is as of right after event `seq` (0: before the first).

    Questions that take long become its `job`, which somebody must carry on (`finish` does it on the spot).
    """

    def __init__(self, tape: Tape, seq: int, *, follows: bool = False) -> None:
        self.tape, self.follows = tape, follows
        self.survey = Survey(tape)
        self.supposing = Supposing(tape, self.survey)
        self.patches = Patches(tape)
        self.breakpoints: list[Breakpoint] = []
        self.hits: Hit | None = None
        self.message, self.is_trouble = "", False
        self.sought = ""
        self.job: Job | None = None
        self.seq = 0
        self._cursor = Cursor(tape.history)
        self._moment = self._cursor.moment(0)
        self._supposed: Moment | None = None
        self._numbered = self._ended_at = 0
        self.go(seq)

    # --- What is there ---

    @property
    def head(self) -> int:
        """The last event there is."""
        return self.tape.head

    @property
    def moment(self) -> Moment | None:
        """State and verdict where one stands; None while they are still being folded."""
        return self._moment if self._moment.state.seq == self.seq else None

    @property
    def judged(self) -> Moment | None:
        """The moment whose verdict is shown: the hypothetical one where something is supposed, as soon as it is folded."""
        return self._supposed if self.is_hypothetical else self.moment

    @property
    def is_hypothetical(self) -> bool:
        """Whether the verdict shown is of a history that did not happen."""
        return self.supposing.concerns(self.seq)

    def moment_at(self, seq: int) -> Moment:
        """The moment after another event nearby."""
        return self._cursor.moment(seq)

    @property
    def has_ended(self) -> bool:
        """Whether no controller is at work any more after the last event, as far as one has stood there."""
        return self._ended_at == self.head > 0

    # --- Moving ---

    def go(self, seq: int) -> None:
        """Stand after event *seq*, or as near to it as there are events."""
        self.stop()
        self.seq, self.hits, self._supposed = min(max(0, seq), self.head), None, None
        if self.tape.distance(self.seq) <= REACH:
            self._fold()
        else:
            self.ask(f"folding {self.seq:,} events", self.survey.reach(self.seq), lambda _: self._fold())

    def step(self, by: int) -> None:
        """Go *by* events forward, or back if it is negative."""
        at = self.seq
        self.go(at + by)
        if self.seq == at:
            self.say("This is the last event." if by > 0 else "This is before the first event.")

    def jump(self, position: str) -> None:
        """Go where an address (`12`, `-1`, `ready`, `gate:tests#2`, a time, …) within this goal leads."""
        try:
            name = position_of(position, self.tape.goal)
        except Refused as problem:
            self.complain(str(problem))
            return
        if name.removeprefix("-").isdecimal() or name in {"", "head"}:
            self._jumped(self._located(name or "head"))
        else:
            self.ask(f"looking for {name}", self._locating(name), self._jumped)

    def next_verdict(self) -> None:
        """Go to the next event that changed the verdict, or is a run of a gate or an agent that ended badly."""
        nothing = f"No event after {self.seq} changed the verdict."
        self.ask("looking for the next verdict", self.survey.after(self.seq), self._verdict(nothing))

    def last_verdict(self) -> None:
        """Go to the event before this one that changed the verdict, or is a run that ended badly."""
        nothing = f"No event before {self.seq} changed the verdict."
        self.ask("looking for the verdict before", self.survey.before(self.seq), self._verdict(nothing))

    def poll(self) -> bool:
        """Take in what was appended since; stay at the head if one stood there. Whether there was anything."""
        at_head = self.seq == self.head and self.job is None
        if not self.follows or not self.tape.grow():
            return False
        if at_head:
            self.go(self.head)
        return True

    # --- Searching ---

    def search(self, text: str, *, back: bool = False) -> None:
        """Go to the next event (or the one before) whose line in the timeline holds *text*."""
        self.sought = text or self.sought
        if not self.sought:
            self.complain("Nothing to look for yet. Press / and type a word.")
            return
        way, where = (search.backward, "before") if back else (search.forward, "after")
        nothing = f"No event {where} {self.seq} says {self.sought!r}."
        self.ask(f"looking for {self.sought!r}", way(self.tape, self.sought, self.seq), self._arrive(nothing))

    # --- Breakpoints ---

    def add_breakpoint(self, text: str) -> None:
        """Stop, from now on, where the expression *text* becomes true or changes its value."""
        try:
            expression = compile_expression(text)
        except OmkError as problem:
            self.complain(str(problem))
            return
        self._numbered += 1
        point = Breakpoint(self._numbered, expression)
        self.breakpoints.append(point)
        if self.moment is None:  # on the way; asking more would end it
            self.say(point.told())
        else:
            self.ask("looking at the last event", breakpoints.doubts(self.tape, self.survey, expression), self._added(point))

    def toggle_breakpoint(self, place: int) -> None:
        """Switch one off, or on again."""
        if place < len(self.breakpoints):
            self.breakpoints[place].is_on = not self.breakpoints[place].is_on

    def delete_breakpoint(self, place: int) -> None:
        """Forget one."""
        if place < len(self.breakpoints):
            gone = self.breakpoints.pop(place)
            self.say(f"Breakpoint {gone.number} is gone.")

    def run(self, *, back: bool = False) -> None:
        """Go to the next event, or the one before, that hits a breakpoint."""
        points = tuple(one for one in self.breakpoints if one.is_on)
        if not points:
            self.complain('No breakpoint is on. Press b and type an expression, e.g. status == "ready"')
            return
        way, where = (breakpoints.backward, "before") if back else (breakpoints.forward, "after")
        work = way(self.tape, self.survey, points, self.seq)
        self.ask("running back" if back else "running", work, self._hit(f"No event {where} {self.seq} hits a breakpoint."))

    # --- Suppositions ---

    def suppose(self) -> None:
        """Judge as if the event one stands after had not happened, nor what rests on it; asked again: as it was."""
        if self.seq == 0:
            self.complain("There is no event here to leave out. Step to one.")
            return
        self.supposing = self.supposing.toggled(self.seq)
        self.go(self.seq)

    def suppose_nothing(self) -> None:
        """Judge what happened, and nothing else."""
        self.supposing = Supposing(self.tape, self.survey)
        self.go(self.seq)

    # --- Long questions ---

    def ask(self, what: str, work: Work, done: Callable[[Any], None]) -> None:
        """Answer at once if that takes a moment, else leave it as `job`."""
        self.stop()
        self.job = Job(what, work, done)
        self._go_on(self.job)

    def answer(self, job: Job, answer: Any) -> None:
        """The job is over, unless somebody has stopped it in the meantime."""
        if self.job is job:
            self.job = None
            job.done(answer)

    def fail(self, job: Job, problem: OmkError) -> None:
        """The job cannot be done."""
        if self.job is job:
            self.job = None
            self.complain(str(problem))

    def stop(self) -> None:
        """Ask no more; stand again where one stood if the way was not folded yet."""
        self.message, self.is_trouble, job = "", False, self.job
        self.job = None
        if job is not None and self.moment is None:
            self.seq = self._moment.state.seq

    def finish(self) -> None:
        """Carry on with the job, and with what follows from it, until there is none."""
        while self.job is not None:
            self._go_on(self.job)

    def _go_on(self, job: Job) -> None:
        try:
            over = job.go_on(AT_ONCE)
        except OmkError as problem:
            self.fail(job, problem)
            return
        if over is not None:
            self.answer(job, over.answer)

    # --- What it says ---

    def say(self, text: str) -> None:
        """Tell something in one line."""
        self.message, self.is_trouble = text, False

    def complain(self, text: str) -> None:
        """Tell in one line what cannot be done, and what to do."""
        self.message, self.is_trouble = " ".join(text.split()), True

    def _fold(self) -> None:
        self._moment = self._cursor.moment(self.seq)
        controllers = self._moment.state.controller
        if self.seq == self.head and controllers.starts and controllers.active is None:
            self._ended_at = self.seq
        if self.is_hypothetical:
            self.ask("folding what did not happen", self.supposing.moment(self.seq), self._suppose)

    def _suppose(self, moment: Moment) -> None:
        self._supposed = moment

    def _arrive(self, nothing: str) -> Callable[[int | None], None]:
        def arrived(seq: int | None) -> None:
            self.say(nothing) if seq is None else self.go(seq)

        return arrived

    def _verdict(self, nothing: str) -> Callable[[int | None], None]:
        def arrived(seq: int | None) -> None:
            self._arrive(nothing)(seq)
            if seq is not None and self.job is None:
                self.say(self.survey.told(seq))

        return arrived

    def _hit(self, nothing: str) -> Callable[[Hit | None], None]:
        def arrived(hit: Hit | None) -> None:
            self._arrive(nothing)(hit.seq if hit else None)
            if hit is not None:
                self.hits = hit
                if self.job is None:
                    self.say(hit.told())

        return arrived

    def _added(self, point: Breakpoint) -> Callable[[str | None], None]:
        return lambda doubt: self.complain(f"{point.told()} But {doubt}") if doubt else self.say(point.told())

    def _jumped(self, seq: int | None) -> None:
        if seq is not None:
            self.go(seq)

    def _located(self, name: str) -> int | None:
        try:
            return locate(name, goal=self.tape.goal, head=self.head, read=self.tape.read)
        except OmkError as problem:
            self.complain(str(problem))
            return None

    def _locating(self, name: str) -> Work:
        for _ in range(AT_ONCE if self.head > FAST else 0):
            yield 0  # so that reading it all becomes a job
        try:
            return locate(name, goal=self.tape.goal, head=self.head, read=self.tape.read)
        except OmkError as problem:
            raise Refused(str(problem)) from problem
