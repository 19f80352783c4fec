"""Given, when, then: a goal's history, told in commands and events, through the real decider and the real fold.

goal.given(CREATED).when(PauseGoal(actor=ANN)).then(GoalPaused(reason=None))
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import msgspec
import pytest
from msgspec.structs import replace

from omk.domain.causes import causes_of
from omk.domain.event import Command, Event, Recorded
from omk.domain.goal_decider import PlanGoal, decide
from omk.domain.instant import EPOCH, MICROSECOND
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.proof.proof import GoalProof, prove
from omk.domain.proof.standing import judge
from omk.domain.state import INITIAL, GoalState, evolve
from omk.domain.subjects.agent import AgentFinished, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.controller import ControllerStarted, StartController, StopController
from omk.domain.subjects.delivery import AcceptChange
from omk.domain.subjects.gate import ConfigureGates, GateRan, GatesConfigured, GateStarted, RecordGate, StartGate
from omk.domain.subjects.goal import CreateGoal, GoalConfigured, GoalCreated, OracleAssessed
from omk.domain.subjects.lease import ClaimTask
from omk.domain.subjects.policy import ConfigurePolicy, Policy, PolicyConfigured
from omk.domain.subjects.review import RecordReview, ReviewPassed, ReviewStarted, StartReview
from omk.domain.subjects.task import FinishTask, StartTask
from omk.domain.subjects.worktree import FilesChanged, RecordFiles
from omk.domain.values import PASSES, Base, Change, GateDefinition
from omk.domain.work_decider import LandSlice, RecordWork
from omk.errors import Refused
from tools.examples import DEFINITION, EXAMPLES

GOAL, ANN, BOT, AGENT = "g-7hk2m4qd", "person:ann", "controller:c-1", "agent:goal-agent-execute:1"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Kind = TypeVar("Kind", bound=Event)
Step = Command | Event


def time(seconds: float = 0) -> str:
    """The time so long after the story began."""
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(count: int) -> str:
    """The time of so many microseconds since 1970 began."""
    return (EPOCH + count * MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def tree(name: str) -> str:
    """A tree id (or commit, or blob id) that goes by a name."""
    return hashlib.blake2b(name.encode(), digest_size=20).hexdigest()


def some(kind: type[Kind], **fields: Any) -> Kind:
    """The example event of a kind, with other fields."""
    example = EXAMPLES[str(kind.__struct_config__.tag)]
    assert isinstance(example, kind)
    return replace(example, **fields)


def record(event: object, state: GoalState, *, actor: str = BOT, at: str | None = None) -> Recorded:
    """The envelope of an event that follows *state*."""
    causes = causes_of(event, state, actor) if isinstance(event, Event) else (state.seq,)
    seq = state.seq + 1
    when = max(at or time(seq), state.at)
    sealed = msgspec.json.encode([GOAL, seq, when, actor, causes, state.head, repr(event)])
    digest = "b2:" + hashlib.blake2b(sealed, digest_size=32).hexdigest()
    return Recorded(goal=GOAL, seq=seq, at=when, actor=actor, causes=causes, prev=state.head, event=event, digest=digest)


class Story:
    """A goal so far: its records, its state, and what the last command brought about or why it was refused."""

    def __init__(
        self,
        records: tuple[Recorded, ...] = (),
        state: GoalState = INITIAL,
        new: tuple[Recorded, ...] = (),
        refusal: Refused | None = None,
    ) -> None:
        self.state: Any = state  # a test knows which parts are there
        self.records, self.new, self.refusal = records, new, refusal

    def given(self, *steps: "Step | tuple[Step, ...]") -> "Story":
        """What happened before: commands, which must not be refused, and events, taken as they are."""
        story = self
        for step in steps:
            if isinstance(step, tuple):
                story = story.given(*step)
            elif isinstance(step, Command):
                story = story.when(step)
                assert story.refusal is None, f"{step} was refused: {story.refusal}"
            else:
                story = story._add((step,), BOT)
        return story

    def when(self, command: Command) -> "Story":
        """Ask for one command; a refusal is kept for `then_refused`."""
        try:
            events = decide(command, self.state)
        except Refused as refusal:
            return Story(self.records, self.state, refusal=refusal)
        return self._add(events, command.actor)

    def _add(self, events: Any, actor: str) -> "Story":
        state, new = self.state, []
        for event in events:
            new.append(record(event, state, actor=actor))
            state = evolve(state, new[-1])
        return Story((*self.records, *new), state, tuple(new))

    def then(self, *events: Event) -> "Story":
        """Exactly these events were recorded."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert tuple(one.event for one in self.new) == events
        return self

    def then_nothing(self) -> "Story":
        """All was known already."""
        return self.then()

    def then_refused(self, because: str) -> "Story":
        """The command was refused, with a sentence that has these words."""
        if self.refusal is None:
            pytest.fail(f"not refused, but recorded {[one.event for one in self.new]}")
        assert because in str(self.refusal)
        assert str(self.refusal)[-1] != " "
        return self

    @property
    def proof(self) -> GoalProof:
        """The verdict on the goal as it is now."""
        judged = judge(self.records)
        return prove(judged.state, judged.standing)

    @property
    def gaps(self) -> tuple[str, ...]:
        """The codes of the open gaps."""
        return tuple(gap.code for gap in self.proof.gaps)

    def gap(self, code: str) -> Any:
        """The gap of that code."""
        return next(gap for gap in self.proof.gaps if gap.code == code)


