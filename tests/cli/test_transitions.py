"""The status machine as a person meets it: every status by every command, from the command line."""

import contextlib
import shutil

import pytest

from omk.domain.subjects.goal import BlockGoal, FailGoal
from omk.runtime.repository import UserRepository
from omk.runtime.store import Store
from tests.cli.calling import GATES, Meeting, begin, end, omk, run_goal

RED = ("--gate", "acceptance=false", "--gate", "smoke=true", "--gate", "demo=true")
COMMANDS = {
    "plan": ("plan", "latest"),
    "execute": ("execute",),
    "verify": ("verify",),
    "review": ("review",),
    "accept": ("accept", "--summary", "It greets."),
    "reject": ("reject", "--reason", "It greets twice."),
    "decide": ("decide", "--answer", "A CLI that prints 1."),
    "waive": ("waive", "review.performance", "--reason", "It is small."),
    "merge": ("merge",),
    "pause": ("pause",),
    "resume": ("resume",),
    "cancel": ("cancel",),
    "budget": ("budget", "--add-time", "1h"),
}
LIMITED = ("--budget-time", "1h")
"""What has no limit cannot be extended."""
# One row per status, one column per command: what it becomes, `refused`, or `nothing` that was not on record already.
TABLE = """
from                plan      execute   verify    review    accept    reject    decide    waive     merge   pause        resume    cancel    budget
not_ready           not_ready not_ready not_ready not_ready not_ready not_ready refused   not_ready refused paused       nothing   cancelled not_ready
ready               ready     refused   refused   refused   nothing   not_ready refused   ready     ready   refused      nothing   refused   refused
paused              refused   refused   refused   refused   refused   refused   refused   refused   refused nothing      not_ready cancelled paused
blocked_on_human    refused   refused   refused   refused   refused   refused   not_ready refused   refused paused       nothing   cancelled same
blocked_on_external refused   refused   refused   refused   refused   refused   refused   refused   refused paused       nothing   cancelled same
cancelled           refused   refused   refused   refused   refused   refused   refused   refused   refused refused      refused   nothing   refused
failed_infra        refused   refused   refused   refused   refused   refused   refused   refused   refused failed_infra refused   cancelled same
needs_more_budget   refused   refused   refused   refused   same      same      refused   same      refused paused       nothing   cancelled not_ready
"""  # noqa: E501
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]


def record(repository, command):
    store = Store(UserRepository.find(repository), None)
    with contextlib.closing(store.log):
        session = store.session(store.goals()[-1][0])
        session.handle(command)
        session.handle.issue_proof("controller:recovery")


def not_ready(repository):
    run_goal(*RED, *LIMITED, at=repository)


def ready(repository):
    run_goal("--accept", "auto", at=repository)


def paused(repository):
    not_ready(repository)
    omk("pause", at=repository)


def blocked_on_human(repository):
    omk("run", "make it awesome please", "--agent", "command:echo 1 > cli.py", *GATES, *LIMITED, at=repository)


def blocked_on_external(repository):
    not_ready(repository)
    record(repository, BlockGoal(actor="controller:c", on="external", code="external.ci", reason="It is down."))


def cancelled(repository):
    not_ready(repository)
    omk("cancel", at=repository)


def failed_infra(repository):
    not_ready(repository)
    record(repository, FailGoal(actor="controller:c", reason="The disk is full."))


def needs_more_budget(repository):
    run_goal(*RED, "--budget-time", "1s", at=repository, agent="command:echo 1 > cli.py; sleep 1000")


BECOME = {
    "not_ready": not_ready,
    "ready": ready,
    "paused": paused,
    "blocked_on_human": blocked_on_human,
    "blocked_on_external": blocked_on_external,
    "cancelled": cancelled,
    "failed_infra": failed_infra,
    "needs_more_budget": needs_more_budget,
}


def standing(repository):
    """The status, and how many events there are."""
    proof = omk("proof", "--json", at=repository).document
    return proof["status"], proof["seq"]


def test_the_table_has_every_status_and_every_command():
    assert [row[0] for row in ROWS] == list(BECOME)
    assert HEAD[1:] == list(COMMANDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table_is_kept(row, repository, tmp_path):
    status, *expected = row
    BECOME[status](repository)
    before = standing(repository)
    assert before[0] == status
    store, found = repository / ".git" / "omk", []
    shutil.copytree(store, tmp_path / "kept")
    for words in COMMANDS.values():
        answer = omk(*words, at=repository)
        after = standing(repository)
        found.append(outcome(answer, before, after))
        if after != before:
            shutil.rmtree(store)
            shutil.copytree(tmp_path / "kept", store)
    assert dict(zip(COMMANDS, found, strict=True)) == dict(zip(COMMANDS, named(status, expected), strict=True))


def outcome(answer, before, after):
    """What came of a command; one that was refused said why in one line, and recorded nothing."""
    if answer.code == 0:
        return "nothing" if after == before else after[0]
    assert (answer.code, answer.out, after) == (1, "", before)
    assert sum(line.startswith("omk: ") for line in answer.err.splitlines()) == 1, answer.err
    return "refused"


def named(status, expected):
    return [status if one == "same" else one for one in expected]


def test_a_running_goal_takes_no_second_order_and_no_word_on_its_change(repository, tmp_path):
    not_ready(repository)
    meeting = Meeting(tmp_path / "meeting")
    running = begin("execute", "--agent", f"command:{meeting.stays}", "--json", at=repository)
    meeting.wait()
    assert standing(repository)[0] == "running"
    for name in ("plan", "execute", "verify", "review", "accept", "reject", "decide", "waive", "merge"):
        before = standing(repository)
        assert outcome(omk(*COMMANDS[name], at=repository), before, standing(repository)) == "refused", name
    assert omk(*COMMANDS["budget"], "--json", at=repository).document["status"] == "running"
    assert omk("cancel", "--json", at=repository).document["status"] == "cancelled"
    assert end(running).document["status"] == "cancelled"
