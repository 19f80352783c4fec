"""The stories that a population is made of: what becomes of a goal, from ready at first try to a controller that died."""

import random
from collections.abc import Callable
from typing import NamedTuple

from omk.domain.goal_decider import is_ready
from omk.domain.oracle import assess
from omk.domain.plan import EXECUTE
from omk.domain.proof.standing import Judge
from omk.domain.subjects.agent import AgentDied, LoseAgent
from omk.domain.subjects.budget import BudgetExtended, BudgetSet, ExtendBudget
from omk.domain.subjects.delivery import (
    AcceptChange,
    BranchPushed,
    ChangeMerged,
    FinishMerge,
    MergeFailed,
    MergeStarted,
    PullRequestOpened,
    PullRequestRequested,
    RecordPullRequest,
    RecordPush,
    RejectChange,
    RequestPullRequest,
    StartMerge,
)
from omk.domain.subjects.gate import CloseBreaker, ConfigureGates, GatesConfigured, OpenBreaker
from omk.domain.subjects.goal import (
    BlockGoal,
    CancelGoal,
    DetectStagnation,
    FailGoal,
    ForkGoal,
    GoalForked,
    OracleAssessed,
    PauseGoal,
    RecordDecision,
    ResumeGoal,
    StagnationDetected,
    UnblockGoal,
)
from omk.domain.subjects.review import GrantWaiver
from omk.domain.subjects.task import ClaimTask
from omk.domain.subjects.worktree import (
    CommitMade,
    FilesChanged,
    MergeConflicted,
    RebaseChange,
    RecordCommit,
    RecordConflict,
    WorktreeRebased,
)
from omk.domain.values import Base, Change
from tests.lake.told.setting import DRIVERS, Setting
from tests.lake.told.teller import Die, Halt, time
from tests.lake.told.world import Turn, World

AGAIN = ("verify", "review", "accept")
HOUR = 3600.0


