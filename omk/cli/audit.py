"""The audit of a log: record by record as it is stored, then the anchors, then verdicts and snapshots against the fold."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from omk.cli.trailers import Trailers
from omk.domain.event import Output, Recorded, Unknown, kind_of
from omk.domain.proof.proof import prove, verdict_digest
from omk.domain.proof.rules import VERSION
from omk.domain.proof.standing import Judge
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.verdict import ProofIssued, TextErased
from omk.domain.text import texts
from omk.errors import Damaged
from omk.log.anchors import check_anchors
from omk.log.codec import decode, recode
from omk.log.protocol import Log, Problem, Stored
from omk.log.snapshots import Snapshots
from omk.replay.history import History

NOTES = frozenset({"log.understood", "proof.rules", "snapshot.unreadable", "tail.torn"})
"""Codes of what is worth knowing and is no damage."""


class Audit:
    """Counts what it has read; `everything` gives the problems it finds, in order."""

    def __init__(self, folder: Path, trailers: Trailers) -> None:
        self.folder, self.trailers = folder, trailers
        self.goals = self.events = 0

    def everything(self, log: Log, goals: Iterable[str]) -> Iterator[Problem]:
        """Every problem of these goals. Raises Damaged where the store itself cannot be read on."""
        for goal in goals:
            self.goals += 1
            found = list(self._stored(log, goal))
            yield from found
            yield from check_anchors(self.folder, log, goal)
            yield from self.trailers.check(goal, log)
            if not any(one.code not in NOTES for one in found):
                yield from self._folded(log, goal)

    def problem_of(self, damage: Damaged) -> Problem:
        """Damage as a line of the report."""
        return Problem(damage.goal, damage.seq, damage.code, damage.text)

    def _stored(self, log: Log, goal: str) -> Iterator[Problem]:
        last: Recorded | None = None
        lost: list[tuple[int, str]] = []
        erased: set[int] = set()
        seq = 0
        for stored in log.bodies(goal):
            self.events += 1
            seq += 1
            try:
                record = decode(stored.body)
            except Damaged as damage:
                yield Problem(goal, stored.seq, damage.code, damage.text)
                last, seq = None, stored.seq
                continue
            if seq == 1 and isinstance(record.event, GoalForked):
                seq = record.event.seq + 1
            yield from _record(goal, stored, record, seq)
            yield from _link(goal, record, last)
            if isinstance(record.event, TextErased):
                erased.add(record.event.seq)
            lost += [(record.seq, one) for one in _outputs(record.event) if not _has(log, one)]
            yield from _blobs(goal, log, record)
            last, seq = record, stored.seq
        for place, digest in lost:
            if place not in erased:
                yield Problem(goal, place, "blob.missing", f"its output {digest} is not in the store.")

    def _folded(self, log: Log, goal: str) -> Iterator[Problem]:
        """Each verdict on record against today's by the same rules, and each snapshot against the fold that it spares."""
        issued, kept = _issued(log, goal), Snapshots(self.folder, log, goal)
        places = set(kept.places())
        if not issued and not places:
            return
        history = History(goal, lambda after, upto: log.read(goal, after=after, upto=upto))
        judge = history.judge()
        passed: list[str] = []
        for record in history.read(0, max({*issued, *places})):
            judge.add(record)
            passed.append(kind_of(record.event))
            for seq, event in issued.pop(record.seq, ()):
                yield from _compared(goal, seq, event, verdict_digest(prove(judge.state, judge.standing)))
            if record.seq in places:
                yield from _spared(kept, record.seq, judge, passed)
        for seq, event in (pair for pairs in issued.values() for pair in pairs):
            yield Problem(goal, seq, "proof.digest", f"it judges event {event.seq}, which there is not.")
        for seq in sorted(place for place in places if place > judge.state.seq):
            yield from _spared(kept, seq, judge, passed)


def _issued(log: Log, goal: str) -> dict[int, list[tuple[int, ProofIssued]]]:
    """The verdicts on record, with their seqs, by the event they judge."""
    issued: dict[int, list[tuple[int, ProofIssued]]] = {}
    for record in log.read(goal, verify=False):
        if isinstance(record.event, ProofIssued):
            issued.setdefault(record.event.seq, []).append((record.seq, record.event))
    return issued


