"""A population has what people ask the lake for, and could have happened."""

import os
import random
import subprocess
import sys
from ast import literal_eval
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE

import msgspec
import pytest
import zstandard

from omk.domain.event import Recorded
from omk.domain.proof.proof import prove
from omk.domain.proof.standing import Judge
from omk.log.open import open_log
from omk.log.protocol import Log
from tests.cli.calling import omk
from tests.lake.population import AT_ONCE, populate
from tests.lake.told.endings import ENDINGS, told
from tests.lake.told.setting import Setting
from tests.lake.told.stamp import Copy, Story

GOALS, EVENTS = 90, 9_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a population."""
    place = tmp_path_factory.mktemp("population")
    assert populate(place, goals=GOALS, events=EVENTS, stories=45) == EVENTS
    return place


@pytest.fixture(scope="module")
def log(folder: Path) -> Log:
    """Its log."""
    log = open_log(None, folder=folder, create=False)
    assert log is not None
    return log


@pytest.fixture(scope="module")
def courses(log: Log) -> dict[str, list[tuple[Recorded, str]]]:
    """Every goal's records, verified, each with the status that the goal then has."""
    found = {}
    for head in log.heads():
        judge, course = Judge(), []
        for record in log.read(head.goal):
            judge.add(record)
            course.append((record, prove(judge.state, judge.standing).status))
        found[head.goal] = course
    return found


def test_nothing_is_wrong_with_it(folder: Path) -> None:
    answer = omk("fsck", "--store", f"sqlite://{folder}", "--json", at=folder)
    assert answer.document == {"goals": GOALS, "events": EVENTS, "ok": True, "problems": []}


SMALL = """
from hashlib import sha256
from tests.lake.population import rows
print([sha256(b"".join(row.body for row in rows(goals=12, events=600, seed=seed, stories=8))).hexdigest() for seed in (3, 4)])
"""


def test_the_same_seed_gives_the_same_bytes_in_any_process_and_another_seed_others() -> None:
    said = [
        subprocess.run((sys.executable, "-c", SMALL), env={**os.environ, "PYTHONHASHSEED": salt}, stdout=PIPE, check=True).stdout
        for salt in "12"
    ]
    assert said[0] == said[1]
    assert len(set(literal_eval(said[0].decode()))) == 2


def test_goals_end_in_every_status(courses: dict[str, list[tuple[Recorded, str]]]) -> None:
    ends = Counter(course[-1][1] for course in courses.values())
    assert set(ends) == {
        "ready", "not_ready", "running", "paused", "cancelled", "blocked_on_human", "blocked_on_external",
        "needs_more_budget", "failed_infra",
    }  # fmt: skip
    assert ends["ready"] > GOALS / 4


def test_some_goals_were_ready_and_lost_it_for_different_reasons(courses: dict[str, list[tuple[Recorded, str]]]) -> None:
    lost = {
        type(after[0].event).__name__
        for course in courses.values()
        for before, after in pairwise(course)
        if before[1] == "ready" and after[1] == "not_ready"
    }
    assert {"ChangeRejected", "FilesChanged"} <= lost


def test_some_gates_pass_and_fail_on_the_same_tree(log: Log) -> None:
    said = defaultdict(set)
    for _, record in log.follow():
        if type(record.event).__name__ == "GateRan":
            event = msgspec.to_builtins(record.event)
            said[record.goal, event["gate"], event["tree"], event["definition"]].add(event["outcome"])
    assert any({"passed", "failed"} <= outcomes for outcomes in said.values())


def test_every_kind_of_event_that_people_ask_for_is_there(log: Log) -> None:
    kinds = Counter(type(record.event).__name__ for _, record in log.follow())
    assert {
        "AgentDied", "AgentSaid", "BreakerOpened", "BudgetExhausted", "ChangeMerged", "ChangeRejected", "DecisionRecorded",
        "EffectAborted", "GoalForked", "GoalPaused", "LeaseExpired", "MergeConflicted", "MergeFailed", "PermissionAnswered",
        "PullRequestOpened", "ReviewBlocked", "ScopeViolated", "StagnationDetected", "TaskRetried", "UsageReported",
        "WaiverGranted", "WorktreeRebased",
    } <= set(kinds)  # fmt: skip
    assert kinds["ToolCalled"] > EVENTS / 12


def test_many_goals_are_at_work_at_a_time_and_time_goes_forward(log: Log) -> None:
    last, ends = "", {head.goal: head.seq for head in log.heads()}
    open_goals: set[str] = set()
    most = 0
    for _, record in log.follow():
        assert record.at >= last
        last = record.at
        open_goals.add(record.goal)
        most = max(most, len(open_goals))
        if record.seq == ends[record.goal]:
            open_goals.discard(record.goal)
    assert AT_ONCE / 2 < most <= AT_ONCE + 3  # a fork is one more


def test_copies_compress_no_better_than_goals_that_were_told_one_by_one() -> None:
    setting = Setting(number=0, kind="bugfix", driver="acp:kimi acp", person="person:ann", size=120)
    names = list(ENDINGS)[:10]
    each = [told(name, setting, random.Random(f"{name} {turn}")) for turn in range(4) for name in names]
    dice = random.Random(1)
    stamped = [Copy(Story(goal), dice, 0) for goal in each[: len(names)] * 4]
    by_hand = [entry.body for goal in each for entry in goal.entries]
    copied = [row.body for copy in stamped for row in copy.rows()]
    assert _compressed(copied) == pytest.approx(_compressed(by_hand), rel=0.04)


def _compressed(bodies: Sequence[bytes]) -> float:
    return len(zstandard.ZstdCompressor(level=6).compress(b"\n".join(bodies))) / len(bodies)
