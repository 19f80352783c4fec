"""One sensible event of each kind, from one story: a goal that lets a program greet by name."""

from omk.domain.event import Event, Output, kind_of
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import (
    AgentDied,
    AgentFinished,
    AgentSaid,
    AgentStarted,
    PermissionAnswered,
    PermissionAsked,
    ToolCalled,
    ToolFinished,
)
from omk.domain.subjects.budget import BudgetExhausted, BudgetExtended, BudgetSet, TaskBudgetSet, UsageReported
from omk.domain.subjects.controller import ControllerStarted, ControllerStopped
from omk.domain.subjects.delivery import (
    ChangeAccepted,
    ChangeMerged,
    ChangeRejected,
    MergeFailed,
    MergeStarted,
)
from omk.domain.subjects.gate import BreakerClosed, BreakerHalfOpened, BreakerOpened, GateRan, GatesConfigured, GateStarted
from omk.domain.subjects.goal import (
    DecisionRecorded,
    GoalBlocked,
    GoalCancelled,
    GoalConfigured,
    GoalCreated,
    GoalFailed,
    GoalForked,
    GoalPaused,
    GoalPlanned,
    GoalResumed,
    GoalUnblocked,
    OracleAssessed,
)
from omk.domain.subjects.landing import (
    Check,
    PullRequestChecked,
    PullRequestMerged,
    PullRequestMergeFailed,
    PullRequestMergeRequested,
)
from omk.domain.subjects.lease import LeaseExpired, LeaseRenewed, TaskClaimed
from omk.domain.subjects.policy import Needs, PolicyConfigured
from omk.domain.subjects.progress import GateScore, IterationMeasured, Objection, StagnationDetected
from omk.domain.subjects.proposal import TaskAccepted, TaskExcused, TaskProposed, TaskRejected
from omk.domain.subjects.publication import (
    BranchPushed,
    PullRequestFailed,
    PullRequestOpened,
    PullRequestRequested,
    PushFailed,
    PushStarted,
)
from omk.domain.subjects.review import (
    ReviewBlocked,
    ReviewErrored,
    ReviewNotApplicable,
    ReviewPassed,
    ReviewStarted,
    WaiverGranted,
)
from omk.domain.subjects.slice import Collision, OutsideTouched, SliceConflicted, SliceMended, SliceRecorded, WorkKept
from omk.domain.subjects.task import TaskFailed, TaskFinished, TaskRetried, TaskStarted
from omk.domain.subjects.verdict import ProofIssued, TextErased
from omk.domain.subjects.worktree import (
    CommitMade,
    FilesChanged,
    MergeConflicted,
    ScopeViolated,
    WorktreeClosed,
    WorktreeOpened,
    WorktreeRebased,
)
from omk.domain.values import Base, Change, Finding, GateDefinition, Guard, Repository

BEFORE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
AFTER = "9d2f1c0b8a7e6f5d4c3b2a190817263544536271"
MERGED = "1f2e3d4c5b6a79880716253443526170f9e8d7c6"
COMMIT = "7c1f6d0e5b4a39281706f5e4d3c2b1a098877665"
THEIRS = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
LANDED = "5e4d3c2b1a0f9e8d7c6b5a493827160514233241"
OLD_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
NEW_BLOB = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
WORK, GATE, WORKER = "goal-agent-execute", "tests", "goal-agent-execute:1"
DEFINED = "b2:6a9e1f0c2d3b4a5968778695a4b3c2d1e0f1021324354657687980a1b2c3d4e5"
PRINTED = "b2:0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"
VERDICT = "b2:c0ffee00112233445566778899aabbccddeeff00112233445566778899aabbcc"
HEAD = "b2:1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef"

REPOSITORY = Repository(id="r-4kq2vd7m", origin="https://example.org/hello.git", subdirectory="")
BASE = Base(branch="main", commit=COMMIT, tree=BEFORE)
GREETING = Change(path="hello.py", operation="modified", old_mode="100644", mode="100644", old=OLD_BLOB, new=NEW_BLOB)
OUTPUT = Output(digest=PRINTED, size=1840, left_out=0, preview="1 passed in 0.03s")
DEFINITION = GateDefinition(
    name=GATE,
    command=("python3 -m pytest -q",),
    shell=True,
    required=True,
    skipped=False,
    timeout_ms=600_000,
    proves=("regression",),
    source="flag",
    digest=DEFINED,
)

