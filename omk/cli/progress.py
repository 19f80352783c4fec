"""Live progress on stderr while a goal moves: a line per thing that ended, and on a terminal what is going on now."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, Self

from omk.domain.duration import SECOND, show_duration, show_span
from omk.domain.event import Recorded, Time
from omk.domain.instant import microseconds
from omk.domain.subjects.agent import AgentFinished, PermissionAnswered
from omk.domain.subjects.delivery import ChangeAccepted, ChangeMerged
from omk.domain.subjects.gate import BreakerHalfOpened, BreakerOpened, GateRan
from omk.domain.subjects.goal import GoalCreated, GoalForked
from omk.domain.subjects.landing import PullRequestChecked, PullRequestMerged
from omk.domain.subjects.proposal import TaskRejected
from omk.domain.subjects.publication import BranchPushed, PullRequestOpened
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored, ReviewNotApplicable, ReviewPassed
from omk.domain.subjects.slice import OutsideTouched, SliceConflicted
from omk.domain.subjects.task import TaskFailed, TaskRetried
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.text import texts
from omk.domain.visible import visible
from omk.domain.words import counted
from omk.replay.timeline import touched_text
from omk.runtime.steps.recording import GONE

SECOND_US = 1_000_000
GOOD, BAD, PLAIN = "green", "red", "cyan"


class Progress:
    """Hears of records and beginnings, in any thread; draws with rich on a terminal, else plain lines."""

    def __init__(self) -> None:
        self._console: Any = None
        self._status: Any = None
        self._lock = threading.RLock()
        self._kept: list[tuple[str, str, str]] | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)
            self._status = self._console.status("starting", spinner="dots")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def begin(self, what: str) -> None:
        """Something begins that may take a while."""
        if self._status is not None:
            self._status.update(f"[bold]{what}[/bold] …")

    def record(self, record: Recorded) -> None:
        """Something was recorded; most of it needs no line."""
        line = _gone(record) or line_of(record.event, record.goal, record.at)
        if isinstance(record.event, BreakerOpened) and self._status is not None:
            self._status.update(f"waiting to run gate {escaped(record.event.gate)} again …")
        if line is None:
            return
        with self._lock:
            if self._kept is not None:
                self._kept.append(line)
            else:
                self._draw(*line)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal alone while the block runs; what happens meanwhile is drawn afterwards."""
        with self._lock:
            self._kept = []
            if self._status is not None:
                self._status.stop()
        try:
            yield
        finally:
            with self._lock:
                kept, self._kept = self._kept or [], None
                for line in kept:
                    self._draw(*line)
                if self._status is not None:
                    self._status.start()

    def _draw(self, mark: str, colour: str, text: str) -> None:
        with contextlib.suppress(OSError):  # whoever watched has left; the work goes on
            if self._console is not None:
                self._console.print(f"[{colour}]{mark}[/{colour}] {escaped(text)}")
            else:
                print(f"{mark} {visible(text)}", file=sys.stderr, flush=True)


def escaped(text: str) -> str:
    """Text that rich draws as it is, and that does nothing to the terminal."""
    from rich.markup import escape

    return escape(visible(text))


def _gone(record: Recorded) -> tuple[str, str, str] | None:
    """A line for the failure of an attempt whose agent ended well, and took its worktree along."""
    if isinstance(record.event, TaskFailed) and texts(record).get("reason") == GONE:
        return "✗", BAD, f"{record.event.task} failed: its worktree was gone when the agent ended"
    return None


def line_of(event: object, goal: str, at: Time) -> tuple[str, str, str] | None:  # noqa: C901, PLR0911, PLR0912 - one arm per kind
    """Mark, colour and words for an event worth a line, without any free text."""
    match event:
        case GoalCreated() | GoalForked():
            return "●", PLAIN, goal
        case AgentFinished(agent=agent, outcome=outcome, duration_ms=took):
            good = outcome == "succeeded"
            return "✓" if good else "✗", GOOD if good else BAD, f"agent {agent} {outcome} ({show_span(took)})"
        case FilesChanged(changes=changes, tree=tree):
            return "·", PLAIN, f"{counted(len(changes), 'file')} changed, tree {tree[:12]}"
        case GateRan(gate=gate, outcome=outcome, duration_ms=took):
            good = outcome == "passed"
            return "✓" if good else "✗", GOOD if good else BAD, f"gate {gate} {outcome} ({show_span(took)})"
        case BreakerOpened(gate=gate, failures=failures, until=until):
            seconds = -((microseconds(at) - microseconds(until)) // SECOND_US)
            rest, clock = show_duration(seconds * SECOND), until[11:19]
            why = f"gate {gate} failed {failures} times in a row" if failures > 1 else f"gate {gate} failed"
            return "✗", BAD, f"{why}; its next run has to wait {rest}, until {clock} UTC"
        case BreakerHalfOpened(gate=gate):
            return "·", PLAIN, f"gate {gate} is tried again"
        case PermissionAnswered(agent=agent, answer="refused", rule=rule):
            return "✗", BAD, f"agent {agent} asked, and was refused by {rule}"
        case ReviewPassed(review=name):
            return "✓", GOOD, f"review {name} passed"
        case ReviewNotApplicable(review=name):
            return "·", PLAIN, f"review {name} not applicable"
        case ReviewBlocked(review=name, total=total):
            return "✗", BAD, f"review {name} blocked" + (f" ({counted(total, 'finding')})" if total else "")
        case ReviewErrored(review=name):
            return "✗", BAD, f"review {name} errored"
        case TaskRejected(task=task, code=code):
            return "✗", BAD, f"task {task} not taken ({code})"
        case TaskRetried(task=task, attempt=attempt):
            return "↻", PLAIN, f"{task}, attempt {attempt}"
        case ChangeAccepted():
            return "✓", GOOD, "change accepted"
        case ChangeMerged(branch=branch, commit=commit):
            return "✓", GOOD, f"merged into {branch} as {commit[:12]}"
        case BranchPushed(remote=remote, branch=branch):
            return "✓", GOOD, f"pushed {branch} to {remote}"
        case PullRequestOpened(url=url):
            return "✓", GOOD, f"pull request {url}"
        case PullRequestChecked(outcome=outcome, checks=checks):
            good = outcome == "passed"
            return "✓" if good else "✗", GOOD if good else BAD, f"{counted(len(checks), 'check')}: {outcome}"
        case PullRequestMerged(url=url, commit=commit):
            return "✓", GOOD, f"merged {url} as {commit[:12]}"
        case SliceConflicted(task=task, collisions=collisions):
            return "✗", BAD, f"{task} conflicts with the goal's tree in {counted(len(collisions), 'file')}"
        case OutsideTouched():
            return "!", BAD, touched_text(event)
        case _:
            return None
