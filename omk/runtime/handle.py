"""The only writer: decide on the kept state, append, fold what was appended."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from omk.domain.causes import causes_of
from omk.domain.checkpoint import Checkpoint, kinds_of
from omk.domain.event import Command, Recorded
from omk.domain.goal_decider import decide
from omk.domain.proof.proof import GoalProof, prove, verdict_digest
from omk.domain.proof.rules import VERSION
from omk.domain.proof.standing import Judge
from omk.domain.state import GoalState
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.verdict import IssueProof, ProofIssued
from omk.domain.text import resolve
from omk.errors import Conflict, Damaged, OmkError
from omk.log.anchors import check_anchors, write_anchor
from omk.log.blobs import Blob
from omk.log.codec import Entry, seal
from omk.log.protocol import Log
from omk.log.snapshots import SPACING, Snapshots
from omk.replay.history import History
from omk.runtime import edge
from omk.runtime.mailbox import Mailbox

TRIES = 10
AT_ONCE = 128
"""How many records are read before they are folded: a few, so that they stay close at hand."""


class Superseded(OmkError):
    """Another controller took the goal. Let it work."""


class Handle:
    """One goal as its writer sees it: the state so far, and the way to add to it.

    *folder* is the store's folder, where the goal's anchor and snapshots are kept, one of these each *spacing* events;
    *listen* hears of every record that is appended here.
    """

    def __init__(
        self,
        log: Log,
        goal: str,
        folder: Path,
        listen: Callable[[Recorded], None] = lambda _: None,
        *,
        spacing: int = SPACING,
    ) -> None:
        self.log, self.goal, self.folder, self.listen = log, goal, folder, listen
        self.controller: str | None = None
        self.mailbox = Mailbox()
        self._superseded: Superseded | None = None
        for problem in check_anchors(folder, log, goal):
            raise Damaged(problem.goal, problem.seq, problem.code, problem.text)
        self.snapshots = Snapshots(folder, log, goal, spacing=spacing)
        history = History(goal, lambda after, upto: log.read(goal, after=after, upto=upto, texts=False), self.snapshots.nearest)
        self.judge = history.begun(self.snapshots.unbroken())
        self._state = self.judge.state
        self.kinds: Counter[str] = Counter()
        self.refresh()

    @property
    def state(self) -> GoalState:
        """The state after the last record read or written; any thread may look."""
        return self._state

    @property
    def proof(self) -> GoalProof:
        """The verdict on that state."""
        return self.mailbox.ask(lambda: prove(self.judge.state, self.judge.standing))

    def refresh(self) -> None:
        """Read what others appended. Raises `Superseded` when that is another controller's start."""
        self.mailbox.ask(lambda: self._take(self.log.read(self.goal, after=self.judge.state.seq, texts=False)))

    def inherit(self, parent: str, seq: int) -> None:
        """Begin, with a goal that has no record yet, where *parent* stood after event *seq*."""
        kept = Snapshots(self.folder, self.log, parent, spacing=self.snapshots.spacing)
        history = History(parent, lambda after, upto: self.log.read(parent, after=after, upto=upto, texts=False), kept.nearest)
        self.judge = history.begun(seq - seq % self.snapshots.spacing)
        self._state = self.judge.state
        self._take(self.log.read(parent, after=self.judge.state.seq, upto=seq, texts=False), keep=False)

    def _take(self, records: Iterator[Recorded], *, keep: bool = True) -> None:
        """Fold *records*, which come next, a few at a time."""
        seq = self.judge.state.seq
        while some := list(islice(records, min(AT_ONCE, self.snapshots.spacing - seq % self.snapshots.spacing))):
            self.judge.add_all(some)
            self._state = self.judge.state
            self._passed(some, keep=keep)
            seq = some[-1].seq
            if self.controller is not None:
                self._heed(some)

    def _heed(self, records: Sequence[Recorded]) -> None:
        for event in (one.event for one in records):
            if isinstance(event, ControllerStarted) and event.controller != self.controller:
                self._superseded = Superseded(f"{event.controller} has taken {self.goal} over. This controller stops.")
        self._stand_down()

    def _stand_down(self) -> None:
        if self._superseded is not None and self.controller is not None:
            raise Superseded(str(self._superseded))

    def __call__(self, *commands: Command, blobs: Sequence[Blob] = (), tries: int = TRIES) -> list[Recorded]:
        """Carry *commands* out as one append; the records that came of it, none if all was known already.

        Any thread may ask. Raises `Refused`, and `Conflict` when others were faster *tries* times.
        """
        return self.mailbox.ask(lambda: self._carry_out(commands, blobs, tries))

    def _carry_out(self, commands: Sequence[Command], blobs: Sequence[Blob], tries: int) -> list[Recorded]:
        self._stand_down()
        for left in reversed(range(tries)):
            entries = self._decided(commands)
            if not entries:
                return []
            try:
                self.log.append(self.goal, entries, after=self.judge.state.seq, blobs=blobs)
            except Conflict:
                self.refresh()
                if not left:
                    raise
                continue
            return [self._keep(entry.record) for entry in entries]
        raise Conflict(self.goal, self.judge.state.seq)

    def _decided(self, commands: Sequence[Command]) -> list[Entry]:
        """The sealed records that answer *commands* on the state as it is, each decided after those before it."""
        scratch = Judge(self.judge.state, self.judge.standing) if len(commands) > 1 else None
        entries: list[Entry] = []
        state = self.judge.state
        for command in commands:
            events = decide(command, state)
            for event in events:
                entries.append(self._sealed(event, command.actor, entries, state))
                scratch = scratch or Judge(self.judge.state, self.judge.standing)
                scratch.add(entries[-1].record)
                state = scratch.state
        return entries

    def _sealed(self, event: Any, actor: str, entries: Sequence[Entry], state: GoalState) -> Entry:
        return seal(
            event,
            goal=self.goal,
            seq=state.seq + 1,
            at=max(edge.now(), state.at),
            actor=actor,
            causes=causes_of(event, state, actor),
            prev=entries[-1].record.digest if entries else state.head,
            salt=edge.salt,
        )

    def _keep(self, record: Recorded) -> Recorded:
        self.judge.add(record)
        self._state = self.judge.state
        self._passed([record])
        self.listen(record)
        return record

    def _passed(self, records: Sequence[Recorded], *, keep: bool = True) -> None:
        """Note which kinds went by, and *keep* a snapshot where the last of *records* is due to have one."""
        self.kinds += kinds_of(records)
        seq, head, spacing = records[-1].seq, records[-1].digest, self.snapshots.spacing
        if seq % spacing == 0:
            state, standing, kinds = self.judge.state, self.judge.standing, dict(self.kinds)
            made = Checkpoint(seq=seq, head=head, state=state, standing=standing, kinds=kinds, after=seq - spacing)
            if keep:
                self.snapshots.write(made)
            self.kinds = Counter()

    def issue_proof(self, actor: str) -> GoalProof:
        """Put the verdict on record unless it stands there already, and anchor the goal's head outside the log."""
        return self.mailbox.ask(lambda: self._issue(actor))

    def _issue(self, actor: str) -> GoalProof:
        proof = self.proof
        if self.state.seq == self.state.verdict.last_seq:
            return proof
        issued = ProofIssued(status=proof.status, rules=VERSION, verdict=verdict_digest(proof), tree=proof.tree, seq=proof.seq)
        self(IssueProof(actor=actor, issued=issued))
        write_anchor(self.folder, self.goal, self.state.seq, self.state.head)
        return self.proof

    def record_at(self, seq: int) -> Recorded | None:
        """One record of the goal, or None."""
        return self.mailbox.ask(lambda: next(iter(self.log.read(self.goal, after=seq - 1, upto=seq, verify=False)), None))

    def output(self, digest: str) -> bytes | None:
        """What was printed, by the digest of it, or None."""
        return self.mailbox.ask(lambda: self.log.blob(digest))

    def text(self, quoted: str | None) -> str:
        """The text that a quoted text of the state stands for, empty for none."""
        return str(resolve(quoted, self.record_at)) if quoted else ""