goal = Story()

# --- Commands that tell a usual story ---

BASE = Base(branch="main", commit=tree("commit"), tree=tree("base"))


def create(*, testable: bool = True, checks: tuple[str, ...] = (), **settings: Any) -> CreateGoal:
    """Create the goal, as `--accept manual` with one attempt unless *settings* say otherwise."""
    usual: dict[str, Any] = {"until_ready": False, "max_attempts": 1, "scope": ()}
    reason = None if testable else "'better' cannot be tested."
    return CreateGoal(
        actor=ANN,
        created=some(GoalCreated, base=BASE),
        configured=some(GoalConfigured, **{**usual, **settings}),
        assessed=some(OracleAssessed, testable=testable, checks=checks, reason=reason),
    )


def gate_named(name: str = "tests", **fields: Any) -> GateDefinition:
    """A required gate; its digest goes by *version*."""
    version = fields.pop("version", "1")
    digest = "b2:" + hashlib.blake2b(f"{name} {version}".encode(), digest_size=32).hexdigest()
    return replace(DEFINITION, **{"name": name, "proves": (), "digest": digest, **fields})


def gates(*definitions: GateDefinition) -> ConfigureGates:
    """Configure these gates."""
    return ConfigureGates(actor=BOT, configured=GatesConfigured(gates=definitions, guards=()))


def policy(**fields: Any) -> ConfigurePolicy:
    """The policy of a goal that was never given one, but for *fields*."""
    usual = {name: getattr(Policy(), name) for name in PolicyConfigured.__struct_fields__}
    return ConfigurePolicy(actor=BOT, configured=PolicyConfigured(**{**usual, **fields}))


def plan(scope: tuple[str, ...] = ()) -> PlanGoal:
    """Take the built-in plan."""
    return PlanGoal(actor=BOT, tasks=built_in_plan("Let hello.py greet the name it is given.", scope))


def two_tasks() -> PlanGoal:
    """A plan with two implementing tasks, t1 and t2."""
    usual = built_in_plan("Do it twice.", ())
    work = next(one for one in usual if one.task == EXECUTE)
    rest = [one for one in usual if one.task in {"goal-intake", "goal-plan"}]
    return PlanGoal(actor=BOT, tasks=(*rest, replace(work, task="t1"), replace(work, task="t2")))


WRITES = {"t1": ("a",), "t2": ("b",), "t3": ("a/deep",)}
"""What the tasks of a plan of three may write: t3 is in the way of t1, and t2 of nobody."""


def three_tasks(**fields: Any) -> PlanGoal:
    """A plan with three implementing tasks that declare what they write; *fields* are those of a task, by its name."""
    usual = built_in_plan("Do it three times.", ())
    work = next(one for one in usual if one.task == EXECUTE)
    rest = [one for one in usual if one.task in {"goal-intake", "goal-plan"}]
    own = [replace(work, **{"task": name, "write_set": paths, **fields.get(name, {})}) for name, paths in WRITES.items()]
    return PlanGoal(actor=BOT, tasks=(*rest, *own))


def claim(task: str, *, now: float = 0, seconds: float = 1000, worker: str | None = None) -> ClaimTask:
    """Somebody takes the task for so many seconds."""
    return ClaimTask(actor=BOT, task=task, worker=worker or f"agent:{task}", now=time(now), lease_ends=time(now + seconds))


def left(task: str, old: str, new: str, *changes: Change, attempt: int = 1, fence: int = 1, **fields: Any) -> RecordWork:
    """What an attempt at the task left; its change is a file of the task's unless given."""
    own = changes or (change(f"{WRITES[task][0]}/{task}.txt", f"{task} {attempt}", None),)
    beyond = fields.pop("outside", ())
    changed = some(FilesChanged, task=task, agent=f"{task}:{attempt}", old=tree(old), tree=tree(new), changes=own, **fields)
    return RecordWork(actor=BOT, changed=changed, attempt=attempt, fence=fence, outside=beyond)


