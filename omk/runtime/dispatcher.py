"""The dispatcher: begins what the state wants, as much at once as it wants, and stops what it no longer wants.

Decisions are carried out at once, in the thread that owns the goal's log. What takes time is a job in a thread of its own,
which asks the owner to record. A signal is heard between two steps, never within one.
"""

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from omk.domain.due import cut_off, passed
from omk.domain.effects import (
    AwaitBreaker,
    AwaitChecks,
    Effect,
    MakeReview,
    MergePullRequest,
    MergeSlice,
    OpenPullRequest,
    RunAgent,
    RunGate,
    RunPlanner,
)
from omk.domain.subjects.lease import RenewLease
from omk.domain.wanted import controlling, wanted
from omk.errors import OmkError, Refused, Unusable
from omk.runtime import edge
from omk.runtime.session import Session
from omk.runtime.undisturbed import ENDING

Perform = Callable[[Session, Any], None]
TRIES = 5
"""How often one effect may be refused although it is wanted."""
POLL_SECONDS = 0.1
"""How often the log is looked at for what others recorded (SQLite cannot notify): well within the second a person waits."""
LASTING = (
    *(RunPlanner, RunAgent, RunGate, MakeReview, MergeSlice, AwaitBreaker),
    *(OpenPullRequest, AwaitChecks, MergePullRequest),
)
"""The effects that take time."""


