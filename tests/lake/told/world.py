"""What happens while a goal is worked on: a controller carries out what is wanted, and this world answers it."""

from typing import Any, NamedTuple

from omk.domain.goal_decider import PlanGoal
from omk.domain.oracle import assess
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.agent import (
    AgentFinished,
    AgentSaid,
    AgentStarted,
    AnswerPermission,
    AskPermission,
    CallTool,
    FinishAgent,
    FinishTool,
    PermissionAnswered,
    PermissionAsked,
    RecordMessage,
    StartAgent,
    ToolCalled,
    ToolFinished,
)
from omk.domain.subjects.budget import BudgetExhausted, BudgetSet, ExhaustBudget, ReportUsage, SetBudget, UsageReported
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
from omk.domain.subjects.worktree import CloseWorktree, FilesChanged, OpenWorktree, RecordFiles
from omk.domain.values import Change, Finding
from omk.domain.wanted import (
    AcceptByPolicy,
    BeginTask,
    Effect,
    EndTask,
    MakePlan,
    MakeReview,
    MergeByPolicy,
    RunAgent,
    RunGate,
    TryAgain,
    wanted,
)
from tests.lake.told.setting import DRIVERS, base
from tests.lake.told.teller import Halt, Teller

ALL: Any = ("plan", "execute", "verify", "review", "accept", "merge")
SECONDS = {"lint": 4, "types": 15, "tests": 60, "build": 40, "smoke": 12, "docs": 20, "bench": 90}
TOOLS = (("shell", 30), ("edit", 22), ("read", 30), ("search", 14), ("fetch", 4))
FAILS = {"shell": 0.16, "edit": 0.05, "read": 0.02, "search": 0.03, "fetch": 0.2}
ENVIRONMENT = ("HOME", "LANG", "PATH")


class Turn(NamedTuple):
    """How an attempt goes: the agent's outcome, whether it changes files, gates that do not pass, reviews that object."""

    outcome: Any = "succeeded"
    writes: bool = True
    red: tuple[str, ...] = ()
    how: Any = "failed"
    blocked: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    outside: bool = False


