"""Which rules stand open, and since when: kept while folding, because only history knows when a gap opened."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, NamedTuple

from immutables import Map

from omk.domain.event import Event, Recorded, Value
from omk.domain.proof.rules import RULES, Rule
from omk.domain.proof.watcher import getter
from omk.domain.state import EVOLVE, INITIAL, PARTS, GoalState, Steps, parts_of, state_of, step
from omk.domain.subjects.agent import AgentSaid

Since = int | None
"""The seq of the event that opened a gap last; null if its rule never held."""


class Standing(Value):
    """The judgement that history adds to a state: open gaps with their *since*, and the codes that hold."""

    open: Map[str, Since] = Map()
    held: frozenset[str] = frozenset()


class Watch(NamedTuple):
    """The fields of one part of the state that rules read: its slot, how to get them, and which rules each concerns."""

    slot: int
    get: Callable[[Any], tuple[Any, ...]]
    rules: tuple[tuple[Rule, ...], ...]
    tree: int
    """The place of the goal's tree among the fields, -1 in other parts."""


def _watch(slot: int, part: str) -> Watch:
    reads = sorted({read for rule in RULES for read in rule.reads if read.partition(".")[0] == part})
    get = getter([read.partition(".")[2] for read in reads])
    rules = tuple(tuple(rule for rule in RULES if read in rule.reads) for read in reads)
    return Watch(slot, get, rules, reads.index("worktree.tree") if part == "worktree" else -1)


WATCHES = {
    slot: _watch(slot, part) for slot, part in enumerate(PARTS) if any(r.startswith(part) for rule in RULES for r in rule.reads)
}
ALL = tuple(WATCHES.values())


QUIET = frozenset({AgentSaid})
"""Kinds that change no field a rule reads, as a law proves: most of a long history is talk."""


def _watched(kind: type[Event], steps: Steps) -> tuple[Watch, ...]:
    if kind in QUIET:
        return ()
    slots = dict.fromkeys(slot for slot, _ in steps)
    return tuple(WATCHES[slot] for slot in slots if slot in WATCHES)


KNOWN: dict[Any, tuple[Steps, tuple[Watch, ...]]] = {kind: (steps, _watched(kind, steps)) for kind, steps in EVOLVE.items()}
"""What to do for each kind of event: whom to tell, and what to look at afterwards."""
GATE, REVIEW, WORKTREE = (PARTS.index(part) for part in ("gate", "review", "worktree"))


class Judge:
    """A fold that also keeps the standing: after each record, asks again only the rules whose fields changed."""

    def __init__(self, state: GoalState = INITIAL, standing: Standing | None = None) -> None:
        self.parts = parts_of(state)
        self.last: Recorded | None = None
        self.start = state
        self.seen: list[Any] = [None] * len(PARTS)
        for watch in ALL:
            self.seen[watch.slot] = watch.get(self.parts[watch.slot])
        self.about: tuple[Any, ...] = (None,) * 4
        self.trees: frozenset[str] = frozenset()
        self.open = dict(standing.open) if standing else {}
        self.held = set(standing.held) if standing else set()
        self.codes: dict[str, frozenset[str]] = {}
        for code in (*self.open, *self.held):
            family = rule_of(code).code
            self.codes[family] = self.codes.get(family, frozenset()) | {code}
        if standing is None:
            self._ask(RULES)

    def add(self, record: Recorded) -> bool:
        """Remember *record*; true when a gap opened or closed."""
        parts, seen, event = self.parts, self.seen, record.event
        known = KNOWN.get(type(event))
        self.last = record
        if known is None:
            step(parts, record)
            return self._look(ALL)
        steps, watches = known
        for slot, function in steps:
            parts[slot] = function(parts[slot], event, record)
        for slot, get, _, _ in watches:
            if get(parts[slot]) != seen[slot]:
                return self._look(watches)
        return False

    def add_all(self, records: Iterable[Recorded]) -> None:
        """Remember many records: what `add` does for each, without a call for each (a fold spends its time here)."""
        parts, seen, known = self.parts, self.seen, KNOWN
        record = self.last
        for record in records:
            event = record.event
            kind: Any = type(event)
            if kind not in known:
                self.add(record)
                continue
            steps, watches = known[kind]
            for slot, function in steps:
                parts[slot] = function(parts[slot], event, record)
            for slot, get, _, _ in watches:
                if get(parts[slot]) != seen[slot]:
                    self.last = record
                    self._look(watches)
                    break
        self.last = record

    def _look(self, watches: Iterable[Watch]) -> bool:
        """Ask the rules again that read what has changed."""
        dirty: dict[str, Rule] = {}
        for slot, get, rules, tree in watches:
            now, before = get(self.parts[slot]), self.seen[slot]
            self.seen[slot] = now
            for place, concerned in enumerate(rules):
                if now[place] is before[place]:
                    continue
                if place != tree or now[place] in (trees := self.judged()) or before[place] in trees:
                    dirty.update((rule.code, rule) for rule in concerned)
        return bool(dirty) and self._ask(dirty.values())

    def judged(self) -> frozenset[str]:
        """The trees that some evidence is about. Between two others, every rule bound to the tree stays as it is."""
        gates, reviews, files = (self.parts[slot] for slot in (GATE, REVIEW, WORKTREE))
        about = (gates.by_name, reviews.by_pass, reviews.waivers, files.violations)
        if any(now is not before for now, before in zip(about, self.about, strict=True)):
            runs = (gate.last for gate in gates.by_name.values() if gate.last is not None)
            found = chain(runs, reviews.by_pass.values(), reviews.waivers.values(), files.violations.values())
            self.about, self.trees = about, frozenset(one.tree for one in found)
        return self.trees

    @property
    def state(self) -> GoalState:
        """The state so far."""
        return self.start if self.last is None else state_of(self.parts, self.last)

    @property
    def standing(self) -> Standing:
        """The standing so far."""
        return Standing(open=Map(self.open), held=frozenset(self.held))

    def _ask(self, rules: Iterable[Rule]) -> bool:
        changed, state = False, self.state
        for rule in rules:
            codes = frozenset(rule.codes(state))
            known = self.codes.get(rule.code)
            if known is not None and known != codes:
                for gone in known - codes:
                    self.held.discard(gone)
                    changed |= self.open.pop(gone, 0) != 0
            self.codes[rule.code] = codes
            for code in codes:
                changed |= self._note(code, state.seq, holds=rule.holds(state, code) is not None)
        return changed

    def _note(self, code: str, seq: int, *, holds: bool) -> bool:
        if holds:
            self.held.add(code)
            return self.open.pop(code, 0) != 0
        if code in self.open:
            return False
        self.open[code] = seq if code in self.held else None
        self.held.discard(code)
        return True


def rule_of(code: str) -> Rule:
    """The row of the table that *code* belongs to."""
    family = code.partition(".")[0]
    return next(rule for rule in RULES if rule.code == code or (rule.code.startswith(f"{family}.<")))


def judge(records: Iterable[Recorded], state: GoalState = INITIAL, standing: Standing | None = None) -> Judge:
    """The fold of *records* with its standing."""
    judged = Judge(state, standing)
    judged.add_all(records)
    return judged
