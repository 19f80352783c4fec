"""`omk checkout`: the code as it was at any event, byte for byte, and nothing else anywhere touched."""

import hashlib
import os
import signal
import subprocess

import pytest

from tests.cli.calling import begin, commit, end, git, omk, process, run_goal, worktrees, write

AGENT = r"""
if test -f second
then printf 'more\r\nlines\n' >> notes.txt; rm gone.txt; chmod -x tool.sh; ln -sf notes.txt link; rm -r deep out; echo x > deep
    printf 'print(2)\n' > cli.py
else printf 'print(1)\n' > cli.py; printf 'a\r\nb\n' > notes.txt; printf 'shout\n' > loud.loud; : > empty
    printf '#!/bin/sh\n' > tool.sh; chmod +x tool.sh; ln -s nowhere link; ln -s / out; mkdir -p deep/er; echo '$Id$' > deep/er/f.c
    printf 'x\n' > "$(printf 'b\377d')"; printf 'y' > "$(printf 'a\nb')"; echo 'z' > '50%25 "q"'; touch second
    printf '\377\376l\0\n\0' > untracked.log; sed -i s/Example/Edited/ README.md
fi
"""
ATTRIBUTES = "*.txt text eol=crlf\n*.loud filter=shout\n*.c ident\n*.log working-tree-encoding=UTF-16\n"
HOSTILE = """\
[core]
	autocrlf = true
	eol = crlf
	symlinks = false
	fileMode = false
[filter "shout"]
	clean = tr a-z A-Z
	smudge = sed s/^/smudged/
	required = true
"""
NEUTRAL = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_SOURCE": "", "HOME": "/nowhere"}


def tree_of(directory, scratch):
    """`git write-tree` of a folder, by a git that converts nothing."""
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, **NEUTRAL, "GIT_DIR": str(scratch / "git"), "GIT_INDEX_FILE": str(scratch / "index")}
    environment["GIT_WORK_TREE"] = str(directory)
    (scratch / "index").unlink(missing_ok=True)

    def plain(*arguments):
        return subprocess.run(("git", *arguments), cwd=directory, env=environment, check=True, capture_output=True).stdout

    if not (scratch / "git").exists():
        plain("init", "--quiet")
        write(scratch / "git" / "info" / "attributes", "* -text -filter -ident -working-tree-encoding -eol\n")
    plain("-c", "core.autocrlf=false", "-c", "core.safecrlf=false", "add", "--all", "--force", ".")
    return plain("write-tree").decode().strip()


def everything(folder):
    """Every file below a folder with its content, mode and time."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {path: (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mode, path.stat().st_mtime_ns) for path in files}


def names(folder):
    """The names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def shelled(repository, home):
    """A goal of two attempts, the first one red, in which a shell command did everything a shell command can."""
    commit(repository, __gitattributes=ATTRIBUTES, gone__txt="x\n", __gitignore="*.ignored\n")
    with (home / ".gitconfig").open("a") as file:
        file.write(HOSTILE)
    gates = ("--gate", "acceptance=test -f deep", "--gate", "smoke=true", "--gate", "demo=true")
    answer = run_goal("--until-ready", "--accept", "auto", *gates, at=repository, agent=f"command:{AGENT}")
    assert answer.code == 0, answer.err
    return repository


def test_the_checkout_of_every_event_has_exactly_the_recorded_tree(shelled, tmp_path, home):
    replay = omk("replay", "--json", at=shelled).document
    changes = [entry["seq"] for entry in replay["timeline"] if entry["kind"] == "files_changed.v1"]
    assert len(changes) == 2
    before = everything(shelled)
    made = set()
    for seq in range(1, replay["events"] + 1):
        done = omk("checkout", f"latest@{seq}", str(tmp_path / f"at-{seq}"), "--json", at=shelled)
        assert done.code == 0, done.err
        recorded = omk("show", f"latest@{seq}", "--json", at=shelled).document["tree"]
        assert done.document == {
            "goal": replay["goal"],
            "seq": seq,
            "tree": recorded,
            "directory": str(tmp_path / f"at-{seq}"),
            "files": sum(1 for path in (tmp_path / f"at-{seq}").rglob("*") if path.is_symlink() or path.is_file()),
        }
        assert tree_of(tmp_path / f"at-{seq}", tmp_path / "scratch") == recorded
        made.add(recorded)
    assert len(made) == 3
    assert everything(shelled) == before
    assert worktrees(home) == []
    assert git("worktree", "list", "--porcelain", at=shelled).count("worktree ") == 1


