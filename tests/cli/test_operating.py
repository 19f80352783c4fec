"""What a person says to a goal: accept, reject, decide, waive, pause, resume, cancel; and bringing a change home."""

import pytest

from tests.cli.calling import GATES, GOAL, WRITES_CLI, commit, git, omk, run_goal, write

VAGUE = "make it awesome please"


def ready(repository, *more, agent=WRITES_CLI):
    proof = run_goal("--accept", "auto", *more, at=repository, agent=agent).document
    assert proof["status"] == "ready", proof["readiness"]
    return proof


def test_a_vague_goal_is_blocked_on_a_human_and_refuses_work(repository, tmp_path):
    asked = omk("run", VAGUE, "--agent", f"command:touch {tmp_path}/was-here", *GATES, "--json", at=repository)
    assert asked.code == 0
    assert asked.document["status"] == "blocked_on_human"
    assert "goal.testable" in asked.codes
    assert asked.document["human_decisions_required"] != []
    for order in (("execute",), ("verify",), ("review",), ("accept", "--summary", "ok"), ("resume",), ("merge",)):
        refused = omk(*order, at=repository)
        assert (order, refused.code) in {(order, 1), (("resume",), 0)}
        assert omk("proof", "--json", at=repository).document["status"] == "blocked_on_human"
    assert not (tmp_path / "was-here").exists()


def test_pausing_and_resuming_does_not_get_around_the_decision(repository):
    omk("run", VAGUE, "--agent", WRITES_CLI, *GATES, at=repository)
    assert omk("pause", at=repository).code == 0
    omk("resume", at=repository)
    assert omk("proof", "--json", at=repository).document["status"] == "blocked_on_human"


def test_a_decision_unblocks_the_goal_and_resume_carries_it_out(repository, tmp_path):
    agent = f"command:cp \"$OMK_PROMPT_FILE\" '{tmp_path}/prompt'; printf 'print(1)\\n' > cli.py"
    omk("run", VAGUE, "--agent", agent, *GATES, "--accept", "auto", at=repository)
    gap = omk("why", "--json", at=repository).document["blocking"]
    command = next(one["command"] for one in gap if one["code"] == "goal.testable").split()
    answer = "a CLI that prints 1"
    decided = omk(*(word.replace("TEXT", answer) for word in command[1:]), "--json", at=repository)
    assert decided.code == 0
    assert decided.document["status"] != "blocked_on_human"
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert answer in (tmp_path / "prompt").read_text()


