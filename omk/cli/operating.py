"""What only a person does: accept, reject, decide, waive, merge, pause, resume, cancel."""

from typing import Annotated

import typer

from omk.cli.arguments import AgentOption, GoalArgument
from omk.cli.continuing import carry_on, goes_on, is_at_work
from omk.cli.options import FormatOption, JsonOption, StoreOption
from omk.cli.output import say
from omk.cli.writing import finish, on_goal, settle
from omk.domain.state import GoalState
from omk.domain.subjects.controller import Step
from omk.domain.subjects.delivery import AcceptChange, RejectChange
from omk.domain.subjects.goal import CancelGoal, PauseGoal, RecordDecision, ResumeGoal
from omk.domain.subjects.review import GrantWaiver
from omk.errors import Refused
from omk.runtime.controller import drive
from omk.runtime.merge import merge_change
from omk.runtime.publish.order import is_published, merge_published
from omk.runtime.recovery import recover
from omk.runtime.session import Session

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
    with on_goal(goal, "pause", store) as session:
        session.handle(PauseGoal(actor=session.actor, reason=reason))
        stopped = _stopped(session.state)
        settle(session, form=form, as_json=as_json)
        say(f"Paused. {stopped} Go on with: omk resume {session.goal}")


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
        if resumed and is_at_work(session.state) and goes_on(session):
            say(f"Resumed: the controller of {session.goal} goes on.")
            finish(session, session.handle.proof, form=form, as_json=as_json)
        elif carry_on(session, agent, form=form, as_json=as_json):
            return
        else:
            if not resumed:
                say(f"Nothing to do: {session.goal} is {session.handle.proof.status}.")
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
        stopped = _stopped(session.state)
        if session.state.slice.waiting:
            recover(session)  # nobody waits for it any more
        settle(session, form=form, as_json=as_json)
        say(f"Cancelled. {stopped}")


STOPPABLE = ("agent:", "gate:", "review:", "tool:setup:")


def _stopped(state: GoalState) -> str:
    """What becomes of what runs, which the controller stops as soon as it hears of the order."""
    running = [name.replace(":", " ", 1) for name in state.obligation if name.startswith(STOPPABLE)]
    if not running:
        return "Nothing was running."
    return f"Being stopped: {', '.join(running)}; what agents have changed is kept."
