"""Evidence that is not there, or no longer: stale, conflicting, never asked for, out of time."""

from tools.scenarios.pieces import BROKEN, FIX, MENDING, REGRESSION, REVIEWS, RIGHT
from tools.scenarios.scenario import Commit, Scenario, omk, refused

STALE = Scenario(
    name="gate-goes-stale-after-edit",
    claim="A change after a green gate makes its evidence stale, and the goal is not ready, without any flag reset.",
    story="The gate is green, the reviews are content, only a person's acceptance is missing. Then an agent works on "
    "the goal once more and adds a line to README.md. Nothing is run again: gate and reviews name a tree that "
    "is no longer the goal's.",
    acts=(
        omk("run", FIX, "--agent", MENDING, *REGRESSION),
        omk("execute", "latest", "--agent", r"command:printf '\nNow it adds up.\n' >> README.md"),
    ),
    look=(
        ("gate_ran", "green, on the tree of the first change"),
        ("proof_issued#1", "one gap: `integration.accepted`"),
        ("files_changed#2", "one line in README.md, and the gaps open again"),
        ("head", "not ready: `since` of each gap is the event that made its evidence stale"),
    ),
    status="not_ready",
    gaps=("gate.regression", *REVIEWS, "oracle.regression", "integration.accepted"),
    files=BROKEN,
)

REDEFINED = Scenario(
    name="gate-defined-anew-makes-old-evidence-stale",
    claim="Evidence is bound to the definition of its gate: another command under the same name proves anew.",
    story="The goal waits for acceptance only, its gate is green. A person lets the gate of the same name run a "
    "stricter command: the old pass does not count any more, and the new one is red on the same tree.",
    acts=(
        omk("run", FIX, "--agent", MENDING, *REGRESSION),
        omk("verify", "latest", "--gate", "regression=sh check.sh && grep -q Usage README.md"),
    ),
    look=(
        ("gate:regression#1", "green, by the first definition"),
        ("gates_configured#2", "the definition has another digest: the pass is stale"),
        ("gate:regression#2", "red, by the second"),
    ),
    status="not_ready",
    gaps=("gate.regression", "oracle.regression", "integration.accepted"),
    files=BROKEN,
)

CONFLICT = Scenario(
    name="base-moved-and-conflicts",
    claim="A change that conflicts with what came into the base branch is not merged, and the conflict is on record.",
    story="After the goal is ready somebody else mends the same line of total.py in another way. `omk merge` refuses "
    "and names the file; the branch stays as it is, and so does the proof of the tree that was judged.",
    acts=(
        omk("run", FIX, "--agent", MENDING, *REGRESSION, "--accept", "auto"),
        Commit("Add up with a loop", {"total.py": RIGHT.replace("sum(int(line)", "sum(float(line)")}),
        refused("merge", "latest"),
    ),
    look=(("ready", "ready"), ("merge_conflicted", "the path that both changed")),
    status="ready",
    files=BROKEN,
)

ONLY_SAYS = Scenario(
    name="agent-only-says-done",
    claim="An agent that says it is done and changes nothing leaves a gap, even when the gate is green.",
    story="The agent prints that everything is done and ends with success. The gate asks for nothing that was not "
    "there before and passes. `files.changed` and the code review stay open: nothing proves itself.",
    acts=(
        omk(
            *("run", FIX, "--accept", "auto", "--gate", "regression=test -f total.py"),
            *("--agent", "command:echo 'All done. The bug is fixed and every test passes.'"),
        ),
    ),
    look=(
        ("agent_finished", "its words are an output, and evidence for nothing but itself"),
        ("gate_ran", "green on the tree of the base commit"),
        ("review_blocked", "there are no changes to review"),
    ),
    status="not_ready",
    gaps=("files.changed", "review.code", "integration.accepted"),
    files=BROKEN,
)

TIMED_OUT = Scenario(
    name="gate-times-out",
    claim="A gate that does not end in time is ended, recorded as timed out, and proves nothing.",
    story="The configured gate first prints the right answer and then hangs. After its time limit of one second its "
    "whole process group is ended; what it had printed is kept.",
    acts=(omk("run", FIX, "--agent", MENDING, "--accept", "auto"),),
    look=(
        ("gates_configured", "the limit is part of the definition"),
        ("gate_ran", "`timed_out`, with a signal and no exit code"),
        ("head", "`oracle.regression` follows from the gate"),
    ),
    status="not_ready",
    gaps=("gate.regression", "review.test", "oracle.regression", "integration.accepted"),
    files={**BROKEN, "omk.toml": '[gates.regression]\nrun = "sh check.sh; sleep 60"\ntimeout = "1s"\n'},
)

SCENARIOS = (STALE, REDEFINED, CONFLICT, ONLY_SAYS, TIMED_OUT)
