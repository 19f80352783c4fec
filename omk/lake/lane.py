"""A lane: the goals of one share, projected window by window along the whole log."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from omk.domain.event import Recorded
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.verdict import TextErased
from omk.domain.text import texts
from omk.errors import Damaged
from omk.lake.project.events import Taken
from omk.lake.project.goal import GoalProjection
from omk.lake.project.window import Window
from omk.lake.segments import LANES, WINDOW, Tip
from omk.log.chain import Segment, lineage, owner_of, unreadable
from omk.log.codec import readers
from omk.log.protocol import Log
from omk.log.snapshots import Snapshots
from omk.replay.history import History

REMEMBERED = 64
"""A goal that had no record for so many windows is forgotten, and folded again should it go on."""


class Lane:
    """Projects one share of a log's goals, from *start* on; *folder* has snapshots, if any.

    A cheap one folds nothing, and gives the rows of `events` alone.
    """

    def __init__(
        self, log: Log, number: int, start: int, folder: Path | None, *, is_cheap: bool = False, window: int | None = None
    ) -> None:
        self._is_cheap, self._window = is_cheap, window or WINDOW
        self._log, self._number, self._start, self._folder = log, number, start, folder
        self._decode = readers().decode
        self._tips: dict[str, Recorded] = {}
        self._known: dict[str, GoalProjection] = {}
        self._used: dict[str, int] = {}
        self._last: tuple[int, Recorded] | None = None

    def windows(self, upto: int, *, count: int = LANES) -> Iterator[tuple[int, Window]]:
        """Each window's last place with its rows, up to *upto*; a window without rows, too."""
        end, window, touched = self._end(self._start, upto), Window(), set[str]()
        take = self._take
        for position, goal, body in self._log.stretch(self._start, upto, share=(self._number, count)):
            while position > end:
                yield end, self._ended(window, touched, end)
                end, window, touched = self._end(end, upto), Window(), set()
            take(position, goal, body, window)
            touched.add(goal)
        while end < upto:
            yield end, self._ended(window, touched, end)
            end, window, touched = self._end(end, upto), Window(), set()
        if upto > self._start:
            yield end, self._ended(window, touched, end)

    @property
    def tip(self) -> Tip | None:
        """The last record that was taken."""
        if self._last is None:
            return None
        position, record = self._last
        return Tip(position=position, goal=record.goal, seq=record.seq, digest=record.digest)

    def _end(self, position: int, upto: int) -> int:
        """Where the window ends that begins after *position*."""
        return min(upto, (position // self._window + 1) * self._window)

    def _take(self, position: int, goal: str, body: bytes, window: Window) -> None:
        try:
            record = self._decode(body)
        except (Damaged, TypeError, AttributeError, IndexError) as problem:
            raise unreadable(problem, goal, self._seq(goal) + 1) from problem
        if self._is_cheap:
            _check(goal, self._tips.get(goal), record)
            self._tips[goal] = record
        else:
            known = self._known.get(goal) or self._begun(goal, record)
            _check(goal, known.last, record)
            known.add(position, record, window)
        window.taken.append(Taken(position, record, body, texts(record)))
        if type(record.event) is TextErased:
            window.erased.append(record)
        self._last = position, record

    def _seq(self, goal: str) -> int:
        known = self._known.get(goal)
        return known.last.seq if known is not None and known.last is not None else 0

    def _begun(self, goal: str, first: Recorded) -> GoalProjection:
        """The projection of a goal, up to before *first*, its first record from here on."""
        log = self._log
        kept = Snapshots(self._folder, log, goal).nearest if self._folder is not None else lambda _: None
        history = History(goal, lambda after, upto: log.read(goal, after=after, upto=upto), kept)
        is_whole = first.seq == 1 or (isinstance(first.event, GoalForked) and next(log.bodies(goal)).seq == first.seq)
        parts = [Segment(goal, 0, None)] if first.seq == 1 else lineage(log, goal)
        known = self._known[goal] = GoalProjection(history, partial(owner_of, parts))
        if not is_whole:
            known.begin(first.seq - 1)
        return known

    def _ended(self, window: Window, touched: set[str], end: int) -> Window:
        for goal in sorted(touched) if not self._is_cheap else ():
            self._known[goal].end(window)
        now = end // self._window
        self._used.update(dict.fromkeys(touched, now))
        if now % REMEMBERED == 0:
            for goal in [goal for goal, used in self._used.items() if used < now - REMEMBERED]:
                del self._used[goal]
                self._known.pop(goal, None)
        return window


def _check(goal: str, last: Recorded | None, record: Recorded) -> None:
    """Raise Damaged where a record does not follow the *last* one that is known of its goal."""
    if last is not None and (record.prev != last.digest or record.seq != last.seq + 1 or record.goal != goal):
        raise _broken(goal, last, record)


def _broken(goal: str, last: Recorded, record: Recorded) -> Damaged:
    if record.seq != last.seq + 1:
        return Damaged(goal, last.seq + 1, "seq.hole", f"event {record.seq} stands where event {last.seq + 1} belongs.")
    text = f"the record before it has digest {last.digest}, and it rests on {record.prev or 'none'}."
    return Damaged(goal, record.seq, "chain.broken", text)
