"""What a person said is heard by the agent and seen by whoever reads the proof."""

import os
import subprocess
import sys

from tests.cli.calling import GATES, GOAL, WRITES_CLI, omk, run_goal


def test_the_agent_is_told_why_a_person_rejected_its_change(repository, tmp_path):
    agent = f"{WRITES_CLI}; cp \"$OMK_PROMPT_FILE\" '{tmp_path}/prompt'"
    run_goal(at=repository, agent=agent)
    omk("reject", "--reason", "use the standard parser", at=repository)
    omk("execute", at=repository)
    assert "use the standard parser" in (tmp_path / "prompt").read_text()


def test_a_rejection_of_an_earlier_tree_is_told_as_that(repository):
    run_goal(at=repository)
    omk("reject", "--reason", "too short", at=repository)
    gap = omk("execute", "--agent", "command:echo 'print(2)' >> cli.py", "--json", at=repository).gap("integration.accepted")
    assert "an earlier tree was rejected" in gap["text"]
    assert "too short" in gap["text"]


def test_a_waiver_is_seen_in_the_proof(repository):
    run_goal(at=repository, agent="command:printf '# TODO: more\\nprint(1)\\n' > cli.py")
    proof = omk("waive", "review.anti-slop", "--reason", "next week", "--json", at=repository).document
    assert [(one["code"], one["reason"], one["fresh"]) for one in proof["waivers"]] == [("review.anti-slop", "next week", True)]
    for form in ("text", "md"):
        assert "next week" in omk("proof", "--format", form, at=repository).out


def test_a_merged_change_can_no_longer_be_rejected(repository):
    run_goal("--accept", "auto", at=repository)
    omk("merge", at=repository)
    refused = omk("reject", "--reason", "too late", at=repository)
    assert (refused.code, "git revert" in refused.err) == (1, True)
    assert "merged into main" in omk("status", at=repository).out


def test_a_check_without_a_gate_is_closed_by_what_its_gap_says(repository):
    answer = omk("run", GOAL, "--agent", WRITES_CLI, "--gate", "tests=true", "--json", at=repository)
    command = answer.gap("oracle.smoke")["command"].replace("GATE", "tests").split()
    closed = omk(*command[1:], "--json", at=repository)
    assert "oracle.smoke" not in closed.codes
    assert closed.document["gates"][0]["name"] == "tests"


def test_a_review_that_looked_at_an_older_gate_run_asks_for_another_review(repository):
    red = ("--gate", "demo=test -f more.py", "--prove", "demo=acceptance", "--prove", "demo=smoke")
    omk("run", GOAL, "--agent", WRITES_CLI, *red, at=repository)
    omk("execute", "--agent", "command:echo 'print(2)' > more.py", at=repository)
    omk("review", at=repository)
    gap = omk("verify", "--json", at=repository).gap("review.test")
    assert (gap["owner"], gap["command"].split()[:2]) == ("controller", ["omk", "review"])


def test_a_run_goes_on_when_nobody_watches_its_progress_any_more(repository):
    command = [sys.executable, "-m", "omk", "run", GOAL, "--agent", WRITES_CLI, *GATES, "--accept", "auto"]
    left, progress = os.pipe()
    os.close(left)
    subprocess.run(command, cwd=repository, stderr=progress, stdout=subprocess.DEVNULL, check=False)
    os.close(progress)
    assert omk("proof", "--json", at=repository).document["status"] == "ready"


def test_a_filtered_timeline_keeps_the_goals_clock(repository):
    run_goal(at=repository)
    whole = omk("replay", at=repository).out.splitlines()
    some = omk("replay", "--kind", "gate_ran", at=repository).out.splitlines()
    shown = [line for line in some if " gate_ran " in line]
    assert len(shown) == 3
    assert set(shown) <= set(whole)
