"""What happens while a goal is worked on: a controller carries out what is wanted, and this world answers it."""

from typing import Any

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
from omk.domain.goal_decider import PlanGoal
from omk.domain.oracle import assess
from omk.domain.plan import built_in_plan
from omk.domain.subjects.agent import (
    AgentStarted,
    StartAgent,
)
from omk.domain.subjects.budget import BudgetSet, SetBudget
from omk.domain.subjects.controller import AbortEffect, ControllerStarted, StartController, StopController
from omk.domain.subjects.delivery import AUTO, AcceptChange
from omk.domain.subjects.gate import ConfigureGates, GateRan, GatesConfigured, GateStarted, RecordGate, StartGate
from omk.domain.subjects.goal import CreateGoal, GoalConfigured, GoalCreated, OracleAssessed
from omk.domain.subjects.review import (
    RecordReview,
    ReviewBlocked,
    ReviewErrored,
    ReviewNotApplicable,
    ReviewPassed,
    ReviewStarted,
    StartReview,
)
from omk.domain.subjects.task import CONTROLLER, FailTask, FinishTask, RetryTask, StartTask
from omk.domain.subjects.worktree import CloseWorktree
from omk.domain.values import Finding
from omk.domain.wanted import wanted
from tests.lake.told.setting import base
from tests.lake.told.teller import Halt
from tests.lake.told.work import Work

ALL: Any = ("plan", "execute", "verify", "review", "accept", "merge")
SECONDS = {"lint": 4, "types": 15, "tests": 60, "build": 40, "smoke": 12, "docs": 20, "bench": 90}
ENVIRONMENT = ("HOME", "LANG", "PATH")


