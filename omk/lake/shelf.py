"""The shelf: the folder of a lake, which segments are in it, and who may take one away.

`lake/<version>/segments/…`. Whoever asks the lake holds `lake/readers` locked, shared; whoever builds holds `lake/builder`, and
takes segments away only while nobody asks. A lock is the kernel's: it ends with the process that holds it.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import omk
from omk.domain.digest import blake2b
from omk.errors import Damaged, Unusable
from omk.lake.segments import Erasure, Segment, Stretch, cover, erasures_of, flaw_of, opened, stretches_in
from omk.lake.stored import STORED
from omk.log.codec import decode
from omk.log.folder import private_folder, replace_file
from omk.log.protocol import Log

_SEEN, _WORK = "sound.json", "work"
_BUILDS = "another process is building the lake: waiting for it"
_ENTERED = os.W_OK | os.X_OK
_ERASED = b'"kind":"text_erased.v'
Tell = Callable[[str], None]
Known = dict[str, list[int]]
"""Files that were read and are sound, by inode, size and times; and erasures that nothing has to follow any more."""


_SOURCES = ("domain", "replay", "lake/project")


@cache
def version() -> str:
    """The version of what is stored: the digest of the stored columns and of the sources that make the rows."""
    known = blake2b(digest_size=8)
    known.update(repr(STORED).encode())
    for package in _SOURCES:
        for path in sorted((Path(omk.__file__).parent / package).rglob("*.py")):
            known.update(path.name.encode() + b"\0" + path.read_bytes())
    return known.hexdigest()


class Shelf:
    """The folder *root* of a lake. Nothing is made before something is written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = self.root / version()
        self.segments = self.place / "segments"
        self.flaws: list[str] = []
        """What was found wrong with segments, which count as missing."""

    def sound(self, log: Log, head: int) -> dict[Stretch, Segment]:
        """The segments that are sound and part of this log, which has *head* places."""
        known = self._known_sound()
        before = dict(known)
        there = {one: opened(self.segments, one) for one in stretches_in(self.segments) if one.end <= head}
        tips = [segment.manifest.content.tip for segment in there.values() if segment is not None]
        bodies = log.placed([tip.position for tip in tips if tip is not None])
        flaws = {one: self._flaw(segment, bodies, known) for one, segment in there.items()}
        self.flaws += [f"segment {one.name}: {flaw}" for one, flaw in flaws.items() if flaw is not None]
        checked = {one: segment for one, segment in there.items() if segment is not None and flaws[one] is None}
        self._erase(log, head, checked, known)
        if known != before and os.access(self.place, os.W_OK):
            with suppress(Unusable):  # a full disk: what was read is read again
                replace_file(self.place / _SEEN, msgspec.json.encode(known), is_cache=True)
        return checked

    def _erase(self, log: Log, head: int, sound: dict[Stretch, Segment], known: Known) -> None:
        """Take from the *sound* segments those that keep a text that was erased since they were made.

        An erasure need not be looked for again once it is in a segment itself: nothing that was read before it is still to come.
        """
        covered = chained(sound)
        beyond = log.stretch(covered[-1].manifest.end if covered else 0, head) if sound else ()
        late = erasures_of(decode(body) for _, _, body in beyond if _ERASED in body)
        told = (*late, *(one for segment in sound.values() for one in segment.manifest.content.erasures))
        stored = {_key(one) for segment in covered for one in segment.manifest.content.erasures}
        for erasure in told:
            key = _key(erasure)
            keeping = _keeping(sound, erasure) if key not in known else []
            for stretch in keeping:
                self.flaws.append(f"segment {stretch.name}: it keeps a text that was erased")
                del sound[stretch]
            if not keeping and key in stored:
                known[key] = []

    def _flaw(self, segment: Segment | None, bodies: Mapping[int, bytes], known: Known) -> str | None:
        """What is wrong with a segment, if anything is."""
        flaw = "its manifest is missing or broken" if segment is None else flaw_of(segment, known)
        if segment is not None and flaw is None and not _belongs(segment, bodies):
            return "it was made of another log"
        return flaw

    def _known_sound(self) -> dict[str, list[int]]:
        try:
            return msgspec.json.decode((self.place / _SEEN).read_bytes(), type=dict[str, list[int]])
        except (OSError, msgspec.DecodeError, UnicodeError):
            return {}

    @property
    def is_lockable(self) -> bool:
        """Whether what is here can be kept from being taken away."""
        return _is_lockable(self.root / "readers")

    @property
    def is_writable(self) -> bool:
        """Whether something can be built here."""
        if not os.path.lexists(self.root):
            above = next(path for path in self.root.parents if path.exists())
            return os.access(above, _ENTERED)
        folders = [path for path in (self.root, self.place, self.segments, self.place / _WORK) if os.path.lexists(path)]
        locks = (self.root / "builder", self.root / "readers")
        return all(path.is_dir() and os.access(path, _ENTERED) for path in folders) and all(map(_is_lockable, locks))

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())

    # --- Writing ---

    @contextmanager
    def building(self, tell: Tell) -> Iterator[Path]:
        """Be the one who builds; gives a folder to work in, which is gone afterwards. Waits for another who builds."""
        for folder in (self.root.parent, self.root):
            private_folder(folder)
        with _locked(self.root / "builder", fcntl.LOCK_EX, lambda: tell(_BUILDS)):
            work = self.place / _WORK
            shutil.rmtree(work, ignore_errors=True)
            for folder in (self.place, self.segments, work):  # only now: an omk of another version may have taken them away
                private_folder(folder)
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)

    def publish(self, work: Path, stretch: Stretch) -> None:
        """Put a finished segment where readers find it, in place of one that is not sound."""
        target = self.segments / stretch.name
        if target.exists():
            target.rename(work / f"{stretch.name}.old")
        (work / stretch.name).rename(target)

    def tidy(self, head: int) -> None:
        """Take away what a lake of *head* places does not have, and lakes of other versions, unless somebody asks just now."""
        with _attempted(self.root / "readers") as is_mine:
            if not is_mine:
                return
            wanted = set(cover(head))
            for stretch in list(stretches_in(self.segments)):
                if stretch not in wanted:
                    _take_away(self.segments / stretch.name)
            for other in self.root.iterdir():
                if other.is_dir() and other != self.place:
                    shutil.rmtree(other, ignore_errors=True)

    def remove(self, tell: Tell) -> None:
        """Take all of it away, once nobody asks or builds any more.

        Whoever builds never waits for those who ask, so the two locks can be waited for in this order.
        """
        if not self.root.exists():
            return
        with (
            _locked(self.root / "readers", fcntl.LOCK_EX, lambda: tell("somebody asks the lake: waiting for it")),
            _locked(self.root / "builder", fcntl.LOCK_EX, lambda: tell(_BUILDS)),
        ):
            shutil.rmtree(self.segments, ignore_errors=True)
            (self.place / _SEEN).unlink(missing_ok=True)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep every segment where it is for a while."""
        if not self.root.is_dir():
            yield
            return
        with _locked(self.root / "readers", fcntl.LOCK_SH, lambda: None):
            yield


def chained(sound: dict[Stretch, Segment]) -> list[Segment]:
    """The segments one after the other from the first place on, each as long as can be."""
    found: list[Segment] = []
    start = 0
    while True:
        following = [one for one in sound if one.start == start]
        if not following:
            return found
        longest = max(following, key=lambda one: one.end)
        found.append(sound[longest])
        start = longest.end


def _keeping(sound: Mapping[Stretch, Segment], erasure: Erasure) -> list[Stretch]:
    """The segments that still have a text that was erased."""
    from omk.lake.files import keeps

    return [stretch for stretch, segment in sound.items() if keeps(segment, erasure)]


def _take_away(path: Path) -> None:
    """Remove a folder, or whatever stands there in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _key(erasure: Erasure) -> str:
    """What an erasure is known by."""
    return f"erased/{erasure.goal}/{erasure.seq}/{erasure.path}"


