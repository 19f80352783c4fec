"""`omk fork`: another goal in the same past, which works, is proven and is merged like any other."""

import sqlite3

import pytest

from tests.cli.calling import GOAL, commit, git, omk, process, room, run_goal, worktrees, write

RED = ("--gate", "acceptance=test -f cli.py", "--gate", "smoke=true", "--gate", "demo=grep -q right cli.py")
WRONG = "command:printf '# wrong\\n' > cli.py; echo shell > by-shell.txt; rm -f README.md"
RIGHT = "command:printf '# right\\n' > cli.py"
OTHER = "Build a greenfield CLI the right way with acceptance smoke demo proof"


def records(repository, goal):
    """A goal's own records, as they are stored."""
    with sqlite3.connect(repository / ".git" / "omk" / "log.sqlite") as connection:
        return connection.execute("SELECT * FROM stored_events WHERE originator_id = ? ORDER BY 2", (goal,)).fetchall()


def own_kinds(repository, goal):
    return [row[2] for row in records(repository, goal)]


@pytest.fixture
def red(repository):
    """A goal that ended with a red gate, and its id."""
    answer = run_goal(*RED, at=repository, agent=WRONG)
    assert answer.code == 0, answer.err
    assert "gate.demo" in answer.codes
    return answer.document["goal"]


def test_a_fork_in_the_middle_of_a_red_goal_is_proven_and_merged(red, repository, home, tmp_path):
    before = records(repository, red)
    forked = omk("fork", f"{red}@files_changed", OTHER, "--json", at=repository)
    assert forked.code == 0, forked.err
    fork, seq = forked.document["goal"], forked.document["from"]["seq"]
    past = omk("show", f"{red}@{seq}", "--json", at=repository).document
    assert forked.document["from"] == {"goal": red, "seq": seq}
    assert (forked.document["tree"], forked.document["status"]) == (past["tree"], "not_ready")
    assert own_kinds(repository, fork) == ["goal_forked.v1", "oracle_assessed.v1", "proof_issued.v1"]
    assert [row[1] for row in records(repository, fork)] == [seq + 1, seq + 2, seq + 3]

    write(tmp_path / "agent.sh", f'cp "$OMK_PROMPT_FILE" {tmp_path}/prompt; ls > {tmp_path}/seen\n{RIGHT.partition(":")[2]}\n')
    for step in (("execute", "--agent", f"command:sh {tmp_path}/agent.sh"), ("verify",), ("review",)):
        done = omk(step[0], fork, *step[1:], "--json", at=repository)
        assert done.code == 0, done.err
    prompt = (tmp_path / "prompt").read_text()
    assert OTHER in prompt
    assert GOAL not in prompt
    assert (tmp_path / "seen").read_text().split() == ["by-shell.txt", "cli.py"], "it began in the parent's tree as of then"
    assert done.codes == ["integration.accepted"]
    assert omk("accept", fork, "--summary", "right", "--json", at=repository).document["status"] == "ready"
    merged = omk("merge", fork, "--json", at=repository)
    assert merged.code == 0, merged.err
    assert (repository / "cli.py").read_text() == "# right\n"
    assert OTHER in git("log", "-1", "--format=%B", at=repository)

    assert records(repository, red) == before
    assert omk("show", red, "--json", at=repository).document["forks"] == [{"goal": fork, "seq": seq}]
    assert omk("fsck", "--json", at=repository).document == {"goals": 2, "events": len(before) + len(records(repository, fork)),
                                                             "ok": True, "problems": []}  # fmt: skip
    assert worktrees(home) == []


