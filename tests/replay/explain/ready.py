"""Ready goals of every kind for Hypothesis: with retries, interruptions, tools, questions, waivers and merges."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.effects import Effect, MakeReview, RunAgent, RunGate
from omk.domain.event import Command
from omk.domain.subjects.agent import PermissionAnswered, PermissionAsked, ToolCalled, ToolFinished
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.publication import PullRequestFailed, PullRequestOpened, PullRequestRequested
from omk.domain.subjects.review import RecordReview, ReviewBlocked, ReviewNotApplicable, ReviewPassed
from tests.domain.rule_stories import waive
from tests.domain.simulated import Simulated
from tests.scenario import (
    BOT,
    Step,
    Story,
    accept,
    create,
    gate_named,
    gate_run,
    gates,
    goal,
    let_go,
    order,
    review_run,
    some,
    two_tasks,
)


@dataclass
class Fate:
    """What happens on the way: in which first attempts an agent fails or is interrupted, gates are red, and so on."""

    agent_fails: bool = False
    red: frozenset[str] = frozenset()
    interrupted: frozenset[str] = frozenset()
    tools: int = 0
    measured: bool = False
    seen: set[str] = field(default_factory=set)


class World(Simulated):
    """A simulated world with that fate; the performance review says what the real one would."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(
            agent=lambda _: "failed" if fate.agent_fails and self.first("failed agent") else "succeeded",
            gate=lambda name, _: "failed" if name in fate.red and self.first(f"red {name}") else "passed",
        )
        self.fate = fate

    def first(self, what: str) -> bool:
        """Whether this is the first time that it happens."""
        is_first = what not in self.fate.seen
        self.fate.seen.add(what)
        return is_first

    def perform(self, story: Story, effect: Effect) -> Story:
        match effect:
            case RunGate(gate=name, attempt=attempt) if name in self.fate.interrupted and self.first(f"cut {name}"):
                return story.given(self.steps(story, effect)[0], abort(f"gate:{name}:{attempt}"))
            case MakeReview(review=name, attempt=attempt) if name in self.fate.interrupted and self.first(f"cut {name}"):
                return story.given(self.steps(story, effect)[0], abort(f"review:{name}:{attempt}"))
            case RunAgent(task=task, attempt=attempt) if task in self.fate.interrupted and self.first(f"cut {task}"):
                begun = self.steps(story, effect)[:2]
                return story.given(*begun, abort(f"agent:{task}:{attempt}"), abort(f"task:{task}:{attempt}"))
            case _:
                return super().perform(story, effect)

    def work(self, story: Story, task: str, attempt: int) -> list[Any]:
        """An agent that calls tools and asks questions while it works."""
        start, begun, *rest = super().work(story, task, attempt)
        agent, used = f"{task}:{attempt}", list[Any]()
        for number in range(self.fate.tools):
            name = f"{agent}:{number}"
            used += [
                some(ToolCalled, tool=name, agent=agent),
                some(PermissionAsked, permission=name, agent=agent, tool=name),
                some(PermissionAnswered, permission=name, agent=agent),
                some(ToolFinished, tool=name, agent=agent),
            ]
        return [start, begun, *used, *rest]

    def _review(self, story: Story, name: Any, attempt: int) -> list[Command]:
        self.review = ReviewNotApplicable if name == "performance" and not self.fate.measured else ReviewPassed
        return super()._review(story, name, attempt)


def abort(obligation: str) -> AbortEffect:
    """What a crash left open is closed."""
    return AbortEffect(actor=BOT, obligation=obligation, reason="gone")


def again(story: Story) -> tuple[Step, ...]:
    """A gate runs once more on the same tree, and a review objects to it and is waived."""
    files, attempt = story.state.worktree, story.state.gate.by_name["tests"].attempts + 1
    run = gate_run(attempt=attempt)
    ran = [_at(one, files.tree) for one in run]
    number = story.state.review.attempts["code"] + 1
    objection = [_at(one, files.tree) for one in review_run("code", ReviewBlocked, attempt=number)]
    return (*ran, waive_here(story), *objection)


def _at(command: Any, tree: str) -> Any:
    """The event that the command records, on that tree."""
    event = command.verdict if isinstance(command, RecordReview) else getattr(command, "started", None) or command.ran
    return replace(event, tree=tree)


def waive_here(story: Story) -> Step:
    """A person waives the code review on the tree as it is."""
    waiver: Command = replace(waive("review.code"), tree=story.state.worktree.tree)
    return waiver


PULLS = (
    (some(PullRequestRequested, attempt=1), some(PullRequestFailed, attempt=1)),
    (some(PullRequestRequested, attempt=2), some(PullRequestOpened, attempt=2)),
)


@st.composite
def ready_stories(draw: st.DrawFn) -> Story:
    """A goal that ended ready."""
    fate = Fate(
        agent_fails=draw(st.booleans()),
        red=draw(st.frozensets(st.sampled_from(("tests", "lint", "smoke", "style")), max_size=2)),
        interrupted=draw(st.frozensets(st.sampled_from(("tests", "smoke", "code", "performance", "t1")), max_size=2)),
        tools=draw(st.integers(0, 2)),
        measured=draw(st.booleans()),
    )
    wall = [gate_named("tests"), gate_named("lint"), gate_named("style", required=False)]
    wall += [gate_named("smoke", required="smoke" in fate.red or draw(st.booleans()))]
    wall += [gate_named("bench")] if fate.measured else []
    asked = create(checks=("smoke",), accept="auto", merge=draw(st.sampled_from(("manual", "gated"))), max_attempts=6)
    plan = (two_tasks(),) if draw(st.booleans()) else ()
    story = World(fate).drive(goal.given(asked, gates(*wall), *plan, order(max_attempts=6)))
    if "integration.accepted" in story.gaps:
        story = story.given(replace(accept(), tree=story.state.worktree.tree))
    story = story.given(let_go(), *PULLS[: draw(st.integers(0, 2))])
    return story.given(*again(story)) if draw(st.booleans()) else story
