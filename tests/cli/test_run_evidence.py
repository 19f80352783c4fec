"""Nothing proves itself: what is not evidence leaves a gap, and no agent vouches for its own work."""

import json
import sys

import pytest

from omk.runtime.steps import review as step
from tests.cli.calling import GATES, GOAL, WRITES_CLI, commit, omk, run_goal, worktrees, write

ME = f"'{sys.executable}' -m omk"


def test_a_red_gate_is_named_with_exit_code_seq_last_lines_and_the_command(repository):
    lines = "; ".join(f"echo line {number}" for number in range(30))
    proof = run_goal(
        "--gate", "acceptance=true", "--gate", f"smoke={lines}; echo the end >&2; exit 7", "--gate", "demo=true",
        at=repository,
    ).document  # fmt: skip
    why = omk("why", "latest", "--json", at=repository)
    gap = next(gap for gap in why.document["blocking"] if gap["code"] == "gate.smoke")
    seq = next(gate["seq"] for gate in proof["gates"] if gate["name"] == "smoke")
    assert gap["evidence"] == [seq]
    assert "exit code 7" in gap["text"]
    assert gap["missing"]["kind"].startswith("gate_ran")
    command = gap["command"]
    text = omk("why", "latest", at=repository).out
    for expected in ("gate.smoke", "exit code 7", f"event {seq}", "the end", "line 29", command.split()[1]):
        assert expected in " ".join(text.split()), (expected, text)
    follows = next(gap for gap in why.document["blocking"] if gap["code"] == "oracle.smoke")
    assert follows["follows_from"] == ["gate.smoke"]


def test_every_command_that_a_gap_names_is_one_that_parses(repository):
    run_goal("--gate", "acceptance=false", at=repository, agent="command:false")
    for gap in omk("why", "--json", at=repository).document["blocking"]:
        words = gap["command"].split()
        assert words[0] == "omk", gap
        assert omk(words[1], "--help", at=repository).code == 0, gap


def test_a_change_after_a_green_gate_makes_its_evidence_stale(repository):
    run_goal("--accept", "auto", at=repository, agent="command:printf 'print(1)\\n' >> cli.py")
    goal = omk("proof", "--json", at=repository).document["goal"]
    omk("reject", goal, "--reason", "more is wanted", at=repository)
    changed = omk("execute", "--json", at=repository)
    assert changed.document["status"] == "not_ready"
    assert {"gate.acceptance", "gate.smoke", "gate.demo", "oracle.smoke", "integration.accepted"} <= set(changed.codes)
    assert {gate["fresh"] for gate in changed.document["gates"]} == {False}
    assert {gate["outcome"] for gate in changed.document["gates"]} == {"passed"}
    verified = omk("verify", "--json", at=repository)
    assert not [code for code in verified.codes if code.startswith("gate.")]


def test_an_acceptance_of_another_tree_does_not_count(repository):
    run_goal("--gate", "acceptance=false", at=repository, agent="command:printf 'print(1)\\n' >> cli.py")
    assert "integration.accepted" not in omk("accept", "--summary", "early", "--json", at=repository).codes
    assert "integration.accepted" in omk("execute", "--json", at=repository).codes


@pytest.mark.parametrize(
    ("configuration", "gap"),
    [
        ('[gates.acceptance]\nrun = "true"\nskip = true\n', "skip"),
        ('[gates.acceptance]\nrun = ["a-program-that-is-not-there"]\n', "not found"),
        ('[gates.acceptance]\nrun = "sleep 100"\ntimeout = "1s"\n', "timed out"),
        ('[gates.acceptance]\nrun = "false"\n', "exit code 1"),
        ('[gates.acceptance]\nrun = "kill -9 $$"\n', "signal 9"),
        ('[worktree]\nsetup = ["exit 4"]\n[gates.acceptance]\nrun = "true"\n', "exit code 4"),
    ],
)
def test_a_gate_that_did_not_pass_never_counts(configuration, gap, repository):
    commit(repository, omk__toml=f'{configuration}[gates.other]\nrun = "true"\nproves = ["smoke", "demo"]\n')
    answer = omk("run", GOAL, "--agent", WRITES_CLI, "--accept", "auto", "--json", at=repository)
    assert answer.code == 0
    assert answer.document["status"] == "not_ready"
    assert {"gate.acceptance", "oracle.acceptance", "integration.accepted"} <= set(answer.codes)
    assert gap in answer.gap("gate.acceptance")["text"], answer.gap("gate.acceptance")["text"]