def _spared(kept: Snapshots, seq: int, judge: Judge, passed: list[str]) -> Iterator[Problem]:
    """What is wrong with a snapshot: it is no fold of this log, or it cannot be used, which costs only time.

    *passed* are the kinds of all events up to there.
    """
    snapshot = kept.load(seq)
    if snapshot is None:
        text = f"its snapshot cannot be used, and is not: the events are folded again. Delete {kept.place} to be rid of it."
        yield Problem(kept.goal, seq, "snapshot.unreadable", text)
        return
    kinds = Counter(passed[snapshot.after : seq])
    if (snapshot.state, snapshot.standing, snapshot.kinds) != (judge.state, judge.standing, kinds):
        text = f"its snapshot is not what the log folds to. It is only a cache: delete {kept.place} in the store's folder."
        yield Problem(kept.goal, seq, "snapshot.differs", text)


def _compared(goal: str, seq: int, event: ProofIssued, digest: str) -> Iterator[Problem]:
    if event.verdict == digest:
        return
    if event.rules != VERSION:
        text = f"it judged by rules {event.rules} ({event.status}); by rules {VERSION} the verdict is another."
        yield Problem(goal, seq, "proof.rules", text)
        return
    text = f"its verdict on event {event.seq} is {event.verdict}, and judged again it is {digest}."
    yield Problem(goal, seq, "proof.digest", text)


def _record(goal: str, stored: Stored, record: Recorded, seq: int) -> Iterator[Problem]:
    """What is wrong with one record by itself."""
    if stored.seq != seq:
        yield Problem(goal, seq, "seq.hole", f"event {stored.seq} stands where event {seq} belongs.")
    if record.seq != stored.seq or record.goal != goal:
        text = f"it says that it is event {record.seq} of {record.goal}."
        yield Problem(goal, stored.seq, "chain.broken", text)
    if stored.topic != kind_of(record.event):
        yield Problem(goal, stored.seq, "topic.differs", f"it is stored as {stored.topic} and is {kind_of(record.event)}.")
    if recode(record) != stored.body:
        yield Problem(goal, stored.seq, "body.canonical", "its stored body is not canonical JSON.")
    if list(record.causes) != sorted(set(record.causes)) or any(not 0 < one < record.seq for one in record.causes):
        yield Problem(goal, stored.seq, "causes.order", f"its causes {list(record.causes)} are not earlier events in order.")
    if isinstance(record.event, Unknown):
        text = f"it is a {record.event.kind}, which this omk does not know. Upgrade omk."
        yield Problem(goal, stored.seq, "log.understood", text)
    try:
        texts(record)
    except Damaged as damage:
        yield Problem(goal, stored.seq, damage.code, damage.text)


def _link(goal: str, record: Recorded, last: Recorded | None) -> Iterator[Problem]:
    """What is wrong between a record and the one before it."""
    event = record.event
    if last is None:
        wanted = event.head if isinstance(event, GoalForked) else ""
        if record.seq == 1 or isinstance(event, GoalForked):
            yield from _chained(goal, record, wanted)
        return
    if record.seq == last.seq + 1:
        yield from _chained(goal, record, last.digest)
    if record.at < last.at:
        text = f"its time {record.at} is before {last.at}, the one before it."
        yield Problem(goal, record.seq, "time.backwards", text)


def _chained(goal: str, record: Recorded, wanted: str) -> Iterator[Problem]:
    if record.prev != wanted:
        text = f"the record before it has digest {wanted or 'none'}, and it rests on {record.prev or 'none'}."
        yield Problem(goal, record.seq, "chain.broken", text)


def _outputs(event: object) -> list[str]:
    output = getattr(event, "output", None)
    return [output.digest] if isinstance(output, Output) else []


def _has(log: Log, digest: str) -> bool:
    return log.packed(digest) is not None


def _blobs(goal: str, log: Log, record: Recorded) -> Iterator[Problem]:
    """Outputs that are there and are not what was recorded."""
    for digest in _outputs(record.event):
        try:
            log.blob(digest)
        except Damaged as damage:
            yield Problem(goal, record.seq, damage.code, damage.text)