class Goal(World):
    """A goal whose people act: they accept, reject, waive, merge, pause and cancel."""

    @property
    def person(self) -> str:
        """Who asked."""
        return self.setting.person

    def accept(self) -> None:
        """The person takes the change."""
        self.tell(AcceptChange(actor=self.person, tree=self.state.worktree.tree, summary=self.say("summary")), self.about(HOUR))
        self.prove(self.person)

    def reject(self) -> None:
        """The person turns it down."""
        self.tell(RejectChange(actor=self.person, tree=self.state.worktree.tree, reason=self.say("summary")), self.about(HOUR))
        self.prove(self.person)

    def waive(self, code: str) -> None:
        """The person takes it on themselves."""
        waiver = GrantWaiver(actor=self.person, code=code, tree=self.state.worktree.tree, reason=self.say("summary"))
        self.tell(waiver, self.about(HOUR))
        self.prove(self.person)

    def merge(self, actor: str = "", *, fails: bool = False) -> None:
        """The change goes into its branch, if it is ready."""
        if not is_ready(self.state):
            return
        actor, files = actor or self.person, self.state.worktree
        before, commit, tree = files.base.commit if files.base else "", self.hex(), files.tree
        made = CommitMade(commit=commit, tree=tree, parents=(before,), message=self.prompt)
        self.tell(RecordCommit(actor=actor, made=made), self.about(60))
        attempt = self.state.delivery.merges + 1
        started = MergeStarted(attempt=attempt, branch="main", before=before, commit=commit, tree=tree)
        self.tell(StartMerge(actor=actor, started=started))
        merged = ChangeMerged(attempt=attempt, branch="main", before=before, commit=commit, tree=tree)
        failed = MergeFailed(attempt=attempt, branch="main", reason=self.say("summary"))
        self.tell(FinishMerge(actor=actor, answer=failed if fails else merged), 0.2)
        self.prove(actor)

    def move_base(self) -> None:
        """The branch has moved: the change stands on another base, where nothing has judged it."""
        files, old = self.state.worktree, self.state.worktree.tree
        tree, base = self.hex(), Base(branch="main", commit=self.hex(), tree=self.hex())
        theirs = Change(path="README.md", operation="modified", old_mode="100644", mode="100644", old=self.hex(), new=self.hex())
        changed = FilesChanged(
            worktree="merge", task=None, agent=None, old=old, tree=tree, changes=(theirs,), unreadable=(), guarded=files.guarded
        )
        net = tuple(
            Change(
                path=path, operation="modified" if one.old else "added", old_mode=one.old_mode, mode=one.mode, old=one.old,
                new=one.new,
            )
            for path, one in sorted(files.paths.items())
        )  # fmt: skip
        rebased = WorktreeRebased(base=base, tree=tree, changes=net)
        self.tell(RebaseChange(actor=self.person, changed=changed, rebased=rebased), self.about(HOUR))

    def ask_for_pull_request(self) -> None:
        """The change goes to a branch, and into a pull request."""
        name, commit = f"omk/{self.name}", self.hex()
        made = CommitMade(commit=commit, tree=self.state.worktree.tree, parents=(self.hex(),), message=self.prompt)
        self.tell(RecordCommit(actor=self.by, made=made))
        self.tell(RecordPush(actor=self.by, pushed=BranchPushed(remote="origin", branch=name, commit=commit)), 2)
        asked = PullRequestRequested(attempt=1, head=name, into="main", draft=True, title=self.prompt)
        self.tell(RequestPullRequest(actor=self.by, requested=asked))
        url = f"https://example.org/{self.setting.package}/pull/{self.dice.randrange(9000)}"
        self.tell(RecordPullRequest(actor=self.by, answer=PullRequestOpened(attempt=1, url=url)), 2)
        self.prove(self.by)

    def interrupt(self, share: float, command: object) -> None:
        """Once the goal has that share of its events, a person gives an order that stops it."""

        def order() -> None:
            self.tell(command)  # type: ignore[arg-type]
            self.prove(self.person)
            raise Halt

        self.when(share, order)

    def die(self, share: float) -> None:
        """Work until the controller's process is killed."""

        def killed() -> None:
            raise Die

        self.when(share, killed)
        try:
            self.control(attempts=8)
        except Die:
            return

    def recover(self) -> None:
        """Somebody else closes what the dead controller left, and goes on."""
        before, by = self.controller, f"controller:recovery-{self.hex(12)}"
        self.seconds += self.about(HOUR)
        for name in self.open("agent") if self.chance(0.5) else ():
            task = name.partition(":")[0]
            self.tell(LoseAgent(actor=by, died=AgentDied(agent=name, task=task, reason=self.say("summary"))))
        self.wind_down(by, lost=True)
        self._close(by)
        self.control(attempts=8, resumes=before)

    def fork(self, number: int, size: int) -> "Goal":
        """Another goal that begins with this one's history up to now."""
        other = Goal(self.dice, Setting(**{**_fields(self.setting), "size": self.state.seq + size}), number)
        other.judge = Judge()
        for entry in self.entries:
            other.judge.add(entry.record)
        other.seconds, other.contents, other.guards = self.seconds + self.about(HOUR), dict(self.contents), self.guards
        other.makers, other.printed, other.policy = self.makers, self.printed, self.policy
        other.prompt = other.say(f"prompt {self.setting.kind}")
        oracle = assess(other.prompt, self.setting.kind)
        assessed = OracleAssessed(
            oracle=oracle.kind, testable=oracle.testable, reason=oracle.reason, checks=oracle.checks, signals=oracle.signals
        )
        forked = GoalForked(goal=self.name, seq=self.state.seq, head=self.state.head, prompt=other.prompt)
        other.tell(ForkGoal(actor=self.person, forked=forked, assessed=assessed))
        self.forks.append(other)
        return other


def _fields(setting: Setting) -> dict[str, object]:
    return {name: getattr(setting, name) for name in setting.__struct_fields__}