class Job:
    """An effect at work in a thread of its own; `slot` counts the jobs of its kind that are at work beside it."""

    def __init__(self, effect: Effect, session: Session, perform: Perform, slot: int) -> None:
        self.effect, self.slot, self.seq = effect, slot, session.state.seq
        self.session = session.for_job(slot)
        self.error: BaseException | None = None
        self.is_over = False
        self._perform = perform
        self._thread = threading.Thread(target=self._work, name=type(effect).__name__, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._perform(self.session, self.effect)
        except BaseException as error:  # noqa: BLE001 - the owner raises it
            self.error = error
        finally:
            self.is_over = True
            self.session.handle.mailbox.wake()

    def stop(self) -> None:
        """Let what it runs come to an end now."""
        self.session.stop.set()


class Dispatcher:
    """Carries out what the state of the session's goal wants until it wants nothing; *perform* says how."""

    def __init__(self, session: Session, perform: Mapping[type, Perform]) -> None:
        self.session, self.perform = session, perform
        self.jobs: list[Job] = []
        self._refused = Counter[Effect]()
        self.is_interrupted = False

    def run(self) -> None:
        """Raises `KeyboardInterrupt` once a signal has ended it, and what a job raised; nothing is at work afterwards."""
        with self.session.handle.mailbox.opened():
            try:
                while self._go_on():
                    self.session.handle.mailbox.serve(POLL_SECONDS)
            finally:
                self._wind_up()
        if self.is_interrupted:
            raise KeyboardInterrupt

    def _go_on(self) -> bool:
        """Take in what has happened, begin what is wanted; whether there is anything to wait for."""
        self.session.handle.refresh()
        self.session.awake.look(self.session.state.agent.running)
        self._collect()
        if self.is_interrupted:
            return False
        self._heed_time()
        effects = wanted(self.session.state)
        over = cut_off(self.session.state, edge.now(), self.session.awake.slept)
        for job in self.jobs:
            if job.effect not in effects or (isinstance(job.effect, RunAgent) and job.effect.agent in over):
                job.stop()
        while (now := next((one for one in effects if not isinstance(one, LASTING)), None)) is not None:
            self._decide(now)
            effects = wanted(self.session.state)
        waits = [effect for effect in effects if isinstance(effect, AwaitBreaker)]
        for effect in effects:
            if effect not in waits:
                self._begin(effect)
        if waits and not self.jobs:
            first = min(waits, key=lambda wait: wait.until)
            self.session.tell(f"waiting until {first.until[11:19]} UTC to run gate {first.gate} again")
        return bool(self.jobs or waits)

    def _decide(self, effect: Effect) -> None:
        """Carry out what takes no time."""
        seq = self.session.state.seq
        self.perform[type(effect)](self.session, effect)
        self.session.handle.refresh()
        self._require_progress(effect, seq)

    def _begin(self, effect: Effect) -> None:
        """Let a job begin, unless another one is at it: the same effect, or an earlier attempt that is still ending."""
        if any(_place(job.effect) == _place(effect) for job in self.jobs):
            return
        taken = {job.slot for job in self.jobs if type(job.effect) is type(effect)}
        if isinstance(effect, RunGate) and len(taken) >= self.session.state.policy.gates_at_once:
            return
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        self.jobs.append(Job(effect, self.session, self.perform[type(effect)], slot))

    def _collect(self) -> None:
        """Let go of the jobs that are over; what one of them raised ends all, unless the goal has moved on from it."""
        over = [job for job in self.jobs if job.is_over]
        self.jobs = [job for job in self.jobs if job not in over]
        for job in over:
            is_wanted = job.effect in wanted(self.session.state)
            if isinstance(job.error, Refused) and (not is_wanted or job.session.stop.is_set() or self._may_try_again(job)):
                continue  # the goal moved on while it began: somebody paused it, or another task was faster
            if job.error is not None:
                raise job.error
            if is_wanted:
                self._require_progress(job.effect, job.seq)

    def _may_try_again(self, job: Job) -> bool:
        """Whether others recorded something since it began, so that it may be taken now; a few times, never for ever."""
        self._refused[job.effect] += 1
        return job.seq < self.session.state.seq and self._refused[job.effect] < TRIES

    def _require_progress(self, effect: Effect, seq: int) -> None:
        """Nothing may be done again and again without a trace."""
        if self.session.state.seq == seq and controlling(self.session.state) is None:
            raise Unusable(f"{type(effect).__name__} left no record, so it would be done for ever. This is a defect of omk.")

    def _heed_time(self) -> None:
        """Record what time has brought about, and that the holders of leases are alive."""
        state, now, actor = self.session.state, edge.now(), self.session.actor
        for command in passed(state, now, actor, self.session.awake.slept):
            self.session.handle(command)
        lease = state.policy.lease_ms
        at_work = [job.effect for job in self.jobs if not job.session.stop.is_set()]
        for effect in (one for one in at_work if isinstance(one, RunAgent)):
            task = self.session.state.task[effect.task]
            if task.holder is None or task.lease_ends is None or task.attempts != effect.attempt:
                continue
            if 0 < edge.milliseconds_until(task.lease_ends) < lease * 2 // 3:
                ends = edge.later(lease)
                renewal = RenewLease(actor=actor, task=task.id, fence=task.fence, now=edge.now(), lease_ends=ends)
                with contextlib.suppress(Refused):  # it ended meanwhile
                    self.session.handle(renewal)

    def _wind_up(self) -> None:
        """Stop every job, and record what they still have to say."""
        for job in self.jobs:
            job.stop()
        while any(not job.is_over for job in self.jobs):
            self.session.handle.mailbox.serve(POLL_SECONDS)
        self.session.handle.mailbox.serve(0)
        errors = [job.error for job in self.jobs if job.error is not None and not isinstance(job.error, OmkError)]
        self.jobs = []
        if errors:
            raise errors[0]

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While the block runs, hear the signals that end a command as a wish, which `run` heeds, and not as an exception."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(_: int, __: FrameType | None) -> None:
            self.is_interrupted = True
            self.session.handle.mailbox.wake()

        before = {number: signal.signal(number, interrupt) for number in ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _place(effect: Effect) -> tuple[str, ...]:
    """Where an effect is carried out: two in one place would be in each other's way."""
    match effect:
        case RunAgent(task=task):
            return "agent", task
        case RunGate(gate=gate):
            return "gate", gate
        case _:
            return (type(effect).__name__,)
