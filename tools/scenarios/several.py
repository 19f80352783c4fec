"""Runs of several tasks and agents: at once, in each other's way, killed in the midst, beyond their budget, with proposals."""

from tools.scenarios.pieces import BROKEN, FIX, MENDING, REGRESSION
from tools.scenarios.scenario import Killed, Scenario, omk

GOAL = "Build a note keeper, with acceptance, smoke and demo"
GATE = ("--gate", 'acceptance-smoke-demo=test "$(python3 cli.py)" = "no notes"')
TASKS = """\
[[tasks]]
id = "store"
title = "Keep notes in a file"
description = "store.py reads and writes notes.txt."
acceptance = ["It can be imported."]
write = ["store.py"]

[[tasks]]
id = "cli"
title = "List the notes"
description = "cli.py prints what store.py knows."
acceptance = ["It says so when there are no notes."]
depends_on = ["store"]
write = ["cli.py"]

[[tasks]]
id = "docs"
title = "Say how notes are kept"
description = "NOTES.md says what a line of notes.txt is."
acceptance = ["One sentence."]
write = ["NOTES.md"]
"""
STORE = r"printf 'def notes():\n    return []\n' > store.py"
CLI = r"""printf 'from store import notes\n\nprint(*notes() or ["no notes"], sep="\\n")\n' > cli.py"""
DOCS = "echo 'Each line of notes.txt is a note.' > NOTES.md"


def agent(*, store: str = STORE, cli: str = CLI, docs: str = DOCS) -> str:
    """The script that does what its task asks for, one line of shell for each task."""
    cases = {"store": store, "cli": cli, "docs": docs}
    lines = "".join(f'*"# Task {name}:"*)\n    {line}\n    ;;\n' for name, line in cases.items())
    return f'case "$OMK_PROMPT" in\n{lines}esac\n'


def files(script: str, tasks: str = TASKS, config: str = "") -> dict[str, str]:
    """A repository with the tasks and the agent in it."""
    made = {"README.md": "# Notes\n", "tasks.toml": tasks, "agent.sh": script}
    return made | ({"omk.toml": config} if config else {})


RUN = ("run", GOAL, "--tasks", "tasks.toml", "--agent", "command:sh agent.sh", *GATE, "--accept", "auto", "--max-agents", "2")

TOGETHER = Scenario(
    name="three-tasks-become-one-tree",
    claim="Tasks that do not touch one another are worked on at once; what they leave becomes one tree, and that is judged.",
    story="Three tasks from a file, two agents at once. The third waits for the first, whose file it imports.",
    acts=(omk(*RUN),),
    look=(
        ("task_started#2", "two tasks are at work"),
        ("slice_recorded", "one is done while the tree has moved on beneath it"),
        ("gate_ran", "the gate judges the tree of all three"),
        ("head", "ready"),
    ),
    status="ready",
    files=files(agent(store=f"sleep 0.5; {STORE}", docs=f"sleep 0.5; {DOCS}")),
)

CONFLICT = Scenario(
    name="a-conflict-is-tried-again",
    claim="Work that conflicts with what landed before it stays out of the tree, is recorded, and is tried again from there.",
    story="The agent of `docs` also writes store.py, at its first try, while another one does. Its work comes second and "
    "conflicts. It is told so, and its second attempt leaves store.py alone.",
    acts=(omk(*RUN, "--until-ready", "--max-attempts", "2"),),
    look=(
        ("slice_conflicted", "both sides changed the same lines of store.py"),
        ("task_retried", "the task is tried again, because of the conflict"),
        ("head", "ready: what conflicted is in no tree of the goal"),
    ),
    status="ready",
    files=files(
        agent(
            store=f"sleep 0.5; {STORE}",
            docs=f"{DOCS}; test -f store.py || {{ sleep 1.5; echo 'notes = list' > store.py; }}",
        )
    ),
)