def test_a_fork_of_a_ready_goal_is_not_ready_and_holds_its_base(repository):
    parent = run_goal("--accept", "auto", at=repository).document
    assert parent["status"] == "ready"
    base = git("rev-parse", "HEAD", at=repository)
    kept = room(repository)
    forked = omk("fork", "latest@ready", OTHER, "--json", at=repository).document
    assert forked["status"] == "not_ready"
    codes = [gap["code"] for gap in omk("proof", forked["goal"], "--json", at=repository).document["gaps"]]
    assert codes == ["agent.executed", "files.changed", "integration.accepted"]
    assert git("rev-parse", f"refs/omk/{forked['goal']}", at=repository) == base
    assert room(repository) == kept
    for step in ("verify", "review", "accept"):
        words = ("--summary", "fine") if step == "accept" else ()
        done = omk(step, forked["goal"], *words, "--json", at=repository)
        assert done.code == 0, done.err
    assert done.codes == ["agent.executed", "files.changed"]
    refused = omk("merge", forked["goal"], at=repository)
    assert (refused.code, "open: agent.executed, files.changed" in refused.err) == (1, True)


def test_a_fork_is_resumed_from_its_start_to_its_end(red, repository):
    fork = omk("fork", f"{red}@files_changed", OTHER, "--json", at=repository).document["goal"]
    done = omk("resume", fork, "--agent", RIGHT, "--json", at=repository)
    assert done.code == 0, done.err
    assert done.codes == ["integration.accepted"]
    assert done.document["goal"] == fork


def test_the_history_of_a_fork_is_the_parents_and_then_its_own(red, repository):
    fork = omk("fork", f"{red}@gate:smoke", OTHER, "--json", at=repository).document
    seq = fork["from"]["seq"]
    theirs = omk("replay", f"{red}@{seq}", "--json", at=repository).document
    ours = omk("replay", fork["goal"], "--json", at=repository).document
    assert ours["timeline"][:seq] == theirs["timeline"]
    assert [entry["kind"] for entry in ours["timeline"][seq:]] == own_kinds(repository, fork["goal"])
    assert ours["state"]["forked_from"] == {"goal": red, "seq": seq, "head": theirs["head"]}
    assert ours["state"]["obligations"] == []
    spent = theirs["state"]["usage"]
    assert ours["state"]["usage"]["active_ms"] == 0
    assert ours["state"]["usage"]["inherited"] == {name: spent[name] for name in ("active_ms", "tokens", "micro_usd")}
    at_begin = omk("proof", f"{fork['goal']}@{seq}", "--json", at=repository).document
    assert at_begin == omk("proof", f"{red}@{seq}", "--json", at=repository).document


def test_the_list_says_where_forks_began_and_latest_is_the_newest(red, repository):
    fork = omk("fork", red, OTHER, "--json", at=repository).document
    entries = omk("list", "--json", at=repository).document
    assert [entry["goal"] for entry in entries] == [fork["goal"], red]
    assert [entry["forked_from"] and entry["forked_from"]["goal"] for entry in entries] == [red, None]
    assert f"from {red}@{fork['from']['seq']}" in omk("list", at=repository).out
    assert omk("status", "latest", "--json", at=repository).document["goal"] == fork["goal"]
    assert omk("verify", "latest", "--json", at=repository).document["goal"] == fork["goal"]
    for text in (omk("show", red, at=repository).out, omk("show", red, "--format", "md", at=repository).out):
        assert fork["goal"] in text


def test_forks_of_forks_read_one_history_also_within_what_was_inherited(red, repository):
    child = omk("fork", f"{red}@gate:demo", OTHER, "--json", at=repository).document
    assert omk("execute", child["goal"], "--agent", RIGHT, at=repository).code == 0
    late = omk("fork", child["goal"], OTHER, "--json", at=repository).document
    early = omk("fork", f"{child['goal']}@files_changed", OTHER, "--json", at=repository).document
    last = omk("fork", f"{early['goal']}@gates_configured", OTHER, "--json", at=repository).document
    assert early["from"]["seq"] < child["from"]["seq"]
    assert last["tree"] == git("rev-parse", "HEAD^{tree}", at=repository)
    for one, tree in ((late, omk("show", child["goal"], "--json", at=repository).document["tree"]), (early, child["tree"])):
        assert one["tree"] == tree
    for one in (late, early, last):
        done = omk("resume", one["goal"], "--agent", f"{RIGHT}; echo {one['goal']} > mine", "--json",
                   at=repository)  # fmt: skip
        assert done.code == 0, done.err
        assert done.codes == ["integration.accepted"]
    assert [one["goal"] for one in omk("show", child["goal"], "--json", at=repository).document["forks"]] == [
        late["goal"], early["goal"],
    ]  # fmt: skip
    assert omk("fsck", "--json", at=repository).document["problems"] == []


