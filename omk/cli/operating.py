"""What only a person does: accept, reject, decide, waive, merge, pause, resume, cancel."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from omk.cli.arguments import AgentOption, GoalArgument
from omk.cli.continuing import carry_on, goes_on, is_at_work, one_that_waits
from omk.cli.options import FormatOption, JsonOption, StoreOption
from omk.cli.output import say
from omk.cli.writing import finish, next_command, on_goal, settle, settle_in_short
from omk.domain.event import Recorded
from omk.domain.state import GoalState
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.controller import Step
from omk.domain.subjects.delivery import AcceptChange, RejectChange
from omk.domain.subjects.goal import CancelGoal, PauseGoal, RecordDecision, ResumeGoal
from omk.domain.subjects.review import GrantWaiver
from omk.errors import Refused
from omk.runtime.controller import drive
from omk.runtime.merge import merge_change
from omk.runtime.publish.branch import OUTSIDE
from omk.runtime.publish.order import is_published, merge_published
from omk.runtime.recovery import recover
from omk.runtime.session import Session
from omk.views.lines import word

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words.")]
LooseReason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in words.")]


def accept(
    summary: Annotated[str, typer.Option("--summary", metavar="TEXT", help="What you accept, in words.")],
    goal: GoalArgument = "latest",
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Accept the change as it is now: omk accept latest --summary "looks right"."""
    with on_goal(goal, "accept", store) as session:
        tree = session.state.worktree.tree
        session.handle(AcceptChange(actor=session.actor, tree=tree, summary=summary))
        settle(session, form=form, as_json=as_json)