class World(Work):
    """A goal, and what its agent, gates and reviews do in each attempt (`turns`; the last one goes on)."""

    flaky: str | None = None
    seen: frozenset[str] = frozenset()

    # --- The goal and its controllers ---

    def begin(self, *, until: int = 1, vague: bool = False, budget: BudgetSet | None = None, **gates: bool) -> None:
        """A person asks for something."""
        here, person, kind = self.setting, self.setting.person, self.setting.kind
        prompt = "Make it better" if vague else self.say(f"prompt {kind}")
        self.prompt = prompt
        oracle = assess(prompt, None if vague else kind)
        accept, merge, delivery = self.policy
        settings = GoalConfigured(
            accept=accept, merge=merge, delivery=delivery, until_ready=until > 1, max_attempts=until, max_agents=1,
            approve="safe", agent=here.driver, agent_timeout_ms=1_800_000, setup=(), share=(), scope=self.scope,
            sources=("omk.toml",),
        )  # fmt: skip
        assessed = OracleAssessed(
            oracle=oracle.kind, testable=oracle.testable, reason=oracle.reason, checks=oracle.checks, signals=oracle.signals
        )
        created = GoalCreated(prompt=prompt, repository=here.repository, base=base(self.dice))
        self.tell(CreateGoal(actor=person, created=created, configured=settings, assessed=assessed))
        if budget is not None:
            self.tell(SetBudget(actor=person, limits=budget))
        configured = GatesConfigured(gates=here.gates(**gates), guards=here.guards)
        self.tell(ConfigureGates(actor=person, configured=configured))

    policy: tuple[Any, Any, Any] = ("manual", "manual", "local")
    scope: tuple[str, ...] = ()
    prompt = ""

    def control(self, steps: Any = ALL, *, attempts: int = 1, resumes: str | None = None) -> None:
        """A controller takes the goal and carries out what is wanted."""
        self.controller = f"controller-{self.hex(12)}"
        started = ControllerStarted(
            controller=self.controller, pid=self._pid(), started=str(self._pid()), steps=steps, max_attempts=attempts,
            resumes=resumes, version="0.6.0",
        )  # fmt: skip
        self.tell(StartController(actor=self.by, started=started, alive=False), self.about(2))
        try:
            while effects := wanted(self.state):
                self._perform(effects[0])
        except Halt:
            self.wind_down(self.by)
        self.due = None
        self.let_go("done")

    def let_go(self, reason: str) -> None:
        """The controller ends, and says what the goal is worth."""
        self._close(self.by)
        self.tell(StopController(actor=self.by, controller=self.controller, reason=reason))
        self.prove(self.by)

    def wind_down(self, by: str, *, lost: bool = False) -> None:
        """End what is open: an agent is stopped and its files are kept; of a *lost* one nobody heard any more."""
        for kind in ("permission", "tool", "agent"):
            for name in self.open(kind):
                task = name.partition(":")[0]
                if kind == "agent" and not lost:
                    self._agent_ends(name, task, "stopped")
                    self._usage(name)
                    self._write(name, task, self._chosen(1))
                else:
                    self.tell(AbortEffect(actor=by, obligation=f"{kind}:{name}", reason=self.say("summary")))
        for kind in ("gate", "review", "merge", "task"):
            for name in self.open(kind):
                self.tell(AbortEffect(actor=by, obligation=f"{kind}:{name}", reason=self.say("summary")))

    def _close(self, by: str) -> None:
        for name in sorted({one.worktree for one in self.state.worktree.open_worktrees.values()}):
            self.tell(CloseWorktree(actor=by, worktree=name))

    # --- What is wanted, and done ---

    def _perform(self, effect: Effect) -> None:  # noqa: C901 - one arm per effect
        match effect:
            case MakePlan():
                self.tell(PlanGoal(actor=self.by, tasks=built_in_plan(self.prompt, self.scope)), 0.02)
            case RunAgent(task=task, attempt=attempt):
                self._work(task, attempt)
            case RunGate(gate=name, attempt=attempt):
                self._gate(name, attempt)
            case MakeReview(review=name, attempt=attempt):
                self._review(name, attempt)
            case BeginTask(task=task):
                self.tell(RetryTask(actor=self.by, task=task, reason="asked for again"))
                self.tell(StartTask(actor=self.by, task=task, worker=CONTROLLER))
            case EndTask(task=task, gaps=gaps):
                self._end_task(task, gaps)
            case TryAgain(task=task, gaps=gaps):
                self.tell(RetryTask(actor=self.by, task=task, reason=f"open: {', '.join(gaps)}"))
            case AcceptByPolicy():
                self.tell(AcceptChange(actor=AUTO, tree=self.state.worktree.tree, summary="All rules hold."))
            case MergeByPolicy():
                self.merge(self.by)
            case MergeSlice() | AwaitBreaker() | RunPlanner() | AwaitChecks() | MergePullRequest():
                raise AssertionError("a world in which one works after the other has no slices, and breakers are only told")
            case MeasurePass() | StopLoop():
                raise AssertionError("a world whose policy has no window measures nothing")
            case OpenPullRequest():
                self.ask_for_pull_request()

    def ask_for_pull_request(self) -> None:
        """Bring the change into a pull request; `tests.lake.told.people` knows how."""
        raise NotImplementedError

    def merge(self, actor: str) -> None:
        """Bring the change into its branch; `tests.lake.told.endings` knows how."""
        raise NotImplementedError(actor)

    def _end_task(self, task: str, gaps: tuple[str, ...]) -> None:
        attempt = self.state.task[task].attempts
        if gaps:
            self.tell(FailTask(actor=self.by, task=task, attempt=attempt, reason=f"open: {', '.join(gaps)}"))
        else:
            self.tell(FinishTask(actor=self.by, task=task, attempt=attempt, tree=self.state.worktree.tree))

    def _work(self, task: str, attempt: int) -> None:
        agent = f"{task}:{attempt}"
        self.tell(StartTask(actor=self.by, task=task, worker=f"agent:{agent}"))
        self._open("agent")
        started = AgentStarted(
            agent=agent, task=task, attempt=attempt, driver=self.setting.driver, prompt=self.prompt, pid=self._pid(),
            started=str(self._pid()),
        )  # fmt: skip
        self.tell(StartAgent(actor=self.by, started=started), 0.1)
        turn = self.turn
        self._talk(agent, task)
        self._agent_ends(agent, task, turn.outcome)
        self._usage(agent)
        if turn.writes:
            self._write(agent, task, self._chosen(2))
        if turn.outcome == "succeeded":
            self.tell(FinishTask(actor=self.by, task=task, attempt=attempt, tree=self.state.worktree.tree))
        else:
            self.tell(FailTask(actor=self.by, task=task, attempt=attempt, reason=f"The agent {turn.outcome}."))

    # --- Files, gates, reviews ---

    def _gate(self, name: str, attempt: int) -> None:
        self._open("verify")
        definition, tree = self.state.gate.by_name[name].definition.digest, self.state.worktree.tree
        started = GateStarted(
            gate=name, attempt=attempt, tree=tree, definition=definition, pid=self._pid(), started=str(self._pid())
        )
        self.tell(StartGate(actor=self.by, started=started), 0.2)
        outcome: Any = self.turn.how if name in self.turn.red else "passed"
        if name == self.flaky:
            outcome = "failed" if tree not in self.seen else "passed"
            self.seen |= {tree}
        elif not self.state.gate.by_name[name].definition.required:
            outcome = "failed" if self.chance(0.3) else outcome
        took = self.about(SECONDS[name]) * (20 if outcome == "timed_out" else 1)
        ran = GateRan(
            gate=name, attempt=attempt, outcome=outcome, tree=tree, definition=definition,
            exit_code={"passed": 0, "failed": 1}.get(outcome), signal=9 if outcome == "timed_out" else None,
            duration_ms=int(took * 1000), output=self.output("passed" if outcome == "passed" else "failed", 12),
            environment=ENVIRONMENT, reason=None if outcome in {"passed", "failed"} else self.say("summary"),
        )  # fmt: skip
        self.tell(RecordGate(actor=self.by, ran=ran), took)

    def _review(self, name: Any, attempt: int) -> None:
        files = self.state.worktree
        where: Any = {"review": name, "attempt": attempt, "tree": files.tree, "base": files.base.tree if files.base else ""}
        self.tell(StartReview(actor=self.by, started=ReviewStarted(**where)))
        verdict: Any = ReviewPassed(**where, summary=self.say("summary"))
        if name in self.turn.blocked:
            path = self.dice.choice(sorted(files.paths) or [self.setting.modules[0]])
            found = (Finding(path=path, line=self.dice.randrange(400), code=f"{name}.left"),)
            verdict = ReviewBlocked(**where, summary=self.say("summary"), findings=found, total=1)
        elif name == "performance" and self.setting.kind != "performance":
            verdict = ReviewNotApplicable(**where, reason="The goal is not about performance.")
        elif self.chance(0.002):
            verdict = ReviewErrored(**where, reason=self.say("summary"))
        self.tell(RecordReview(actor=self.by, verdict=verdict), 0.02)
