"""What to do next, read from the state: effects that were asked for and not answered. There is no outbox.

After a crash the same fold gives the same list. Bookkeeping (issuing a proof, closing a worktree) is not wanted here.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from omk.domain.collisions import collide
from omk.domain.effects import (
    AcceptByPolicy,
    AwaitBreaker,
    AwaitChecks,
    BeginTask,
    Effect,
    EndTask,
    MakePlan,
    MakeReview,
    MeasurePass,
    MergeByPolicy,
    MergePullRequest,
    MergeSlice,
    OpenPullRequest,
    RunAgent,
    RunGate,
    RunPlanner,
    StopLoop,
    TryAgain,
)
from omk.domain.graph import is_free, startable
from omk.domain.plan import PLAN, REVIEW, SECURITY_REVIEW, VERIFY
from omk.domain.proof.holds import executors
from omk.domain.proof.rules import RULES
from omk.domain.spending import task_reached
from omk.domain.stagnation import diagnosed
from omk.domain.state import PARTS, GoalState
from omk.domain.subjects.controller import Request
from omk.domain.subjects.policy import Policy
from omk.domain.subjects.task import EXECUTOR, Task
from omk.domain.values import PASSES
from omk.domain.verification import turn
from omk.domain.whose import choice, claims


def controlling(state: GoalState) -> str | None:
    """The status that rules whatever the gaps are, if there is one."""
    goal = state.goal
    if goal.cancelled:
        return "cancelled"
    if goal.failed:
        return "failed_infra"
    if goal.paused:
        return "paused"
    if goal.blocked:
        return "blocked_on_human" if goal.blocked.on == "human" else "blocked_on_external"
    return "needs_more_budget" if state.budget.exhausted else None


CONTROLLING_READS = ("goal.cancelled", "goal.failed", "goal.paused", "goal.blocked", "budget.exhausted")
"""The fields of the state that `controlling` looks at, which a law proves complete."""


def wanted(state: GoalState) -> tuple[Effect, ...]:
    """The effects asked for and not answered, in the order to carry them out; empty when nothing is asked."""
    return asked(state)[1]


def asked(state: GoalState) -> tuple[int, tuple[Effect, ...]]:
    """How many rows of `ASK` had to be asked until one of them wanted something, and what it wants."""
    request = state.controller.request
    if request is None or controlling(state):
        return 0, ()
    for number, row in enumerate(ASK, 1):
        if row.step is None or row.step in request.steps:
            effects = row.effects(state, request)
            if effects:
                return number, tuple(effects)
    return len(ASK), ()


def _plan(state: GoalState, _: Request) -> Sequence[Effect]:
    """Ask the planner first, if there is one, until it has ended by itself; it is asked again when it was stopped."""
    if state.goal.planned_seq:
        return []
    run = state.agent.last.get(PLAN)
    if state.policy.planner is None or (run is not None and run.outcome not in {None, "stopped"}):
        return [MakePlan()]
    return [RunPlanner(attempt=1 if run is None else run.attempt + (run.outcome is not None))]


def _execute(state: GoalState, request: Request) -> Sequence[Effect]:
    """Merge the oldest slice that waits, go on with what runs, begin what may run beside it, try again what failed."""
    waiting = sorted(state.slice.waiting.items(), key=lambda pair: pair[1].seq)
    merges = [MergeSlice(task=name, attempt=one.attempt) for name, one in waiting[:1]]
    at_work = [task for task in executors(state) if task.status == "running" or task.id in state.slice.waiting]
    runs = [RunAgent(task=one.id, attempt=one.attempts) for one in at_work if one.id not in state.slice.waiting]
    room = (state.goal.settings.max_agents if state.goal.settings else 1) - len(runs)
    free = (one for one in startable(state.task, EXECUTOR) if one.id not in state.slice.waiting)
    ready = [one for one in free if task_reached(state, one.id) is None]
    begun = beside(at_work, ready, room)
    runs += [RunAgent(task=one.id, attempt=one.attempts + 1) for one in begun]
    return [*merges, *runs, *_failed(state, request)]


def beside(at_work: Sequence[Task], ready: Sequence[Task], room: int) -> list[Task]:
    """Of the tasks that are ready, those that may begin: as many as there is *room*, none that collides with one at work."""
    begun: list[Task] = []
    for task in ready:
        if len(begun) < room and not any(collide(task, other) for other in (*at_work, *begun)):
            begun.append(task)
    return begun


def _failed(state: GoalState, request: Request) -> list[Effect]:
    """Among several tasks one that failed is tried again at once; a single one is verified first, to learn from it."""
    tasks = executors(state)
    if len(tasks) == 1 or state.progress.stagnation is not None:
        return []
    failed = [one for one in tasks if one.status == "blocked" and may_try(state, request, one) and is_free(state.task, one)]
    return [_retry(state, one.id) for one in failed]


def _retry(state: GoalState, task: str) -> TryAgain:
    """For what the task itself failed in: its agent, or the merge of what that left."""
    known = {code: claims(state, code).get(task) for code in ("agent.executed", "files.changed")}
    own = {code: words for code, words in known.items() if words}
    return TryAgain(task=task, gaps=tuple(own) or ("agent.executed",), because="; ".join(own.values()))


def may_try(state: GoalState, request: Request, task: Task) -> bool:
    """Whether one more attempt at the task is within what was asked, and within what may be spent on it."""
    return request.may_try(task.id) and task_reached(state, task.id) is None


def _verify(state: GoalState, request: Request) -> Sequence[Effect]:
    """Run the gates whose turn it is, first those at work; where only breakers are in the way, wait."""
    gates, now = state.gate, turn(state, max(request.seq, request.settled_seq))
    first = sorted(now.free, key=lambda name: gates.at_work(name) is None)[: state.policy.gates_at_once]
    runs = [RunGate(gate=name, attempt=gates.by_name[name].attempts + (gates.at_work(name) is None)) for name in first]
    waits = [AwaitBreaker(gate=name, until=until) for name, until in now.held]
    return _around((VERIFY,), runs or waits, state, lambda _: _gaps(state, "gates.configured", "gate.<name>"))


def _review(state: GoalState, request: Request) -> Sequence[Effect]:
    since = max(request.seq, request.settled_seq, *(_seq_of_gate(state, name) for name in state.gate.order), 0)
    files, reviews = state.worktree, state.review
    base = files.base.tree if files.base else ""
    open_passes: list[Effect] = []
    for name in PASSES:
        last, running = reviews.by_pass.get(name), reviews.at_work(name) is not None
        if last is None or running or last.seq < since or (last.tree, last.base) != (files.tree, base):
            open_passes.append(MakeReview(review=name, attempt=reviews.attempts.get(name, 0) + (not running)))

    def bad(task: str) -> tuple[str, ...]:
        is_own = task == SECURITY_REVIEW
        return tuple(code for code in _gaps(state, "review.<pass>") if (code == "review.security") == is_own)

    return _around((REVIEW, SECURITY_REVIEW), open_passes[:1], state, bad)


def _seq_of_gate(state: GoalState, name: str) -> int:
    last = state.gate.by_name[name].last
    return last.seq if last else 0


def _around(
    tasks: tuple[str, ...], effects: Sequence[Effect], state: GoalState, gaps: Callable[[str], tuple[str, ...]]
) -> Sequence[Effect]:
    """The effects, between the beginning and the end of the controller's own tasks that they are the work of.

    *gaps* tells which codes keep a task from being done; it is asked only where one ends. A task whose dependencies are not
    done (a failed agent's) does not begin, but its effects are wanted all the same.
    """
    known = [state.task[name] for name in tasks if name in state.task]
    begun = [one for one in known if one.status == "running"]
    waiting = {"pending", "done", "blocked"} if effects else {"pending"}
    begin = [BeginTask(task=one.id) for one in known if one.status in waiting and is_free(state.task, one)]
    return begin or effects or [EndTask(task=one.id, gaps=gaps(one.id)) for one in begun]


def _gaps(state: GoalState, *families: str) -> tuple[str, ...]:
    """The codes without evidence, of these families or of all."""
    rules = [rule for rule in RULES if not families or rule.code in families]
    return tuple(code for rule in rules for code in rule.codes(state) if rule.holds(state, code) is None)


def _accept(state: GoalState, _: Request) -> Sequence[Effect]:
    settings = state.goal.settings
    is_auto = settings is not None and settings.accept == "auto"
    return [AcceptByPolicy()] if is_auto and _gaps(state) == ("integration.accepted",) else []


def _publish(state: GoalState, _: Request) -> Sequence[Effect]:
    """A pull request for what was accepted; then, if the policy merges, its checks and its merge."""
    settings, published, landing = state.goal.settings, state.publication, state.landing
    is_busy = published.is_busy or landing.is_busy
    own = ("obligations.closed",) if is_busy else ()
    if settings is None or settings.delivery == "local" or _gaps(state) != own:
        return []
    tree, base = state.worktree.tree, state.worktree.base
    if landing.holds(tree):
        return []
    commit = published.pull_request.commit if published.pull_request else ""
    word, asked = state.delivery.acceptance, published.pull_request
    is_told = asked is not None and word is not None and asked.seq > word.seq
    if published.is_busy or not (is_told and base is not None and published.shows(tree, base.commit)):
        return [OpenPullRequest(tree=tree)]
    if settings.delivery != "auto-pr" or settings.merge != "gated":
        return []
    is_green = landing.is_busy or landing.is_green(commit)
    return [MergePullRequest(commit=commit) if is_green else AwaitChecks(commit=commit)]


def _merge(state: GoalState, _: Request) -> Sequence[Effect]:
    settings, merge = state.goal.settings, state.delivery.merge
    is_gated = settings is not None and settings.merge == "gated" and settings.delivery == "local"
    is_done = merge is not None and merge.seq > (state.delivery.acceptance.seq if state.delivery.acceptance else 0)
    return [MergeByPolicy()] if is_gated and not is_done and not _gaps(state) else []


def _again(state: GoalState, request: Request) -> Sequence[Effect]:
    """One task more: the one that most of what is owed comes from, else the one that was tried least."""
    if "execute" not in request.steps or state.progress.stagnation is not None:
        return []
    own = (claims(state, code) for code in ("agent.executed", "files.changed"))
    if any(one and not any(may_try(state, request, state.task[name]) for name in one) for one in own):
        return []  # what only these could close, they had their attempts at
    tasks = [one for one in executors(state) if one.status in {"done", "blocked"} and may_try(state, request, one)]
    chosen = choice(state, tasks, lambda name: request.tries.get(name, 0)) if tasks else None
    return [TryAgain(task=chosen.task.id, gaps=chosen.gaps, because=chosen.because)] if chosen else []


def is_loop(policy: Policy, request: Request) -> bool:
    """Whether the request goes round and round, so that its passes are measured."""
    rounds = {"execute", "verify", "review"} <= set(request.steps) and request.max_attempts > 1
    return rounds and policy.stagnation_window > 0


def _measure(state: GoalState, request: Request) -> Sequence[Effect]:
    """At the end of each pass of agents, gates and reviews."""
    is_due = is_loop(state.policy, request) and request.settled_seq > state.progress.measured_seq
    return [MeasurePass(iteration=state.progress.iteration + 1)] if is_due else []


def _stop_loop(state: GoalState, request: Request) -> Sequence[Effect]:
    """Once the measurements stand still: never of a goal that is ready."""
    if state.progress.stagnation is not None or not is_loop(state.policy, request):
        return []
    found = diagnosed(state.progress.history, state.policy)
    return [StopLoop(cause=found.cause)] if found is not None and _gaps(state) else []


class Ask(NamedTuple):
    """A row of what may be wanted: for which step of the request (null: for any), and the fields of the state it looks at."""

    step: str | None
    effects: Callable[[GoalState, Request], Sequence[Effect]]
    reads: tuple[str, ...]


EVIDENCE = tuple(sorted({read for rule in RULES for read in rule.reads}))
ASK = (
    Ask(None, _plan, ("goal.planned_seq", "policy", "agent.last")),
    Ask(
        "execute",
        _execute,
        (
            *("task", "slice.waiting", "slice.conflicts", "goal.settings", "progress.stagnation", "agent.last"),
            *("worktree.owners", "policy", "budget.of_task", "budget.by_task"),
        ),
    ),
    Ask("verify", _verify, ("task", "gate", "policy", "worktree.tree", *EVIDENCE)),
    Ask("review", _review, ("task", "gate", "review", "worktree.tree", "worktree.base", *EVIDENCE)),
    Ask("execute", _measure, ("policy", "progress")),
    Ask("execute", _stop_loop, ("policy", "progress", *EVIDENCE)),
    Ask("accept", _accept, ("goal.settings", *EVIDENCE)),
    Ask(
        "merge",
        _publish,
        ("goal.settings", "delivery.acceptance", "publication", "landing", "worktree.tree", "worktree.base", *EVIDENCE),
    ),
    Ask("merge", _merge, ("goal.settings", "delivery.merge", "delivery.acceptance", *EVIDENCE)),
    Ask(None, _again, PARTS),  # why rules have gaps, which may be anywhere
)
"""What may be wanted, the first row that wants something before all others."""

REQUEST_READS = (*CONTROLLING_READS, "controller.request")
"""What is looked at before any row is asked; with the reads of the rows asked, a law proves this complete."""
