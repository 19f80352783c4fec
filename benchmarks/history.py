"""A long goal of mixed kinds, as an agent that works for weeks would leave it: made once, sealed like any other."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from omk.domain.event import Event, Output
from omk.domain.oracle import assess
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.agent import AgentFinished, AgentSaid, AgentStarted, ToolCalled, ToolFinished
from omk.domain.subjects.budget import UsageReported
from omk.domain.subjects.gate import GateRan, GatesConfigured, GateStarted
from omk.domain.subjects.goal import GoalConfigured, GoalCreated, GoalPlanned, OracleAssessed
from omk.domain.subjects.proposal import TaskAccepted
from omk.domain.subjects.review import ReviewPassed, ReviewStarted
from omk.domain.subjects.task import TaskFinished, TaskRetried, TaskStarted
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import PASSES, Base, Change, Repository
from omk.log.codec import Entry, seal
from omk.log.open import open_log
from omk.runtime.gates.definition import gates_from_flags

GOAL = "goal-20260101-000000-000-bench000"
STEPS_PER_RUN = 400
PROMPT = "Build a CLI with acceptance, smoke and demo checks, and keep at it"
WORDS = "the parser now keeps quoted fields together and the test for empty lines passes again"


def make(folder: Path, count: int) -> None:
    """Write a goal of *count* events into a new SQLite store in *folder*."""
    log = open_log(None, folder=folder, create=True)
    if log is None:
        raise RuntimeError(folder)
    entries: list[Entry] = []
    written, prev = 0, ""
    dice = random.Random(20260101)
    for seq, (actor, event) in enumerate(itertools.islice(events(dice), count), 1):
        entry = seal(
            event,
            goal=GOAL,
            seq=seq,
            at=_time(seq),
            actor=actor,
            causes=(max(1, seq - 1),) if seq > 1 else (),
            prev=prev,
            salt=lambda: dice.randbytes(16),
        )
        prev = entry.record.digest
        entries.append(entry)
        if len(entries) == 1000 or seq == count:
            log.append(GOAL, entries, after=written)
            written, entries = seq, []
    log.close()


def _time(seq: int) -> str:
    seconds, micro = divmod(seq * 250_000, 1_000_000)
    days, rest = divmod(seconds, 86_400)
    return f"2026-01-{days % 28 + 1:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.{micro:06d}Z"


def events(dice: random.Random) -> Iterator[tuple[str, Event]]:
    """An endless history: beginning, then run after run of agent, gates and reviews."""
    yield from (("person:bench", one) for one in _beginning())
    tree = "0" * 40
    for attempt in itertools.count(1):
        for actor, event in _run(dice, attempt, tree):
            if isinstance(event, FilesChanged):
                tree = event.tree
            yield actor, event


def _beginning() -> Iterator[Event]:
    oracle = assess(PROMPT)
    base = Base(branch="main", commit="c" * 40, tree="0" * 40)
    yield GoalCreated(prompt=PROMPT, repository=Repository(id="bench", origin=None, subdirectory=""), base=base)
    yield GoalConfigured(
        accept="manual", merge="manual", delivery="local", until_ready=True, max_attempts=8, max_agents=1,
        approve="safe", agent="command:bench", agent_timeout_ms=None, setup=(), share=(), scope=(), sources=(),
    )  # fmt: skip
    yield OracleAssessed(oracle=oracle.kind, testable=True, reason=None, checks=oracle.checks, signals=oracle.signals)
    yield GatesConfigured(gates=GATES, guards=())
    plan = built_in_plan(PROMPT, ())
    for task in plan:
        yield task
        yield TaskAccepted(task=task.task)
    yield GoalPlanned(tasks=tuple(task.task for task in plan))


GATES = gates_from_flags(["acceptance=make acceptance", "smoke=make smoke", "demo=make demo", "tests=pytest -q"])


def _run(dice: random.Random, attempt: int, tree: str) -> Iterator[tuple[str, Event]]:
    agent, controller = f"{EXECUTE}:{attempt}", "controller:bench"
    if attempt > 1:
        yield controller, TaskRetried(task=EXECUTE, attempt=attempt, reason="open: gate.tests")
    yield controller, TaskStarted(task=EXECUTE, attempt=attempt, worker=f"agent:{agent}")
    yield (
        controller,
        AgentStarted(
            agent=agent, task=EXECUTE, attempt=attempt, driver="command:bench", prompt=PROMPT, pid=4711, started="12345"
        ),
    )
    for number in range(1, STEPS_PER_RUN + 1):
        actor, tool = f"agent:{agent}", f"{attempt}-{number}"
        yield actor, AgentSaid(agent=agent, number=number, text=f"{number}: {WORDS}")
        yield actor, ToolCalled(tool=tool, agent=agent, name="shell", title=f"pytest -k case_{number}", pid=None, started=None)
        yield actor, ToolFinished(
            tool=tool, agent=agent, outcome="succeeded" if number % 9 else "failed", exit_code=0,
            duration_ms=dice.randrange(20, 9000), output=_output(dice),
        )  # fmt: skip
        if number % 4 == 0:
            new = f"{dice.getrandbits(160):040x}"
            path = f"src/module_{dice.randrange(300)}.py"
            change = Change(path=path, operation="modified", old_mode="100644", mode="100644", old="a" * 40, new=new)
            yield (
                controller,
                FilesChanged(
                    worktree="agent", task=EXECUTE, agent=agent, old=tree, tree=new, changes=(change,), unreadable=(), guarded=()
                ),
            )
            tree = new
        if number % 10 == 0:
            yield actor, UsageReported(
                report=attempt * STEPS_PER_RUN + number, agent=agent, active_ms=4000, tokens_in=900, tokens_out=200,
                tokens_cached=12_000, micro_usd=4100,
            )  # fmt: skip
    yield (
        actor,
        AgentFinished(
            agent=agent, task=EXECUTE, outcome="succeeded", exit_code=0, signal=None, duration_ms=90_000, output=_output(dice)
        ),
    )
    yield controller, TaskFinished(task=EXECUTE, attempt=attempt, tree=tree)
    yield from ((controller, one) for one in _judged(dice, attempt, tree))


def _judged(dice: random.Random, attempt: int, tree: str) -> Iterator[Event]:
    for gate in GATES:
        yield GateStarted(gate=gate.name, attempt=attempt, tree=tree, definition=gate.digest, pid=4712, started="12346")
        yield GateRan(
            gate=gate.name, attempt=attempt, outcome="passed" if gate.name != "tests" else "failed", tree=tree,
            definition=gate.digest, exit_code=0, signal=None, duration_ms=dice.randrange(500, 60_000),
            output=_output(dice), environment=("HOME", "LANG", "PATH"), reason=None,
        )  # fmt: skip
    for name in PASSES:
        yield ReviewStarted(review=name, attempt=attempt, tree=tree, base="0" * 40)
        yield ReviewPassed(review=name, attempt=attempt, tree=tree, base="0" * 40, summary="Nothing to object to.")


def _output(dice: random.Random) -> Output:
    return Output(digest=f"b2:{dice.getrandbits(256):064x}", size=dice.randrange(9999), left_out=0, preview="1 passed")
