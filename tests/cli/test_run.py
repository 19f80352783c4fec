"""`omk run` on a real repository: from a goal in words to a proof, and into the branch."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import (
    GATES,
    GOAL,
    WRITES_CLI,
    commit,
    git,
    omk,
    process,
    room,
    run_goal,
    worktrees,
    write,
)

MEDDLES = """command:
printf 'print(1)\\n' > cli.py
git add --all && git commit --quiet --message agent
git branch mine && git tag mine && git tag -a -m x other
git config user.name Mallory; git config core.hooksPath /tmp; git config alias.x y
git config --local --add remote.origin.url https://example.org/
printf 'more\\n' >> README.md && git stash --quiet && git stash apply --quiet
git update-ref refs/heads/main HEAD || true
git notes add -m x || true
git checkout --quiet -b another && git pack-refs --all; git gc --quiet --prune=now; true
"""


def test_the_main_example_ends_ready_and_changes_nothing_of_the_persons(repository, home):
    before = room(repository)
    answer = process(
        "run", GOAL, "--agent", WRITES_CLI,
        "--gate", "acceptance=test -f cli.py", "--gate", "smoke=python3 cli.py", "--gate", "demo=python3 cli.py",
        "--accept", "auto", "--json", at=repository,
    )  # fmt: skip
    assert answer.code == 0
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]
    assert answer.document["gaps"] == []
    assert room(repository) == before
    assert git("status", "--porcelain", at=repository) == ""
    assert worktrees(home) == []


def test_an_agent_that_stashes_branches_tags_commits_and_configures_changes_nothing_of_the_persons(repository):
    before = room(repository)
    answer = run_goal("--accept", "auto", at=repository, agent=MEDDLES)
    assert room(repository) == before
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["README.md", "cli.py"]
    assert git("for-each-ref", "--format=%(refname)", at=repository).split() == [
        "refs/heads/main", f"refs/omk/{answer.document['goal']}",
    ]  # fmt: skip


def test_merge_makes_the_branch_the_proofs_tree_and_updates_the_checkout(repository):
    proof = run_goal("--accept", "auto", at=repository).document
    merged = omk("merge", at=repository)
    assert merged.code == 0
    assert git("rev-parse", "HEAD^{tree}", at=repository) == proof["tree"]
    assert (repository / "cli.py").read_text() == "print(1)\n"
    assert git("status", "--porcelain", at=repository) == ""
    assert git("log", "-1", "--format=%(trailers:key=Omk-Goal,valueonly)", at=repository).strip() == proof["goal"]


def test_without_automatic_acceptance_exactly_one_gap_is_left_for_the_operator(repository):
    answer = run_goal(at=repository)
    assert answer.code == 0
    assert answer.document["status"] == "not_ready"
    assert answer.codes == ["integration.accepted"]
    gap = answer.gap("integration.accepted")
    assert gap["owner"] == "operator"
    command = gap["command"].split()
    assert command[0] == "omk"
    accepted = omk(*(word.replace("TEXT", "looks right") for word in command[1:]), "--json", at=repository)
    assert accepted.document["status"] == "ready"


def test_accepting_the_latest_goal_makes_it_ready(repository):
    run_goal(at=repository)
    accepted = omk("accept", "latest", "--summary", "ok", "--json", at=repository)
    assert (accepted.code, accepted.document["status"]) == (0, "ready")
    assert accepted.document["integration"]["actor"].startswith("person:")
    assert omk("proof", "latest", "--check", at=repository).code == 0


def test_the_prompt_arrives_the_same_on_stdin_in_the_variable_and_in_the_file(repository, tmp_path):
    agent = (
        f"command:cat > '{tmp_path}/stdin'; printf '%s' \"$OMK_PROMPT\" > '{tmp_path}/variable'; "
        f"cp \"$OMK_PROMPT_FILE\" '{tmp_path}/file'; pwd > '{tmp_path}/place'; "
        f"printf '%s' \"$OMK_PROMPT_FILE\" > '{tmp_path}/name'; printf 'print(1)' > cli.py"
    )
    assert run_goal("--accept", "auto", at=repository, agent=agent).document["status"] == "ready"
    stdin = (tmp_path / "stdin").read_text()
    assert GOAL in stdin
    assert (tmp_path / "file").read_text() == stdin
    assert (tmp_path / "variable").read_text() == stdin
    place, name = (tmp_path / "place").read_text().strip(), (tmp_path / "name").read_text()
    assert not Path(name).is_relative_to(place)
    assert not Path(name).exists()


def test_until_ready_tells_the_agent_what_was_red_and_ends_green(repository, tmp_path):
    agent = (
        f"command:cat > '{tmp_path}/prompt-'$(ls '{tmp_path}' | grep -c prompt-); "
        "if test -f cli.py; then printf 'print(1)\\n' > cli.py; else printf 'oops\\n' > cli.py; fi"
    )
    gates = (
        "--gate", "acceptance=test -f cli.py",
        "--gate", "smoke=grep -q print cli.py || { echo nothing is printed here; exit 3; }",
        "--gate", "demo=true",
    )  # fmt: skip
    answer = run_goal(*gates, "--until-ready", "--accept", "auto", at=repository, agent=agent)
    assert answer.document["status"] == "ready"
    assert "nothing is printed here" not in (tmp_path / "prompt-0").read_text().partition("# How the change")[0]
    second = (tmp_path / "prompt-1").read_text()
    assert "gate.smoke" in second
    assert "```\nnothing is printed here\n```" in second
    assert "exit code 3" in second
    assert not (tmp_path / "prompt-2").exists()


def test_the_most_attempts_are_made_and_not_one_more(repository, tmp_path):
    agent = f"command:echo x >> '{tmp_path}/tries'; cat '{tmp_path}/tries' > cli.py"
    answer = run_goal("--gate", "acceptance=false", "--until-ready", "--max-attempts", "3", at=repository, agent=agent)
    assert answer.code == 0
    assert answer.document["status"] == "not_ready"
    assert (tmp_path / "tries").read_text() == "x\n" * 3
    assert "gate.acceptance" in answer.codes


def test_all_gates_run_in_each_attempt_also_after_a_red_one(repository):
    answer = run_goal("--gate", "acceptance=false", "--gate", "smoke=true", "--gate", "demo=true", at=repository)
    assert [gate["outcome"] for gate in answer.document["gates"]] == ["failed", "passed", "passed"]


def test_a_dirty_checkout_is_fine_and_one_line_says_what_is_not_part_of_the_goal(repository):
    write(repository / "README.md", "# Mine\n")
    write(repository / "notes.txt", "mine\n")
    answer = run_goal("--accept", "auto", at=repository)
    lines = [line for line in answer.err.splitlines() if "not part of it" in line]
    assert lines == ["omk: starting from HEAD; not part of it: README.md, notes.txt"]
    assert answer.document["changed_files"] == ["cli.py"]
    assert (repository / "README.md").read_text() == "# Mine\n"
    assert omk("merge", at=repository).code == 0
    assert (repository / "notes.txt").read_text() == "mine\n"


def test_work_in_a_subdirectory_runs_agent_and_gates_there(repository):
    commit(repository, tool_in_readme__md="x\n")
    answer = run_goal("--accept", "auto", at=repository / "tool")
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["tool/cli.py"]
    assert omk("merge", at=repository / "tool").code == 0
    assert (repository / "tool" / "cli.py").exists()


def test_a_linked_worktree_of_the_persons_shares_the_store_and_is_merged_into(repository, tmp_path):
    linked = tmp_path / "linked"
    git("worktree", "add", "--quiet", "-b", "feature", str(linked), at=repository)
    before = room(repository)
    answer = run_goal("--accept", "auto", at=linked)
    assert room(repository) == before
    assert answer.document["status"] == "ready"
    assert omk("list", "--json", at=repository).document[0]["goal"] == answer.document["goal"]
    assert omk("merge", at=linked).code == 0
    assert (linked / "cli.py").exists()
    assert not (repository / "cli.py").exists()
    assert git("rev-parse", "main", at=repository) != git("rev-parse", "feature", at=repository)


@pytest.mark.parametrize("folder", ["with some spaces", "größe-日本語", 'quote\'d "and" %41 $HOME'])
def test_a_repository_may_lie_at_any_path(folder, repository, tmp_path):
    place = tmp_path / folder
    repository.rename(place)
    answer = run_goal("--accept", "auto", at=place)
    assert answer.document["status"] == "ready"
    assert omk("merge", at=place).code == 0
    assert (place / "cli.py").exists()
    assert omk("fsck", "--json", at=place).document["ok"] is True


def test_a_sha256_repository_works_the_same(tmp_path):
    place = tmp_path / "sha256"
    place.mkdir()
    git("init", "--quiet", "--object-format=sha256", at=place)
    commit(place, a__txt="a\n")
    answer = run_goal("--accept", "auto", at=place)
    assert answer.document["status"] == "ready"
    assert len(answer.document["tree"]) == 64
    assert omk("merge", at=place).code == 0
    assert git("rev-parse", "HEAD^{tree}", at=place) == answer.document["tree"]


def test_gates_and_settings_come_from_the_base_commit_when_no_flag_names_them(repository):
    commit(
        repository,
        omk__toml='agent = "command:printf 1 > cli.py"\naccept = "auto"\n[gates.acceptance]\nrun = "test -f cli.py"\n'
        '[gates.tour]\nrun = ["test", "-s", "cli.py"]\nproves = ["smoke", "demo"]\n',
    )
    write(repository / "omk.toml", "nonsense that is not committed")
    answer = omk("run", GOAL, "--json", at=repository)
    assert answer.document["status"] == "ready"
    assert [check["gate"] for check in answer.document["oracle"]["checks"]] == ["acceptance", "tour", "tour"]


def test_plan_takes_a_goal_in_and_starts_no_work(repository, tmp_path):
    planned = omk("plan", GOAL, "--agent", f"command:touch {tmp_path}/was-here", *GATES, "--json", at=repository)
    assert planned.code == 0
    assert planned.document["status"] == "not_ready"
    assert "plan.valid" not in planned.codes
    assert not (tmp_path / "was-here").exists()
    status = omk("status", "--json", at=repository)
    assert status.code == 0


def test_the_steps_one_by_one_end_where_run_ends(repository):
    omk("plan", GOAL, "--agent", WRITES_CLI, *GATES, at=repository)
    assert "files.changed" not in omk("execute", "--json", at=repository).codes
    assert not [code for code in omk("verify", "--json", at=repository).codes if code.startswith("gate.")]
    assert omk("review", "--json", at=repository).codes == ["integration.accepted"]
    assert omk("accept", "--summary", "ok", "--json", at=repository).document["status"] == "ready"


def test_the_merge_policy_gated_merges_by_itself_what_is_ready(repository):
    answer = run_goal("--accept", "auto", "--merge", "gated", at=repository)
    assert answer.document["status"] == "ready"
    assert git("rev-parse", "HEAD^{tree}", at=repository) == answer.document["tree"]


def moves_main(repository, tmp_path, line):
    """A gate that commits to the base branch, once, while it runs."""
    once = f"cd '{repository}' && {line} && git add --all && git commit --quiet --message Meanwhile"
    script = write(tmp_path / "gate.sh", f"mkdir '{tmp_path}/moved' 2>/dev/null || exit 0\n{once}\n")
    return ("--gate", f"acceptance-smoke-demo=sh '{script}'", "--accept", "auto", "--merge", "gated")


def test_a_base_that_moves_while_a_gated_goal_runs_is_proven_again_and_merged(repository, tmp_path):
    answer = omk(
        "run", GOAL, "--agent", WRITES_CLI, *moves_main(repository, tmp_path, "echo x > other.txt"), "--json", at=repository
    )
    assert (answer.code, answer.document["status"]) == (0, "ready"), answer.err
    assert git("show", "main:other.txt", at=repository) == "x"
    assert git("rev-parse", "main^{tree}", at=repository) == answer.document["tree"]
    kinds = [one["kind"] for one in omk("replay", "--json", at=repository).document["timeline"]]
    assert kinds.count("gate_ran.v1") == 2
    assert kinds.index("worktree_rebased.v1") < kinds.index("change_merged.v1")
    assert omk("replay", "--redecide", at=repository).code == 0


def test_a_base_that_comes_to_conflict_while_a_gated_goal_runs_ends_it_with_what_to_do(repository, tmp_path):
    before = git("rev-parse", "main", at=repository)
    answer = omk("run", GOAL, "--agent", WRITES_CLI, *moves_main(repository, tmp_path, "echo no > cli.py"), at=repository)
    assert answer.code == 1
    assert "conflicts with the change in cli.py" in answer.err
    assert git("rev-parse", "main~1", at=repository) == before
    assert git("show", "main:cli.py", at=repository) == "no"


def test_the_merge_policy_disabled_refuses_to_merge(repository):
    run_goal("--accept", "auto", "--merge", "disabled", at=repository)
    refused = omk("merge", at=repository)
    assert refused.code == 1
    assert "--merge disabled" in refused.err


def test_hooks_and_settings_of_the_persons_are_not_run_by_what_omk_does(repository, tmp_path):
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change", "post-merge"):
        hook = write(repository / ".git" / "hooks" / name, f"#!/bin/sh\ntouch '{tmp_path}/hooked'\n")
        hook.chmod(0o755)
    git("config", "commit.gpgSign", "true", at=repository)
    git("config", "core.fsmonitor", f"touch '{tmp_path}/hooked'", at=repository)
    (tmp_path / "hooked").unlink(missing_ok=True)
    assert run_goal("--accept", "auto", at=repository).document["status"] == "ready"
    assert not (tmp_path / "hooked").exists()


def test_standard_output_is_the_proof_alone_and_talk_goes_to_standard_error(repository):
    answer = run_goal(at=repository)
    assert json.loads(answer.out)["goal"] in answer.err
    assert "gate smoke passed" in answer.err


def test_the_demo_tells_the_story_and_leaves_nothing_behind(tmp_path, home, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    told = process("demo", at=tmp_path)
    assert told.code == 0, told.err
    for word in ("NOT READY", "READY", "gate.smoke", "omk why", "omk replay"):
        assert word in told.out, word
    assert list(tmp_path.iterdir()) == []
    assert not (home / ".local").exists()


def test_the_alias_goal_is_the_same_program(repository):
    run_goal(at=repository)
    assert omk("proof", "--json", at=repository).out == omk("goal", "proof", "--json", at=repository).out
