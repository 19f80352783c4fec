"""One goal, record by record: what each becomes in the tables, from the state and the verdict of the real fold."""

from collections.abc import Callable
from typing import Any

from immutables import Map

from omk.domain.event import Recorded
from omk.domain.state import PARTS
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.task import Task
from omk.domain.subjects.worktree import FilesChanged
from omk.lake.project.changes import STATUS, Tracker
from omk.lake.project.marks import goal_row, task_rows
from omk.lake.project.spans import Spans
from omk.lake.project.window import Window
from omk.replay.history import History, Turning, Verdict

TASK = PARTS.index("task")
Owner = Callable[[int], str]
"""Whose own event a seq of a history is: the goal's, or an ancestor's of a fork."""


class GoalProjection:
    """Projects the records of one goal in their order, from any place of its history on."""

    def __init__(self, history: History, owner: Owner) -> None:
        self.goal, self.history, self.owner = history.goal, history, owner
        self.last: Recorded | None = None
        self._position = 0
        self._turning = Turning(history.judge())
        self._tracker = Tracker(self._turning.judge)
        self._spans = Spans()
        self._tasks: Map[str, Task] = Map()
        self._status = ""

    def begin(self, seq: int) -> None:
        """Stand after event *seq*, whose rows exist already."""
        judge = self.history.judge_at(seq)
        self._turning = Turning(judge)
        self._turning.begin()
        self._tracker = Tracker(judge)
        self._status, self.last = self._turning.status, judge.last or self.history.record(seq)
        if self.last is not None:
            self._tracker.changes(self.last)
        self._spans.begin(judge.state, self.history.record)
        self._tasks = judge.parts[TASK]

    def add(self, position: int, record: Recorded, window: Window) -> None:
        """Put the rows of *record*, which comes next, into *window*."""
        event = record.event
        if type(event) is GoalForked and self.last is None:
            self._inherit(position, record, window)
        self._fold(position, record, window)
        if type(event) is FilesChanged:
            window.rows["files"] += _files(position, record, event)
        span = self._spans.rows(position, record, self._turning.judge.parts)
        if span is not None:
            window.rows[span[0]].append(span[1])
        self.last, self._position = record, position

    def _fold(self, position: int, record: Recorded, window: Window) -> None:
        turning = self._turning
        verdict = turning.add(record)
        changes = self._tracker.changes(record)
        if verdict is not None:
            window.rows["verdicts"].append(_verdict(position, self.goal, verdict))
            if turning.status != self._status:
                self._status = turning.status
                changes.append((STATUS, self._status))
        if changes:
            window.changes.append((position, self.goal, record.seq, changes))

    def _inherit(self, position: int, first: Recorded, window: Window) -> None:
        """A fork's history begins with its ancestors': its state and its verdicts are told from there on."""
        for record in self.history.read(0, first.seq - 1):
            self._fold(position, record, window)

    def end(self, window: Window) -> None:
        """A window ends in which the goal had records."""
        judge, last, position = self._turning.judge, self.last, self._position
        if last is None:
            return
        tasks = judge.parts[TASK]
        window.rows["goals"].append(goal_row(position, last, judge.state, self._status, len(judge.open)))
        window.rows["tasks"] += task_rows(position, last, tasks, self._tasks, self.owner)
        for table, row in self._spans.open_rows(position, judge.parts):
            window.rows[table].append(row)
        self._spans.age(judge.parts)
        self._tasks = tasks


def _verdict(position: int, goal: str, verdict: Verdict) -> tuple[Any, ...]:
    return position, goal, verdict.seq, verdict.at, verdict.kind, verdict.status, verdict.opened, verdict.closed


def _files(position: int, record: Recorded, event: FilesChanged) -> list[tuple[Any, ...]]:
    place = (position, record.goal, record.seq, record.at, event.task, event.agent)
    return [(*place, one.path, one.operation, one.old, one.new, one.old_mode, one.mode, event.tree) for one in event.changes]
