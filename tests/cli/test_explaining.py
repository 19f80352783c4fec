"""Explaining a goal on a real repository: verdicts, why, and its causes."""

import json

import pytest

from tests.cli.calling import GATES, omk, run_goal


@pytest.fixture
def unready(repository):
    """A goal whose smoke gate is red."""
    red = tuple(one.replace("test -s cli.py", "echo no smoke; exit 3") for one in GATES)
    assert run_goal(*red, at=repository).code == 0
    return repository


def document(at, *arguments):
    answer = omk(*arguments, "--json", at=at)
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def test_verdicts_add_up_to_what_why_says_at_every_position(unready):
    changes = {one["seq"]: one for one in document(unready, "verdicts")}
    head = document(unready, "why")["seq"]
    open_now: set[str] = set()
    for seq in range(1, head + 1):
        one = changes.get(seq, {"opened": [], "closed": []})
        open_now = (open_now | set(one["opened"])) - set(one["closed"])
        why = document(unready, "why", f"latest@{seq}")
        assert open_now == {gap["code"] for gap in why["blocking"]}
        assert one.get("status", why["status"]) == why["status"]
    assert "gate.smoke" in open_now


def test_verdicts_end_at_the_address(unready):
    assert document(unready, "verdicts", "latest@0") == []
    early = document(unready, "verdicts", "latest@gate_ran")
    assert early == [one for one in document(unready, "verdicts") if one["seq"] <= early[-1]["seq"]]
    assert early[0]["seq"] == 1


def test_verdicts_as_text_show_what_opened_and_closed(unready):
    shown = omk("verdicts", at=unready).out
    assert "+gates.configured" in shown
    assert "-gates.configured" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_why_names_the_missing_events_and_what_only_follows(unready):
    why = document(unready, "why")
    blocking = {gap["code"]: gap for gap in why["blocking"]}
    assert blocking["oracle.smoke"]["follows_from"] == ["gate.smoke"]
    assert blocking["gate.smoke"]["also"] == []
    assert [one["kind"] for one in why["fewest"]] == ["gate_ran.v1", "review_passed.v1", "change_accepted.v1"]
    assert why["fewest"][0]["where"]["gate"] == "smoke"


def test_a_chain_leads_from_a_red_gate_back_to_the_persons_words(unready):
    why = document(unready, "why", "--chain")
    gap = next(one for one in why["blocking"] if one["code"] == "gate.smoke")
    first, last = gap["chain"][0], gap["chain"][-1]
    assert (first["kind"], first["causes"], first["actor"][:7]) == ("goal_created.v1", [], "person:")
    assert "Build a greenfield CLI" in first["summary"]
    assert (last["kind"], last["seq"]) == ("gate_ran.v1", gap["evidence"][-1])
    assert [one["seq"] for one in gap["chain"]] == sorted(one["seq"] for one in gap["chain"])
    assert gap["chain_left_out"] == 0
    assert all("chain" not in one for one in document(unready, "why")["blocking"])


@pytest.mark.parametrize("form", ["text", "md"])
def test_a_chain_is_shown_to_people_too(unready, form):
    shown = omk("why", "--chain", "--format", form, at=unready).out
    assert "hat led to it:" in shown
    assert "no smoke" in shown


def test_what_is_shown_of_the_past_says_that_its_commands_act_on_the_present(unready):
    for verb in ("why", "unblock"):
        past, now = omk(verb, "latest@gate:smoke#1", at=unready), omk(verb, "latest", at=unready)
        assert "act on the goal as it is now" in past.err
        assert now.err == ""
        assert omk(verb, "latest@gate:smoke#1", "--json", at=unready).err == ""


def test_a_cancelled_goal_is_told_no_command_that_would_help(unready):
    assert omk("cancel", "latest", at=unready).code == 0
    for verb in ("why", "proof"):
        assert "→" not in omk(verb, "latest", at=unready).out
    assert "This is final" in omk("why", "latest", at=unready).out