def test_vague_words_block_a_fork_until_a_person_decides(red, repository):
    forked = omk("fork", red, "make it better", "--json", at=repository)
    assert (forked.code, forked.document["status"]) == (0, "blocked_on_human")
    assert "Decision needed" in forked.err
    fork = forked.document["goal"]
    assert omk("decide", fork, "--answer", "It is right.", at=repository).code == 0
    done = omk("resume", fork, "--agent", RIGHT, "--json", at=repository)
    assert done.codes == ["integration.accepted"]


@pytest.mark.parametrize(
    ("place", "words", "why"),
    [
        ("latest@0", OTHER, "The next event that will do is"),
        ("latest@goal_configured", OTHER, "its beginning (words, settings, assessment, gates) is not complete there"),
        ("latest@task_accepted#2", OTHER, "its plan is not complete there"),
        ("latest", " ", "The goal text cannot be empty"),
        ("latest", "x" * 50_001, "at most 50000 fit"),
        ("latest@999", OTHER, "outside of"),
        ("nobody", OTHER, "not found"),
    ],
)
def test_what_cannot_be_forked_is_refused_in_one_line(place, words, why, red, repository):
    refs = git("for-each-ref", at=repository)
    refused = omk("fork", place, words, at=repository)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert why in refused.err
    assert git("for-each-ref", at=repository) == refs
    assert len(omk("list", "--json", at=repository).document) == 1


def test_the_next_event_that_is_named_can_be_forked(red, repository):
    named = omk("fork", f"{red}@1", OTHER, at=repository).err.rpartition("will do is ")[2].strip()
    assert omk("fork", named, OTHER, at=repository).code == 0
    seq = int(named.rpartition("@")[2])
    assert omk("fork", f"{red}@{seq - 1}", OTHER, at=repository).code == 1


def test_a_goal_with_a_budget_begins_with_it(repository):
    goal = run_goal("--budget-time", "1h", at=repository).document["goal"]
    assert "@6" in omk("fork", f"{goal}@gates_configured", OTHER, at=repository).err
    fork = omk("fork", f"{goal}@6", OTHER, "--json", at=repository).document["goal"]
    limits = omk("show", fork, "--json", at=repository).document["usage"]["limits"]
    assert limits["active_ms"] == 3_600_000


def test_a_change_out_of_scope_cannot_be_forked_before_it_is_named(repository):
    commit(repository, omk__toml='[scope]\nwrite = ["src"]\n')
    run_goal(at=repository)
    refused = omk("fork", "latest@files_changed", OTHER, at=repository)
    assert (refused.code, "the next event belongs to that one" in refused.err) == (1, True)
    fork = omk("fork", "latest@scope_violated", OTHER, "--json", at=repository).document["goal"]
    assert "scope.respected" in [gap["code"] for gap in omk("proof", fork, "--json", at=repository).document["gaps"]]


def test_a_fork_of_a_merged_goal_goes_on_from_there(repository):
    parent = run_goal("--accept", "auto", at=repository).document["goal"]
    assert omk("merge", parent, at=repository).code == 0
    fork = omk("fork", parent, OTHER, "--json", at=repository).document["goal"]
    proof = omk("resume", fork, "--agent", "command:echo 2 > more.txt", "--json", at=repository).document
    assert proof["status"] == "ready", "the parent's settings stay, and so the policy accepts"
    assert proof["commits"] == []
    merged = omk("merge", fork, "--json", at=repository)
    assert merged.code == 0, merged.err
    assert git("show", "--name-only", "--format=", "HEAD", at=repository) == "more.txt"
    assert omk("fsck", "--json", at=repository).document["problems"] == []


