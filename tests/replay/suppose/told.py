"""Histories for what supposes: from records in memory, and from every recorded run."""

from collections.abc import Iterable, Iterator
from functools import cache

from omk.domain.event import Recorded
from omk.replay.history import History
from tests.scenario import GOAL
from tools import corpus

RUNS = [folder.name for folder in corpus.folders([])]


def told(records: Iterable[Recorded], name: str = GOAL) -> History:
    """The history that these records tell."""
    known = list(records)

    def read(after: int, upto: int | None) -> Iterator[Recorded]:
        return iter([one for one in known if after < one.seq and (upto is None or one.seq <= upto)])

    return History(name, read)


@cache
def run_records(name: str) -> tuple[Recorded, ...]:
    """The records of a recorded run."""
    (folder,) = corpus.folders([name])
    log, goal = corpus.open_run(folder)
    return tuple(log.read(goal))


def run_history(name: str) -> History:
    """The history of a recorded run."""
    records = run_records(name)
    return told(records, records[0].goal)
