"""What an agent leaves is recorded as it is, whatever it is, and stays there whatever the person does afterwards."""

import os

import pytest

from omk.runtime.repository import UserRepository
from omk.runtime.workshop import Workshop
from tests.cli.calling import GATES, GOAL, bound, commit, git, omk, run_goal, worktrees, write

RECORDED = {
    "a nested repository": (
        "mkdir inner && cd inner && git init --quiet && echo x > a.txt && git add a.txt && git commit --quiet -m x",
        ["cli.py", "inner/a.txt"],
    ),
    "an empty nested repository": ("git init --quiet inner", ["cli.py"]),
    "a link out of the tree": ("ln -s /etc/passwd out", ["cli.py", "out"]),
    "a link to itself": ("ln -s loop loop", ["cli.py", "loop"]),
    "a name that is not UTF-8": (r"echo x > $(printf 'b\377d')", ["b%FFd", "cli.py"]),
    "a name with a line break and a percent sign": (
        "echo x > \"$(printf 'a\\nb')\"; echo y > 50%25", ["50%2525", "a\nb", "cli.py"],
    ),
    "a deleted folder": ("rm -r source", ["cli.py", "source/a.txt", "source/b.txt"]),
    "a file where a folder was": ("rm -r source && echo x > source", ["cli.py", "source", "source/a.txt", "source/b.txt"]),
    "an executable": ("chmod +x README.md", ["README.md", "cli.py"]),
    "a worktree without its link to git": ("rm -f .git", ["cli.py"]),
    "a worktree that became a repository": ("rm -f .git && git init -q && git add -A && git commit -qm x", ["cli.py"]),
}  # fmt: skip


@pytest.mark.parametrize("case", RECORDED)
def test_whatever_an_agent_leaves_is_recorded_as_it_is(case, repository):
    script, expected = RECORDED[case]
    commit(repository, source_in_a__txt="a\n", source_in_b__txt="b\n")
    answer = run_goal("--accept", "auto", at=repository, agent=f"command:printf 'print(1)\\n' > cli.py; ({script})")
    assert answer.code == 0, answer.err
    assert answer.document["changed_files"] == expected
    assert not {"agent.executed", "files.recorded"} & set(answer.codes)
    assert omk("fsck", at=repository).code == 0


@pytest.mark.parametrize(("script", "path"), [("mkdir shut; echo x > shut/a; chmod 000 shut", "shut"), ("mkfifo pipe", "pipe")])
def test_what_cannot_be_recorded_is_named_as_a_gap_and_can_be_waived(script, path, repository, home):
    agent = f"command:printf 'print(1)\\n' > cli.py; {script}"
    answer = bound("run", GOAL, "--agent", agent, *GATES, "--accept", "auto", "--json", at=repository)
    assert "files.recorded" in answer.codes
    assert path in answer.gap("files.recorded")["text"]
    assert answer.document["changed_files"] == ["cli.py"]
    assert worktrees(home) == []
    waived = omk("waive", "files.recorded", "--reason", "not needed", "--json", at=repository)
    assert "files.recorded" not in waived.codes


def test_a_link_out_of_the_tree_is_not_followed(repository, tmp_path):
    write(tmp_path / "secret" / "file", "mine\n")
    answer = run_goal("--accept", "auto", at=repository, agent=f"command:echo 1 > cli.py; ln -s '{tmp_path}/secret' out")
    tree = answer.document["tree"]
    own = repository / ".git" / "omk" / "repo.git"
    assert git("ls-tree", "-r", "--name-only", tree, at=own).split() == ["README.md", "cli.py", "out"]
    assert (tmp_path / "secret" / "file").read_text() == "mine\n"


def test_recorded_trees_survive_amend_gc_and_clean(repository, home):
    proof = run_goal("--accept", "auto", at=repository).document
    write(repository / "README.md", "# Another\n")
    git("commit", "--quiet", "--all", "--amend", "--message", "Another", at=repository)
    git("reflog", "expire", "--expire=now", "--all", at=repository)
    git("gc", "--quiet", "--prune=now", at=repository)
    git("clean", "-ffdxq", at=repository)
    workshop = Workshop(UserRepository.find(repository), home / ".local" / "state")
    assert workshop.has_tree(proof["tree"])
    own = repository / ".git" / "omk" / "repo.git"
    assert git("cat-file", "-p", f"{proof['tree']}:cli.py", at=own) == "print(1)"
    again = omk("proof", "--json", at=repository).document
    assert (again["status"], again["tree"]) == ("ready", proof["tree"])
    assert omk("fsck", at=repository).code == 0
    merged = omk("merge", at=repository)
    assert merged.code == 0, merged.err
    assert (repository / "README.md").read_text() == "# Another\n"
    assert (repository / "cli.py").read_text() == "print(1)\n"


def test_a_goal_is_carried_on_and_merged_after_amend_gc_and_clean(repository):
    run_goal("--gate", "acceptance=test -f more.py", "--gate", "smoke=true", "--gate", "demo=true", at=repository)
    git("commit", "--quiet", "--amend", "--message", "Same content, another commit", at=repository)
    git("reflog", "expire", "--expire=now", "--all", at=repository)
    git("gc", "--quiet", "--prune=now", at=repository)
    git("clean", "-ffdxq", at=repository)
    omk("execute", "--agent", "command:echo 2 > more.py", at=repository)
    omk("verify", at=repository)
    assert omk("review", "--json", at=repository).codes == ["integration.accepted"]
    assert omk("accept", "--summary", "ok", "--json", at=repository).document["status"] == "ready"
    merged = omk("merge", "--json", at=repository)
    assert merged.code == 0, merged.err
    assert merged.document["status"] == "ready"
    assert sorted(os.listdir(repository)) == [".git", "README.md", "cli.py", "more.py"]  # noqa: PTH208 - names


def test_work_begins_in_the_tree_the_last_attempt_left(repository):
    agent = "command:echo x >> grows.txt; printf 'print(1)\\n' > cli.py"
    run_goal("--gate", "acceptance=test $(wc -l < grows.txt) = 3", "--until-ready", at=repository, agent=agent)
    proof = omk("proof", "--json", at=repository).document
    assert proof["gates"][0]["outcome"] == "passed"


def test_what_ignore_rules_hide_is_not_recorded_but_a_tracked_file_is(repository):
    write(repository / "kept.log", "1\n")
    write(repository / ".gitignore", "*.log\n")
    git("add", "--force", "kept.log", ".gitignore", at=repository)
    git("commit", "--quiet", "--message", "Rules", at=repository)
    answer = run_goal(at=repository, agent="command:echo 2 > kept.log; echo 3 > new.log; echo 4 > cli.py")
    assert answer.document["changed_files"] == ["cli.py", "kept.log"]