def test_a_gate_that_is_not_required_any_more_is_named(repository):
    run_goal(at=repository)
    answer = omk("verify", "--gate", "smoke=test -s cli.py", "--json", at=repository)
    assert "omk: Not required any more: acceptance, demo." in answer.err
    again = omk("verify", "--gate", "smoke=test -s cli.py", "--json", at=repository)
    assert "Not required" not in again.err


def test_a_goal_without_gates_is_never_ready(repository):
    answer = omk("run", GOAL, "--agent", WRITES_CLI, "--accept", "auto", "--json", at=repository)
    assert answer.document["gates"] == []
    assert {"gates.configured", "oracle.acceptance", "integration.accepted"} <= set(answer.codes)


def test_optional_gates_alone_are_no_gates(repository):
    commit(repository, omk__toml='[gates.acceptance]\nrun = "true"\nrequired = false\n')
    answer = omk("run", GOAL, "--agent", WRITES_CLI, "--accept", "auto", "--json", at=repository)
    assert "gates.configured" in answer.codes


def test_an_agent_that_only_says_it_is_done_leaves_gaps(repository):
    answer = run_goal("--gate", "acceptance=true", "--accept", "auto", at=repository, agent="command:echo All done!")
    assert {"files.changed", "integration.accepted"} <= set(answer.codes)
    assert "agent.executed" not in answer.codes


def test_an_agent_that_fails_leaves_a_gap_whatever_it_changed(repository):
    answer = run_goal("--accept", "auto", at=repository, agent="command:printf 'print(1)\\n' > cli.py; exit 1")
    assert answer.code == 0
    assert answer.document["changed_files"] == ["cli.py"]
    assert {"agent.executed", "integration.accepted"} <= set(answer.codes)
    assert "exit code 1" in answer.gap("agent.executed")["text"]


def test_a_review_that_could_not_run_leaves_a_gap(repository, monkeypatch):
    def trip(*_):
        raise ValueError("out of tea")

    monkeypatch.setattr(step, "review", trip)
    answer = run_goal("--accept", "auto", at=repository)
    assert {one["outcome"] for one in answer.document["reviews"]} == {"errored"}
    assert len([code for code in answer.codes if code.startswith("review.")]) == 6
    assert "out of tea" in answer.gap("review.code")["text"]


def test_a_secret_in_the_change_blocks_the_security_review(repository):
    secret = "AKIA" + "IOSFODNN7EXAMPLQ"
    agent = f"command:printf 'print(1)\\nkey = \"%s%s\"\\n' {secret[:6]} {secret[6:]} > cli.py"
    answer = run_goal("--accept", "auto", at=repository, agent=agent)
    assert "review.security" in answer.codes


OUT = "unset OMK_INSIDE; cd '{checkout}' && "
RUN = "run 'Build a cli that tests' --agent command:true"
ORDERS = (
    "accept --summary fine", "waive gate.acceptance --reason fine", "decide --answer fine", "merge", RUN,
    "reject --reason bad", "cancel", "resume", "verify", "plan 'Build a cli that tests'",
)  # fmt: skip


