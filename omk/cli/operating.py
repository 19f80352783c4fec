"""What only a person does: accept, reject, decide, waive, merge, pause, resume, cancel."""

from typing import Annotated

import typer

from omk.cli.amounts import micro_dollars, milliseconds, positive
from omk.cli.arguments import AgentOption, GoalArgument
from omk.cli.options import FormatOption, JsonOption, StoreOption
from omk.cli.output import say
from omk.cli.writing import finish, on_goal, settle
from omk.domain.subjects.budget import BudgetExtended, ExtendBudget
from omk.domain.subjects.delivery import AcceptChange, RejectChange
from omk.domain.subjects.goal import CancelGoal, PauseGoal, RecordDecision, ResumeGoal
from omk.domain.subjects.review import GrantWaiver
from omk.errors import Refused
from omk.runtime.controller import drive, left_over
from omk.runtime.intake import check_agent
from omk.runtime.merge import merge_change

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
        person = session.actor

        def prove_again() -> None:
            drive(session, ("verify", "review", "accept"))
            session.actor, session.handle.controller = person, None

        if not merge_change(session, into, prove_again):
            say("Nothing to do: the change is merged.")
            finish(session, session.handle.proof, form=form, as_json=as_json)
            return
        settle(session, form=form, as_json=as_json)
        done = session.state.delivery.merge
        say(f"Merged into {done.branch} as {(done.commit or '')[:12]}." if done else "Merged.")


def pause(
    goal: GoalArgument = "latest",
    reason: LooseReason = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start nothing more on a goal for now: omk pause latest."""
    with on_goal(goal, "pause", store) as session:
        session.handle(PauseGoal(actor=session.actor, reason=reason))
        settle(session, form=form, as_json=as_json)
        say(f"Paused. Go on with: omk resume {session.goal}")


def resume(
    goal: GoalArgument = "latest",
    agent: AgentOption = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a pause, or continue a goal whose controller died: omk resume latest."""
    with on_goal(goal, "resume", store) as session:
        resumed = session.handle(ResumeGoal(actor=session.actor))
        steps = left_over(session.state)
        if steps:
            settings = session.state.goal.settings
            session.agent = agent or (settings.agent if settings else None)
            if "execute" in steps and not session.state.agent.last:
                check_agent(session.agent)
            attempts = settings.max_attempts if settings else 1
            finish(session, drive(session, steps, max_attempts=attempts, resume=True), form=form, as_json=as_json, is_driven=True)
            return
        if not resumed:
            say(f"Nothing to do: {session.goal} is {session.handle.proof.status}.")
            finish(session, session.handle.proof, form=form, as_json=as_json)
            return
        settle(session, form=form, as_json=as_json)


def cancel(
    goal: GoalArgument = "latest",
    reason: LooseReason = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a goal up for good: omk cancel latest --reason "no longer wanted"."""
    with on_goal(goal, "cancel", store) as session:
        session.handle(CancelGoal(actor=session.actor, reason=reason))
        settle(session, form=form, as_json=as_json)


def budget(
    goal: GoalArgument = "latest",
    add_time: Annotated[str | None, typer.Option("--add-time", metavar="D", help="More agents' time, like 30m.")] = None,
    add_tokens: Annotated[int | None, typer.Option("--add-tokens", metavar="N", help="More tokens.")] = None,
    add_usd: Annotated[str | None, typer.Option("--add-usd", metavar="X", help="More dollars.")] = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add to what a goal may spend. Example: omk budget latest --add-time 10m"""
    more = BudgetExtended(
        time_ms=milliseconds("--add-time", add_time, least=1) or 0,
        tokens=positive("--add-tokens", add_tokens) or 0,
        micro_usd=micro_dollars("--add-usd", add_usd) or 0,
    )
    with on_goal(goal, "budget", store) as session:
        session.handle(ExtendBudget(actor=session.actor, extended=more))
        settle(session, form=form, as_json=as_json)
        say(f"Extended. Carry on: omk execute {session.goal}")