def test_a_goal_without_an_agent_is_resumed_with_one(repository):
    omk("run", VAGUE, *GATES, "--accept", "auto", at=repository)
    omk("decide", "--answer", "a CLI that prints 1", at=repository)
    before = omk("proof", "--json", at=repository).document["seq"]
    refused = omk("resume", at=repository)
    assert refused.code == 1
    assert "--agent" in refused.err
    assert omk("proof", "--json", at=repository).document["seq"] == before
    resumed = omk("resume", "--agent", WRITES_CLI, "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err


def test_rejecting_opens_the_acceptance_again_with_the_reason(repository):
    ready(repository)
    rejected = omk("reject", "latest", "--reason", "prints the wrong number", "--json", at=repository)
    assert rejected.code == 0
    assert rejected.codes == ["integration.accepted"]
    assert "prints the wrong number" in rejected.gap("integration.accepted")["text"]
    assert omk("merge", at=repository).code == 1
    assert omk("accept", "--summary", "it is right", "--json", at=repository).document["status"] == "ready"


def test_accepting_closes_the_acceptance_alone(repository):
    run_goal("--gate", "acceptance=false", "--gate", "smoke=true", "--gate", "demo=true", at=repository)
    before = set(omk("proof", "--json", at=repository).codes)
    after = set(omk("accept", "--summary", "ok", "--json", at=repository).codes)
    assert before - after == {"integration.accepted"}
    assert after


@pytest.mark.parametrize("order", [("accept",), ("reject",), ("waive", "gates.unchanged")])
def test_words_are_required(order, repository):
    run_goal(at=repository)
    assert omk(*order, at=repository).code == 2


def test_a_review_can_be_waived_by_a_person_for_this_tree_only(repository):
    agent = "command:printf 'print(1)\\n# TODO\\n' >> cli.py; printf '<<<<<<< HEAD\\n' > broken.py"
    blocked = run_goal(at=repository, agent=agent)
    codes = [code for code in blocked.codes if code.startswith("review.")]
    assert codes
    for code in codes:
        waived = omk("waive", "latest", code, "--reason", "I looked", "--json", at=repository)
        assert waived.code == 0
        assert code not in waived.codes
    assert {one["outcome"] for one in waived.document["reviews"]} >= {"waived"}
    assert codes[0] in omk("execute", "--json", at=repository).codes


def test_a_gate_cannot_be_waived_into_a_pass(repository):
    run_goal("--gate", "acceptance=false", at=repository)
    waived = omk("waive", "gate.acceptance", "--reason", "never mind", "--json", at=repository)
    assert waived.code == 1 or "gate.acceptance" in waived.codes
    assert "gate.acceptance" in omk("proof", "--json", at=repository).codes


def test_a_paused_goal_refuses_work_until_it_is_resumed(repository):
    run_goal("--gate", "acceptance=false", at=repository)
    paused = omk("pause", "--reason", "lunch", "--json", at=repository)
    assert paused.document["status"] == "paused"
    for order in (("execute",), ("verify",), ("review",), ("accept", "--summary", "ok")):
        assert omk(*order, at=repository).code == 1, order
    assert omk("resume", "--json", at=repository).document["status"] == "not_ready"
    assert omk("verify", at=repository).code == 0


def test_a_cancelled_goal_is_cancelled_for_good(repository):
    run_goal("--gate", "acceptance=false", at=repository)
    assert omk("cancel", "--json", at=repository).document["status"] == "cancelled"
    for order in (("execute",), ("resume",), ("accept", "--summary", "ok"), ("pause",), ("decide", "--answer", "x")):
        assert omk(*order, at=repository).code == 1, order
    assert omk("cancel", at=repository).code == 0
    assert omk("proof", "--json", at=repository).document["status"] == "cancelled"


def test_a_ready_goal_refuses_more_work(repository):
    ready(repository)
    for order in (("execute",), ("verify",), ("review",), ("pause",), ("cancel",)):
        refused = omk(*order, at=repository)
        assert refused.code == 1, order
        assert "is ready" in refused.err
    assert omk("proof", "--json", at=repository).document["status"] == "ready"


def test_resume_with_nothing_to_do_says_so(repository):
    ready(repository)
    before = omk("proof", "--json", at=repository).document["seq"]
    resumed = omk("resume", at=repository)
    assert resumed.code == 0
    assert "Nothing to do" in resumed.err
    assert omk("proof", "--json", at=repository).document["seq"] == before


def test_the_same_word_twice_is_recorded_once(repository):
    run_goal(at=repository)
    omk("accept", "--summary", "ok", at=repository)
    before = omk("proof", "--json", at=repository).document["seq"]
    assert omk("accept", "--summary", "ok", at=repository).code == 0
    assert omk("proof", "--json", at=repository).document["seq"] == before


# --- Merging ---


def test_merging_twice_does_nothing_the_second_time(repository):
    ready(repository)
    omk("merge", at=repository)
    head = git("rev-parse", "HEAD", at=repository)
    again = omk("merge", at=repository)
    assert again.code == 0
    assert "Nothing to do" in again.err
    assert git("rev-parse", "HEAD", at=repository) == head


def test_what_is_not_ready_is_not_merged(repository):
    run_goal(at=repository)
    head = git("rev-parse", "HEAD", at=repository)
    refused = omk("merge", at=repository)
    assert refused.code == 1
    assert "integration.accepted" in refused.err
    assert git("rev-parse", "HEAD", at=repository) == head


def test_when_the_branch_moved_the_merged_tree_is_proven_before_it_is_merged(repository):
    proof = ready(repository)
    tip = commit(repository, other__txt="theirs\n")
    merged = omk("merge", "--json", at=repository)
    assert merged.code == 0, merged.err
    document = merged.document
    assert document["status"] == "ready"
    assert document["tree"] != proof["tree"]
    assert document["tree"] == git("rev-parse", "HEAD^{tree}", at=repository)
    assert {gate["tree"] for gate in document["gates"]} == {document["tree"]}
    assert document["changed_files"] == ["cli.py"]
    assert document["integration"]["actor"] == "policy:auto"
    assert git("rev-parse", "HEAD^", at=repository) == tip
    assert sorted(path.name for path in repository.iterdir()) == [".git", "README.md", "cli.py", "other.txt"]


def test_a_person_need_not_accept_the_same_difference_again(repository):
    run_goal(at=repository)
    omk("accept", "--summary", "mine", at=repository)
    commit(repository, other__txt="theirs\n")
    merged = omk("merge", "--json", at=repository)
    assert merged.code == 0, merged.err
    assert merged.document["integration"]["actor"].startswith("person:")


def test_when_the_merged_tree_is_red_nothing_is_merged(repository):
    gates = ("--gate", "acceptance=test ! -e other.txt", "--gate", "smoke=true", "--gate", "demo=true")
    ready(repository, *gates)
    tip = commit(repository, other__txt="theirs\n")
    refused = omk("merge", at=repository)
    assert refused.code == 1
    assert "gate.acceptance" in refused.err
    assert git("rev-parse", "HEAD", at=repository) == tip
    assert not (repository / "cli.py").exists()
    assert omk("proof", "--json", at=repository).document["status"] == "not_ready"


def test_a_conflict_is_one_line_and_nothing_is_changed(repository):
    ready(repository, agent="command:printf 'print(1)\\n' > cli.py; echo mine > README.md")
    tip = commit(repository, README__md="theirs\n")
    refused = omk("merge", at=repository)
    assert refused.code == 1
    assert refused.out == ""
    assert len([line for line in refused.err.splitlines() if line.startswith("omk:")]) == 1
    assert "README.md" in refused.err
    assert git("rev-parse", "HEAD", at=repository) == tip
    assert git("status", "--porcelain", at=repository) == ""


def test_a_difference_that_the_merge_changed_has_to_be_accepted_again(repository):
    numbers = [str(number) for number in range(30)]
    commit(repository, cli__py="\n".join(numbers) + "\n")
    run_goal(
        *("--gate", "acceptance=true", "--gate", "smoke=true", "--gate", "demo=true"),
        at=repository, agent="command:sed -i 's/^29$/print(29)/; s/^15$/print(15)/' cli.py",
    )  # fmt: skip
    omk("accept", "--summary", "mine", at=repository)
    numbers[15] = "print(15)"
    commit(repository, cli__py="\n".join(numbers) + "\n")
    merged = omk("merge", at=repository)
    assert merged.code == 1
    assert "integration.accepted" in merged.err
    assert omk("accept", "--summary", "seen", "--json", at=repository).codes == []
    assert omk("merge", at=repository).code == 0
    assert "print(29)" in (repository / "cli.py").read_text()


def test_a_detached_head_needs_the_branch_to_merge_into(repository):
    git("checkout", "--quiet", "--detach", at=repository)
    proof = ready(repository)
    refused = omk("merge", at=repository)
    assert refused.code == 1
    assert "--into" in refused.err
    assert omk("merge", "--into", "main", at=repository).code == 0
    assert git("rev-parse", "main^{tree}", at=repository) == proof["tree"]
    assert not (repository / "cli.py").exists()


def test_a_branch_that_is_not_checked_out_is_moved_and_the_checkout_stays(repository):
    proof = ready(repository)
    git("checkout", "--quiet", "-b", "elsewhere", at=repository)
    assert omk("merge", at=repository).code == 0
    assert git("rev-parse", "main^{tree}", at=repository) == proof["tree"]
    assert git("rev-parse", "--abbrev-ref", "HEAD", at=repository) == "elsewhere"
    assert not (repository / "cli.py").exists()
    assert git("status", "--porcelain", at=repository) == ""


def test_a_branch_that_does_not_exist_is_refused(repository):
    ready(repository)
    refused = omk("merge", "--into", "nowhere", at=repository)
    assert refused.code == 1
    assert "nowhere" in refused.err
    assert len(refused.err.splitlines()) == 1


def test_local_changes_in_the_way_refuse_the_merge_and_stay(repository):
    ready(repository)
    write(repository / "cli.py", "mine\n")
    head = git("rev-parse", "HEAD", at=repository)
    refused = omk("merge", at=repository)
    assert refused.code == 1
    assert "cli.py" in refused.err
    assert (repository / "cli.py").read_text() == "mine\n"
    assert git("rev-parse", "HEAD", at=repository) == head
    (repository / "cli.py").unlink()
    assert omk("merge", at=repository).code == 0


def test_a_merged_goal_keeps_a_sound_log(repository):
    ready(repository)
    omk("merge", at=repository)
    checked = omk("fsck", "--json", at=repository)
    assert (checked.code, checked.document["ok"]) == (0, True)


def test_operating_acts_on_the_goal_that_is_named(repository):
    first = run_goal(at=repository).document["goal"]
    second = run_goal(at=repository).document["goal"]
    assert omk("accept", first, "--summary", "ok", "--json", at=repository).document["goal"] == first
    assert omk("proof", second, "--json", at=repository).codes == ["integration.accepted"]
    assert omk("cancel", second[: len(second) - 3], at=repository).code == 0
    assert GOAL in omk("show", second, at=repository).out