def _belongs(segment: Segment, bodies: Mapping[int, bytes]) -> bool:
    """Whether the last record that a segment knows of is the one that stands there in the log, as *bodies* tells it."""
    tip = segment.manifest.content.tip
    if tip is None:
        return True
    try:
        record = decode(bodies[tip.position])
    except (KeyError, Damaged):
        return False
    return (record.goal, record.seq, record.digest) == (tip.goal, tip.seq, tip.digest)


def _is_lockable(path: Path) -> bool:
    """Whether a lock can be held: it is there, or can be made."""
    may_write = os.access(path.parent, _ENTERED)
    return os.access(path, os.R_OK | (os.W_OK if may_write else 0)) if os.path.exists(path) else may_write  # noqa: PTH110 - it does not raise


@contextmanager
def _locked(path: Path, mode: int, waits: Callable[[], None]) -> Iterator[None]:
    """Hold a lock; *waits* is told once if somebody else holds it."""
    with _file(path) as number:
        try:
            fcntl.flock(number, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(number, mode)
        yield


@contextmanager
def _attempted(path: Path) -> Iterator[bool]:
    """Hold a lock, if nobody else does."""
    with _file(path) as number:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _file(path: Path) -> Iterator[Any]:
    try:
        number = os.open(path, os.O_CREAT | os.O_RDWR, 0o600) if os.access(path.parent, os.W_OK) else os.open(path, os.O_RDONLY)
    except OSError as problem:
        raise Unusable(f"{path} cannot be locked: {problem.strerror}. Check its permissions.") from problem
    try:
        yield number
    finally:
        os.close(number)