KILLED = Scenario(
    name="killed-among-several-tasks",
    claim="After kill -9 in the midst of several agents, resume does what is left and nothing twice.",
    story="The controller dies as soon as one task has landed, while another agent is at work. `omk resume` ends what the "
    "dead one started, keeps what its agent had made, and goes on.",
    acts=(Killed(RUN, at="files_changed.v1"), omk("resume")),
    look=(
        ("files_changed", "killed here"),
        ("work_kept", "what the dead agent had written is kept, and is in no tree of the goal"),
        ("effect_aborted", "what the dead controller had announced is closed"),
        ("controller_started#2", "the one that goes on"),
        ("head", "ready: each task is done once"),
    ),
    status="ready",
    files=files(agent(store=f"sleep 0.5; {STORE}", docs=f"{DOCS}; test -f store.py || sleep 30")),
)

BUDGET = Scenario(
    name="a-task-uses-up-its-own-time",
    claim="A task that has used up its own time is not tried again, and holds nothing else up.",
    story="Each task may take one second of an agent's time. The agent of `docs` sits there and is ended; the others are done.",
    acts=(omk(*RUN, "--task-time", "1s", "--until-ready"),),
    look=(
        ("agent_finished", "timed out"),
        ("head", "`agent.executed` is open, owed by an extension of the task's budget"),
    ),
    status="not_ready",
    gaps=("agent.executed", "files.changed", "integration.accepted"),
    files=files(agent(docs="sleep 60")),
)

PROPOSED = (
    '{"id": "cli", "title": "List the notes", "description": "In cli.py.", "depends_on": ["store"], "write": ["cli.py"]}\n',
    '{"id": "docs", "title": "Say how notes are kept", "description": "In NOTES.md.", "write": ["NOTES.md"]}\n',
    '{"id": "hook", "title": "Add a hook", "description": "A commit hook.", "write": [".git/hooks/pre-commit"]}\n',
)
PROPOSALS = Scenario(
    name="an-agent-proposes-tasks",
    claim="What an agent proposes is judged by rules: what is accepted is done in the same run, the rest stands with its reason.",
    story="The plan has one task. Its agent proposes the other two, and one that would write git's own files.",
    acts=(omk(*RUN),),
    look=(
        ("task_accepted", "one keeps every rule, and is a task from here on"),
        ("task_rejected", "with the rule it breaks"),
        ("head", "ready: the accepted tasks are done"),
    ),
    status="ready",
    files={
        **files(agent(store=f"{STORE}; cp proposals.jsonl .omk-proposals.jsonl"), tasks=TASKS.partition("\n[[")[0] + "\n"),
        "proposals.jsonl": "".join(PROPOSED),
    },
)

STILL = Scenario(
    name="a-loop-stands-still",
    claim="A loop whose passes change nothing that counts is stopped, with the cause, before its attempts are used up.",
    story="The agent writes a line into a log each time and never mends the program. Three passes alike are enough here.",
    acts=(omk("run", FIX, "--agent", "command:echo tried >> log.txt", *REGRESSION, "--until-ready", "--accept", "auto"),),
    look=(
        ("iteration_measured#1", "what a pass came to: the gaps, the tree, what the gate printed"),
        ("stagnation_detected", "the cause, with the metrics that stand still"),
        ("head", "three attempts of eight were made"),
    ),
    status="not_ready",
    gaps=("gate.regression", "review.test", "oracle.regression", "integration.accepted"),
    files={**BROKEN, "omk.toml": "[stagnation]\nwarmup = 1\nwindow = 3\nmetrics = 2\n"},
)

THIRD = "command:printf . >> tries; test $(wc -c < tries) -lt 3 || " + MENDING.partition(":")[2]
"""An agent that does what is asked for at its third attempt."""

BREAKER = Scenario(
    name="a-breaker-gives-a-gate-a-rest",
    claim="A gate that fails too often in a row rests for a while; then one run decides.",
    story="The breaker opens after two failures and stays open for a second. The agent mends the program at its third attempt.",
    acts=(
        omk(
            *("run", FIX, "--agent", THIRD),
            *(*REGRESSION, "--until-ready", "--accept", "auto"),
        ),
    ),
    look=(
        ("breaker_opened", "after the second failure"),
        ("breaker_half_opened", "a second later, one run may begin"),
        ("breaker_closed", "it passed"),
        ("head", "ready"),
    ),
    status="ready",
    files={**BROKEN, "omk.toml": '[breaker]\nfailures = 2\nrecovery = "1s"\n'},
)

SCENARIOS = (TOGETHER, CONFLICT, KILLED, BUDGET, PROPOSALS, STILL, BREAKER)