@pytest.mark.parametrize(
    ("outside", "order"),
    [*(("", order) for order in ORDERS), ("unset OMK_INSIDE; ", ORDERS[0]), (OUT, ORDERS[0]), (OUT, RUN), (OUT, "merge")],
)
def test_an_agent_cannot_vouch_for_itself(outside, order, repository, tmp_path):
    agent = (
        f"command:printf 'print(1)\\n' > cli.py; ({outside.format(checkout=repository)}{ME} {order}) "
        f"> '{tmp_path}/said' 2>&1; echo $? > '{tmp_path}/code'"
    )
    answer = run_goal(at=repository, agent=agent)
    said = (tmp_path / "said").read_text()
    assert (tmp_path / "code").read_text() == "1\n", said
    assert len(said.splitlines()) == 1
    assert answer.codes == ["integration.accepted"], said
    assert len(omk("list", "--json", at=repository).document) == 1


def test_a_gate_cannot_accept_either(repository, tmp_path):
    told = f"smoke=cd '{repository}' && env -u OMK_INSIDE {ME} accept --summary fine 2>'{tmp_path}/said'; test -f cli.py"
    answer = run_goal("--gate", "acceptance=true", "--gate", told, "--gate", "demo=true", at=repository)
    assert "a process that omk started" in (tmp_path / "said").read_text()
    assert answer.document["integration"]["status"] != "accepted"


def test_the_store_that_the_person_named_is_hidden_from_agents_and_gates(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("OMK_STORE", f"sqlite:///{tmp_path}/elsewhere/log.sqlite")
    agent = f"command:env > '{tmp_path}/seen'; printf 'print(1)\\n' > cli.py"
    answer = run_goal("--accept", "auto", at=repository, agent=agent)
    assert answer.document["status"] == "ready"
    seen = (tmp_path / "seen").read_text()
    assert "OMK_STORE" not in seen
    assert f"OMK_INSIDE={answer.document['goal']}" in seen
    assert (tmp_path / "elsewhere" / "log.sqlite").exists()


GUARDED = {
    "omk.toml": ({"omk__toml": '[gates.acceptance]\nrun = "false"\n'}, "printf '[gates.a]\\nrun=\"true\"' > omk.toml"),
    "a script": ({"check__sh": "exit 1\n", "omk__toml": '[gates.acceptance]\nrun = "sh check.sh"\n'}, ": > check.sh"),
    "a continuous integration": ({"__github_in_workflows_in_a__yml": "on: push\n"}, "rm -r .github"),
}


@pytest.mark.parametrize("case", GUARDED)
def test_an_agent_that_edits_what_decides_verification_opens_a_gap_that_a_person_closes(case, repository):
    files, edit = GUARDED[case]
    commit(repository, **files)
    flags = () if "omk__toml" in files else GATES
    answer = omk("run", GOAL, "--agent", f"{WRITES_CLI}; {edit}", *flags, "--accept", "auto", "--json", at=repository)
    assert "gates.unchanged" in answer.codes
    gap = answer.gap("gates.unchanged")
    assert gap["owner"] == "operator"
    waived = omk("waive", "gates.unchanged", "--reason", "looked at it", "--json", at=repository)
    assert waived.code == 0
    assert "gates.unchanged" not in waived.codes


def test_an_agent_that_empties_the_scripts_table_does_not_help_its_gate(repository):
    package = {"name": "x", "scripts": {"test": "node --check missing.js", "other": "true"}}
    commit(repository, package__json=json.dumps(package))
    agent = """command:printf 'print(1)' > cli.py; printf '{"name": "x", "scripts": {"test": "true"}}' > package.json"""
    answer = omk("run", GOAL, "--agent", agent, "--accept", "auto", "--json", at=repository)
    assert answer.document["gates"] != []
    assert "gates.unchanged" in answer.codes


def test_an_agent_that_edits_another_part_of_the_manifest_opens_nothing(repository):
    commit(repository, package__json=json.dumps({"name": "x", "scripts": {"test": "true"}}))
    agent = """command:printf 1 > cli.py; printf '{"name": "y", "scripts": {"test": "true"}}' > package.json"""
    answer = omk("run", GOAL, "--agent", agent, "--accept", "auto", "--json", at=repository)
    assert "gates.unchanged" not in answer.codes


def test_a_gate_that_a_person_defines_anew_makes_the_old_evidence_stale(repository):
    run_goal(at=repository)
    digest = omk("proof", "--json", at=repository).gate("smoke")["definition"]
    flags = ("--gate", "acceptance=true", "--gate", "smoke=test -d cli.py", "--gate", "demo=true")
    answer = omk("verify", *flags, "--json", at=repository)
    assert answer.gate("smoke")["definition"] != digest
    assert "gate.smoke" in answer.codes


def test_a_file_that_ignore_rules_hide_does_not_help_a_gate(repository):
    commit(repository, __gitignore="*.log\nbuild/\n")
    agent = "command:printf 'print(1)\\n' > cli.py; echo ok > result.log; mkdir build; echo ok > build/result"
    gates = ("--gate", "acceptance=test -f result.log", "--gate", "smoke=test -f build/result", "--gate", "demo=true")
    answer = run_goal(*gates, "--accept", "auto", at=repository, agent=agent)
    assert answer.document["changed_files"] == ["cli.py"]
    assert {"gate.acceptance", "gate.smoke"} <= set(answer.codes)


def test_what_a_gate_writes_helps_no_other_gate_and_is_no_change(repository):
    gates = (
        "--gate",
        "acceptance=echo x > made; echo y >> cli.py",
        "--gate",
        "smoke=! test -e made",
        "--gate",
        "demo=! grep y cli.py",
    )
    answer = run_goal(*gates, "--accept", "auto", at=repository)
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]


