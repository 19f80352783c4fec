"""What makes a goal move: run, and its steps one by one."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import typer

from omk.cli.arguments import (
    AgentOption,
    AtOnceOption,
    FlakyOption,
    GateOption,
    GoalArgument,
    KindOption,
    MaxAgentsOption,
    NeedsOption,
    PlannerOption,
    ProveOption,
    RerunOption,
    SplitOption,
    TasksOption,
)
from omk.cli.continuing import agent_of, continued, is_at_work, require_agent
from omk.cli.options import Format, FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import say
from omk.cli.progress import Progress
from omk.cli.question import Questions, is_attended
from omk.cli.writing import (
    finish,
    finish_plan,
    interruptible,
    mention_dirt,
    on_goal,
    open_store,
    repository,
    saying_how_it_goes_on,
)
from omk.domain.amounts import micro_dollars, milliseconds, positive, within
from omk.domain.approval import Approve
from omk.domain.ending import ALL_STEPS
from omk.domain.event import Command
from omk.domain.proof.holds import executors
from omk.domain.proof.proof import GoalProof
from omk.domain.spending import task_reached
from omk.domain.subjects.controller import Step
from omk.domain.subjects.gate import ConfigureGates
from omk.domain.subjects.goal import Accept, Delivery, Merge
from omk.domain.subjects.policy import ConfigurePolicy, Flaky
from omk.domain.subjects.task import RetryTask
from omk.domain.values import Limits
from omk.errors import NotFound, Refused
from omk.log.place import here
from omk.replay.address import Known, find_goal
from omk.runtime import edge
from omk.runtime.controller import drive
from omk.runtime.gates.conduct import MOST_AT_ONCE, MOST_RERUNS, UNSAID, Conduct, needs_from_flags
from omk.runtime.inside import refuse_inside
from omk.runtime.intake import Intake, Wishes, check_agent, conduct_again, configure_again, take_in
from omk.runtime.session import Session

PromptArgument = Annotated[str, typer.Argument(metavar="GOAL", help="What should be true when it is done, in words.")]


def run(
    prompt: PromptArgument,
    agent: AgentOption = None,
    gate: GateOption = None,
    prove: ProveOption = None,
    needs: NeedsOption = None,
    gates_at_once: AtOnceOption = None,
    rerun_failed: RerunOption = None,
    flaky: FlakyOption = None,
    kind: KindOption = None,
    until_ready: Annotated[bool, typer.Option("--until-ready", help="Try again until nothing is left for the agent.")] = False,
    max_attempts: Annotated[
        int | None, typer.Option("--max-attempts", metavar="N", help="Tries at most (8 if --until-ready).")
    ] = None,
    max_agents: MaxAgentsOption = 1,
    tasks: TasksOption = None,
    split: SplitOption = False,
    planner: PlannerOption = None,
    budget_time: Annotated[str | None, typer.Option("--budget-time", metavar="D", help="Agents' time, like 30m.")] = None,
    budget_tokens: Annotated[int | None, typer.Option("--budget-tokens", metavar="N", help="Tokens at most.")] = None,
    budget_usd: Annotated[str | None, typer.Option("--budget-usd", metavar="X", help="Dollars at most.")] = None,
    task_time: Annotated[str | None, typer.Option("--task-time", metavar="D", help="Agents' time on each task.")] = None,
    task_tokens: Annotated[int | None, typer.Option("--task-tokens", metavar="N", help="Tokens for each task.")] = None,
    task_usd: Annotated[str | None, typer.Option("--task-usd", metavar="X", help="Dollars for each task.")] = None,
    approve: Annotated[
        Approve | None, typer.Option("--approve", help="What agents that ask may do: ask (on a terminal), else safe.")
    ] = None,
    accept: Annotated[Accept | None, typer.Option("--accept", help="Who accepts: you, or the policy.")] = None,
    merge: Annotated[Merge | None, typer.Option("--merge", help="Who merges: nobody, you, or the policy.")] = None,
    delivery: Annotated[Delivery, typer.Option("--delivery", help="Where the change goes.")] = "local",
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry a goal from words to proof: omk run "Add a --json flag" --agent "command:my-agent" --gate tests="pytest -q"."""
    wishes = Wishes(
        agent=agent,
        planner=planner,
        tasks=tasks,
        split=split,
        gates=tuple(gate or ()),
        proves=tuple(prove or ()),
        kind=kind,
        until_ready=until_ready,
        max_attempts=positive("--max-attempts", max_attempts),
        max_agents=positive("--max-agents", max_agents) or 1,
        budget=Limits(
            time_ms=milliseconds("--budget-time", budget_time),
            tokens=positive("--budget-tokens", budget_tokens),
            micro_usd=micro_dollars("--budget-usd", budget_usd),
        ),
        each=Limits(
            time_ms=milliseconds("--task-time", task_time, least=1),
            tokens=positive("--task-tokens", task_tokens),
            micro_usd=micro_dollars("--task-usd", task_usd),
        ),
        approve=approve,
        is_attended=is_attended(),
        accept=accept,
        merge=merge,
        delivery=delivery,
        conduct=_conduct(needs, gates_at_once, rerun_failed, flaky),
    )
    _begin(prompt, wishes, ALL_STEPS, verb="run", store=store, form=form, as_json=as_json)


