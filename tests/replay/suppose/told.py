"""Histories for what supposes: from records in memory, and from every recorded run."""

from collections.abc import Iterable
from functools import cache

from omk.domain.event import Recorded
from omk.replay.history import History
from tests.scenario import GOAL
from tools import corpus

RUNS = [folder.name for folder in corpus.folders([])]


def told(records: Iterable[Recorded]) -> History:
    """The history that these records tell."""
    known = list(records)
    return History(
        GOAL, lambda after, upto: iter([one for one in known if after < one.seq <= (len(known) if upto is None else upto)])
    )


@cache
def run_records(name: str) -> tuple[Recorded, ...]:
    """The records of a recorded run."""
    (folder,) = corpus.folders([name])
    log, goal = corpus.open_run(folder)
    return tuple(log.read(goal))


def run_history(name: str) -> History:
    """The history of a recorded run."""
    records = run_records(name)
    history = told(records)
    history.goal = records[0].goal
    return history
