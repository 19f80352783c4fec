"""Runs that reach their end: at once, at the second try, with what the gates need, and into the branch."""

from tools.scenarios.pieces import BROKEN, BUILD, EMPTY, FIX, GREENFIELD, MENDING, REGRESSION, RIGHT, WRONG
from tools.scenarios.scenario import Commit, Scenario, omk, refused

SECOND_THOUGHTS = f"""\
if grep -q "What keeps attempt" "$OMK_PROMPT_FILE"
then cat > total.py <<'END'
{RIGHT}END
else cat > total.py <<'END'
{WRONG}END
fi
"""
"""An agent that counts lines at first, and does better once it is told what went wrong."""

AT_FIRST_TRY = Scenario(
    name="ready-at-first-try",
    claim="A goal whose agent does the work is ready after one attempt, with evidence for every rule.",
    story="The agent writes the program that the goal asks for, all three gates pass on the tree it left, six reviews "
    "find nothing to object to, and the policy `--accept auto` accepts.",
    acts=(omk("run", BUILD, "--agent", MENDING, *GREENFIELD, "--accept", "auto"),),
    look=(
        ("files_changed", "the tree that all evidence names"),
        ("gate_ran", "the first gate passes on it"),
        ("change_accepted", "accepted by `policy:auto`: the last gap closes"),
        ("ready", "the verdict is ready from here on"),
    ),
    status="ready",
    files=EMPTY,
)

SECOND_TRY = Scenario(
    name="gate-red-then-green",
    claim="With --until-ready a red gate's output goes back to the agent, and the next attempt makes it green.",
    story="The agent's first program counts lines, so the gate `demo` fails and says `expected 6, got 3`. The prompt "
    "of the second attempt quotes that, the agent mends its program, all gates run again on the new tree and "
    "pass.",
    acts=(
        omk(
            *("run", BUILD, "--agent", "command:sh agent.sh", "--accept", "auto", "--until-ready"),
            *("--gate", "acceptance=test -f total.py", "--gate", r"smoke=printf '1\n' | python3 total.py"),
            *("--gate", "demo=sh check.sh"),
        ),
    ),
    look=(
        ("gate:demo#1", "red: exit code 1, and the output says why"),
        ("task_retried", "the controller opens the task again, because of that gate"),
        ("agent_started#2", "the prompt now holds the failing output"),
        ("gate:demo#2", "green, on another tree"),
        ("ready", "the verdict is ready from here on"),
    ),
    status="ready",
    files={"README.md": EMPTY["README.md"], "check.sh": BROKEN["check.sh"], "agent.sh": SECOND_THOUGHTS},
)

SETUP = Scenario(
    name="setup-command-and-shared-path",
    claim="What gates need beside the tree comes from setup commands and shared paths, and each setup run is on record.",
    story="The gate compares the program's answer with a file that a setup command makes and a file that is shared "
    "from the checkout and never committed. The setup command is a tool call of the controller, before the "
    "gate.",
    acts=(omk("run", FIX, "--agent", MENDING, "--accept", "auto"),),
    look=(
        ("goal_configured", "the setup command and the shared path, read once from the base commit"),
        ("tool_called", "the setup command starts in the verification worktree"),
        ("tool_finished", "and ends well"),
        ("gate:regression", "the gate finds both files"),
    ),
    status="ready",
    files={
        "README.md": EMPTY["README.md"],
        "total.py": WRONG,
        ".gitignore": "/built/\n/samples/\n",
        "compare.sh": "python3 total.py < samples/numbers | diff - built/expected\n",
        "omk.toml": '[worktree]\nsetup = ["mkdir -p built && echo 6 > built/expected"]\nshare = ["samples"]\n\n'
        '[gates.regression]\nrun = ["sh", "compare.sh"]\n',
    },
    left={"samples/numbers": "1\n2\n3\n"},
)

MERGED = Scenario(
    name="accepted-by-a-person-and-merged",
    claim="A person's acceptance closes the last gap, and only then the change may enter its branch.",
    story="Every rule holds but one, so `omk merge` refuses and records nothing. A person accepts, the goal is ready, "
    "and the merge makes one commit on top of the base branch whose tree is the proven one.",
    acts=(
        omk("run", FIX, "--agent", MENDING, *REGRESSION),
        refused("merge", "latest"),
        omk("accept", "latest", "--summary", "adds up, read and tried"),
        omk("merge", "latest"),
    ),
    look=(
        ("proof_issued#1", "not ready: `integration.accepted` is open, owed by the operator"),
        ("change_accepted", "a person's word, which rests on gates and reviews"),
        ("commit_made", "the commit, with the goal's head in its trailer"),
        ("change_merged", "the branch points to it"),
    ),
    status="ready",
    files=BROKEN,
)

MOVED = Scenario(
    name="base-moved-and-proven-again",
    claim="When the base branch moved, the merged tree is proven before it is merged.",
    story="After the goal is ready somebody commits another file to main. `omk merge` puts the change on the new tip: "
    "a tree that no gate has seen, so the evidence is stale. Gates and reviews run again, the acceptance "
    "carries over because the change itself is the same, and then it is merged.",
    acts=(
        omk("run", FIX, "--agent", MENDING, *REGRESSION, "--accept", "auto"),
        Commit("Say what licence it has", {"LICENSE": "Do what you like.\n"}),
        omk("merge", "latest"),
    ),
    look=(
        ("worktree_rebased", "the change on the new base: every gate and review is stale"),
        ("gate:regression#2", "the gate passes on the merged tree"),
        ("change_merged", "merged, on top of the other commit"),
    ),
    status="ready",
    files=BROKEN,
)

SCENARIOS = (AT_FIRST_TRY, SECOND_TRY, SETUP, MERGED, MOVED)