def plan(
    prompt: Annotated[str, typer.Argument(metavar="GOAL", help="What should be true when it is done, or a known goal.")],
    agent: AgentOption = None,
    gate: GateOption = None,
    prove: ProveOption = None,
    kind: KindOption = None,
    tasks: TasksOption = None,
    split: SplitOption = False,
    planner: PlannerOption = None,
    max_agents: MaxAgentsOption = 1,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a goal in and plan it, without starting any work: omk plan "Add a --json flag"."""
    if prompt == "latest" or prompt.startswith("goal-") or (" " not in prompt.strip() and _exists(prompt, store)):
        if tasks is not None or split or planner is not None:
            raise Refused(f"--tasks, --split and --planner are for a new goal, and {prompt} is a known one. Leave them out.")
        _step(prompt, Order("plan", ("plan",)), store=store, form=form, as_json=as_json)
        return
    wishes = Wishes(
        agent=agent,
        planner=planner,
        tasks=tasks,
        split=split,
        gates=tuple(gate or ()),
        proves=tuple(prove or ()),
        kind=kind,
        max_agents=positive("--max-agents", max_agents) or 1,
        is_attended=is_attended(),
    )
    _begin(prompt, wishes, ("plan",), verb="plan", store=store, form=form, as_json=as_json)


def execute(
    goal: GoalArgument = "latest",
    task: Annotated[
        list[str] | None, typer.Option("--task", metavar="ID", help="Only this task once more, and what nobody has done yet.")
    ] = None,
    agent: AgentOption = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the agent work once more on each task, or with --task on some, from the tree as it is: omk execute latest."""
    order = Order("execute", ("plan", "execute"), agent=agent, tasks=tuple(task or ()))
    _step(goal, order, store=store, form=form, as_json=as_json)


def verify(
    goal: GoalArgument = "latest",
    gate: GateOption = None,
    prove: ProveOption = None,
    needs: NeedsOption = None,
    gates_at_once: AtOnceOption = None,
    rerun_failed: RerunOption = None,
    flaky: FlakyOption = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run every gate on the tree as it is, with --gate by new definitions: omk verify latest."""
    gates = (tuple(gate or ()), tuple(prove or ()))
    conduct = _conduct(needs, gates_at_once, rerun_failed, flaky)
    _step(goal, Order("verify", ("plan", "verify"), gates=gates, conduct=conduct), store=store, form=form, as_json=as_json)


def review(
    goal: GoalArgument = "latest", store: StoreOption = None, form: FormatOption = None, as_json: JsonOption = False
) -> None:
    """Make the six review passes over the change as it is: omk review latest."""
    _step(goal, Order("review", ("plan", "review")), store=store, form=form, as_json=as_json)


def _begin(
    prompt: str,
    wishes: Wishes,
    steps: tuple[Step, ...],
    *,
    verb: str,
    store: str | None,
    form: Format | None,
    as_json: bool,
) -> None:
    chosen(form, as_json)
    here()
    refuse_inside(verb)
    user = repository()
    if verb == "run" and continued(user, store, prompt, wishes.agent, form=form, as_json=as_json):
        return
    identity = user.identity() or edge.new_repository_id()
    intake = take_in(user, identity, prompt, wishes, edge.person())
    if intake.agent is not None or ("execute" in steps and intake.testable):
        check_agent(intake.agent)
    known = open_store(store, user, identity=identity)
    try:
        refuse_inside(verb, is_known=known.has, folder=known.folder)
        if known.identity != identity:
            intake = take_in(user, known.identity or identity, prompt, wishes, edge.person())
        mention_dirt(user)
        with Progress() as progress, interruptible():
            session = known.begin(intake, progress.record, progress.begin)
            session.warn = say
            session.consult = Questions(progress).ask if is_attended() else None
            with saying_how_it_goes_on(session):
                proof = _first_proof(session, steps, intake)
        if verb == "plan":
            finish_plan(session, proof, form=form, as_json=as_json)
        else:
            finish(session, proof, form=form, as_json=as_json, is_driven=intake.testable)
        if not intake.testable:
            say(f"Decision needed. Answer it: omk decide {session.goal} --answer TEXT, or run a goal that says more.")
    finally:
        known.log.close()


def _first_proof(session: Session, steps: tuple[Step, ...], intake: Intake) -> GoalProof:
    """Of a new goal: what the steps come to, or that somebody has to say more first."""
    if not intake.testable:
        return session.handle.issue_proof(session.actor)
    return drive(session, steps, max_attempts=intake.max_attempts)


class Order(NamedTuple):
    """One step of a goal that exists, by whom, by which gates, and of which tasks (none: of all)."""

    verb: str
    steps: tuple[Step, ...]
    agent: str | None = None
    tasks: tuple[str, ...] = ()
    gates: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    conduct: Conduct = UNSAID


def _step(goal: str, order: Order, *, store: str | None, form: Format | None, as_json: bool) -> None:
    chosen(form, as_json)
    with on_goal(goal, order.verb, store) as session:
        session.agent = agent_of(session, order.agent)
        if order.verb == "execute":
            require_agent(session, order.verb)
            _require_budget(session, order.tasks)
        _configure(session, order.gates, order.conduct)
        _open_again(session, order.tasks)
        proof = drive(session, order.steps, max_attempts=0 if order.tasks else 1)
        if order.verb == "plan":
            finish_plan(session, proof, form=form, as_json=as_json)
        else:
            finish(session, proof, form=form, as_json=as_json, is_driven=True)


def _open_again(session: Session, tasks: Sequence[str]) -> None:
    """Open these tasks again, so that no other one has to be; raises `Refused` for what is no agent's task."""
    known = [one.id for one in executors(session.state)]
    wrong = [name for name in tasks if name not in known]
    if wrong:
        raise Refused(f"{session.goal} has no task {wrong[0]} for an agent. Its tasks: {', '.join(known) or 'none yet'}.")
    if tasks:
        _refuse_at_work(session)
        session.handle(*(RetryTask(actor=session.actor, task=name, reason="asked for by a person") for name in tasks))


def _refuse_at_work(session: Session) -> None:
    if is_at_work(session.state):
        active = session.state.controller.active
        who = f"{active.controller} (process {active.pid})" if active else "A controller"
        raise Refused(f"{who} works on this goal. Wait, or `omk pause` it.")


def _configure(session: Session, flags: tuple[tuple[str, ...], tuple[str, ...]], conduct: Conduct) -> None:
    """Record what a person's flags say of gates and of how they are run, both at once."""
    before, commands = session.state.gate, list[Command]()
    gates = tuple(before.by_name[name].definition for name in before.order)
    if any(flags):
        configured = configure_again(session, *flags)
        gates = configured.gates
        commands.append(ConfigureGates(actor=session.actor, configured=configured))
    if conduct != UNSAID:
        commands.append(ConfigurePolicy(actor=session.actor, configured=conduct_again(session, conduct, gates)))
    if not commands:
        return
    _refuse_at_work(session)
    session.handle(*commands)
    required = [name for name in before.order if before.by_name[name].definition.required]
    gone = [name for name in required if name not in session.state.gate.order]
    if gone:
        say(f"Not required any more: {', '.join(gone)}. --gate replaces all gates; name those that are to stay, too.")


def _conduct(needs: list[str] | None, at_once: int | None, rerun: int | None, flaky: Flaky | None) -> Conduct:
    return Conduct(
        needs=needs_from_flags(needs or ()),
        gates_at_once=within("--gates-at-once", at_once, 1, MOST_AT_ONCE),
        rerun_failed=within("--rerun-failed", rerun, 0, MOST_RERUNS),
        flaky=flaky,
    )


def _require_budget(session: Session, chosen_tasks: Sequence[str]) -> None:
    """Raise `Refused` if no task that is meant may spend anything."""
    tasks = chosen_tasks or [one.id for one in executors(session.state)]
    spent = [(name, out) for name in tasks if (out := task_reached(session.state, name))]
    if tasks and len(spent) == len(tasks):
        name, out = spent[0]
        more = f"omk budget {session.goal} --task {name} {out.flag}"
        raise Refused(f"{name} needs more budget to execute: it has used up its own ({out.words}). Extend it: {more}")


def _exists(name: str, store: str | None) -> bool:
    """Whether *name* is a goal's rather than a new goal's text."""
    try:
        known = open_store(store)
    except NotFound:
        return False
    try:
        find_goal(name, [Known(goal, at) for goal, at in known.goals()])
    except NotFound:
        return False
    finally:
        known.log.close()
    return True
