"""Let an agent propose the plan, in a worktree of which nothing is taken but what it proposes."""

from omk.domain.effects import RunPlanner
from omk.domain.event import Command
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import PLAN, built_in_plan, whole_plan
from omk.domain.proposals import commands, judged
from omk.domain.subjects.controller import AbortEffect
from omk.domain.wanted import controlling
from omk.runtime.naming import agent_worktree
from omk.runtime.proposals import clear_proposals, malformed, proposals_in
from omk.runtime.session import Session
from omk.runtime.site import is_plain
from omk.runtime.steps.conversing import Ended, Work, converse
from omk.runtime.steps.recording import end_of, how, outcome_of
from omk.runtime.usage import cut


def run_planner(session: Session, effect: RunPlanner) -> None:
    """Start the planner, wait for it, and record its end, what was said of its proposals and the plan: all at once."""
    session.agent = session.state.policy.planner
    name = agent_worktree(session.goal, PLAN, is_only=False)
    worktree = session.worktree(name, "agent")
    work = Work(task=PLAN, attempt=effect.attempt, fence=0, worktree=worktree, base=session.state.worktree.tree)
    clear_proposals(worktree)
    ended = converse(session, work)
    session.handle.mailbox.ask(lambda: _record(session, work, ended))
    session.close_worktree(name)


def _record(session: Session, work: Work, ended: Ended) -> None:
    """The plan stands in the same append as the end of its planner; one that was stopped has to begin again."""
    limit = cut(session, work.agent, ended.spent, ended.at) if ended.exit.stopped else None
    (finished, *spent), blobs = end_of(session, work, ended, limit)
    if ended.exit.stopped:
        session.handle(finished, *spent, blobs=blobs)
    elif controlling(session.state):
        reason = "The goal takes no plan any more."
        session.handle(AbortEffect(actor=session.actor, obligation=f"agent:{work.agent}", reason=reason), *spent)
    else:
        session.handle(finished, *_planned(session, work, ended), *spent, blobs=blobs)


def _planned(session: Session, work: Work, ended: Ended) -> list[Command]:
    """The proposals that are turned down, and the plan that the others make: the built-in one if there are none."""
    proposals = proposals_in(work.worktree, source="planner") if is_plain(work.worktree, "") else ()
    if outcome_of(ended.exit) != "succeeded":
        proposals = (malformed("planner", f"{how(ended.exit)} The built-in plan is used.", "", code="planner.failed"),)
    elif not proposals:
        proposals = (malformed("planner", "Nothing was proposed. The built-in plan is used.", "", code="planner.silent"),)
    verdicts = judged(proposals, session.state)
    accepted = tuple(one.task for one in verdicts if one.code is None)
    plan = PlanGoal(actor=session.actor, tasks=whole_plan(accepted)) if accepted else usual_plan(session)
    return [*commands(verdicts, session.state, agent=work.agent, accepts=False), plan]


def usual_plan(session: Session) -> PlanGoal:
    """The built-in plan for the session's goal."""
    goal = session.state.goal
    scope = goal.settings.scope if goal.settings else ()
    return PlanGoal(actor=session.actor, tasks=built_in_plan(session.handle.text(goal.prompt), scope))
