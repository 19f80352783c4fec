"""The effects a controller may be asked to carry out: what they are about, and nothing else."""

from omk.domain.attempts import attempt_key
from omk.domain.event import Time, Tree, Value
from omk.domain.values import ReviewPass


class MakePlan(Value):
    """Turn the goal into tasks."""


class RunPlanner(Value):
    """Let the agent that the policy names propose tasks, for the *attempt*-th time."""

    attempt: int


class RunAgent(Value):
    """Let an agent work on *task*, for the *attempt*-th time."""

    task: str
    attempt: int

    @property
    def agent(self) -> str:
        """The agent's id."""
        return attempt_key(self.task, self.attempt)


class MergeSlice(Value):
    """Merge what the *attempt*-th work on *task* left into the goal's tree, which has moved on."""

    task: str
    attempt: int


class BeginTask(Value):
    """Say that the controller's own *task* begins."""

    task: str


class RunGate(Value):
    """Run *gate* on the current tree, for the *attempt*-th time."""

    gate: str
    attempt: int


class AwaitBreaker(Value):
    """Wait until the breaker of *gate*, the next to be run, has been open long enough; begin nothing meanwhile."""

    gate: str
    until: Time


class MakeReview(Value):
    """Make a review pass over the current change."""

    review: ReviewPass
    attempt: int


class EndTask(Value):
    """Say how the controller's own *task* ended; *gaps* are the codes that keep it from being done."""

    task: str
    gaps: tuple[str, ...]


class AcceptByPolicy(Value):
    """Accept the change, as `--accept auto` asks."""


class TryAgain(Value):
    """Open *task* again, because of the gaps with these codes; `because` says why it is this one of several tasks."""

    task: str
    gaps: tuple[str, ...]
    because: str = ""


class MeasurePass(Value):
    """Measure what the *iteration*-th pass of the loop came to."""

    iteration: int


class StopLoop(Value):
    """Say that the loop stands still, and why; nothing is tried again then."""

    cause: str


class MergeByPolicy(Value):
    """Merge the change, as `--merge gated` asks."""


class OpenPullRequest(Value):
    """Have the accepted *tree* on the remote, and a pull request that asks for it, as `--delivery` says."""

    tree: Tree


class AwaitChecks(Value):
    """Wait until the checks of the pull request have judged *commit*."""

    commit: str


class MergePullRequest(Value):
    """Have the pull request merged at *commit*, as `--merge gated` asks."""

    commit: str


Effect = (
    MakePlan
    | RunPlanner
    | RunAgent
    | MergeSlice
    | BeginTask
    | RunGate
    | AwaitBreaker
    | MakeReview
    | EndTask
    | MeasurePass
    | StopLoop
    | AcceptByPolicy
    | TryAgain
    | MergeByPolicy
    | OpenPullRequest
    | AwaitChecks
    | MergePullRequest
)
