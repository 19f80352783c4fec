"""Runs in which a person has the word: to decide, to reject, to waive, to pause and to give up."""

from tools.scenarios.pieces import BROKEN, BUILD, EMPTY, FIX, GREENFIELD, MENDING, REGRESSION, REVIEWS
from tools.scenarios.scenario import Meanwhile, Scenario, omk, refused

VAGUE = "Make it better"

BLOCKED = Scenario(
    name="blocked-on-human",
    claim="A goal that nobody could test is blocked on a person before any work, and takes none.",
    story="The goal says nothing that could be shown to be true. The oracle says so, the goal is blocked, and `omk "
    "execute` refuses. No agent starts, no task exists.",
    acts=(omk("run", VAGUE, "--agent", MENDING, *GREENFIELD), refused("execute", "latest")),
    look=(
        ("oracle_assessed", "not testable, and why"),
        ("goal_blocked", "waits for a person"),
        ("head", "`goal.testable` is open, owed by the operator, with the command that answers it"),
    ),
    status="blocked_on_human",
    gaps=(
        "goal.testable",
        "plan.valid",
        "agent.executed",
        "files.changed",
        "gate.acceptance",
        "gate.smoke",
        "gate.demo",
        *REVIEWS,
        "oracle.acceptance",
        "oracle.smoke",
        "oracle.demo",
        "integration.accepted",
    ),
    files=EMPTY,
)

DECIDED = Scenario(
    name="blocked-on-human-until-decided",
    claim="A person's decision unblocks a vague goal, and the work goes on from there.",
    story="The same vague goal. A person says what should be true, the goal is unblocked, and `omk resume` carries it "
    "through plan, agent, gates and reviews; the decision is part of the agent's prompt.",
    acts=(
        omk("run", VAGUE, "--agent", MENDING, *GREENFIELD, "--accept", "auto"),
        omk("decide", "latest", "--answer", BUILD),
        omk("resume", "latest"),
    ),
    look=(
        ("goal_blocked", "waits for a person"),
        ("decision_recorded", "the answer, by a person"),
        ("goal_unblocked", "rests on that answer"),
        ("ready", "the verdict is ready from here on"),
    ),
    status="ready",
    files=EMPTY,
)

REJECTED = Scenario(
    name="rejected-by-the-operator",
    claim="A rejected change is not ready, with the person's reason in the gap, though every gate is green.",
    story="Gate and reviews are content, a person accepts, looks again and rejects. Only `integration.accepted` is open.",
    acts=(
        omk("run", FIX, "--agent", MENDING, *REGRESSION),
        omk("accept", "latest", "--summary", "adds up"),
        omk("reject", "latest", "--reason", "an empty line must not end it with a traceback"),
    ),
    look=(
        ("ready", "ready, for as long as the acceptance stood"),
        ("change_rejected", "the gap opens again, with the reason"),
    ),
    status="not_ready",
    gaps=("integration.accepted",),
    files=BROKEN,
)

EDITS_GATE = Scenario(
    name="agent-edits-its-gate",
    claim="An agent that edits the script its gate runs opens a gap that only a person closes.",
    story="Beside the program the agent rewrites check.sh, which the gate names. The gate passes, but "
    "`gates.unchanged` is open. A person reads the new script, waives the rule for exactly this tree, and "
    "accepts.",
    acts=(
        omk("run", FIX, "--agent", "command:sh agent.sh", *REGRESSION),
        omk("waive", "latest", "gates.unchanged", "--reason", "read it: the script is stricter than before"),
        omk("accept", "latest", "--summary", "adds up"),
    ),
    look=(
        ("files_changed", "check.sh is guarded, and changed"),
        ("gate_ran", "green by the agent's own script"),
        ("waiver_granted", "a person takes the rule on, for this tree"),
        ("ready", "the verdict is ready from here on"),
    ),
    status="ready",
    files={
        **BROKEN,
        "agent.sh": "printf 'import sys\\n\\nprint(sum(int(line) for line in sys.stdin))\\n' > total.py\n"
        'printf \'test "$(printf "4\\\\n5\\\\n" | python3 total.py)" = 9\\n\' >> check.sh\n',
    },
)

PAUSED = Scenario(
    name="paused-resumed-cancelled",
    claim="A pause ends the work at once and loses nothing; resuming goes on; a cancelled goal takes no work any more.",
    story="While the agent works a person pauses the goal. The agent is stopped and what it wrote is recorded; while "
    "the pause lasts `omk execute` refuses. `omk resume` runs the gate and the reviews that were left, `omk "
    "execute` lets the agent work again. Then the goal is given up, and `omk execute` refuses for good.",
    acts=(
        Meanwhile(
            ("run", FIX, "--agent", f"{MENDING}; sleep 2", *REGRESSION),
            at="agent_started.v1",
            other=("pause", "latest", "--reason", "the build machine is needed for something else"),
        ),
        refused("execute", "latest"),
        omk("resume", "latest"),
        omk("execute", "latest", "--agent", MENDING),
        omk("cancel", "latest", "--reason", "the program is no longer wanted"),
        refused("execute", "latest"),
    ),
    look=(
        ("goal_paused", "while the agent is at work"),
        ("agent_finished#1", "stopped"),
        ("files_changed#1", "what it had written by then"),
        ("controller_stopped#1", "the controller lets go; gates and reviews never ran"),
        ("goal_resumed", "and the next controller does what was left"),
        ("agent_finished#2", "the agent ends well; its tree is the same, so that gate and reviews still count"),
        ("goal_cancelled", "given up: the status is `cancelled`, whatever holds"),
    ),
    status="cancelled",
    gaps=("integration.accepted",),
    files=BROKEN,
)

SCENARIOS = (BLOCKED, DECIDED, REJECTED, EDITS_GATE, PAUSED)
