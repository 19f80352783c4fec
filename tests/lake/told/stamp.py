"""Copies of a told goal: the same course, with ids, times, texts, trees, salts and digests of their own, chained anew.

To seal a record takes a hundred times longer than to fill in a form. So a story becomes forms: its stored bytes with slots
in them, each filled alike wherever the same value stood. Nothing here knows what an event means; the records of a copy are
as valid as those of the story, which a test makes `omk fsck` say.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from operator import itemgetter
from typing import Any, NamedTuple

import zstandard

from omk.domain.event import kind_of
from omk.domain.subjects.budget import BudgetSet
from omk.log.codec import Entry
from tests.lake.told.people import Goal
from tests.lake.told.teller import START
from tests.lake.told.words import MAKERS

AT, PREV, GOAL, PARENT, VERDICT = range(5)
TOKEN = re.compile(
    rb"b2:[0-9a-f]{64}"
    rb'|(?<=")[0-9a-f]{40}(?=")'
    rb"|(?:controller-|recovery-)[0-9a-f]{12}|call_[0-9a-f]{16}"
    rb"|goal-20260101-000000-000-[0-9a-f]{8}"
    rb"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    rb'|"(?:duration_ms|active_ms|tokens_in|tokens_out|tokens_cached|micro_usd|pid)":\d+|"started":"\d+"'
)
OPENED = re.compile(rb'"([\w.-]+)":\["([0-9a-f]{32})","([^"]*)"\]')
SEAM = b',"sealed":'


class Form(NamedTuple):
    """One record with slots: when it came, of which kind, its two halves, the outputs it brings, the core of its verdict."""

    seconds: float
    topic: str
    sealed: bytes
    fill: Callable[[list[bytes]], tuple[bytes, ...]]
    opened: bytes
    reveal: Callable[[list[bytes]], tuple[bytes, ...]] | None
    output: int | None
    core: "tuple[bytes, Callable[[list[bytes]], tuple[bytes, ...]]] | None"


class Row(NamedTuple):
    """A record of a copy, as it is stored, with its time in microseconds and the blob that it brings."""

    time: int
    goal: str
    seq: int
    topic: str
    body: bytes
    blob: tuple[str, bytes, int, bytes] | None


class Slots:
    """What the slots of a story, and of its forks, are to be filled with."""

    def __init__(self) -> None:
        self.count = 5
        self.known: dict[bytes, int] = {}
        self.hexes: list[tuple[int, bytes, int]] = []
        self.texts: list[tuple[int, str | None, bytes]] = []
        self.grains: list[tuple[int, int, int]] = []
        self.outputs: list[tuple[int, int, bytes]] = []
        self.numbers: list[tuple[int, bytes, int]] = []
        self.times: list[tuple[int, float]] = []

    def slot(self, of: bytes) -> tuple[int, bool]:
        """The slot of a value, and whether it is a new one."""
        known = self.known.get(of)
        if known is not None:
            return known, False
        self.known[of] = self.count
        self.count += 1
        return self.known[of], True


class Story:
    """A told goal as forms. A fork shares the slots of its parent, for they have a tree in common."""

    def __init__(self, goal: Goal, slots: Slots | None = None, parent: "Story | None" = None) -> None:
        self.slots, self.parent = slots or Slots(), parent
        self.goal = goal
        self.fixed = {guard.blob.encode() for guard in goal.setting.guards if guard.blob}
        self.is_limited = any(isinstance(one.record.event, BudgetSet) for one in goal.entries)
        self.first = goal.entries[0].record.seq
        self.forms = tuple(self._form(entry) for entry in goal.entries)
        self.forks = tuple(Story(one, self.slots, self) for one in goal.forks)
        self.seconds = self.forms[-1].seconds

    def __len__(self) -> int:
        return len(self.forms)

    def _form(self, entry: Entry) -> Form:
        record, goal = entry.record, self.goal
        commitments = self._texts(entry)
        slots: list[int] = []
        output: list[int] = []

        def slot(match: re.Match[bytes]) -> int | bytes | None:
            found = match[0]
            if found.startswith(b"b2:"):
                if found.decode() == record.prev:
                    return PREV
                if found.decode() in goal.printed:
                    output[:] = [self._output(found.decode())]
                    return output[0]
                verdict = b"VERDICT" if kind_of(record.event) == "proof_issued.v1" else None
                return commitments.get(found, VERDICT if verdict else None)
            if found == record.at.encode():
                return AT
            return self._value(found)

        sealed = _slotted(entry.body[entry.body.index(SEAM) + len(SEAM) : -1], slot, slots)
        opened, shown = self._opened(entry)
        core = goal.cores.get(record.seq)
        inner: list[int] = []
        return Form(
            (datetime.fromisoformat(record.at) - START).total_seconds(), kind_of(record.event), sealed, itemgetter(*slots),
            opened, itemgetter(*shown) if shown else None, output[0] if output else None,
            None if core is None else (_slotted(core, slot, inner), itemgetter(*inner)),
        )  # fmt: skip

    def _value(self, found: bytes) -> "int | bytes | None":
        slots = self.slots
        if found == self.goal.name.encode():
            return GOAL
        if self.parent is not None and found == self.parent.goal.name.encode():
            return PARENT
        if found in self.fixed:
            return None
        slot, is_new = slots.slot(found)
        if found[:1] == b'"':
            name, _, number = found.partition(b":")
            if is_new:
                slots.numbers.append((slot, name, int(number.strip(b'"'))))
        elif is_new and found[10:11] == b"T":
            slots.times.append((slot, (datetime.fromisoformat(found.decode()) - START).total_seconds()))
        elif is_new:
            prefix = b"" if len(found) == 40 else found[: found.index(b"_" if found.startswith(b"call") else b"-") + 1]
            slots.hexes.append((slot, prefix, len(found) - len(prefix)))
        return slot

    def _texts(self, entry: Entry) -> dict[bytes, int]:
        """The slots of the commitments in a record, by what stands there now."""
        found: dict[bytes, int] = {}
        for _, grain, text in OPENED.findall(entry.record.open):
            words, is_new = self.slots.slot(b"text " + text)
            if is_new:
                self.slots.texts.append((words, self.goal.makers.get(text.decode()), text))
            salt, is_new = self.slots.slot(b"salt " + grain)
            committed, _ = self.slots.slot(b"commitment " + grain)
            if is_new:
                self.slots.grains.append((salt, committed, words))
            found[b"b2:" + _blake(bytes.fromhex(grain.decode()) + text)] = committed
        assert len(found) == entry.record.open.count(b'":["'), entry.record.open
        return found

    def _opened(self, entry: Entry) -> tuple[bytes, list[int]]:
        shown: list[int] = []

        def fill(match: re.Match[bytes]) -> bytes:
            shown.extend((self.slots.known[b"salt " + match[2]], self.slots.known[b"text " + match[3]]))
            return b'"%b":["%%b","%%b"]' % match[1]

        return OPENED.sub(fill, entry.record.open), shown

    def _output(self, digest: str) -> int:
        printed = self.goal.printed[digest]
        slot, is_new = self.slots.slot(digest.encode())
        if is_new:
            body = printed.body
            last = zstandard.ZstdDecompressor().decompress(printed.blob.frame)[len(body) :]
            self.slots.outputs.append((slot, self.slots.known[b"text " + last], body))
        return slot


def _slotted(text: bytes, slot: Callable[[re.Match[bytes]], Any], slots: list[int]) -> bytes:
    """The text as a form, and which slots it has."""
    parts, end = [], 0
    for match in TOKEN.finditer(text):
        chosen = slot(match)
        if chosen is None:
            continue
        slots.append(chosen)
        parts += [text[end : match.start()].replace(b"%", b"%%"), b"%b"]
        end = match.end()
    return b"".join((*parts, text[end:].replace(b"%", b"%%")))


def _blake(text: bytes) -> bytes:
    return blake2b(text, digest_size=32).hexdigest().encode()


_compress = zstandard.ZstdCompressor(level=1).compress


class Copy:
    """One copy of a story, which begins at *start* (microseconds since 1970) and takes *pace* times as long."""

    def __init__(self, story: Story, dice: random.Random, start: int, *, most: int | None = None, is_whole: bool = True) -> None:
        self.story, self.dice, self.most = story, dice, len(story) if most is None else most
        self.is_whole = is_whole
        self.start, self.pace = start, 0.7 + 0.7 * dice.random()
        self.blobs: dict[int, tuple[str, bytes, int, bytes]] = {}
        self.values = self._filled()
        self.prev = b""
        self._call(start)

    @property
    def end(self) -> int:
        """When it has ended, in microseconds."""
        return self._when(self.story.forms[self.most - 1].seconds)

    def forks(self) -> "Iterator[Copy]":
        """Its forks, once it has come to its end."""
        for story in self.story.forks if self.is_whole else ():
            copy = Copy.__new__(Copy)
            copy.story, copy.dice, copy.most, copy.start, copy.pace = story, self.dice, len(story), self.start, self.pace
            copy.is_whole = True
            copy.blobs, copy.values, copy.prev = self.blobs, list(self.values), self.prev
            copy.values[PARENT] = self.values[GOAL]
            copy._call(copy._when(story.forms[0].seconds))
            yield copy

    def rows(self) -> Iterator[Row]:
        """Its records, in order."""
        values, seq = self.values, self.story.first
        for form in self.story.forms[: self.most]:
            when = self._when(form.seconds)
            values[AT], values[PREV] = at(when), self.prev
            if form.core is not None:
                values[VERDICT] = b"b2:" + _blake(form.core[0] % form.core[1](values))
            sealed = form.sealed % form.fill(values)
            opened = form.opened if form.reveal is None else form.opened % form.reveal(values)
            body = b'{"open":%b,"sealed":%b}' % (opened, sealed)
            self.prev = b"b2:" + _blake(sealed)
            blob = None if form.output is None else self.blobs[form.output]
            yield Row(when, self.name, seq, form.topic, body, blob)
            seq += 1

    def _when(self, seconds: float) -> int:
        return self.start + int(seconds * 1e6 * self.pace)

    def _call(self, when: int) -> None:
        second = datetime.fromtimestamp(when // 1_000_000, UTC)
        self.name = f"goal-{second:%Y%m%d-%H%M%S}-{when // 1000 % 1000:03d}-{self.dice.getrandbits(32):08x}"
        self.values[GOAL] = self.name.encode()

    def _filled(self) -> list[bytes]:
        """A value for every slot."""
        slots, dice = self.story.slots, self.dice
        values = [b""] * slots.count
        entropy = dice.randbytes(20 * len(slots.hexes)).hex().encode()
        for number, (slot, prefix, digits) in enumerate(slots.hexes):
            values[slot] = prefix + entropy[40 * number : 40 * number + digits]
        for slot, maker, text in slots.texts:
            values[slot] = text if maker is None else MAKERS[maker](dice).encode()
        entropy = dice.randbytes(16 * len(slots.grains))
        for number, (salt, committed, words) in enumerate(slots.grains):
            grain = entropy[16 * number : 16 * number + 16]
            values[salt], values[committed] = grain.hex().encode(), b"b2:" + _blake(grain + values[words])
        for slot, words, before in slots.outputs:
            content, grain = before + values[words], dice.randbytes(16)
            values[slot] = b"b2:" + _blake(grain + content)
            self.blobs[slot] = (values[slot].decode(), grain, len(content), _compress(content))
        for slot, name, number in slots.numbers:
            values[slot] = self._number(name, number)
        for slot, seconds in slots.times:
            values[slot] = at(self._when(seconds))
        return values

    def _number(self, name: bytes, number: int) -> bytes:
        if name == b'"started"':
            return b'"started":"%d"' % self.dice.randrange(1000, 9_000_000)
        if name == b'"pid"':
            return b'"pid":%d' % self.dice.randrange(1000, 4_000_000)
        scaled = number if self.story.is_limited else int(number * self.pace)
        return b"%b:%d" % (name, scaled)


_SECOND: list[Any] = [-1, ""]


def at(when: int) -> bytes:
    """A time in microseconds as it is written."""
    second, micro = divmod(when, 1_000_000)
    if second != _SECOND[0]:
        _SECOND[:] = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
    return b"%b%06dZ" % (_SECOND[1].encode(), micro)