GOAL: tuple[Event, ...] = (
    GoalCreated(prompt="Let hello.py greet the name it is given.", repository=REPOSITORY, base=BASE),
    GoalConfigured(
        accept="manual",
        merge="manual",
        delivery="local",
        until_ready=True,
        max_attempts=3,
        max_agents=1,
        approve="safe",
        agent="command:./agent.sh",
        agent_timeout_ms=1_800_000,
        setup=("pip install -e .",),
        share=(".venv",),
        scope=("hello.py", "tests"),
        sources=("flag", "omk.toml"),
    ),
    OracleAssessed(oracle="bugfix", testable=True, reason=None, checks=("regression",), signals=("test",)),
    GoalPlanned(tasks=("goal-intake", "goal-plan", WORK)),
    GoalPaused(reason="The build machine is needed for a release."),
    GoalResumed(),
    GoalBlocked(on="human", code="goal.testable", reason="'better' cannot be tested."),
    DecisionRecorded(code="goal.testable", answer="It greets the first argument; without one, the world."),
    GoalUnblocked(on="human"),
    GoalCancelled(reason="Somebody else has done it."),
    GoalFailed(reason="The disk is full."),
    GoalForked(goal="g-7hk2m4qd", seq=41, head=HEAD, prompt="Let hello.py greet everybody it is given."),
)

TASK: tuple[Event, ...] = (
    TaskProposed(
        task=WORK,
        title="Do the work",
        description="Let hello.py greet the name it is given.",
        role="executor",
        dependencies=("goal-plan",),
        read_set=(),
        write_set=("hello.py", "tests"),
        risk="high",
        acceptance=("The goal is reached.",),
        priority=0,
        budget_seconds=1_800,
        source="planner",
    ),
    TaskAccepted(task=WORK),
    TaskRejected(task="push-to-main", code="task.paths", reason="It names git's own files."),
    TaskClaimed(task=WORK, worker="w-1", fence=1, lease_ends="2026-11-22T10:20:00.000000Z"),
    LeaseRenewed(task=WORK, fence=1, lease_ends="2026-11-22T10:25:00.000000Z"),
    LeaseExpired(task=WORK, fence=1),
    TaskStarted(task=WORK, attempt=1, worker="agent:goal-agent-execute:1"),
    TaskFinished(task=WORK, attempt=1, tree=AFTER),
    TaskFailed(task=WORK, attempt=1, reason="The agent ended failed with exit code 1."),
    TaskRetried(task=WORK, attempt=2, reason="open: gate.tests"),
    TaskExcused(task=WORK, reason="It only looks at what is there."),
)
POLICY: tuple[Event, ...] = (
    PolicyConfigured(
        lease_ms=300_000,
        planner=None,
        max_tasks=50,
        task_time_ms=900_000,
        task_tokens=None,
        task_micro_usd=None,
        gates_at_once=2,
        needs=(Needs(gate=GATE, gates=("lint",)),),
        rerun_failed=1,
        flaky="inconclusive",
        breaker_failures=5,
        breaker_recovery_ms=30_000,
        breaker_probes=1,
        stagnation_warmup=3,
        stagnation_window=5,
        stagnation_metrics=3,
        approve=("npm test*",),
        remote="origin",
    ),
)
COLLISION = Collision(path="hello.py", side="unsafe", reason="both sides say something else")
SLICE: tuple[Event, ...] = (
    SliceRecorded(
        task=WORK,
        attempt=1,
        fence=1,
        base=BEFORE,
        tree=AFTER,
        changes=(GREETING,),
        unreadable=(),
        outside=(),
    ),
    SliceMended(task=WORK, ours=MERGED, theirs=AFTER, collisions=(Collision(path="hello.py", side="safe", reason="blanks"),)),
    SliceConflicted(task=WORK, attempt=1, base=BEFORE, ours=MERGED, theirs=AFTER, collisions=(COLLISION,)),
    WorkKept(
        task=WORK,
        attempt=1,
        base=BEFORE,
        tree=AFTER,
        changes=(GREETING,),
        reason="The controller that announced this is gone.",
    ),
    OutsideTouched(agents=(WORKER,), where="checkout", paths=("setup.cfg",), total=1),
)

