"""Why a controller has nothing more to do, in one line."""

from omk.domain.proof.rules import judged
from omk.domain.spending import noted
from omk.domain.stagnation import cause_named
from omk.domain.state import GoalState
from omk.domain.wanted import controlling
from omk.domain.whose import owed_by_agent
from omk.domain.words import counted

ALL_DONE = "everything asked for is done"
ROUND = {"execute", "verify", "review"}
"""The steps that together judge what an agent did."""


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
        return f"all attempts used: {', '.join(owed)}"
    return f"a person's turn: {', '.join(code for follows, code in rows if codes.isdisjoint(follows))}"


def _ruled(state: GoalState, ruling: str) -> str:
    out = noted(state)
    if ruling == "needs_more_budget" and out is not None:
        return f"budget used up: {out.words}"
    return f"the goal's status is {ruling}"
