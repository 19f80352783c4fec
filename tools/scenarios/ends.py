"""Runs whose controller did not end by itself."""

from tools.scenarios.pieces import BROKEN, FIX, MENDING
from tools.scenarios.scenario import Killed, Scenario, omk

INTERRUPTED = Scenario(
    name="interrupted-and-resumed",
    claim="A controller that is killed leaves open what it announced; the next one closes that and does what was left.",
    story="The controller is killed with SIGKILL while a gate runs. `omk resume` ends what is left of the gate, "
    "closes its obligation as aborted, and carries on: the agent does not work again, the gate does.",
    acts=(
        Killed(
            ("run", FIX, "--agent", MENDING, "--gate", "regression=sleep 2; sh check.sh", "--accept", "auto"),
            at="gate_started.v1",
        ),
        omk("resume", "latest"),
    ),
    look=(
        ("gate_started#1", "announced, and never answered"),
        ("effect_aborted", "closed by the next controller"),
        ("controller_started#2", "names the one that it follows"),
        ("gate_started#2", "the gate starts again, as another attempt"),
        ("ready", "the verdict is ready from here on"),
    ),
    status="ready",
    files=BROKEN,
)

SCENARIOS = (INTERRUPTED,)