def test_bytes_modes_links_and_names_are_as_the_agent_left_them(shelled, tmp_path):
    first, last = tmp_path / "first", tmp_path / "last"
    assert omk("checkout", "latest@files_changed", str(first), at=shelled).code == 0
    assert omk("checkout", "latest", str(last), at=shelled).code == 0
    assert (first / "tool.sh").stat().st_mode & 0o111
    assert not (last / "tool.sh").stat().st_mode & 0o111
    assert (first / "empty").read_bytes() == b""
    assert (first / "deep" / "er" / "f.c").read_text() == "$Id$\n"
    assert (last / "deep").read_text() == "x\n"
    links = [str((first / "link").readlink()), str((first / "out").readlink()), str((last / "link").readlink())]
    assert links == ["nowhere", "/", "notes.txt"]
    assert (first / "gone.txt").exists()
    assert not (last / "gone.txt").exists()
    assert os.fsdecode(b"b\xffd") in names(last)
    assert (first / "loud.loud").read_text() == "SHOUT\n", "the tree has what the filter made of it, and so has the checkout"
    assert (first / "untracked.log").read_bytes() == b"l\n"
    assert not (first / ".git").exists()


def test_a_folder_that_holds_something_is_refused_and_left_alone(repository, tmp_path):
    run_goal(at=repository)
    write(tmp_path / "full" / "mine", "x")
    write(tmp_path / "file", "x")
    for name, why in (("full", "is not empty"), ("file", "is no folder")):
        refused = omk("checkout", "latest", str(tmp_path / name), at=repository)
        assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
        assert why in refused.err
    assert names(tmp_path / "full") == ["mine"]


def test_an_empty_folder_stays_the_folder_it_is_and_one_may_stand_in_it(repository, tmp_path):
    run_goal(at=repository)
    (tmp_path / "empty").mkdir(mode=0o750)
    inode = (tmp_path / "empty").stat().st_ino
    store = f"sqlite://{repository}/.git/omk"
    done = omk("checkout", "latest", ".", "--store", store, "--all", "--json", at=tmp_path / "empty")
    assert done.code == 0, done.err
    assert ((tmp_path / "empty").stat().st_ino, (tmp_path / "empty").stat().st_mode & 0o777) == (inode, 0o750)
    assert (tmp_path / "empty" / "cli.py").read_text() == "print(1)\n"
    assert names(tmp_path) == ["empty", "repository"]


def test_the_folders_above_are_made_too(repository, tmp_path):
    run_goal(at=repository)
    assert omk("checkout", "latest@1", str(tmp_path / "a" / "b" / "c"), at=repository).code == 0
    assert names(tmp_path / "a" / "b" / "c") == ["README.md"]


@pytest.mark.parametrize("name", ["README.md/x", "y/" * 2_000 + "y"])
def test_a_folder_that_cannot_be_made_is_one_clear_line(name, repository, tmp_path):
    run_goal(at=repository)
    answer = omk("checkout", "latest@1", str(repository / name), at=repository)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "by hand" not in answer.err
    assert names(tmp_path) == ["repository"]


def test_what_a_killed_checkout_left_is_cleared_away_and_a_living_ones_is_not(repository, tmp_path):
    run_goal(at=repository)
    gone = subprocess.Popen(("true",))
    gone.wait()
    for pid in (gone.pid, os.getppid()):
        write(tmp_path / f".omk-checkout-{pid}" / "half.txt", "half")
    assert omk("checkout", "latest@1", str(tmp_path / "then"), at=repository).code == 0
    assert names(tmp_path) == sorted([f".omk-checkout-{os.getppid()}", "repository", "then"])


def test_before_the_first_event_there_is_no_tree(repository, tmp_path):
    run_goal(at=repository)
    refused = omk("checkout", "latest@0", str(tmp_path / "then"), at=repository)
    assert (refused.code, refused.out) == (1, "")
    assert "has no tree at position 0" in refused.err
    assert not (tmp_path / "then").exists()


