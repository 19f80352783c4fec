"""Why a controller has nothing more to do, in one line, and what it left undone."""

from collections.abc import Sequence

from msgspec.structs import replace

from omk.domain.proof.holds import executors
from omk.domain.proof.rules import judged
from omk.domain.spending import noted, task_reached
from omk.domain.stagnation import cause_named
from omk.domain.state import GoalState
from omk.domain.subjects.controller import Request, Step
from omk.domain.wanted import controlling, wanted
from omk.domain.whose import claims, owed_by_agent
from omk.domain.words import counted

ALL_DONE = "everything asked for is done"
ROUND = {"execute", "verify", "review"}
"""The steps that together judge what an agent did."""


ALL_STEPS: tuple[Step, ...] = ("plan", "execute", "verify", "review", "accept", "merge")


def left_over(state: GoalState) -> tuple[Step, ...]:
    """The steps an ended or dead controller was asked for and did not come to; empty when nothing is left to do."""
    controllers = state.controller
    request = controllers.request or controllers.previous
    if request is None:
        return () if controlling(state) else ALL_STEPS  # nobody was asked for anything yet, as in a new fork
    again = replace(state, controller=replace(controllers, request=request))
    return request.steps if wanted(again) else ()


def ending(state: GoalState) -> str:
    """Why nothing of what was asked for is left to do; also after the controller has let go."""
    ruling = controlling(state)
    if ruling is not None:
        return _ruled(state, ruling)
    request = state.controller.request or state.controller.previous
    if request is None or not set(request.steps) >= ROUND:
        return ALL_DONE
    rows = [(rule.lack(state, code).follows_from, code) for rule, code, evidence in judged(state) if evidence is None]
    codes = {code for _, code in rows}
    if not codes:
        return "ready"
    if (stopped := state.progress.stagnation) is not None:
        return f"stagnation after {counted(stopped.attempts, 'iteration')}: {cause_named(stopped.code).sentence}"
    if owed := owed_by_agent(state):
        spent = _spent(state, request, owed)
        why = f"budget of {', '.join(spent)} used up" if spent else "all attempts used"
        return f"{why}: {', '.join(owed)}"
    return f"a person's turn: {', '.join(code for follows, code in rows if codes.isdisjoint(follows))}"


def _spent(state: GoalState, request: Request, owed: Sequence[str]) -> list[str]:
    """The tasks that would be tried again for what is owed, if their own budgets were not used up."""
    claimed = {task for code in owed for task in claims(state, code)}
    tasks = [one.id for one in executors(state) if not claimed or one.id in claimed]
    return [name for name in tasks if request.may_try(name) and task_reached(state, name) is not None]


def _ruled(state: GoalState, ruling: str) -> str:
    out = noted(state)
    if ruling == "needs_more_budget" and out is not None:
        return f"budget used up: {out.words}"
    return f"the goal's status is {ruling}"