def reject(
    reason: ReasonOption,
    goal: GoalArgument = "latest",
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reject the change as it is now: omk reject latest --reason "drops the --json flag"."""
    with on_goal(goal, "reject", store) as session:
        tree = session.state.worktree.tree
        session.handle(RejectChange(actor=session.actor, tree=tree, reason=reason))
        settle(session, form=form, as_json=as_json)


def decide(
    goal: GoalArgument = "latest",
    words: Annotated[str | None, typer.Argument(metavar="[ANSWER]", help="The answer, in words.")] = None,
    answer: Annotated[str | None, typer.Option("--answer", metavar="TEXT", help="The answer, in words.")] = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer what blocks a goal: omk decide latest --answer "a CLI that prints the sum of a column"."""
    said = answer if answer is not None else words
    if said is None and GOAL_ID.fullmatch(goal):
        raise Refused(f"Say what was decided: omk decide {goal} --answer TEXT")
    if said is None:
        goal, said = "latest", goal  # one word alone can only be the answer
    if said == "latest":
        raise Refused('Say what was decided: omk decide latest --answer "what should be true when it is done"')
    with on_goal(goal, "decide", store) as session:
        session.handle(RecordDecision(actor=session.actor, answer=said))
        settle(session, form=form, as_json=as_json)
        say(f"Decided. Carry on: omk resume {session.goal}")


def waive(
    first: Annotated[str, typer.Argument(metavar="[GOAL] CODE", help="The goal (default latest) and the rule's code.")],
    reason: ReasonOption,
    second: Annotated[str | None, typer.Argument(hidden=True)] = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a rule on yourself, for this tree: omk waive latest review.architect --reason "generated code"."""
    goal, code = ("latest", first) if second is None else (first, second)
    with on_goal(goal, "waive", store) as session:
        tree = session.state.worktree.tree
        session.handle(GrantWaiver(actor=session.actor, code=code, tree=tree, reason=reason))
        settle(session, form=form, as_json=as_json)


def merge(
    goal: GoalArgument = "latest",
    into: Annotated[str | None, typer.Option("--into", metavar="BRANCH", help="Instead of the base branch.")] = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a ready change into its branch, proving the merged tree first if the branch moved: omk merge latest."""
    with on_goal(goal, "merge", store) as session:
        person, published = session.actor, is_published(session.state)
        steps: tuple[Step, ...] = ("verify", "review", "accept", *(("merge",) if published else ()))

        def prove_again() -> None:
            drive(session, steps)
            session.actor, session.handle.controller = person, None

        merge_it = merge_published if published else merge_change
        if not merge_it(session, into, prove_again):
            say("Nothing to do: the change is merged.")
            finish(session, session.handle.proof, form=form, as_json=as_json)
            return
        settle(session, form=form, as_json=as_json)
        say(_merged(session))


def _merged(session: Session) -> str:
    there, here = session.state.landing.merge, session.state.delivery.merge
    if there is not None and there.outcome == "merged":
        return f"Merged {there.url} into {there.into} as {there.commit[:12]}."
    return f"Merged into {here.branch} as {(here.commit or '')[:12]}." if here else "Merged."


def pause(
    goal: GoalArgument = "latest",
    reason: LooseReason = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start nothing more on a goal for now, and stop what runs: omk pause latest."""
    heard: list[Recorded] = []
    with on_goal(goal, "pause", store, heard=heard) as session:
        left = ended_of(heard)
        paused = session.handle(PauseGoal(actor=session.actor, reason=reason))
        stopped = stopped_of(session.state, left)
        settle_in_short(session, form=form, as_json=as_json)
        said = "Paused." if paused else "Nothing to do: it is paused already."
        say(f"{said} {stopped} Go on with: omk resume {session.goal}")


def resume(
    goal: Annotated[
        str | None, typer.Argument(metavar="[GOAL]", help="As elsewhere; without it the one that can be resumed.")
    ] = None,
    agent: AgentOption = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a goal that is paused or planned, or whose controller died: omk resume latest."""
    with on_goal(goal, "resume", store, unnamed=one_that_waits) as session:
        resumed = session.handle(ResumeGoal(actor=session.actor))
        if resumed and is_at_work(session.state) and goes_on(session):
            say(f"Resumed: the controller of {session.goal} goes on.")
            finish(session, session.handle.proof, form=form, as_json=as_json)
        elif not carry_on(session, agent, form=form, as_json=as_json):
            settle(session, form=form, as_json=as_json)
            say(_nothing_left(session, is_resumed=bool(resumed)))


def _nothing_left(session: Session, *, is_resumed: bool) -> str:
    """What to do about a goal of which nothing is left that was asked for."""
    proof = session.handle.proof
    said = "Resumed, and nothing that was asked for is left to do" if is_resumed else "Nothing to do"
    more = f" Next: {command}" if (command := next_command(session.state, proof)) else ""
    verb = "" if proof.status.startswith("needs") else "is "
    return f"{said}: {session.goal} {verb}{word(proof.status)}.{more}"


def cancel(
    goal: GoalArgument = "latest",
    reason: LooseReason = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a goal up for good: omk cancel latest --reason "no longer wanted"."""
    heard: list[Recorded] = []
    with on_goal(goal, "cancel", store, heard=heard) as session:
        left = ended_of(heard)
        cancelled = session.handle(CancelGoal(actor=session.actor, reason=reason))
        stopped = stopped_of(session.state, left)
        if session.state.slice.waiting:
            recover(session)  # nobody waits for it any more
        settle_in_short(session, form=form, as_json=as_json)
        said = "Cancelled." if cancelled else "Nothing to do: it is cancelled already."
        say(f"{said} {stopped} What happened: omk replay {session.goal}")


GOAL_ID = re.compile(r"goal-[0-9]+\S*")
"""What nobody answers a question with: the goal is meant, and the answer is missing."""
STOPPABLE = ("agent:", "gate:", "review:", "tool:setup:", *OUTSIDE)


def stopped_of(state: GoalState, left: Sequence[str] = ()) -> str:
    """What becomes of what runs, which the controller stops as soon as it hears of the order; *left* has ended already."""
    running = [name for name in state.obligation if name.startswith(STOPPABLE)]
    words = f"Its controller was gone; ended what that had left: {_names(left)}." if left else ""
    if running:
        return f"{words} Being stopped: {_names(running)}; what agents have changed is kept.".strip()
    return words or "Nothing was running."


def ended_of(heard: Iterable[Recorded]) -> list[str]:
    """The obligations of a dead controller that were closed just now."""
    aborted = (one.event.obligation for one in heard if isinstance(one.event, EffectAborted))
    return [name for name in aborted if name.startswith(STOPPABLE)]


def _names(obligations: Iterable[str]) -> str:
    return ", ".join(name.replace(":", " ", 1) for name in obligations)