def test_a_moved_repository_and_a_store_elsewhere_check_out_alike(repository, tmp_path):
    run_goal(at=repository)
    moved = repository.rename(tmp_path / "moved")
    assert omk("checkout", "latest", str(tmp_path / "one"), at=moved).code == 0
    (tmp_path / "nowhere").mkdir()
    store = f"sqlite://{moved}/.git/omk"
    assert omk("checkout", "latest", str(tmp_path / "two"), "--store", store, at=tmp_path / "nowhere").code == 0
    assert (tmp_path / "one" / "cli.py").read_bytes() == (tmp_path / "two" / "cli.py").read_bytes() == b"print(1)\n"


def test_a_store_without_its_repository_is_one_clear_line(repository, tmp_path):
    store = f"sqlite://{tmp_path}/store"
    run_goal("--store", store, at=repository)
    (tmp_path / "nowhere").mkdir()
    refused = omk("checkout", "latest", str(tmp_path / "then"), "--store", store, at=tmp_path / "nowhere")
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "Go to the goal's repository" in refused.err
    other = tmp_path / "other"
    git("clone", "--quiet", str(repository), str(other), at=tmp_path)
    refused = omk("checkout", "latest", str(tmp_path / "then"), "--store", store, "--all", at=other)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "is not in this repository" in refused.err


@pytest.mark.parametrize("how", ["gone", "another content", "no object at all"])
def test_a_tampered_tree_is_one_clear_line_and_leaves_nothing(how, repository, tmp_path):
    tree = run_goal(at=repository).document["tree"]
    own = repository / ".git" / "omk" / "repo.git"
    blob = git("rev-parse", f"{tree}:cli.py", at=own)
    other = subprocess.run(
        ("git", "hash-object", "-w", "--stdin"), input=b"evil\n", cwd=own, check=True, capture_output=True
    ).stdout.decode()
    loose = own / "objects" / blob[:2] / blob[2:]
    evil = own / "objects" / other[:2] / other[2:].strip()
    content = {"gone": None, "another content": evil.read_bytes(), "no object at all": b"rubbish"}[how]
    loose.unlink()
    if content is not None:
        loose.write_bytes(content)
    refused = omk("checkout", "latest", str(tmp_path / "then"), at=repository)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "tampered with" in refused.err
    assert names(tmp_path) == ["repository"]


def test_a_repository_with_longer_ids_checks_out_alike(tmp_path):
    repository = tmp_path / "repository"
    git("init", "--quiet", "--object-format=sha256", str(repository), at=tmp_path)
    commit(repository, README__md="# Example\n")
    tree = run_goal(at=repository).document["tree"]
    assert len(tree) == 64
    done = omk("checkout", "latest", str(tmp_path / "then"), "--json", at=repository)
    assert (done.code, done.document["tree"]) == (0, tree), done.err
    assert names(tmp_path / "then") == ["README.md", "cli.py"]


def test_a_submodule_is_an_empty_folder(repository, tmp_path):
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib", at=repository)
    git("commit", "--quiet", "-m", "A submodule", at=repository)
    run_goal(at=repository)
    done = omk("checkout", "latest", str(tmp_path / "then"), "--json", at=repository)
    assert done.document["files"] == 2
    assert names(tmp_path / "then" / "vendor" / "lib") == []


def test_an_interrupted_checkout_leaves_nothing(repository, tmp_path):
    for number in range(3000):
        write(repository / f"many/{number % 50}/{number}.txt", f"{number}\n")
    git("add", "--all", at=repository)
    git("commit", "--quiet", "-m", "Many", at=repository)
    run_goal(at=repository)
    place = tmp_path / "place"
    place.mkdir()
    running = begin("checkout", "latest", str(place / "then"), at=repository)
    while running.poll() is None and not names(place):
        os.sched_yield()
    running.send_signal(signal.SIGINT)
    assert end(running).code in {0, 130}
    assert names(place) in ([], ["then"])
    if names(place):
        assert sum(1 for path in (place / "then").rglob("*") if path.is_file()) == 3002


def test_an_agent_may_look_at_the_past_of_its_own_goal(repository, tmp_path):
    run_goal(at=repository)
    before = everything(repository)
    done = process("checkout", "latest", str(tmp_path / "then"), at=repository, environment={"OMK_INSIDE": "goal-x"})
    assert done.code == 0, done.err
    assert everything(repository) == before
