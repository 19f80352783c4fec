"""`omk pr`, and goals that are delivered by a pull request: every change outside is announced, answered and never repeated."""

import json
import os
import shutil

import pytest

from tests.cli.calling import (
    GATES,
    GOAL,
    INTERRUPT,
    WRITES_CLI,
    Meeting,
    begin,
    commit,
    end,
    git,
    omk,
    process,
    room,
    run_goal,
    write,
)
from tests.cli.forge import Forge

DRAFT = ("--accept", "auto", "--delivery", "draft-pr")
AUTO = ("--accept", "auto", "--delivery", "auto-pr")
GATED = (*AUTO, "--merge", "gated")


@pytest.fixture
def forge(repository, tmp_path, monkeypatch):
    made = Forge(repository, tmp_path)
    monkeypatch.setenv("PATH", made.path)
    return made


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Where repositories are kept with a goal that only waits for acceptance, by how it is delivered."""
    return tmp_path_factory.mktemp("ready")


def begun(repository, forge, ready, delivery, merge="manual"):
    """The goal that only waits for acceptance, in *repository*: made once, and copied (nothing in it is found by a place)."""
    kept = ready / f"{delivery}-{merge}"
    if not kept.exists():
        proof = run_goal("--delivery", delivery, "--merge", merge, at=repository)
        assert proof.codes == ["integration.accepted"], proof.err
        shutil.copytree(repository, kept, symlinks=True)
        return
    shutil.rmtree(repository)
    shutil.copytree(kept, repository, symlinks=True)
    shutil.rmtree(forge.remote)
    git("init", "--quiet", "--bare", str(forge.remote), at=repository)
    git("remote", "set-url", "origin", str(forge.remote), at=repository)
    git("push", "--quiet", "origin", "main", at=repository)


def accepted(repository, forge, ready, merge="gated"):
    """The same goal, accepted by a person; what brings it to its end is `omk pr`."""
    begun(repository, forge, ready, "auto-pr", merge)
    assert omk("accept", "--summary", "fine", at=repository).code == 0


def delivered(repository, forge, ready, delivery):
    """The same goal, accepted by a person and asked for; its proof."""
    begun(repository, forge, ready, delivery)
    assert omk("accept", "--summary", "fine", at=repository).code == 0
    asked = omk("pr", at=repository)
    assert asked.code == 0, asked.err
    return omk("proof", "--json", at=repository).document


def kinds(repository):
    return [one["kind"].removesuffix(".v1") for one in omk("replay", "--json", at=repository).document["timeline"]]


def published(repository):
    """The kinds of what was announced to others and answered, in their order."""
    words = ("push_", "branch_", "pull_request_", "goal_blocked", "goal_unblocked", "effect_aborted")
    return [kind for kind in kinds(repository) if kind.startswith(words)]


def state_of(repository):
    return omk("show", "--json", at=repository).document


OPENED = ["push_started", "branch_pushed", "pull_request_requested", "pull_request_opened"]


# --- Nothing outside ---


def test_a_local_goal_shows_its_pull_request_and_touches_nothing(repository, forge):
    run_goal("--accept", "auto", at=repository)
    shown = omk("pr", "--json", at=repository)
    assert shown.code == 0, shown.err
    document = shown.document
    assert (document["policy"], document["mutated"], document["pr_url"]) == ("local", False, None)
    assert document["title"] == f"Goal proof: {GOAL}"
    assert forge.state["calls"] == []
    assert forge.tip(document["head_branch"]) == ""


def test_a_dry_run_touches_nothing_either(repository, forge, ready):
    begun(repository, forge, ready, "draft-pr")
    proof = omk("proof", "--json", at=repository).document
    before = (forge.state, kinds(repository))
    shown = omk("pr", "--dry-run", "--json", at=repository).document
    assert (shown["dry_run"], shown["mutated"], shown["draft"]) == (True, False, True)
    assert proof["tree"] in shown["body"]
    assert (forge.state, kinds(repository)) == before


def test_the_body_has_its_sections_in_their_order_and_the_text_and_markdown_show_it(repository):
    run_goal("--accept", "auto", at=repository)
    body = omk("pr", "--json", at=repository).document["body"]
    assert [line.removeprefix("## ") for line in body.splitlines() if line.startswith("## ")] == [
        *("Goal", "Task Summary", "Delivery Metadata", "Proof Summary", "Verification Wall", "Release Candidate Notes"),
        *("Review Evidence", "Integration Evidence", "Oracle Evidence", "Known Gaps", "Changed Files", "Artifacts"),
    ]
    assert "- `cli.py`" in body
    assert "## Verification Wall" in omk("pr", "--format", "md", at=repository).out
    assert f"title: Goal proof: {GOAL}" in omk("pr", at=repository).out


def test_without_evidence_there_is_nothing_to_show(repository):
    assert omk("plan", GOAL, "--agent", WRITES_CLI, *GATES, at=repository).code == 0
    answer = omk("pr", at=repository)
    assert answer.code == 1
    assert "proof evidence is missing" in answer.err
    assert "omk execute" in answer.err


def test_a_delivery_without_a_remote_is_refused_before_anything_begins(repository):
    answer = omk("run", GOAL, "--agent", WRITES_CLI, *GATES, *DRAFT, at=repository)
    assert answer.code == 1
    assert "git remote add origin URL" in answer.err
    assert omk("list", "--json", at=repository).document == []


def test_a_secret_in_the_goal_is_not_in_the_pull_request(repository, forge):
    secret = "ghp_" + "a1B2" * 9
    run_goal(*DRAFT, at=repository, goal=f"{GOAL} token {secret}")
    (pull,) = forge.pulls
    assert secret not in json.dumps(forge.state)
    assert "[REDACTED]" in pull["body"]


# --- Opened, and brought up to date ---


def test_a_draft_is_opened_for_the_proven_tree_and_the_users_own_things_stay_as_they_are(repository, forge):
    before = room(repository)
    proof = run_goal(*DRAFT, at=repository).document
    assert proof["status"] == "ready"
    (pull,) = forge.pulls
    assert (pull["isDraft"], pull["base"], pull["state"]) == (True, "main", "OPEN")
    assert forge.tree(pull["head"]) == proof["tree"]
    assert git("rev-parse", f"{pull['head']}^", at=forge.remote) == forge.tip("main")
    assert published(repository) == OPENED
    assert omk("proof", "--json", at=repository).document["delivery_metadata"][0]["pr_url"] == pull["url"]
    after = {name: content for name, content in room(repository).items() if not name.startswith(".git/objects/")}
    assert after == {name: content for name, content in before.items() if not name.startswith(".git/objects/")}
    again = omk("pr", "--json", at=repository).document
    assert (again["mutated"], again["pr_url"]) == (False, pull["url"])
    assert "Nothing to do" in again["reason"]
    assert len(forge.said("create")) == 1
    assert omk("fsck", at=repository).code == 0
    assert omk("replay", "--redecide", at=repository).code == 0


def test_without_a_policy_to_accept_the_person_accepts_and_then_asks(repository, forge, ready):
    begun(repository, forge, ready, "auto-pr")
    assert forge.pulls == []
    refused = omk("pr", at=repository)
    assert refused.code == 1
    assert "integration.accepted" in refused.err
    assert omk("accept", "--summary", "fine", at=repository).code == 0
    asked = omk("pr", "--draft", "--json", at=repository)
    assert asked.code == 0, asked.err
    assert (asked.document["mutated"], asked.document["operation"]) == (True, "create")
    assert forge.pulls[0]["isDraft"]


def test_more_work_brings_the_same_pull_request_up_to_date(repository, forge, ready):
    delivered(repository, forge, ready, "draft-pr")
    first = forge.tip(forge.pulls[0]["head"])
    assert omk("reject", "--reason", "It prints too little.", at=repository).code == 0
    assert omk("execute", "--agent", "command:printf 'print(2)\\n' > cli.py", at=repository).code == 0
    for step in ("verify", "review"):
        assert omk(step, at=repository).code == 0
    assert omk("accept", "--summary", "better", at=repository).code == 0
    asked = omk("pr", "--json", at=repository)
    assert asked.code == 0, asked.err
    assert asked.document["operation"] == "update"
    (pull,) = forge.pulls
    assert forge.tip(pull["head"]) != first
    assert forge.tree(pull["head"]) == omk("proof", "--json", at=repository).document["tree"]
    assert "better" in pull["body"]


def test_a_title_in_any_script_and_a_long_goal_fit(repository, forge):
    goal = f"{GOAL} für Ünïcödé 日本語 🎉 " + "a very long wish that goes on. " * 1500
    assert run_goal(*DRAFT, at=repository, goal=goal).document["status"] == "ready"
    (pull,) = forge.pulls
    assert pull["title"].startswith(f"Goal proof: {GOAL} für Ünïcödé 日本語 🎉 a very long")
    assert "## Artifacts" in pull["body"]


# --- What is in the way ---


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ({"list": [4, "To get started with GitHub CLI, please run:  gh auth login"]}, "gh is not logged in"),
        ({"create": [1, "HTTP 503: Service Unavailable"]}, "HTTP 503"),
    ],
)
def test_what_gh_cannot_do_holds_the_goal_up_until_it_can(trouble, words, repository, forge, ready):
    begun(repository, forge, ready, "draft-pr")
    omk("accept", "--summary", "fine", at=repository)
    forge.say(fail=trouble)
    for _ in range(2):
        failing = omk("pr", at=repository)
        assert failing.code == 1
        assert words in failing.err
        assert "omk pr" in failing.err
    assert state_of(repository)["blocked"]["code"] == "delivery.gh"
    assert omk("proof", "--json", at=repository).document["status"] == "blocked_on_external"
    forge.say(fail={})
    assert omk("pr", at=repository).code == 0
    assert len(forge.pulls) == 1
    assert omk("proof", "--json", at=repository).document["status"] == "ready"


def test_a_missing_gh_holds_a_run_up_and_says_where_to_get_it(repository, forge, monkeypatch):
    (forge.bin / "gh").unlink()
    path = os.pathsep.join(folder for folder in forge.path.split(":") if not os.access(f"{folder}/gh", os.X_OK))
    monkeypatch.setenv("PATH", path)
    proof = run_goal(*DRAFT, at=repository).document
    assert proof["status"] == "blocked_on_external"
    assert "https://cli.github.com" in proof["readiness"]
    assert forge.tip("omk/" + proof["goal"]) == ""


def test_somebody_elses_commit_on_the_branch_is_never_replaced(repository, forge, ready):
    begun(repository, forge, ready, "draft-pr")
    branch = omk("pr", "--dry-run", "--json", at=repository).document["head_branch"]
    git("push", "--quiet", "origin", f"main:{branch}", at=repository)
    theirs = forge.commit("theirs.txt", "theirs\n", branch=branch)
    omk("accept", "--summary", "fine", at=repository)
    refused = omk("pr", at=repository)
    assert refused.code == 1
    assert theirs[:12] in refused.err
    assert state_of(repository)["blocked"]["code"] == "delivery.branch"
    assert forge.tip(branch) == theirs
    assert forge.pulls == []
    git("push", "--quiet", "origin", "--delete", branch, at=repository)
    assert omk("pr", at=repository).code == 0
    assert len(forge.pulls) == 1


def test_a_push_that_the_remote_turns_down_is_on_record(repository, forge, ready):
    begun(repository, forge, ready, "draft-pr")
    omk("accept", "--summary", "fine", at=repository)
    write(forge.remote / "hooks" / "pre-receive", "#!/bin/sh\necho 'no branches today' >&2\nexit 1\n").chmod(0o755)
    refused = omk("pr", at=repository).err
    assert "(pre-receive hook declined). It says: no branches today. Mend that. Then: omk pr" in refused
    assert published(repository) == ["push_started", "push_failed", "goal_blocked"]
    (forge.remote / "hooks" / "pre-receive").unlink()
    assert omk("pr", at=repository).code == 0
    assert published(repository)[3:] == ["goal_unblocked", *OPENED]


def test_a_base_that_moved_on_the_remote_is_proven_there_first(repository, forge):
    forge.commit("other.txt", "other\n")
    before = git("rev-parse", "main", at=repository)
    proof = run_goal(*DRAFT, at=repository).document
    assert proof["status"] == "ready"
    (pull,) = forge.pulls
    assert git("rev-parse", f"{pull['head']}^", at=forge.remote) == forge.tip("main")
    assert git("ls-tree", "--name-only", pull["head"], at=forge.remote).split() == ["README.md", "cli.py", "other.txt"]
    assert forge.tree(pull["head"]) == proof["tree"]
    assert all(gate["fresh"] for gate in proof["gates"])
    assert git("rev-parse", "main", at=repository) == before
    assert omk("replay", "--redecide", at=repository).code == 0


def test_a_base_that_conflicts_holds_the_goal_up_and_pushes_nothing(repository, forge, ready):
    begun(repository, forge, ready, "draft-pr")
    omk("accept", "--summary", "fine", at=repository)
    forge.commit("cli.py", "other\n")
    assert "conflicts with the change in cli.py" in omk("pr", at=repository).err
    assert state_of(repository)["blocked"]["code"] == "delivery.base"
    assert forge.pulls == []


# --- Merged ---


def test_auto_and_gated_merge_once_the_checks_are_green_and_what_is_merged_is_what_was_proven(repository, forge):
    pending = [{"name": "tests / on linux", "bucket": "pending"}]
    forge.say(checks=[[], pending, [{"name": "tests / on linux", "bucket": "pass"}, {"name": "docs", "bucket": "skipping"}]])
    proof = run_goal(*GATED, at=repository).document
    assert proof["status"] == "ready"
    (pull,) = forge.pulls
    assert (pull["state"], pull["isDraft"]) == ("MERGED", False)
    assert forge.tree("main") == proof["tree"]
    assert published(repository) == [
        *OPENED, "pull_request_checked", "pull_request_merge_requested", "pull_request_merged",
    ]  # fmt: skip
    assert f"by {pull['url']}" in proof["readiness"]
    assert omk("fsck", at=repository).code == 0
    assert omk("replay", "--redecide", at=repository).code == 0
    again = omk("merge", at=repository)
    assert "Nothing to do" in again.err
    assert len(forge.said("merge")) == 1


def test_auto_alone_merges_nothing_and_a_person_merges_through_the_pull_request(repository, forge, ready):
    proof = delivered(repository, forge, ready, "auto-pr")
    assert forge.pulls[0]["state"] == "OPEN"
    assert forge.said("merge") == []
    mine = git("rev-parse", "main", at=repository)
    merged = omk("merge", at=repository)
    assert merged.code == 0, merged.err
    assert forge.pulls[0]["state"] == "MERGED"
    assert forge.tree("main") == proof["tree"]
    assert git("rev-parse", "main", at=repository) == mine
    assert f"Merged {forge.pulls[0]['url']}" in merged.err


def test_red_checks_merge_nothing_and_name_what_is_red(repository, forge, ready):
    accepted(repository, forge, ready)
    forge.say(checks=[[{"name": "tests / on linux", "bucket": "fail"}, {"name": "docs", "bucket": "pass"}]])
    assert "red: tests / on linux" in omk("pr", at=repository).err
    assert state_of(repository)["blocked"]["code"] == "delivery.checks"
    assert forge.said("merge") == []
    forge.say(checks=[[{"name": "tests / on linux", "bucket": "pass"}]])
    assert omk("pr", at=repository).code == 0
    assert forge.pulls[0]["state"] == "MERGED"


AGAINST = (
    ({"mergeable": "CONFLICTING", "mergeStateStatus": "DIRTY"}, "conflicts with its base"),
    ({"mergeStateStatus": "BEHIND"}, "is behind its base"),
    ({"mergeStateStatus": "UNSTABLE"}, "checks that are not green"),
    ({"reviewDecision": "CHANGES_REQUESTED", "mergeStateStatus": "BLOCKED"}, "asks for changes"),
    ({"headRefOid": "0" * 40}, "was not proven"),
    ({"state": "CLOSED"}, "was closed"),
    ({"isDraft": True}, "is a draft"),
)


def test_what_github_says_against_a_merge_is_said_in_words(repository, forge, ready):
    delivered(repository, forge, ready, "auto-pr")
    for view, words in AGAINST:
        forge.say(view=view)
        refused = omk("merge", at=repository)
        assert refused.code == 1
        assert words in refused.err
        assert len(refused.err.strip().splitlines()) == 1
    assert forge.said("merge") == []
    forge.say(view={"mergeStateStatus": "BLOCKED"})
    assert omk("merge", at=repository).code == 0


def test_a_base_that_moves_after_the_pull_request_was_opened_is_proven_again_and_pushed_again(repository, forge, ready):
    delivered(repository, forge, ready, "auto-pr")
    forge.commit("other.txt", "other\n")
    merged = omk("merge", "--json", at=repository)
    assert merged.code == 0, merged.err
    assert merged.document["status"] == "ready"
    assert forge.tree("main") == merged.document["tree"]
    assert git("ls-tree", "--name-only", "main", at=forge.remote).split() == ["README.md", "cli.py", "other.txt"]
    assert len(forge.pulls) == 1
    assert kinds(repository).count("branch_pushed") == 2


def test_what_was_merged_although_it_was_not_proven_is_proven_afterwards(repository, forge, ready):
    delivered(repository, forge, ready, "auto-pr")
    base = forge.tip("main")
    moved = forge.commit("other.txt", "other\n")
    git("update-ref", "refs/heads/main", base, at=forge.remote)
    forge.say(before_merge=moved)
    merged = omk("merge", "--json", at=repository)
    assert merged.code == 0, merged.err
    assert merged.document["tree"] == forge.tree("main")
    assert merged.document["status"] == "ready"
    assert all(gate["fresh"] for gate in merged.document["gates"])
    assert len(forge.said("merge")) == 1


def test_a_pull_request_that_somebody_else_merged_is_recorded_and_not_merged_again(repository, forge, ready):
    proof = delivered(repository, forge, ready, "auto-pr")
    (pull,) = forge.pulls
    merge = ("pr", "merge", pull["url"], "--squash", "--match-head-commit", forge.tip(pull["head"]))
    assert os.spawnv(os.P_WAIT, str(forge.bin / "gh"), ("gh", *merge)) == 0
    assert omk("merge", at=repository).code == 0
    assert len(forge.said("merge")) == 1
    assert omk("proof", "--json", at=repository).document["tree"] == proof["tree"]


# --- Interrupted ---


@pytest.mark.leaves_processes
@pytest.mark.parametrize("verb", ["create", "merge"])
def test_a_controller_killed_after_gh_acted_finds_what_it_did_and_does_not_do_it_twice(verb, repository, forge, ready):
    accepted(repository, forge, ready)
    forge.say(crash=verb)
    killed = process("pr", at=repository)
    assert killed.code < 0
    assert [one["state"] for one in forge.pulls] == ["OPEN" if verb == "create" else "MERGED"]
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert len(forge.pulls) == 1
    assert forge.pulls[0]["state"] == "MERGED"
    assert len(forge.said("create")) == len(forge.said("merge")) == 1
    assert "effect_aborted" not in published(repository)
    assert omk("fsck", at=repository).code == 0


@pytest.mark.leaves_processes
def test_a_merge_by_hand_that_was_killed_after_gh_acted_is_found_done(repository, forge, ready):
    delivered(repository, forge, ready, "auto-pr")
    forge.say(crash="merge")
    assert process("merge", at=repository).code < 0
    merged = omk("merge", at=repository)
    assert merged.code == 0, merged.err
    assert len(forge.said("merge")) == 1
    assert "effect_aborted" not in published(repository)
    merge = next(one for one in omk("replay", "--json", at=repository).document["timeline"] if "merge_requested" in one["kind"])
    assert merge["actor"].startswith("person:")
    assert omk("proof", "--json", at=repository).document["status"] == "ready"


@pytest.mark.parametrize("verb", ["create", "merge"])
def test_a_failure_after_gh_acted_is_looked_at(verb, repository, forge, ready):
    accepted(repository, forge, ready)
    forge.say(deaf=verb)
    assert omk("pr", at=repository).code == 0
    proof = omk("proof", "--json", at=repository).document
    assert proof["status"] == "ready", proof["readiness"]
    assert [one["state"] for one in forge.pulls] == ["MERGED"]
    assert len(forge.said(verb)) == 1


@pytest.mark.parametrize("verb", ["create", "checks", "merge"])
def test_ctrl_c_ends_a_gh_that_hangs_and_resume_goes_on(verb, repository, forge, ready, tmp_path):
    accepted(repository, forge, ready)
    meeting = Meeting(tmp_path / "hung")
    forge.say(hang=verb, hung=str(meeting.path))
    running = begin("pr", at=repository)
    meeting.wait()
    running.send_signal(INTERRUPT)
    assert end(running).code == 130
    assert state_of(repository)["obligations"] == []
    forge.say(hang=None)
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert [one["state"] for one in forge.pulls] == ["MERGED"]


def test_a_merge_that_hangs_holds_up_its_own_goal_and_no_other(repository, forge, ready, tmp_path):
    delivered(repository, forge, ready, "auto-pr")
    goal, meeting = state_of(repository)["goal"], Meeting(tmp_path / "hung")
    forge.say(hang="merge", hung=str(meeting.path))
    running = begin("merge", goal, at=repository)
    meeting.wait()
    assert "works on this goal" in omk("verify", goal, at=repository).err
    assert omk("plan", "Another goal beside it", "--agent", "command:true", at=repository).code == 0
    assert running.poll() is None
    running.send_signal(INTERRUPT)
    assert end(running).code == 130
    forge.say(hang=None)
    assert omk("merge", goal, at=repository).code == 0
    assert len(forge.said("merge")) == 2
    assert forge.pulls[0]["state"] == "MERGED"


@pytest.mark.leaves_processes
def test_asking_what_became_of_a_merge_holds_up_no_other_goal(repository, forge, ready, tmp_path):
    accepted(repository, forge, ready)
    goal, meeting = state_of(repository)["goal"], Meeting(tmp_path / "hung")
    forge.say(crash="merge")
    assert process("pr", at=repository).code < 0
    forge.say(hang="view", hung=str(meeting.path))
    running = begin("resume", goal, at=repository)
    asked = meeting.wait()
    assert omk("plan", "Another goal beside it", "--agent", "command:true", at=repository).code == 0
    os.kill(asked, 0)  # the same question is still being asked
    running.send_signal(INTERRUPT)
    assert end(running).code == 130
    forge.say(hang=None)
    assert omk("resume", goal, "--json", at=repository).document["status"] == "ready"
    assert len(forge.said("merge")) == 1


def test_a_pause_during_a_push_says_that_the_push_is_being_stopped(repository, forge, ready, tmp_path):
    begun(repository, forge, ready, "draft-pr")
    omk("accept", "--summary", "fine", at=repository)
    meeting = Meeting(tmp_path / "pushing")
    write(forge.remote / "hooks" / "pre-receive", f"#!/bin/sh\n{meeting.stays}\n").chmod(0o755)
    running = begin("pr", at=repository)
    meeting.wait()
    assert "Being stopped: push 1" in omk("pause", at=repository).err
    end(running)


def test_a_pause_from_elsewhere_ends_the_waiting_for_checks(repository, forge, tmp_path):
    meeting = Meeting(tmp_path / "hung")
    forge.say(hang="checks", hung=str(meeting.path))
    running = begin("run", GOAL, "--agent", WRITES_CLI, *GATES, *GATED, "--json", at=repository)
    meeting.wait()
    assert omk("pause", at=repository).code == 0
    answer = end(running)
    assert answer.document["status"] == "paused", answer.err
    assert forge.said("merge") == []
    forge.say(hang=None)
    assert omk("resume", "--json", at=repository).document["status"] == "ready"
    assert forge.pulls[0]["state"] == "MERGED"


def test_the_users_own_branch_may_be_ahead_of_the_remote(repository, forge):
    commit(repository, mine__txt="mine\n")
    proof = run_goal(*DRAFT, at=repository).document
    assert proof["status"] == "ready", proof["readiness"]
    (pull,) = forge.pulls
    assert git("ls-tree", "--name-only", pull["head"], at=forge.remote).split() == ["README.md", "cli.py"]
    assert forge.tree(pull["head"]) == proof["tree"]


def test_what_would_be_said_of_a_cancelled_goal_does_not_read_as_delivered(repository):
    run_goal("--gate", "acceptance=true", at=repository)
    assert "not delivered before it is ready" in omk("pr", at=repository).out
    omk("cancel", at=repository)
    shown = omk("pr", at=repository)
    assert "The goal is cancelled: it is not delivered." in shown.out
    assert omk("pr", "--json", at=repository).document["status"] == "cancelled"
