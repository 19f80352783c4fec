"""Many processes on one goal, and many goals in one repository: nothing is done twice, nothing waits for ever."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.cli.calling import GATES, GOAL, WRITES_CLI, begin, end, omk, worktrees

FOUR, EIGHT = range(4), range(8)


def kinds(goal, repository):
    entries = omk("replay", goal, "--json", at=repository).document["timeline"]
    return [entry["kind"].partition(".")[0] for entry in entries]


def test_of_four_controllers_at_once_on_one_goal_exactly_one_works_and_the_others_say_so(repository, tmp_path):
    os.mkfifo(tmp_path / "go")
    agent = f"command:read go < '{tmp_path}/go'; echo 'print(1)' > cli.py"
    planned = omk("plan", GOAL, "--agent", agent, *GATES, "--json", at=repository).document["goal"]
    running = [begin("execute", planned, "--json", at=repository) for _ in FOUR]
    with ThreadPoolExecutor(len(FOUR)) as pool:
        ended = as_completed([pool.submit(end, one) for one in running])
        others = [next(ended).result() for _ in range(3)]
        (tmp_path / "go").write_text("go\n")
        worked = next(ended).result()
    assert [(other.code, other.out) for other in others] == [(1, "")] * 3, [other.err for other in others]
    assert all("works on this goal" in other.err for other in others), [other.err for other in others]
    assert worked.code == 0, worked.err
    assert kinds(planned, repository).count("agent_started") == 1
    assert omk("fsck", at=repository).code == 0


def test_eight_goals_at_once_in_one_repository_all_get_ready(repository, home):
    running = [begin("run", GOAL, "--agent", WRITES_CLI, *GATES, "--accept", "auto", "--json", at=repository) for _ in EIGHT]
    answers = [end(one) for one in running]
    assert [answer.code for answer in answers] == [0] * 8, [answer.err for answer in answers]
    assert {answer.document["status"] for answer in answers} == {"ready"}
    assert len({answer.document["goal"] for answer in answers}) == 8
    log = sqlite3.connect(repository / ".git" / "omk" / "log.sqlite")
    for last, count in log.execute("select max(originator_version), count(*) from stored_events group by originator_id"):
        assert last == count
    checked = omk("fsck", "--json", at=repository).document
    assert (checked["goals"], checked["ok"]) == (8, True)
    assert worktrees(home) == []
    assert not list((repository / ".git" / "omk").glob("scratch.*"))