def test_a_fork_in_a_store_of_lines_is_a_fork(repository, tmp_path):
    store = f"jsonl://{tmp_path}/log.jsonl"
    goal = run_goal("--store", store, at=repository).document["goal"]
    fork = omk("fork", f"{goal}@files_changed", OTHER, "--json", "--store", store, at=repository).document["goal"]
    proof = omk("resume", fork, "--agent", f"{RIGHT}; echo print >> cli.py", "--json", "--store", store, at=repository)
    assert proof.code == 0, proof.err
    assert proof.codes == ["integration.accepted"]
    assert omk("fsck", "--json", "--store", store, at=repository).document["problems"] == []


def test_the_first_prompt_of_a_fork_tells_what_is_red_and_not_what_was_not_done_yet(red, repository, tmp_path):
    fork = omk("fork", red, OTHER, "--json", at=repository).document["goal"]
    omk("execute", fork, "--agent", f'command:cp "$OMK_PROMPT_FILE" {tmp_path}/prompt', at=repository)
    prompt = (tmp_path / "prompt").read_text()
    assert "# What keeps the files you begin with from being ready\n\n- gate.demo: " in prompt
    assert "agent.executed" not in prompt
    assert "files.changed" not in prompt
    assert prompt.count(OTHER) == 1
    omk("execute", fork, "--agent", f'command:cp "$OMK_PROMPT_FILE" {tmp_path}/prompt', at=repository)
    assert "# What keeps attempt 2 from being ready" in (tmp_path / "prompt").read_text()


def test_an_agent_does_not_fork(red, repository):
    refused = process("fork", red, OTHER, at=repository, environment={"OMK_INSIDE": red})
    assert (refused.code, "is not for agents" in refused.err) == (1, True)


def test_a_tree_that_is_not_there_any_more_cannot_be_forked(red, repository):
    own = repository / ".git" / "omk" / "repo.git"
    tree = omk("show", red, "--json", at=repository).document["tree"]
    (own / "objects" / tree[:2] / tree[2:]).unlink()
    refused = omk("fork", red, OTHER, at=repository)
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert tree[:12] in refused.err
    assert f"refs/omk/{red}" in git("for-each-ref", at=repository)
    assert len(git("for-each-ref", "refs/omk/", at=repository).splitlines()) == 1


def test_a_fork_of_another_repositorys_goal_is_not_listed_here(repository, tmp_path):
    store = f"sqlite://{tmp_path}/shared"
    goal = run_goal("--store", store, at=repository).document["goal"]
    fork = omk("fork", goal, OTHER, "--json", "--store", store, at=repository).document["goal"]
    other = tmp_path / "other"
    git("clone", "--quiet", str(repository), str(other), at=tmp_path)
    ours = run_goal("--store", store, at=other).document["goal"]
    assert [one["goal"] for one in omk("list", "--json", "--store", store, at=other).document] == [ours]
    assert omk("verify", "latest", "--json", "--store", store, at=other).document["goal"] == ours
    refused = omk("fork", fork, OTHER, "--store", store, at=other)
    assert (refused.code, "belongs to another repository" in refused.err) == (1, True)
    refused = omk("execute", fork, "--agent", RIGHT, "--store", store, at=other)
    assert (refused.code, "not found" in refused.err) == (1, True)


def test_a_damaged_parent_is_damage_of_the_fork(red, repository):
    fork = omk("fork", red, OTHER, "--json", at=repository).document["goal"]
    with sqlite3.connect(repository / ".git" / "omk" / "log.sqlite") as connection:
        connection.execute(
            "UPDATE stored_events SET state = replace(state, 'task_started', 'task_startle') "
            "WHERE originator_id = ? AND topic = 'task_started.v1'", (red,),
        )  # fmt: skip
    refused = omk("show", fork, at=repository)
    assert (refused.code, refused.out) == (1, "")
    assert omk("fsck", at=repository).code == 5
