"""Dossiers of recorded runs and of histories made by hand, each in a log file of its own."""

from itertools import count
from pathlib import Path

from msgspec.structs import replace

from omk.domain.event import Event
from omk.domain.state import INITIAL, evolve
from omk.domain.subjects.budget import ReportUsage, UsageReported
from omk.domain.subjects.goal import ForkGoal, GoalForked, OracleAssessed
from omk.lake.dossier.document import dossier, place_of
from omk.lake.session import Lake
from omk.lake.store import store_at
from omk.log.codec import Entry, erased, seal
from tests.history import entries_of, history
from tests.scenario import BOT, GOAL, READY, WORKED, Story, accept, files, gate_run, goal, reviews, some

FORK = "g-other"


def written(path: Path, *goals: list[Entry]) -> Path:
    """A log file with these records."""
    path.write_bytes(b"".join(entry.body + b"\n" for entries in goals for entry in entries))
    return path


def told(path: Path, seq: int | None = None, name: str | None = None):
    """The dossier of the only goal, or of that *name*, in a log file as of event *seq* (null: the last one)."""
    store = store_at(str(path))
    (head,) = [head for head in store.log.heads() if name in {None, head.goal}]
    with Lake(store) as lake:
        place = place_of(store.log, head.goal, head.seq if seq is None else seq)
        return dossier(lake, history(store.log, head.goal), place)


def rows(document, part):
    """The rows of a part."""
    return document["parts"][part]["rows"]


def row(document, part):
    """The only row of a part."""
    (one,) = rows(document, part)
    return one


def spent(number: int, micro_usd: int) -> ReportUsage:
    """A report of what the agent spent."""
    usage = some(UsageReported, report=number, active_ms=1500, tokens_in=10, tokens_out=5, tokens_cached=1, micro_usd=micro_usd)
    return ReportUsage(actor=BOT, usage=usage)


def forked(*after) -> tuple[list[Entry], list[Entry]]:
    """A ready goal that spent 1.25 USD, and a fork of it that begins once it has worked and does *after*."""
    parent = goal.given(*WORKED, spent(1, 1_250_000), *gate_run(), *reviews(), accept())
    entries = entries_of(parent)
    at = len(goal.given(*WORKED, spent(1, 1_250_000)).records)
    state = INITIAL
    for entry in entries[:at]:
        state = evolve(state, entry.record)
    begun = some(GoalForked, goal=GOAL, seq=at, head=entries[at - 1].record.digest)
    fork = ForkGoal(actor="person:bob", forked=begun, assessed=some(OracleAssessed))
    story = Story(tuple(entry.record for entry in entries[:at]), state).given(fork, *after)
    own, salts = list[Entry](), count(1000)
    for record in story.records[at:]:
        assert isinstance(record.event, Event)
        sealed = seal(
            record.event,
            goal=FORK,
            seq=record.seq,
            at=record.at,
            actor=record.actor,
            causes=record.causes,
            prev=own[-1].record.digest if own else begun.head,
            salt=lambda: next(salts).to_bytes(16, "big"),
        )
        own.append(sealed)
    return entries, own


def without_texts(entries: list[Entry], *seqs: int) -> list[Entry]:
    """The same records, the texts of these events erased."""
    return [replace(one, body=erased(one.body)) if one.record.seq in seqs else one for one in entries]


LOST = goal.given(*READY, files("done", "later"))
"""A goal that was ready, and then changed its files."""
