"""Several agents at once without a world: every effect goes on step by step, and a script says whose turn it is.

A tree goes by the work that is in it, so that it can be told whether anything is lost or there twice.
"""

from collections.abc import Callable, Iterator

from omk.domain.effects import Effect, MergeSlice, RunAgent
from omk.domain.event import Command
from omk.domain.proof.holds import executors
from omk.domain.subjects.agent import AgentFinished, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.obligation import BOOKKEEPING
from omk.domain.subjects.slice import RejectSlice, SliceConflicted
from omk.domain.subjects.task import FailTask, FinishTask, StartTask
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import Change
from omk.domain.wanted import wanted
from omk.domain.work_decider import LandSlice, RecordWork, is_slice
from tests.domain.simulated import LONGEST, Simulated
from tests.scenario import BOT, Story, change, claim, some, tree

Turn = list[Command]
BASE = tree("base")


class Crowd(Simulated):
    """What several agents answer; *choose* gives one of so many jobs its turn, *fails* and *meets* what goes wrong."""

    def __init__(
        self,
        choose: Callable[[int], int] = lambda _: 0,
        *,
        fails: Callable[[str, int], bool] = lambda *_: False,
        meets: Callable[[str, int], bool] = lambda *_: False,
    ) -> None:
        super().__init__()
        self.choose, self.fails, self.meets = choose, fails, meets
        self.jobs: dict[Effect, Iterator[Turn]] = {}
        self.begun: set[Effect] = set()
        self.works: dict[str, frozenset[str]] = {BASE: frozenset()}
        self.moments: list[Story] = []
        self.merged: list[str] = []
        self.most = 0
        self.story = Story()

    def drive(self, story: Story) -> Story:
        """Go on until nothing is wanted and nobody is at work; `moments` are the stories between two appends."""
        self.story = story
        while self._go_on():
            assert len(self.moments) < 5 * LONGEST, "no end"
            self.moments.append(self.story)
        return self.story

    def _go_on(self) -> bool:
        effects = wanted(self.story.state)
        for effect in self.begun ^ self.jobs.keys():
            if effect not in effects:
                del self.jobs[effect]  # it is not wanted any more, and has not begun
        for effect in effects:
            if effect not in self.jobs and not (isinstance(effect, MergeSlice) and self._is_merging()):
                self.performed.append(effect)
                self.jobs[effect] = self._turns(effect)
        if not self.jobs:
            return False
        effect = list(self.jobs)[self.choose(len(self.jobs))]
        turn = next(self.jobs[effect], None)
        if turn is None:
            del self.jobs[effect]
            self.begun.discard(effect)
        else:
            self.begun.add(effect)
            self.story = self.story.given(*turn)
        running = [one for one in executors(self.story.state) if one.status == "running"]
        self.most = max(self.most, sum(one.id not in self.story.state.slice.waiting for one in running))
        return True

    def _is_merging(self) -> bool:
        return any(isinstance(one, MergeSlice) for one in self.jobs)

    def _turns(self, effect: Effect) -> Iterator[Turn]:
        match effect:
            case RunAgent(task=task, attempt=attempt):
                yield from self._agent(task, attempt)
            case MergeSlice(task=task):
                yield self._merge(task)
            case _:
                yield self.steps(self.story, effect)

    def _agent(self, task: str, attempt: int) -> Iterator[Turn]:
        agent, base = f"{task}:{attempt}", self.story.state.worktree.tree
        yield [
            claim(task, now=self.story.state.seq + 1, seconds=10_000, worker=f"agent:{agent}"),
            StartTask(actor=BOT, task=task, worker=agent),
        ]
        fence = self.story.state.task[task].fence
        yield [StartAgent(actor=BOT, started=some(AgentStarted, agent=agent, task=task, attempt=attempt))]
        is_bad = self.fails(task, attempt)
        outcome = "failed" if is_bad else "succeeded"
        finished = some(AgentFinished, agent=agent, task=task, outcome=outcome)
        turn: Turn = [FinishAgent(actor=f"agent:{agent}", finished=finished)]
        if is_bad:
            yield [*turn, FailTask(actor=BOT, task=task, attempt=attempt, reason="It broke.")]
            return
        changed = self._change(task, attempt, base)
        turn.append(RecordWork(actor=BOT, changed=changed, attempt=attempt, fence=fence))
        if not is_slice(changed, self.story.state):
            turn.append(FinishTask(actor=BOT, task=task, attempt=attempt, tree=changed.tree))
        yield turn

    def _change(self, task: str, attempt: int, old: str) -> FilesChanged:
        """The work on the task on top of *old*."""
        after = self._tree(self.works[old] | {task})
        made: Change = change(f"{task}.txt", f"{task} {attempt}", None)
        return some(FilesChanged, task=task, agent=f"{task}:{attempt}", old=old, tree=after, changes=(made,))

    def _tree(self, works: frozenset[str]) -> str:
        name = tree(" ".join(sorted(works)) or "base")
        self.works[name] = works
        return name

    def _merge(self, task: str) -> Turn:
        made, ours = self.story.state.slice.waiting[task], self.story.state.worktree.tree
        if self.meets(task, made.attempt):
            met = some(SliceConflicted, task=task, attempt=made.attempt, base=made.base, ours=ours, theirs=made.tree)
            failed = FailTask(actor=BOT, task=task, attempt=made.attempt, reason="It conflicts.")
            return [RejectSlice(actor=BOT, conflicted=met), failed]
        self.merged.append(task)
        changed = self._change(task, made.attempt, ours)
        end = FinishTask(actor=BOT, task=task, attempt=made.attempt, tree=changed.tree)
        return [LandSlice(actor=BOT, changed=changed), end]


def crashed(story: Story) -> Story:
    """What recovery leaves: all that was announced is closed, but for the tasks whose work is recorded and has to land."""
    waiting = {f"task:{name}:{one.attempt}" for name, one in story.state.slice.waiting.items()}
    owed = [name for name in story.state.obligation if not name.startswith(BOOKKEEPING) and name not in waiting]
    for name in reversed(owed):
        story = story.given(AbortEffect(actor=BOT, obligation=name, reason="gone"))
    return story
