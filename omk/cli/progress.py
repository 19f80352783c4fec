"""Live progress on stderr while a goal moves: a line per thing that ended, and on a terminal what is going on now."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, Self

from omk.domain.duration import SECOND, show_duration, show_span
from omk.domain.event import Recorded, Time
from omk.domain.instant import microseconds
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import AgentDied, AgentFinished, PermissionAnswered, PermissionAsked
from omk.domain.subjects.delivery import ChangeAccepted, ChangeMerged
from omk.domain.subjects.gate import BreakerHalfOpened, BreakerOpened, GateRan
from omk.domain.subjects.goal import GoalCreated, GoalForked
from omk.domain.subjects.landing import PullRequestChecked, PullRequestMerged, PullRequestMergeFailed
from omk.domain.subjects.proposal import TaskRejected
from omk.domain.subjects.publication import BranchPushed, PullRequestFailed, PullRequestOpened
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored, ReviewNotApplicable, ReviewPassed
from omk.domain.subjects.slice import OutsideTouched, SliceConflicted
from omk.domain.subjects.task import TaskFailed, TaskFinished, TaskRetried
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.text import texts
from omk.domain.visible import visible
from omk.domain.words import counted
from omk.replay.timeline import touched_text
from omk.runtime.steps.recording import GONE

SECOND_US = 1_000_000
GOOD, BAD, PLAIN = "green", "red", "cyan"
KINDS = ("agent", "gate", "review", "merge")
"""What a record ends by its name."""
OUTCOMES = {"timed_out": "ran out of time"}
"""The words for an outcome that is not one itself."""
DECIDING = "deciding what to do next"


class Progress:
    """Hears of records and beginnings, in any thread; draws with rich on a terminal, else plain lines."""

    def __init__(self) -> None:
        self._console: Any = None
        self._status: Any = None
        self._at_work: dict[str, None] = {}
        self._asked: dict[str, str] = {}
        self._passing = "starting"
        self._lock = threading.RLock()
        self._kept: list[tuple[str, str, str]] | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)
            self._status = self._console.status(f"{self.status} …", spinner="dots")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    @property
    def status(self) -> str:
        """What is at work now, by kind; else what was said last."""
        with self._lock:
            kinds: dict[str, list[str]] = {}
            for one in self._at_work:
                kind, _, name = one.partition(" ")
                kinds.setdefault(kind, []).append(name)
        told = (f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names)}" for kind, names in kinds.items())
        return "; ".join(told) or self._passing

    def begin(self, what: str) -> None:
        """Something begins that may take a while: what a record will end by its name, or anything else in words."""
        with self._lock:
            kind, _, name = what.partition(" ")
            if kind in KINDS and name:
                self._at_work[what] = None
                self._passing = DECIDING
            else:
                self._passing = what
            self._update()

    def record(self, record: Recorded) -> None:
        """Something was recorded; most of it needs no line."""
        with self._lock:
            if isinstance(record.event, PermissionAsked) and record.event.action != "other":
                self._asked[record.event.permission] = f" to {record.event.action}"
            line = _gone(record) or self._refused(record.event) or line_of(record.event, record.goal, record.at)
            ended = ended_by(record.event)
            if ended is not None:
                self._at_work.pop(ended, None)
                self._passing = DECIDING if ended == self._passing else self._passing
                self._update()
            if line is None:
                return
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

    def _refused(self, event: object) -> tuple[str, str, str] | None:
        """A line for a request that was turned down: the sort of thing that was asked is a word of omk's."""
        match event:
            case PermissionAnswered(permission=permission, agent=agent, answer="refused", rule=rule):
                return "✗", BAD, f"agent {agent} asked{self._asked.pop(permission, '')}, and was refused by {rule}"
            case _:
                return None

    def _update(self) -> None:
        if self._status is not None:
            self._status.update(f"[bold]{escaped(self.status)}[/bold] …")

    def _draw(self, mark: str, colour: str, text: str) -> None:
        with contextlib.suppress(OSError):  # whoever watched has left; the work goes on
            if self._console is not None:
                self._console.print(f"[{colour}]{mark}[/{colour}] {escaped(text)}")
            else:
                print(f"{mark} {visible(text)}", file=sys.stderr, flush=True)


def ended_by(event: object) -> str | None:  # noqa: PLR0911 - one arm per kind
    """What was at work until this event, in the words it began with."""
    match event:
        case AgentFinished(agent=name) | AgentDied(agent=name):
            return f"agent {name}"
        case GateRan(gate=name):
            return f"gate {name}"
        case ReviewPassed() | ReviewBlocked() | ReviewErrored() | ReviewNotApplicable():
            return f"review {event.review}"
        case TaskFinished(task=name, attempt=attempt) | TaskFailed(task=name, attempt=attempt):
            return f"merge {name}:{attempt}"
        case PullRequestOpened() | PullRequestFailed():
            return "pull request"
        case PullRequestChecked():
            return "checks"
        case PullRequestMerged() | PullRequestMergeFailed():
            return "merge"
        case EffectAborted(obligation=obligation):
            kind, _, name = obligation.partition(":")
            return f"{kind} {name if kind == 'agent' else name.rpartition(':')[0]}"
        case _:
            return None


def escaped(text: str) -> str:
    """Text that rich draws as it is, and that does nothing to the terminal."""
    from rich.markup import escape

    return escape(visible(text))


def _gone(record: Recorded) -> tuple[str, str, str] | None:
    """A line for the failure of an attempt whose agent ended well, and took its worktree along."""
    if isinstance(record.event, TaskFailed) and texts(record).get("reason") == GONE:
        return "✗", BAD, f"{record.event.task} failed: its worktree was gone when the agent ended"
    return None


def _process(name: str, outcome: str, took: int) -> tuple[str, str, str]:
    good = outcome in {"succeeded", "passed"}
    return "✓" if good else "✗", GOOD if good else BAD, f"{name} {OUTCOMES.get(outcome, outcome)} ({show_span(took)})"


def line_of(event: object, goal: str, at: Time) -> tuple[str, str, str] | None:  # noqa: C901, PLR0911, PLR0912 - one arm per kind
    """Mark, colour and words for an event worth a line, without any free text."""
    match event:
        case GoalCreated() | GoalForked():
            return "●", PLAIN, goal
        case AgentFinished(agent=agent, outcome=outcome, duration_ms=took):
            return _process(f"agent {agent}", outcome, took)
        case FilesChanged(changes=changes, tree=tree):
            return "·", PLAIN, f"{counted(len(changes), 'file')} changed, tree {tree[:12]}"
        case GateRan(gate=gate, outcome=outcome, duration_ms=took):
            return _process(f"gate {gate}", outcome, took)
        case BreakerOpened(gate=gate, failures=failures, until=until):
            seconds = -((microseconds(at) - microseconds(until)) // SECOND_US)
            rest, clock = show_duration(seconds * SECOND), until[11:19]
            why = f"gate {gate} failed {failures} times in a row" if failures > 1 else f"gate {gate} failed"
            return "✗", BAD, f"{why}; its next run has to wait {rest}, until {clock} UTC"
        case BreakerHalfOpened(gate=gate):
            return "·", PLAIN, f"gate {gate} is tried again"
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