def test_shared_paths_and_setup_commands_are_there_for_gates_and_are_no_change(repository):
    commit(
        repository,
        __gitignore="deps/\n",
        omk__toml='[worktree]\nsetup = ["echo made > made"]\nshare = ["deps"]\n'
        '[gates.acceptance]\nrun = "test -f deps/library && test -f made"\nproves = ["smoke", "demo"]\n',
    )
    write(repository / "deps" / "library", "x")
    answer = omk("run", GOAL, "--agent", WRITES_CLI, "--accept", "auto", "--json", at=repository)
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]
    assert (repository / "deps" / "library").exists()


def test_what_is_outside_the_declared_scope_opens_a_gap(repository):
    commit(repository, omk__toml='[scope]\nwrite = ["source"]\n[gates.acceptance]\nrun = "true"\n')
    agent = "command:mkdir source; echo 1 > source/a.py; echo 2 > b.py"
    answer = omk("run", GOAL, "--agent", agent, "--accept", "auto", "--json", at=repository)
    assert "scope.respected" in answer.codes
    assert "b.py" in answer.gap("scope.respected")["text"]


def test_a_gate_that_prints_without_end_is_cut_and_says_how_much_is_left_out(repository, home):
    prints = "demo=head -c 200000000 /dev/zero | tr '\\0' x; echo; echo the very end"
    answer = run_goal("--gate", "acceptance=true", "--gate", "smoke=true", "--gate", prints, "--accept", "auto", at=repository)
    assert answer.document["status"] == "ready"
    assert (repository / ".git" / "omk" / "log.sqlite").stat().st_size < 3_000_000
    assert omk("fsck", at=repository).code == 0
    assert worktrees(home) == []


def test_a_gate_may_print_what_is_not_text(repository):
    answer = run_goal("--gate", "acceptance=printf '\\377\\376\\000\\033[31m'; exit 1", at=repository)
    assert answer.code == 0
    assert "gate.acceptance" in answer.codes
    said = omk("why", at=repository)
    assert said.code == 0
    assert "\x1b" not in said.out
    assert omk("replay", "--json", at=repository).code == 0


def test_a_gate_that_leaves_a_process_and_a_pipe_open_ends_with_its_own_process(repository):
    gates = ("--gate", "acceptance=sleep 1000 & echo started", "--gate", "smoke=true", "--gate", "demo=true")
    assert run_goal(*gates, "--accept", "auto", at=repository).document["status"] == "ready"
