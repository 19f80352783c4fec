"""The people around a goal: they accept, reject, waive, merge, fork, pause, and find what a dead controller left."""

from msgspec.structs import replace

from omk.domain.goal_decider import is_ready
from omk.domain.oracle import assess
from omk.domain.proof.standing import Judge
from omk.domain.subjects.agent import AgentDied, LoseAgent
from omk.domain.subjects.delivery import (
    AcceptChange,
    ChangeMerged,
    FinishMerge,
    MergeFailed,
    MergeStarted,
    RejectChange,
    StartMerge,
)
from omk.domain.subjects.goal import (
    ForkGoal,
    GoalForked,
    OracleAssessed,
)
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
from omk.domain.subjects.review import GrantWaiver
from omk.domain.subjects.worktree import (
    CommitMade,
    FilesChanged,
    RebaseChange,
    RecordCommit,
    WorktreeRebased,
)
from omk.domain.values import Base, Change
from tests.lake.told.setting import DRIVERS
from tests.lake.told.teller import Die, Halt
from tests.lake.told.work import Turn
from tests.lake.told.world import World

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
        files = self.state.worktree
        started = PushStarted(
            attempt=1, remote="origin", branch=name, commit=commit, tree=files.tree,
            base=files.base.commit if files.base else "", expected=None,
        )  # fmt: skip
        self.tell(StartPush(actor=self.by, started=started))
        pushed = BranchPushed(attempt=1, remote="origin", branch=name, commit=commit)
        self.tell(FinishPush(actor=self.by, answer=pushed), 2)
        asked = PullRequestRequested(attempt=1, url=None, head=name, commit=commit, into="main", draft=True, title=self.prompt)
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

        self.when(share, order, least=7)  # when a controller has begun

    def die(self, share: float) -> None:
        """Work until the controller's process is killed."""

        def killed() -> None:
            raise Die

        self.when(share, killed, least=26)  # when an agent has begun to speak
        try:
            self.control(attempts=8)
        except Die:
            return

    def recover(self) -> None:
        """Somebody else closes what the dead controller left, and goes on."""
        before, by = self.controller, f"controller:recovery-{self.hex(12)}"
        self.seconds += self.about(HOUR)
        for name in self.open("agent"):
            task = name.partition(":")[0]
            self.tell(LoseAgent(actor=by, died=AgentDied(agent=name, task=task, reason=self.say("summary"))))
        self.wind_down(by, lost=True)
        self._close(by)
        self.control(attempts=8, resumes=before)

    def fork(self, number: int, size: int) -> "Goal":
        """Another goal that begins with this one's history up to now."""
        other = Goal(self.dice, replace(self.setting, size=self.state.seq + size), number)
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

    def usual_turns(self, *, most: int = 4) -> tuple[Turn, ...]:
        """As many red attempts as such an agent needs, and a green one."""
        here, names = self.setting, [gate.name for gate in self.setting.gates()]
        fails, red = DRIVERS[here.driver][0] * (0.7 if here.kind == "docs" else 1.0), 0
        while red < most and self.chance(fails):
            red += 1
        hard = self.dice.choices(names, [4 if name == "tests" else 1 for name in names], k=red)
        return (*(Turn(red=(name,)) for name in hard), Turn())