# --- The stories ---


def _turns(goal: Goal, *, most: int = 4) -> tuple[Turn, ...]:
    """As many red attempts as such an agent needs, and a green one."""
    red = 0
    while red < most and goal.chance(DRIVERS[goal.setting.driver][0] * (0.7 if goal.setting.kind == "docs" else 1.0)):
        red += 1
    names = [gate.name for gate in goal.setting.gates()]
    hard = goal.dice.choices(names, [4 if name == "tests" else 1 for name in names], k=red)
    return (*(Turn(red=(name,)) for name in hard), Turn())


def merged(goal: Goal) -> None:
    goal.turns = _turns(goal)
    goal.begin(until=8, flaky=goal.chance(0.4))
    goal.control(attempts=8)
    goal.accept()
    goal.merge()


def automatic(goal: Goal) -> None:
    goal.policy, goal.turns = ("auto", "gated", "local"), _turns(goal)
    goal.begin(until=8, flaky=goal.chance(0.4))
    goal.control(attempts=8)


def accepted(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.accept()


def pull_request(goal: Goal) -> None:
    goal.policy, goal.turns = ("auto", "manual", "draft-pr"), _turns(goal)
    goal.begin(until=8)
    goal.control(attempts=8)
    goal.ask_for_pull_request()


def unaccepted(goal: Goal) -> None:
    goal.turns = _turns(goal, most=2)
    goal.begin(until=8)
    goal.control(attempts=8)


def red(goal: Goal) -> None:
    goal.turns = (Turn(red=("tests",), how=goal.dice.choice(("failed", "failed", "timed_out", "errored", "inconclusive"))),)
    goal.begin()
    goal.control()


def stagnated(goal: Goal) -> None:
    goal.turns = (Turn(red=("tests",)),) * 4 + (Turn(red=("lint", "tests")),)
    goal.begin(until=4)
    goal.control(attempts=4)
    reason = goal.say("summary")
    detected = StagnationDetected(cause="same_failure", confidence=60 + goal.dice.randrange(40), attempts=4, reason=reason)
    goal.tell(DetectStagnation(actor=goal.by, detected=detected))
    goal.prove(goal.by)


def agent_failed(goal: Goal) -> None:
    goal.turns = (Turn(outcome=goal.dice.choice(("failed", "timed_out")), writes=goal.chance(0.5), red=("tests",)),)
    goal.begin()
    goal.control()


def idle(goal: Goal) -> None:
    goal.turns = (Turn(writes=False),)
    goal.begin()
    goal.control()


def unproven(goal: Goal) -> None:
    goal.begin(proving=False)
    goal.control()
    goal.accept()


def flaky(goal: Goal) -> None:
    """The gate fails, and passes when it runs again on the same tree."""
    goal.flaky = "tests"
    goal.begin()
    goal.control()
    goal.control(AGAIN)
    goal.accept()
    if goal.chance(0.6):
        goal.merge()


def rejected(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.reject()
    if goal.chance(0.5):
        goal.control(("execute", *AGAIN))
        goal.accept()


def taken_back(goal: Goal) -> None:
    """Ready, and then the person thinks again."""
    goal.begin()
    goal.control()
    goal.accept()
    goal.reject()


def base_moved(goal: Goal) -> None:
    """Ready, until the branch moved; proven again, or left at that."""
    goal.policy = ("auto", "manual", "local")
    goal.begin(until=4)
    goal.control(attempts=4)
    goal.move_base()
    if goal.chance(0.7):
        goal.control(AGAIN)
        goal.merge()
    else:
        goal.prove(goal.person)


def changed_after_ready(goal: Goal) -> None:
    """Ready, and then what a killed agent had left in its worktree is found and recorded."""
    goal.begin()
    goal.control()
    goal.accept()
    goal.controller = f"controller-{goal.hex(12)}"
    goal.seconds += goal.about(HOUR)
    goal._write(None, EXECUTE, goal._chosen(2))  # noqa: SLF001 - a story of this world
    goal.prove(goal.by)


def conflicted(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.accept()
    paths = tuple(sorted(goal.state.worktree.paths))[:2]
    conflict = MergeConflicted(theirs=goal.hex(), tree=goal.state.worktree.tree, paths=paths)
    goal.tell(RecordConflict(actor=goal.person, conflicted=conflict), HOUR)
    goal.prove(goal.person)


def merge_failed(goal: Goal) -> None:
    goal.begin()
    goal.control()
    goal.accept()
    goal.merge(fails=True)
    goal.merge()


def review_blocked(goal: Goal) -> None:
    goal.turns = (Turn(blocked=(goal.dice.choice(("anti-slop", "code", "test", "security")),)), Turn())
    goal.begin(until=4)
    goal.control(attempts=4)
    goal.accept()


def waived(goal: Goal) -> None:
    name = goal.dice.choice(("anti-slop", "architect", "code"))
    goal.turns = (Turn(blocked=(name,)),)
    goal.begin()
    goal.control()
    goal.waive(f"review.{name}")
    goal.accept()


def guard_changed(goal: Goal) -> None:
    goal.turns = (Turn(guarded=("omk.toml",)),)
    goal.begin()
    goal.control()
    if goal.chance(0.6):
        goal.waive("gates.unchanged")
        goal.accept()


def scope_violated(goal: Goal) -> None:
    goal.scope, goal.turns = (f"src/{goal.setting.package}", "tests"), (Turn(outside=True),)
    goal.begin()
    goal.control()
    if goal.chance(0.5):
        goal.waive("scope.respected")
        goal.accept()


def gates_anew(goal: Goal) -> None:
    """The gates are defined anew, so that what they said is worth nothing any more."""
    goal.begin()
    goal.control()
    configured = GatesConfigured(gates=goal.setting.gates(version=2), guards=goal.setting.guards)
    goal.tell(ConfigureGates(actor=goal.person, configured=configured), HOUR)
    goal.prove(goal.person)
    if goal.chance(0.6):
        goal.control(AGAIN)
        goal.accept()


def broken_circuit(goal: Goal) -> None:
    goal.turns = (Turn(red=("tests",)), Turn(red=("tests",)), Turn())
    goal.begin(until=2)
    goal.control(attempts=2)
    until = time(goal.seconds + HOUR)
    goal.tell(OpenBreaker(actor=goal.by, gate="tests", until=until))
    goal.tell(CloseBreaker(actor=goal.by, gate="tests"), HOUR)
    goal.control(("execute", *AGAIN))
    goal.accept()


def paused(goal: Goal) -> None:
    goal.interrupt(0.4, PauseGoal(actor=goal.person, reason=goal.say("summary")))
    goal.begin(until=4)
    goal.control(attempts=4)
    if goal.state.goal.paused and goal.chance(0.7):
        goal.tell(ResumeGoal(actor=goal.person), goal.about(4 * HOUR))
        goal.control(attempts=4, resumes=goal.controller)
        goal.accept()


def cancelled(goal: Goal) -> None:
    goal.interrupt(goal.dice.random(), CancelGoal(actor=goal.person, reason=goal.say("summary")))
    goal.begin(until=4)
    goal.control(attempts=4)
    if not goal.state.goal.cancelled:
        goal.due = None
        goal.tell(CancelGoal(actor=goal.person, reason=None))
        goal.prove(goal.person)


def vague(goal: Goal) -> None:
    goal.begin(vague=True)
    goal.prove(goal.person)
    if goal.chance(0.5):
        goal.tell(RecordDecision(actor=goal.person, answer=goal.say("summary")), goal.about(4 * HOUR))
        goal.control()
        goal.accept()


def waiting(goal: Goal) -> None:
    """Something outside has to be there first."""
    goal.interrupt(0.5, BlockGoal(actor=goal.person, on="external", code="external.wait", reason=goal.say("summary")))
    goal.begin(until=4)
    goal.control(attempts=4)
    if goal.state.goal.blocked and goal.chance(0.5):
        goal.tell(UnblockGoal(actor=goal.person), goal.about(4 * HOUR))
        goal.control(attempts=4, resumes=goal.controller)


def spent(goal: Goal) -> None:
    goal.begin(budget=BudgetSet(time_ms=None, tokens=None, micro_usd=60_000))
    goal.control()
    if goal.state.budget.exhausted and goal.chance(0.6):
        more = BudgetExtended(time_ms=0, tokens=0, micro_usd=900_000_000)
        goal.tell(ExtendBudget(actor=goal.person, extended=more), goal.about(HOUR))
        goal.control(resumes=goal.controller)
        goal.accept()


def crashed(goal: Goal) -> None:
    goal.turns = _turns(goal)
    goal.begin(until=8)
    goal.die(0.2 + 0.7 * goal.dice.random())
    goal.recover()
    if goal.chance(0.7):
        goal.accept()


def at_work(goal: Goal) -> None:
    """The log ends in the middle of the work: it goes on now, or nobody has seen yet that it does not."""
    goal.turns = _turns(goal)
    goal.begin(until=8)
    goal.die(0.9)


def broke_down(goal: Goal) -> None:
    goal.begin(until=8)
    goal.die(0.7)
    goal.tell(FailGoal(actor=goal.by, reason="The disk is full."))
    goal.wind_down(goal.by, lost=True)
    goal.let_go("failed")


def leased(goal: Goal) -> None:
    goal.begin()
    goal.control(("plan",))
    for worker, held in (("worker-1", 900.0), ("worker-2", 5400.0)):
        goal.seconds += HOUR
        now, ends = time(goal.seconds), time(goal.seconds + held)
        goal.tell(ClaimTask(actor=goal.by, task=EXECUTE, worker=worker, now=now, lease_ends=ends), 0.0)
    goal.control(("execute", *AGAIN))
    goal.accept()


def forked(goal: Goal) -> None:
    """Somebody tries another way from the same point; the first one stays as it is."""
    goal.turns = (Turn(red=("tests",)),)
    goal.begin()
    goal.control()
    other = goal.fork(0xF0000000, max(60, goal.setting.size // 2))
    other.control(("execute", *AGAIN))
    other.accept()
    other.merge()


class Ending(NamedTuple):
    """A story, and how many of a hundred goals or so it is told of."""

    tell: Callable[[Goal], None]
    weight: float


ENDINGS: dict[str, Ending] = {
    one.tell.__name__: one
    for one in (
        Ending(merged, 26), Ending(automatic, 14), Ending(accepted, 5), Ending(pull_request, 4), Ending(unaccepted, 5),
        Ending(red, 5), Ending(stagnated, 4), Ending(agent_failed, 4), Ending(idle, 1), Ending(unproven, 1),
        Ending(flaky, 4), Ending(rejected, 2), Ending(taken_back, 1), Ending(base_moved, 3), Ending(changed_after_ready, 1),
        Ending(conflicted, 1), Ending(merge_failed, 1), Ending(review_blocked, 3), Ending(waived, 2), Ending(guard_changed, 2),
        Ending(scope_violated, 1.5), Ending(gates_anew, 1), Ending(broken_circuit, 1), Ending(paused, 2), Ending(cancelled, 4),
        Ending(vague, 1.5), Ending(waiting, 1), Ending(spent, 2), Ending(crashed, 3), Ending(at_work, 3), Ending(broke_down, 1),
        Ending(leased, 0.5), Ending(forked, 1.5),
    )
}  # fmt: skip


def told(ending: str, setting: Setting, dice: random.Random) -> Goal:
    """A goal that comes to that ending."""
    goal = Goal(dice, setting, dice.getrandbits(31))
    ENDINGS[ending].tell(goal)
    return goal