def landing(task: str, old: str, new: str, *changes: Change) -> LandSlice:
    """The slice of the task becomes part of the goal's tree."""
    return LandSlice(actor=BOT, changed=left(task, old, new, *changes).changed)


def order(*steps: Any, name: str = "c-1", max_attempts: int = 1, **fields: Any) -> StartController:
    """A controller takes the goal, to carry out *steps*."""
    started = some(
        ControllerStarted,
        controller=name,
        steps=steps or ("execute", "verify", "review", "accept", "merge"),
        max_attempts=max_attempts,
        **fields,
    )
    return StartController(actor=f"controller:{name}", started=started, alive=False)


def let_go(name: str = "c-1") -> StopController:
    """The controller lets the goal go."""
    return StopController(actor=f"controller:{name}", controller=name, reason="done")


def change(path: str, new: str | None = "new", old: str | None = "old", mode: str | None = "100644") -> Change:
    """A changed path; contents go by a name, None is absent."""
    operation: Any = "deleted" if new is None else "added" if old is None else "modified"
    modes = {"old_mode": "100644" if old else None, "mode": mode if new else None}
    return Change(path=path, operation=operation, **modes, old=old and tree(old), new=new and tree(new))


def work(task: str = EXECUTE, attempt: int = 1, outcome: Any = "succeeded") -> tuple[Command, ...]:
    """An agent works on the task and its process ends; files and task are still to be recorded."""
    agent = f"{task}:{attempt}"
    started = some(AgentStarted, agent=agent, task=task, attempt=attempt)
    code = 0 if outcome == "succeeded" else 1
    finished = some(AgentFinished, agent=agent, task=task, outcome=outcome, exit_code=code)
    return (
        StartTask(actor=BOT, task=task, worker=agent),
        StartAgent(actor=BOT, started=started),
        FinishAgent(actor=f"agent:{agent}", finished=finished),
    )


def files(old: str, new: str, *changes: Change, task: str | None = EXECUTE, **fields: Any) -> RecordFiles:
    """The content became tree *new*; changes are `hello.py` unless given."""
    outside = fields.pop("outside", ())
    changed = some(FilesChanged, task=task, old=tree(old), tree=tree(new), changes=changes or (change("hello.py"),), **fields)
    return RecordFiles(actor=BOT, changed=changed, outside=outside)


def done(task: str = EXECUTE, attempt: int = 1, at: str = "done") -> FinishTask:
    """The task's attempt went well."""
    return FinishTask(actor=BOT, task=task, attempt=attempt, tree=tree(at))


def gate_run(name: str = "tests", outcome: Any = "passed", *, at: str = "done", attempt: int = 1, **fields: Any) -> Any:
    """A gate runs to its end on tree *at*."""
    digest = fields.pop("definition", gate_named(name).digest)
    started = some(GateStarted, gate=name, attempt=attempt, tree=tree(at), definition=digest)
    code = {"passed": 0, "failed": 1}.get(outcome)
    ran = some(GateRan, gate=name, attempt=attempt, tree=tree(at), definition=digest, outcome=outcome, exit_code=code, **fields)
    return StartGate(actor=BOT, started=started), RecordGate(actor=BOT, ran=ran)


def review_run(name: Any, verdict: type[Event] = ReviewPassed, *, at: str = "done", attempt: int = 1, **fields: Any) -> Any:
    """A review pass is made on tree *at*."""
    base = fields.pop("base", "base")
    where: dict[str, Any] = {"review": name, "attempt": attempt, "tree": tree(at), "base": tree(base)}
    said: Any = some(verdict, **where, **fields)
    return StartReview(actor=BOT, started=some(ReviewStarted, **where)), RecordReview(actor=BOT, verdict=said)


def reviews(at: str = "done", attempt: int = 1, base: str = "base") -> tuple[Step, ...]:
    """All six passes hold on tree *at*."""
    return tuple(step for name in PASSES for step in review_run(name, at=at, attempt=attempt, base=base))


def accept(at: str = "done", actor: str = ANN) -> AcceptChange:
    """Accept tree *at*."""
    return AcceptChange(actor=actor, tree=tree(at), summary="It greets by name.")


CREATED: tuple[Step, ...] = (create(), gates(gate_named()), plan())
WORKED: tuple[Step, ...] = (*CREATED, *work(), files("base", "done"), done())
PROVEN: tuple[Step, ...] = (*WORKED, *gate_run(), *reviews())
READY: tuple[Step, ...] = (*PROVEN, accept())
"""From creation to ready, with one gate and one agent."""
