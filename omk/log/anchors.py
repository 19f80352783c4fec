"""Anchors: how far each goal had come, kept outside the database, so that a log cut short is noticed (design 11.2).

`heads/<goal>` holds `<seq> <digest>`. It is replaced as a whole; it may lag behind the log and never leads it.
"""

import re
from pathlib import Path

from msgspec import Struct

from omk.domain.event import Recorded
from omk.errors import Damaged, Unusable
from omk.log.folder import file_name, replace_file
from omk.log.protocol import Log, Problem

FOLDER = "heads"
UNREADABLE = "anchor.unreadable"
_CONTENT = re.compile(r"(\d{1,18}) (b2:[0-9a-f]{64})\n?")


class Anchor(Struct, frozen=True):
    """The record that stood at the head of *goal* when the anchor was written."""

    goal: str
    seq: int
    digest: str


def write_anchor(folder: Path, goal: str, seq: int, digest: str) -> None:
    """Remember in the store's *folder* that *goal* has reached *seq*; an anchor that is already further stays."""
    try:
        known = read_anchor(folder, goal)
    except Damaged:
        known = None
    if known is None or known.seq < seq:
        replace_file(_path(folder, goal), f"{seq} {digest}\n")


def read_anchor(folder: Path, goal: str) -> Anchor | None:
    """The anchor of *goal*, or None; raises Damaged `anchor.unreadable`."""
    try:
        content = _path(folder, goal).read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except (IsADirectoryError, NotADirectoryError) as problem:
        raise Damaged(goal, None, UNREADABLE, f"{FOLDER}/{_path(folder, goal).name} is not a file.") from problem
    except OSError as problem:
        text = f"{_path(folder, goal)} cannot be read: {problem.strerror}. Check its permissions."
        raise Unusable(text) from problem
    match = _CONTENT.fullmatch(content)
    if match is None:
        raise Damaged(goal, None, UNREADABLE, f"{FOLDER}/{_path(folder, goal).name} is not an anchor.")
    return Anchor(goal, int(match[1]), match[2])


def anchored_goals(folder: Path) -> list[str]:
    """The goals that have an anchor, by name."""
    return sorted(goal for name, goal in _names(folder) if _path(folder, goal).name == name)


def strange_anchors(folder: Path) -> list[Problem]:
    """What stands among the anchors and is none."""
    place = folder / FOLDER
    if place.exists() and not place.is_dir():
        return [Problem(FOLDER, None, UNREADABLE, f"{place} is not a folder.")]
    strange = sorted(goal for name, goal in _names(folder) if _path(folder, goal).name != name)
    return [Problem(one, None, UNREADABLE, f"a file in {place} has a name that omk gives none.") for one in strange]


def check_anchor(anchor: Anchor, record: Recorded | None) -> Problem | None:
    """What is wrong if *record* (None: there is none) stands where *anchor* was written."""
    if record is None:
        text = f"the log ends before event {anchor.seq}, which it had reached."
        return Problem(anchor.goal, anchor.seq, "anchor.lost", text)
    if record.digest != anchor.digest:
        text = f"its digest is {record.digest}, and it was {anchor.digest} when it was recorded."
        return Problem(anchor.goal, anchor.seq, "anchor.differs", text)
    return None


def compare(anchor: Anchor, log: Log) -> Problem | None:
    """The same with the record that *log* has there."""
    try:
        record = next(log.read(anchor.goal, after=anchor.seq - 1, upto=anchor.seq, verify=False), None)
    except Damaged as damage:
        return Problem(damage.goal, damage.seq, damage.code, damage.text)
    return check_anchor(anchor, record)


def check_anchors(folder: Path, log: Log, goal: str | None = None) -> list[Problem]:
    """Compare the anchors (of one goal, or all) with the log; [] if it has everything it ever had."""
    problems = []
    for name in anchored_goals(folder) if goal is None else [goal]:
        try:
            anchor = read_anchor(folder, name)
            if anchor is None:
                continue
            problem = compare(anchor, log)
        except Damaged as damage:
            problem = Problem(damage.goal, damage.seq, damage.code, damage.text)
        if problem is not None:
            problems.append(problem)
    return problems


def _names(folder: Path) -> list[tuple[str, str]]:
    """Each anchor's file name, and the goal that it means."""
    from urllib.parse import unquote

    place = folder / FOLDER
    names = [path.name for path in place.iterdir()] if place.is_dir() else []
    safe = [(name, name.encode("utf-8", "replace").decode()) for name in names if not name.startswith(".")]
    return [(name, unquote(text)) for name, text in safe]


def _path(folder: Path, goal: str) -> Path:
    return folder / FOLDER / file_name(goal)
