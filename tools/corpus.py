"""The corpus: what every folder of `replays/` holds beside its log, and how that is told from the log alone.

`fold.json`, `proof.json` and `verdicts.json` say what the log folds to, at its end and at every moment before. In
`redecided.json` stands what today's controller would do otherwise than the recorded one; without it there is no such thing.
A folder with `minimized.json` holds a part of a run: it is folded, but no controller ever recorded it.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from omk.domain.event import Output, Recorded
from omk.domain.text import resolve
from omk.log.jsonl import JsonlLog
from omk.log.protocol import Log
from omk.replay.documents import Document, state_document
from omk.replay.history import History
from omk.replay.pretty import lines, pretty
from omk.replay.proof_document import proof_document
from omk.replay.redecide.again import redecide

REPLAYS = Path(__file__).parent.parent / "replays"
ABOUT, LOG, BLOBS, FOLD, PROOF = "about.md", "log.jsonl", "log.blobs.jsonl", "fold.json", "proof.json"
VERDICTS, REDECIDED, MINIMIZED = "verdicts.json", "redecided.json", "minimized.json"


class Unheard(Exception):
    """There is no recorded run, or no scenario, of that name."""


def folders(names: list[str], replays: Path = REPLAYS) -> Iterator[Path]:
    """The folders of the recorded runs of these names (none: all of them). Raises Unheard for one that is not there."""
    known = {path.parent.name: path.parent for path in sorted(replays.glob(f"*/{LOG}"))}
    for name in names or known:
        if name not in known:
            raise Unheard(f"replays/ has no run {name!r}. It has: {', '.join(known) or 'none'}.")
        yield known[name]


def open_run(folder: Path) -> tuple[JsonlLog, str]:
    """The log of a recorded run, and the one goal it is about."""
    log = JsonlLog(folder / LOG)
    (head,) = log.heads()
    return log, head.goal


def history_of(log: Log, goal: str) -> History:
    """The verified history of a goal."""
    return History(goal, lambda after, upto: log.read(goal, after=after, upto=upto))


def documents(log: Log, goal: str, seq: int | None = None) -> tuple[Document, Document]:
    """The `state` and the `proof` of `omk replay GOAL@seq --json` (null: at the head)."""
    history = history_of(log, goal)
    last = next(head.seq for head in log.heads() if head.goal == goal)
    state, proof = history.at(last if seq is None else seq)

    def find(place: int) -> Recorded | None:
        return next(iter(log.read(goal, after=place - 1, upto=place, verify=False)), None)

    return resolve(state_document(state, proof), find), resolve(proof_document(state, proof), find)


def is_recorded(folder: Path) -> bool:
    """Whether the folder holds a whole run as omk recorded it, and not a part of one."""
    return not (folder / MINIMIZED).exists()


def folded(folder: Path) -> dict[str, str]:
    """What the files of a run that are told from its log should say, by name; "" for one that should not be there."""
    log, goal = open_run(folder)
    state, proof = documents(log, goal)
    history = history_of(log, goal)
    verdicts = [msgspec.to_builtins(one) for one in history.verdicts()]
    answers = [msgspec.to_builtins(one) for one in redecide(history)] if is_recorded(folder) else []
    return {
        FOLD: pretty(state),
        PROOF: pretty(proof),
        VERDICTS: lines(verdicts),
        REDECIDED: pretty(answers) if answers else "",
    }


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a run but its packed outputs, and each output unpacked."""
    for path in sorted(folder.iterdir()):
        if path.name != BLOBS:
            yield path.name, path.read_bytes()
    log, goal = open_run(folder)
    for record in log.read(goal):
        output = output_of(record)
        if output is not None:
            yield f"output of event {record.seq}", log.blob(output.digest) or b""


def output_of(record: Recorded) -> Output | None:
    """What the process printed that this record is about, if it is about one."""
    output = getattr(record.event, "output", None)
    return output if isinstance(output, Output) else None