WORKTREE: tuple[Event, ...] = (
    WorktreeOpened(worktree="agent", number=1, purpose="agent", tree=BEFORE),
    FilesChanged(
        worktree="agent",
        task=WORK,
        agent=WORKER,
        old=BEFORE,
        tree=AFTER,
        changes=(GREETING,),
        unreadable=(),
        guarded=(),
    ),
    ScopeViolated(task=WORK, tree=AFTER, paths=("setup.cfg",)),
    CommitMade(commit=LANDED, tree=AFTER, parents=(COMMIT,), message="Greet the name that is given"),
    WorktreeRebased(base=Base(branch="main", commit=THEIRS, tree=MERGED), tree=MERGED, changes=(GREETING,)),
    MergeConflicted(theirs=THEIRS, tree=AFTER, paths=("hello.py",)),
    WorktreeClosed(worktree="agent", number=1),
)

AGENT: tuple[Event, ...] = (
    AgentStarted(
        agent=WORKER,
        task=WORK,
        attempt=1,
        driver="command:./agent.sh",
        prompt="Let hello.py greet the name it is given.",
        pid=4711,
        started="1188213",
    ),
    AgentSaid(agent=WORKER, number=1, text="I will read hello.py first."),
    ToolCalled(tool="call-1", agent=WORKER, name="edit", title="Edit hello.py", pid=None, started=None),
    ToolFinished(tool="call-1", agent=WORKER, outcome="succeeded", exit_code=None, duration_ms=40, output=None),
    PermissionAsked(permission="ask-1", agent=WORKER, tool="call-2", action="delete", title="Run rm -r build"),
    PermissionAnswered(permission="ask-1", agent=WORKER, answer="refused", rule="safe: nobody can be asked"),
    AgentFinished(agent=WORKER, task=WORK, outcome="succeeded", exit_code=0, signal=None, duration_ms=61_200, output=OUTPUT),
    AgentDied(agent=WORKER, task=WORK, reason="Its process is gone."),
)

GATES: tuple[Event, ...] = (
    GatesConfigured(gates=(DEFINITION,), guards=(Guard(path="omk.toml", blob=OLD_BLOB),)),
    GateStarted(gate=GATE, attempt=1, tree=AFTER, definition=DEFINED, pid=4712, started="1188950"),
    GateRan(
        gate=GATE,
        attempt=1,
        outcome="passed",
        tree=AFTER,
        definition=DEFINED,
        exit_code=0,
        signal=None,
        duration_ms=1_350,
        output=OUTPUT,
        environment=("HOME", "OMK_INSIDE", "PATH"),
        reason=None,
    ),
    BreakerOpened(gate=GATE, failures=5, until="2026-11-22T10:30:00.000000Z"),
    BreakerHalfOpened(gate=GATE, probes=1),
    BreakerClosed(gate=GATE),
)

REVIEW: tuple[Event, ...] = (
    ReviewStarted(review="code", attempt=1, tree=AFTER, base=BEFORE),
    ReviewPassed(review="code", attempt=1, tree=AFTER, base=BEFORE, summary="1 changed file, nothing to object to."),
    ReviewBlocked(
        review="security",
        attempt=1,
        tree=AFTER,
        base=BEFORE,
        summary="A secret is in the change.",
        findings=(Finding(path="hello.py", line=3, code="secret.aws"),),
        total=1,
    ),
    ReviewErrored(review="test", attempt=1, tree=AFTER, base=BEFORE, reason="The difference could not be read."),
    ReviewNotApplicable(review="performance", attempt=1, tree=AFTER, base=BEFORE, reason="Nothing here is measured."),
    WaiverGranted(code="review.security", tree=AFTER, reason="It is a made-up key of the documentation."),
)

