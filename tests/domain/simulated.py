"""A controller without a world: it answers every wanted effect with what a script says, and performs nothing."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from omk.domain.effects import (
    AcceptByPolicy,
    AwaitBreaker,
    AwaitChecks,
    BeginTask,
    Effect,
    EndTask,
    MakePlan,
    MakeReview,
    MeasurePass,
    MergeByPolicy,
    MergePullRequest,
    MergeSlice,
    OpenPullRequest,
    RunAgent,
    RunGate,
    RunPlanner,
    StopLoop,
    TryAgain,
)
from omk.domain.event import Command
from omk.domain.measuring import MeasureIteration, stagnation_of
from omk.domain.plan import PLAN
from omk.domain.subjects.agent import AgentFinished, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.delivery import AUTO, ChangeMerged, FinishMerge, MergeStarted, StartMerge
from omk.domain.subjects.gate import GateRan, GateStarted, HalfOpenBreaker, RecordGate, StartGate
from omk.domain.subjects.landing import (
    FinishLanding,
    PullRequestChecked,
    PullRequestMerged,
    PullRequestMergeRequested,
    RecordChecks,
    RequestLanding,
)
from omk.domain.subjects.progress import DetectStagnation
from omk.domain.subjects.publication import (
    BranchPushed,
    FinishPush,
    PullRequestOpened,
    PullRequestRequested,
    PushStarted,
    RecordPullRequest,
    RequestPullRequest,
    StartPush,
)
from omk.domain.subjects.review import RecordReview, ReviewPassed, ReviewStarted, StartReview
from omk.domain.subjects.task import CONTROLLER, FailTask, FinishTask, RetryTask, StartTask
from omk.domain.subjects.worktree import FilesChanged, RecordFiles
from omk.domain.wanted import ASK, Ask, wanted
from tests.scenario import BOT, Story, accept, change, plan, some, tree

LONGEST = 200
"""Effects after which a controller that does not come to an end has failed the test."""


class Simulated:
    """What the world answers: per attempt an agent's outcome and whether it changes files, and a gate's outcome."""

    def __init__(
        self,
        *,
        agent: Callable[[int], str] = lambda _: "succeeded",
        writes: Callable[[int], bool] = lambda _: True,
        gate: Callable[[str, int], str] = lambda *_: "passed",
        review: type[Any] = ReviewPassed,
    ) -> None:
        self.agent, self.writes, self.gate, self.review = agent, writes, gate, review
        self.likeness: int | None = None
        self.performed: list[Effect] = []

    def drive(self, story: Story) -> Story:
        """Carry out what is wanted until nothing is."""
        while effects := wanted(story.state):
            assert len(self.performed) < LONGEST, f"no end: {effects[0]} again and again"
            story = self.perform(story, effects[0])
        return story

    def perform(self, story: Story, effect: Effect) -> Story:
        """Carry out one effect."""
        self.performed.append(effect)
        for step in self.steps(story, effect):
            story = story.given(step)
        return story

    def steps(self, story: Story, effect: Effect) -> list[Command]:  # noqa: C901, PLR0911 - one arm per effect
        """The commands that a controller sends for an effect."""
        match effect:
            case RunAgent(task=task, attempt=attempt):
                return self.work(story, task, attempt)
            case RunGate(gate=name, attempt=attempt):
                return self._gate(story, name, attempt)
            case AwaitBreaker(gate=name, until=until):
                probes = story.state.policy.breaker_probes
                return [HalfOpenBreaker(actor=BOT, gate=name, now=until, probes=probes)]
            case MakeReview(review=name, attempt=attempt):
                return self._review(story, name, attempt)
            case AcceptByPolicy():
                return [replace(accept(actor=AUTO), tree=story.state.worktree.tree)]
            case MergeByPolicy():
                return _merge(story)
            case MakePlan():
                return [plan()]
            case RunPlanner(attempt=attempt):
                return self.propose(attempt)
            case MergeSlice():
                raise AssertionError("a world in which one works after the other has no slices")
            case MeasurePass() | StopLoop():
                return self._loop(story, effect)
            case BeginTask() | EndTask() | TryAgain():
                return _task(story, effect)
            case OpenPullRequest() | AwaitChecks() | MergePullRequest():
                return _publish(story, effect)

    def work(self, story: Story, task: str, attempt: int) -> list[Command]:
        """An agent works on the task."""
        agent, outcome = f"{task}:{attempt}", self.agent(attempt)
        started = some(AgentStarted, agent=agent, task=task, attempt=attempt)
        finished: Any = some(AgentFinished, agent=agent, task=task, outcome=outcome)
        after = tree(f"{agent} wrote") if self.writes(attempt) else story.state.worktree.tree
        before = story.state.worktree.paths.get("hello.py")
        changes = (change("hello.py", f"attempt {attempt}", "old"),) if self.writes(attempt) else ()
        assert before is None or before.old == tree("old")
        changed = some(FilesChanged, task=task, old=story.state.worktree.tree, tree=after, changes=changes)
        end: Command = FinishTask(actor=BOT, task=task, attempt=attempt, tree=after)
        if outcome != "succeeded":
            end = FailTask(actor=BOT, task=task, attempt=attempt, reason=outcome)
        return [
            StartTask(actor=BOT, task=task, worker=agent),
            StartAgent(actor=BOT, started=started),
            FinishAgent(actor=f"agent:{agent}", finished=finished),
            RecordFiles(actor=BOT, changed=changed),
            end,
        ]

    def _loop(self, story: Story, effect: MeasurePass | StopLoop) -> list[Command]:
        if isinstance(effect, MeasurePass):
            return [MeasureIteration(actor=BOT, likeness=self.likeness)]
        found = stagnation_of(story.state)
        return [DetectStagnation(actor=BOT, detected=found)] if found else []

    def propose(self, attempt: int) -> list[Command]:
        """A planner proposes nothing of use."""
        started = some(AgentStarted, agent=f"{PLAN}:{attempt}", task=PLAN, attempt=attempt)
        finished: Any = some(AgentFinished, agent=started.agent, task=PLAN, outcome=self.agent(attempt))
        return [StartAgent(actor=BOT, started=started), FinishAgent(actor=f"agent:{started.agent}", finished=finished), plan()]

    def _gate(self, story: Story, name: str, attempt: int) -> list[Command]:
        digest, now = story.state.gate.by_name[name].definition.digest, story.state.worktree.tree
        started = some(GateStarted, gate=name, attempt=attempt, tree=now, definition=digest)
        said: Any = self.gate(name, attempt)
        ran = some(GateRan, gate=name, attempt=attempt, tree=now, definition=digest, outcome=said)
        return [StartGate(actor=BOT, started=started), RecordGate(actor=BOT, ran=ran)]

    def _review(self, story: Story, name: Any, attempt: int) -> list[Command]:
        files = story.state.worktree
        where: Any = {"review": name, "attempt": attempt, "tree": files.tree, "base": files.base and files.base.tree}
        verdict = some(self.review, **where)
        return [StartReview(actor=BOT, started=some(ReviewStarted, **where)), RecordReview(actor=BOT, verdict=verdict)]


def _task(story: Story, effect: BeginTask | EndTask | TryAgain) -> list[Command]:
    task, attempt = effect.task, story.state.task[effect.task].attempts
    match effect:
        case BeginTask():
            again = RetryTask(actor=BOT, task=task, reason="asked for again")
            return [again, StartTask(actor=BOT, task=task, worker=CONTROLLER)]
        case EndTask(gaps=()):
            return [FinishTask(actor=BOT, task=task, attempt=attempt)]
        case EndTask(gaps=gaps):
            return [FailTask(actor=BOT, task=task, attempt=attempt, reason=", ".join(gaps))]
        case TryAgain(gaps=gaps):
            return [RetryTask(actor=BOT, task=task, reason=", ".join(gaps))]


def _publish(story: Story, effect: OpenPullRequest | AwaitChecks | MergePullRequest) -> list[Command]:
    """A remote where all goes well at once."""
    files, published = story.state.worktree, story.state.publication
    match effect:
        case OpenPullRequest(tree=now):
            pushes, asked, commit = published.pushes + 1, published.pull_requests + 1, tree(f"commit of {now}")
            base = files.base.commit if files.base else ""
            return [
                StartPush(actor=BOT, started=some(PushStarted, attempt=pushes, commit=commit, tree=now, base=base)),
                FinishPush(actor=BOT, answer=some(BranchPushed, attempt=pushes, commit=commit)),
                RequestPullRequest(actor=BOT, requested=some(PullRequestRequested, attempt=asked, commit=commit)),
                RecordPullRequest(actor=BOT, answer=some(PullRequestOpened, attempt=asked)),
            ]
        case AwaitChecks(commit=commit):
            return [RecordChecks(actor=BOT, checked=some(PullRequestChecked, commit=commit))]
        case MergePullRequest(commit=commit):
            merge = story.state.landing.merges + 1
            requested = some(PullRequestMergeRequested, attempt=merge, commit=commit, tree=files.tree)
            return [
                RequestLanding(actor=BOT, requested=requested),
                FinishLanding(actor=BOT, answer=some(PullRequestMerged, attempt=merge, tree=files.tree)),
            ]


def _merge(story: Story) -> list[Command]:
    now, attempt = story.state.worktree.tree, story.state.delivery.merges + 1
    started = some(MergeStarted, attempt=attempt, tree=now)
    merged = some(ChangeMerged, attempt=attempt, tree=now)
    return [StartMerge(actor=BOT, started=started), FinishMerge(actor=BOT, answer=merged)]


def reviewing_first() -> tuple[Ask, ...]:
    """What is asked for, by a controller that makes the reviews before it runs the gates."""
    names = [row.step for row in ASK]
    first, second = names.index("verify"), names.index("review")
    rows = list(ASK)
    rows[first], rows[second] = rows[second], rows[first]
    return tuple(rows)
