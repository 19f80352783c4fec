"""An agent at work: what it says, which tools it calls, what that costs, and which files it changes."""

from typing import Any, NamedTuple

from omk.domain.subjects.agent import (
    AgentFinished,
    AgentSaid,
    AnswerPermission,
    AskPermission,
    CallTool,
    FinishAgent,
    FinishTool,
    PermissionAnswered,
    PermissionAsked,
    RecordMessage,
    ToolCalled,
    ToolFinished,
)
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget, ReportUsage, UsageReported
from omk.domain.subjects.worktree import FilesChanged, OpenWorktree, RecordFiles
from omk.domain.values import Change
from tests.lake.told.setting import DRIVERS
from tests.lake.told.teller import Halt, Teller

TOOLS = (("shell", 30), ("edit", 22), ("read", 30), ("search", 14), ("fetch", 4))
FAILS = {"shell": 0.16, "edit": 0.05, "read": 0.02, "search": 0.03, "fetch": 0.2}


class Turn(NamedTuple):
    """How an attempt goes: the agent's outcome, whether it changes files, gates that do not pass, reviews that object."""

    outcome: Any = "succeeded"
    writes: bool = True
    red: tuple[str, ...] = ()
    how: Any = "failed"
    blocked: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    outside: bool = False


class Work(Teller):
    """A goal, and what its agent does in each attempt (`turns`; the last one goes on)."""

    turns: tuple[Turn, ...] = (Turn(),)
    controller = "controller-000000000000"
    guards: tuple[str, ...] = ()

    @property
    def turn(self) -> Turn:
        """How the current attempt goes."""
        return self.turns[min(max(1, self.state.agent.runs), len(self.turns)) - 1]

    @property
    def by(self) -> str:
        """The actor that the controller is."""
        return f"controller:{self.controller}"

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
        asked = PermissionAsked(permission=name, agent=agent, tool=tool, action="execute", title=self.say("shell"))
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

    def _chosen(self, most: int) -> list[str]:
        """The paths of a change: in an attempt that breaks gates often one of the fragile ones."""
        here, count = self.setting, self.dice.randrange(1, most + 1)
        chosen = {self.dice.choice(here.modules) for _ in range(count)}
        if self.chance(0.7 if self.turn.red else 0.05):
            chosen.add(self.dice.choice(here.fragile))
        if self.chance(0.3):
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

    def _pid(self) -> int:
        return self.dice.randrange(1000, 4_000_000)

    def _open(self, name: Any) -> None:
        self.tell(OpenWorktree(actor=self.by, worktree=name, purpose=name, tree=self.state.worktree.tree), 0.1)