class World(Teller):
    """A goal, and what its agent, gates and reviews do in each attempt (`turns`; the last one goes on)."""

    turns: tuple[Turn, ...] = (Turn(),)
    flaky: str | None = None
    controller = "controller-000000000000"
    guards: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()

    @property
    def turn(self) -> Turn:
        """How the current attempt goes."""
        return self.turns[min(max(1, self.state.agent.runs), len(self.turns)) - 1]

    @property
    def by(self) -> str:
        """The actor that the controller is."""
        return f"controller:{self.controller}"

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
        for name in dict.fromkeys(one.worktree for one in self.state.worktree.open_worktrees.values()):
            self.tell(CloseWorktree(actor=by, worktree=name))

    # --- What is wanted, and done ---

    def _perform(self, effect: Effect) -> None:
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

    def _agent_ends(self, agent: str, task: str, outcome: Any) -> None:
        code = {"succeeded": 0, "failed": 1}.get(outcome)
        begun = self.state.agent.running[agent].seq
        finished = AgentFinished(
            agent=agent, task=task, outcome=outcome, exit_code=code, signal=15 if code is None else None,
            duration_ms=(self.state.seq - begun) * 6000, output=self.output("printed"),
        )  # fmt: skip
        self.tell(FinishAgent(actor=f"agent:{agent}", finished=finished), self.about(2))

    def _talk(self, agent: str, task: str) -> None:
        """An agent at work: what it says, which tools it calls, which files it changes."""
        overhead = 45 + 2 * len(self.state.gate.order)
        left = max(1, len(self.turns) - self.state.agent.runs + 1)
        end = self.state.seq + max(2, (self.setting.size - self.state.seq) // left - overhead)
        actor, turn = f"agent:{agent}", self.turn
        while self.state.seq < end:
            number = self.state.agent.messages + 1
            said = AgentSaid(agent=agent, number=number, text=self.say("said"))
            self.tell(RecordMessage(actor=actor, said=said), self.about(7))
            if self.chance(0.9):
                self._call(agent, actor)
            if turn.writes and self.chance(0.24):
                self._write(agent, task, self._chosen(1))
            if self.chance(0.07):
                self._usage(agent)

    def _call(self, agent: str, actor: str) -> None:
        name = self.dice.choices([name for name, _ in TOOLS], [weight for _, weight in TOOLS])[0]
        tool = f"call_{self.hex(16)}"
        called = ToolCalled(tool=tool, agent=agent, name=name, title=self.say(name), pid=None, started=None)
        self.tell(CallTool(actor=actor, called=called), self.about(3))
        allowed = True
        if name in {"shell", "fetch"} and self.chance(0.15):
            allowed = self._permission(agent, tool)
        fails = not allowed or self.chance(FAILS[name])
        took = self.about(9 if name == "shell" else 1)
        finished = ToolFinished(
            tool=tool, agent=agent, outcome="failed" if fails else "succeeded",
            exit_code=(1 if fails else 0) if name == "shell" else None, duration_ms=int(took * 1000),
            output=self.output("printed") if name == "shell" else None,
        )  # fmt: skip
        self.tell(FinishTool(actor=actor, finished=finished), took)

    def _permission(self, agent: str, tool: str) -> bool:
        name, allowed = f"{tool}/ask", self.chance(0.8)
        asked = PermissionAsked(permission=name, agent=agent, tool=tool, title=self.say("shell"))
        self.tell(AskPermission(actor=f"agent:{agent}", asked=asked), 0.05)
        rule = "safe: reads only" if allowed else "safe: writes outside"
        answer = PermissionAnswered(permission=name, agent=agent, answer="allowed" if allowed else "refused", rule=rule)
        self.tell(AnswerPermission(actor="policy:safe", answered=answer), 0.01)
        return allowed

    def _usage(self, agent: str) -> None:
        read, written = self.dice.randrange(500, 40_000), self.dice.randrange(50, 4_000)
        cost = int((read + 5 * written) * DRIVERS[self.setting.driver][1])
        report = UsageReported(
            report=self.state.budget.reports + 1, agent=agent, active_ms=self.dice.randrange(2_000, 240_000), tokens_in=read,
            tokens_out=written, tokens_cached=self.dice.randrange(0, 90_000), micro_usd=cost,
        )  # fmt: skip
        self.tell(ReportUsage(actor=self.by, usage=report))
        limits = self.state.budget
        if limits.micro_usd is not None and limits.used_micro_usd >= limits.micro_usd and limits.exhausted is None:
            out = BudgetExhausted(dimension="usd", limit=limits.micro_usd, used=limits.used_micro_usd)
            self.tell(ExhaustBudget(actor=self.by, exhausted=out))
            raise Halt

    # --- Files, gates, reviews ---

    def _chosen(self, most: int) -> list[str]:
        """The paths of a change: in an attempt that breaks gates often one of the fragile ones."""
        here, count = self.setting, self.dice.randrange(1, most + 1)
        chosen = {self.dice.choice(here.modules) for _ in range(count)}
        if self.chance(0.5 if self.turn.red else 0.06):
            chosen.add(self.dice.choice(here.fragile))
        if self.chance(0.4):
            chosen.add(f"tests/test_{self.dice.choice(here.modules).rpartition('/')[2]}")
        return sorted(chosen)

    def _write(self, agent: str | None, task: str | None, paths: list[str], worktree: str = "agent") -> None:
        self.guards = tuple(sorted({*self.guards, *self.turn.guarded}))
        outside = ("setup.cfg",) if self.turn.outside and task else ()
        changes = tuple(self._change(path) for path in sorted({*paths, *self.guards, *outside}))
        changed = FilesChanged(
            worktree=worktree, task=task, agent=agent, old=self.state.worktree.tree, tree=self.hex(), changes=changes,
            unreadable=(), guarded=self.guards,
        )  # fmt: skip
        self.tell(RecordFiles(actor=self.by, changed=changed, outside=outside), 0.3)

    def _change(self, path: str) -> Change:
        known = self.state.worktree.paths.get(path)
        if known is None and path not in self.contents and self.chance(0.2):
            return Change(path=path, operation="added", old_mode=None, mode="100644", old=None, new=self.hex())
        old = known.new if known else self.contents.setdefault(path, self.hex())
        return Change(path=path, operation="modified", old_mode="100644", mode="100644", old=old, new=self.hex())

    def _gate(self, name: str, attempt: int) -> None:
        self._open("verify")
        definition, tree = self.state.gate.by_name[name].definition.digest, self.state.worktree.tree
        started = GateStarted(
            gate=name, attempt=attempt, tree=tree, definition=definition, pid=self._pid(), started=str(self._pid())
        )
        self.tell(StartGate(actor=self.by, started=started), 0.2)
        outcome = self.turn.how if name in self.turn.red else "passed"
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

    def _open(self, name: Any) -> None:
        self.tell(OpenWorktree(actor=self.by, worktree=name, purpose=name, tree=self.state.worktree.tree), 0.1)

    def _pid(self) -> int:
        return self.dice.randrange(1000, 4_000_000)


EXECUTOR = EXECUTE
