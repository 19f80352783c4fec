"""Many small tasks, several agents at once: what omk itself costs beyond the agents' own time.

200 tasks are shared by 8 agents that take 50 ms each and write one file. The agents' own critical path is what the same
processes take in the same waves with nothing around them, measured in this run.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace

from benchmarks.figure import Figure
from omk.domain.ending import ALL_STEPS
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.proposal import TaskProposed
from omk.runtime.controller import drive
from omk.runtime.intake import Wishes, take_in
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store

TASKS, AGENTS, SECONDS = 200, 8, 0.05
GOAL = "Build a greenfield CLI with acceptance smoke demo proof"
AGENT = f'sleep {SECONDS}; n=$(grep -o \'# Task t[0-9]*\' "$OMK_PROMPT_FILE" | cut -c8-); echo "$n" > "$n.txt"'
IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def waves() -> Iterator[Figure]:
    """One goal of many tasks, from claim to proof; the waves' own time is taken away."""
    with tempfile.TemporaryDirectory() as folder:
        alone = _agents_alone(Path(folder))
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        repository = _made(Path(folder, "repository"))
        with contextlib.chdir(repository):
            session = _begun(repository)
            began = time.perf_counter()
            proof = drive(session, ALL_STEPS)
            took = time.perf_counter() - began
        if proof.status != "ready":
            raise SystemExit(f"The goal of the benchmark is {proof.status}: {[gap.text for gap in proof.gaps]}")
        events = session.state.seq
    yield Figure("waves.agents", alone, "s", 0)
    yield Figure("waves.goal", took, "s", 0)
    yield Figure("waves.events", events, "events", 0)
    yield Figure("waves.overhead", (took - alone) * 1_000 / events, "ms per event", 15)


def _agents_alone(folder: Path) -> float:
    """Seconds the agents take when a shell starts them, as many at once, and nobody looks."""
    place = folder / "alone"
    place.mkdir()

    def work(number: int) -> None:
        prompt = place / f"prompt-{number}"
        prompt.write_text(f"# Task t{number}: x\n")
        subprocess.run(("/bin/sh", "-c", AGENT), cwd=place, env={**os.environ, "OMK_PROMPT_FILE": str(prompt)}, check=True)

    began = time.perf_counter()
    with ThreadPoolExecutor(AGENTS) as pool:
        list(pool.map(work, range(TASKS)))
    return time.perf_counter() - began


def _made(repository: Path) -> Path:
    """A repository of one file."""
    repository.mkdir()
    (repository / "README.md").write_text("# A repository\n")
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "Begin")):
        subprocess.run(("git", *IDENTITY, *command), cwd=repository, check=True)
    return repository


def _begun(repository: Path) -> Session:
    """A goal with its plan."""
    store = Store(UserRepository.find(repository), None, identity="repository-1")
    gates = ("acceptance=true", "smoke=true", "demo=true")
    wishes = Wishes(agent=f"command:{AGENT}", gates=gates, accept="auto", max_agents=AGENTS)
    session = store.begin(take_in(store.user, "repository-1", GOAL, wishes, "person:ann"), lambda _: None, lambda _: None)
    session.handle(PlanGoal(actor="person:ann", tasks=_tasks()))
    return session


def _tasks() -> tuple[TaskProposed, ...]:
    """The built-in plan with many implementing tasks in place of one."""
    usual = built_in_plan(GOAL, ())
    work = next(one for one in usual if one.task == EXECUTE)
    names = tuple(f"t{number}" for number in range(TASKS))
    rest = (replace(one, dependencies=names) if EXECUTE in one.dependencies else one for one in usual if one is not work)
    return (*rest, *(replace(work, task=name, write_set=(f"{name}.txt",)) for name in names))
