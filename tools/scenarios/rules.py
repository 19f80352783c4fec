"""Runs that break a rule: outside the scope, out of budget, unfinished, failed."""

from tools.scenarios.pieces import BROKEN, FIX, MENDING, REGRESSION, REVIEWS
from tools.scenarios.scenario import Scenario, omk

SCOPE = Scenario(
    name="scope-violated",
    claim="A change outside the paths that the task may write opens a gap, whatever the gates say.",
    story="omk.toml lets the task write total.py alone. The agent mends it and edits README.md besides.",
    acts=(omk("run", FIX, "--agent", rf"{MENDING}; printf '\nMended.\n' >> README.md", *REGRESSION, "--accept", "auto"),),
    look=(
        ("files_changed", "two paths"),
        ("scope_violated", "one of them was not the task's to change"),
        ("head", "`scope.respected` is open"),
    ),
    status="not_ready",
    gaps=("scope.respected", "integration.accepted"),
    files={**BROKEN, "omk.toml": '[scope]\nwrite = ["total.py"]\n'},
)

BUDGET = Scenario(
    name="budget-time-exhausted",
    claim="An agent that uses up the goal's time is ended, and the goal needs more budget before anything else happens.",
    story="The goal may take one second of agents' time. The agent writes the program and then sits there; it is "
    "ended, what it wrote is recorded, and no gate starts.",
    acts=(omk("run", FIX, "--agent", f"{MENDING}; sleep 60", *REGRESSION, "--budget-time", "1s"),),
    look=(
        ("budget_set", "one second"),
        ("agent_finished", "timed out"),
        ("budget_exhausted", "the status is `needs_more_budget` from here on"),
    ),
    status="needs_more_budget",
    gaps=("agent.executed", "gate.regression", *REVIEWS, "oracle.regression", "budget.within", "integration.accepted"),
    files=BROKEN,
)

FAILED = Scenario(
    name="agent-fails",
    claim="A failed agent is a gap owed by the agent, with its exit code and last words; it is no failure of omk.",
    story="The agent prints what is wrong and ends with exit code 3. Gates and reviews judge the tree all the same.",
    acts=(omk("run", FIX, "--agent", "command:echo 'No model is configured.' >&2; exit 3", *REGRESSION, "--accept", "auto"),),
    look=(
        ("agent_finished", "exit code 3"),
        ("task_failed", "the task did not get done"),
        ("head", "`agent.executed` is open"),
    ),
    status="not_ready",
    gaps=(
        "agent.executed",
        "files.changed",
        "gate.regression",
        "review.code",
        "review.test",
        "oracle.regression",
        "integration.accepted",
    ),
    files=BROKEN,
)

SLOP = Scenario(
    name="review-finds-work-left-for-later",
    claim="A green gate does not hide work that was left for later: the anti-slop review blocks it, line by line.",
    story="The agent makes the program right and leaves a note that errors are still to be handled.",
    acts=(
        omk(
            "run",
            FIX,
            "--agent",
            rf"{MENDING}; printf '# TODO: handle words\n' >> total.py",
            *REGRESSION,
            "--accept",
            "auto",
        ),
    ),
    look=(
        ("gate_ran", "green"),
        ("review_blocked", "file, line and code of the finding"),
        ("head", "`review.anti-slop` is open, owed by the agent"),
    ),
    status="not_ready",
    gaps=("review.anti-slop", "integration.accepted"),
    files=BROKEN,
)

SCENARIOS = (SCOPE, BUDGET, FAILED, SLOP)