BUDGET: tuple[Event, ...] = (
    BudgetSet(time_ms=3_600_000, tokens=2_000_000, micro_usd=None),
    UsageReported(
        report=1,
        agent=WORKER,
        active_ms=61_200,
        tokens_in=12_000,
        tokens_out=1_800,
        tokens_cached=9_000,
        micro_usd=54_000,
    ),
    BudgetExhausted(dimension="time", limit=3_600_000, used=3_604_000),
    BudgetExtended(time_ms=600_000, tokens=0, micro_usd=0),
    TaskBudgetSet(task=WORK, time_ms=1_200_000, tokens=200_000, micro_usd=None),
)

DELIVERY: tuple[Event, ...] = (
    ChangeAccepted(tree=AFTER, summary="It greets by name, and the tests say so."),
    ChangeRejected(tree=AFTER, reason="It greets twice."),
    MergeStarted(attempt=1, branch="main", before=COMMIT, commit=LANDED, tree=AFTER),
    ChangeMerged(attempt=1, branch="main", before=COMMIT, commit=LANDED, tree=AFTER),
    MergeFailed(attempt=1, branch="main", reason="hello.py has local changes."),
)

PROGRESS: tuple[Event, ...] = (
    IterationMeasured(
        iteration=8,
        tree=AFTER,
        passed=0,
        total=1,
        gates=(GateScore(gate=GATE, required=True, outcome="failed"),),
        objections=(Objection(review="security", codes=("secret.aws",)),),
        owed=("gate.tests", "review.security"),
        trees=0,
        files=0,
        paths=None,
        tokens=13_800,
        output=PRINTED,
        likeness=987,
    ),
    StagnationDetected(
        cause="external_dependency_broken",
        confidence=100,
        attempts=8,
        metrics=("proof_score", "commit_velocity", "gate_pass_rate"),
        strategy="escalate_to_human",
        reason="In the last 5 iterations proof_score, commit_velocity, gate_pass_rate stood still.",
    ),
)

URL = "https://example.org/hello/pull/7"
PUBLICATION: tuple[Event, ...] = (
    PushStarted(attempt=1, remote="origin", branch="omk/greet", commit=LANDED, tree=AFTER, base=COMMIT, expected=None),
    BranchPushed(attempt=1, remote="origin", branch="omk/greet", commit=LANDED),
    PushFailed(attempt=1, remote="origin", branch="omk/greet", reason="Somebody else pushed to omk/greet."),
    PullRequestRequested(
        attempt=1, url=None, head="omk/greet", commit=LANDED, into="main", draft=True, title="Greet the name that is given"
    ),
    PullRequestOpened(attempt=1, url=URL),
    PullRequestFailed(attempt=1, reason="gh is not signed in."),
    PullRequestChecked(url=URL, commit=LANDED, outcome="passed", checks=(Check(name="tests / linux", outcome="pass"),)),
    PullRequestMergeRequested(attempt=1, url=URL, commit=LANDED, tree=AFTER, into="main", before=COMMIT),
    PullRequestMerged(attempt=1, url=URL, commit=LANDED, tree=AFTER),
    PullRequestMergeFailed(attempt=1, url=URL, reason="Somebody asked for changes."),
)

REST: tuple[Event, ...] = (
    ProofIssued(status="not_ready", rules=1, verdict=VERDICT, tree=AFTER, seq=40),
    TextErased(seq=12, paths=("text",), reason="A password was in it."),
    ControllerStarted(
        controller="c-2n8v",
        pid=4700,
        started="1187000",
        steps=("execute", "verify", "review"),
        max_attempts=3,
        resumes=None,
        version="0.6.0",
    ),
    ControllerStopped(controller="c-2n8v", reason="everything asked for is done"),
    EffectAborted(obligation="gate:tests:1", reason="The controller that announced this is gone."),
)

ALL = (GOAL, POLICY, TASK, WORKTREE, SLICE, AGENT, GATES, REVIEW, BUDGET, DELIVERY, PUBLICATION, PROGRESS, REST)
EXAMPLES: dict[str, Event] = {kind_of(event): event for part in ALL for event in part}
"""An event of each kind, by its stored name; free text still in words."""
