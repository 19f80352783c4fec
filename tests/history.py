"""Recorded histories for the tests of what reads them: told with `tests.scenario`, sealed like real ones, in any log.

log = recorded(MemoryLog(), STORIES["ready"], issued=True)
"""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from omk.domain.causes import causes_of
from omk.domain.proof.proof import prove, verdict_digest
from omk.domain.proof.rules import VERSION
from omk.domain.proof.standing import judge
from omk.domain.subjects.delivery import RejectChange
from omk.domain.subjects.verdict import ProofIssued
from omk.log import recorder
from omk.log.anchors import write_anchor
from omk.log.blobs import Blob, pack
from omk.log.codec import Entry, seal
from omk.log.protocol import Log
from omk.log.sqlite import SqliteLog
from omk.replay.history import History
from tests.scenario import (
    ANN,
    BOT,
    GOAL,
    PROVEN,
    READY,
    WORKED,
    Story,
    change,
    create,
    files,
    gate_run,
    goal,
    let_go,
    order,
    time,
    tree,
)

PRINTED = b"collected 2 items\n\x1b[31mFAILED\x1b[0m test_hello.py::test_greets\n1 failed, 1 passed\n"
BEGUN = (*WORKED[:3], order())
"""The commands after which a controller is at work on the plan."""


def red() -> tuple[Story, list[Blob]]:
    """The required gate failed, and its output is kept."""
    output, blob = pack(PRINTED, b"", len(PRINTED), b"salt of the output")
    return goal.given(*WORKED, *gate_run(outcome="failed", output=output, reason=None)), [blob]


STORIES = {
    "ready": goal.given(*READY),
    "unaccepted": goal.given(*PROVEN),
    "stale": goal.given(*READY, files("done", "later", change("hello.py", "later", "new"))),
    "rejected": goal.given(*PROVEN, RejectChange(actor=ANN, tree=tree("done"), reason="It greets nobody.")),
    "blocked": goal.given(create(testable=False)),
    "at work": goal.given(*BEGUN),
    "ended": goal.given(*BEGUN, let_go()),
}
"""Finished stories by what became of them; the one with a red gate is made by `red`, for it has an output."""


def entries_of(story: Story, *, name: str = GOAL, issued: bool = False, blobs: Sequence[Blob] = ()) -> list[Entry]:
    """The story as sealed records of goal *name*; with *issued* its verdict is put on record at the end.

    Outputs whose blob is not given are left out, as if nothing had been printed.
    """
    salts, sealed, kept = count(1), list[Entry](), {blob.digest for blob in blobs}

    def add(event: Any, at: str, actor: str, causes: tuple[int, ...]) -> None:
        sealed.append(
            seal(
                event,
                goal=name,
                seq=len(sealed) + 1,
                at=at,
                actor=actor,
                causes=causes,
                prev=sealed[-1].record.digest if sealed else "",
                salt=lambda: next(salts).to_bytes(16, "big"),
            )
        )

    for record in story.records:
        event: Any = record.event
        output = getattr(event, "output", None)
        if output is not None and output.digest not in kept:
            event = replace(event, output=None)
        add(event, record.at, record.actor, record.causes)
    if issued:
        judged = judge(entry.record for entry in sealed)
        proof = prove(judged.state, judged.standing)
        verdict = ProofIssued(status=proof.status, rules=VERSION, verdict=verdict_digest(proof), tree=proof.tree, seq=proof.seq)
        add(verdict, time(len(sealed) + 1), BOT, causes_of(verdict, judged.state, BOT))
    return sealed


def recorded(log: Log, story: Story, *, name: str = GOAL, issued: bool = False, blobs: list[Blob] | None = None) -> Log:
    """The log with the story in it."""
    log.append(name, entries_of(story, name=name, issued=issued, blobs=blobs or ()), after=0, blobs=blobs or ())
    return log


def stored(folder: Path, story: Story, *, name: str = GOAL, blobs: list[Blob] | None = None) -> Path:
    """A store in *folder* with the story, its verdict and its anchor; gives the path of its log."""
    path = folder / "log.sqlite"
    if not path.exists():
        recorder.create(path)
    log = SqliteLog(path)
    entries = entries_of(story, name=name, issued=True, blobs=blobs or ())
    log.append(name, entries, after=0, blobs=blobs or ())
    log.close()
    write_anchor(folder, name, len(entries), entries[-1].record.digest)
    return path


def history(log: Log, name: str = GOAL) -> History:
    """The history of a goal in a log."""
    return History(name, lambda after, upto: log.read(name, after=after, upto=upto))
