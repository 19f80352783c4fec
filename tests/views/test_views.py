"""Views: what a person must be able to read off, at 80 and at 120 columns, and in Markdown."""

import pytest

from omk.domain.text import resolve
from omk.log.memory import MemoryLog
from omk.replay.documents import list_entry, state_document, with_output_tails
from omk.replay.explain.why import why_document
from omk.replay.proof_document import proof_document
from omk.replay.timeline import timeline_entry
from omk.views import goals, markdown
from omk.views.fsck import fsck_lines
from omk.views.gates import gates_lines
from omk.views.lines import cells
from omk.views.proof import proof_lines
from omk.views.timeline import entry_line, entry_lines, entry_text, replay_head, replay_tail
from omk.views.why import why_lines
from tests.history import STORIES, history, recorded, red
from tests.scenario import GOAL


def telling(name):
    story, blobs = red() if name == "red" else (STORIES[name], [])
    return recorded(MemoryLog(), story, blobs=blobs)


def documents(name):
    """(state, proof, why, list entry) of a story at its head."""
    log = telling(name)
    state, proof = history(log).at(log.heads()[0].seq)

    def find(seq):
        return next(iter(log.read(GOAL, after=seq - 1, upto=seq)), None)

    made = state_document(state, proof), proof_document(state, proof), why_document(proof), list_entry(state, proof)
    whole = [resolve(one, find) for one in made]
    whole[2] = with_output_tails(whole[2], state, log.blob)
    return whole


def text(lines):
    return "\n".join("".join(span.text for span in one) for one in lines)


ALL = [*STORIES, "red"]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ALL)
def test_no_view_is_wider_than_the_terminal_but_for_what_one_copies(name, width):
    state, proof, why, entry = documents(name)
    views = (
        proof_lines(proof, width),
        why_lines(why, width),
        goals.show_lines(state, width),
        goals.status_lines(state, proof, width),
        goals.list_lines([entry], width),
        replay_tail(state),
        [entry_line(timeline_entry(record), 5, 7, width) for record in telling(name).read(GOAL)],
    )
    for lines in views:
        for one in text(lines).splitlines():
            assert cells(one) <= width or "→" in one


@pytest.mark.parametrize("name", ALL)
def test_no_view_shows_a_commitment_in_place_of_words(name):
    state, proof, why, entry = documents(name)
    shown = text([*proof_lines(proof, 99), *goals.show_lines(state, 99), *goals.list_lines([entry], 99)])
    shown += "\n".join([*markdown.proof_markdown(proof), *markdown.state_markdown(state), *markdown.why_markdown(why)])
    assert "§" not in shown


def test_a_proof_says_its_verdict_first_and_then_what_is_missing_and_how_to_get_it():
    _, proof, _, _ = documents("unaccepted")
    shown = text(proof_lines(proof, 80))
    assert shown.startswith(" NOT READY ")
    for part in ("integration.accepted  owed by the operator", f"→ omk accept {GOAL} --summary TEXT", "✓  tests", "hello.py"):
        assert part in shown


def test_a_ready_proof_names_who_accepted():
    _, proof, _, _ = documents("ready")
    shown = text(proof_lines(proof, 80))
    assert shown.startswith(" READY ")
    assert "accepted by person:ann" in shown
    assert "It greets by name." in shown


def test_a_stale_gate_is_marked():
    _, proof, _, _ = documents("stale")
    line = next(one for one in text(proof_lines(proof, 120)).splitlines() if "stale" in one and "exit" in one)
    assert line.startswith(("  ✗", "  !"))


def test_why_shows_exit_code_seq_output_and_command_of_a_red_gate():
    _, _, why, _ = documents("red")
    shown = text(why_lines(why, 80))
    for part in ("gate.tests", "exit code 1", "event", "1 failed, 1 passed", f"→ omk execute {GOAL}", "fewest"):
        assert part in shown


def test_a_timeline_line_says_when_what_and_how_long():
    record = next(one for one in telling("ready").read(GOAL) if type(one.event).__name__ == "GateRan")
    shown = text([entry_line(timeline_entry(record), 61_000, 1_000, 100)])
    assert "+1m01s" in shown
    assert "gate_ran  " in shown
    assert shown.endswith("[1.0 s]")


@pytest.mark.parametrize(
    ("width", "end"),
    [
        (100, "tests failed (exit 1, 1.3 s): 1 failed, 1 passed  [1.0 s]"),
        (90, "tests failed (exit 1, 1.3 s): 1 failed, 1 passed"),
        (80, "tests failed (exit 1, 1.3 s): 1 failed,…"),
    ],
)
def test_a_timeline_line_that_is_too_long_lacks_first_how_long_it_took(width, end):
    record = next(one for one in telling("red").read(GOAL) if type(one.event).__name__ == "GateRan")
    assert entry_text(timeline_entry(record), 61_000, 1_000, width).partition("gate_ran")[2].strip() == end


def test_a_failure_that_is_too_long_for_its_line_goes_on_below_and_loses_no_word():
    entries = [timeline_entry(record) for record in telling("red").read(GOAL)]
    told = [text(entry_lines(one, 61_000, 1_000, 62)).splitlines() for one in entries if len(one.summary) > 22]
    ((first, *rest),) = [lines for lines in told if len(lines) > 1]
    assert {line.index(line.lstrip()) for line in rest} == {first.index("tests failed")}
    words = " ".join(" ".join([first.partition("gate_ran")[2], *rest]).split())
    assert words == "tests failed (exit 1, 1.3 s): 1 failed, 1 passed"
    assert len(told) > 1


def test_a_red_gate_is_red_whatever_it_printed():
    record = next(one for one in telling("red").read(GOAL) if type(one.event).__name__ == "GateRan")
    spans = entry_line(timeline_entry(record), 61_000, 1_000, 120)
    assert [span.style for span in spans if "gate_ran" in span.text] == ["bad"]


def test_a_timeline_line_reads_the_same_with_and_without_styles():
    for record in telling("ready").read(GOAL):
        entry = timeline_entry(record)
        assert entry_text(entry, 61_000, None, 80) == text([entry_line(entry, 61_000, None, 80)])


def test_the_head_of_a_replay_says_which_event_of_how_many():
    assert "event 3 of 9" in text(replay_head("g", "words", seq=3, head=9, at="2026-11-22T10:15:00.000000Z", width=80))
    assert "before the first event" in text(replay_head("g", None, seq=0, head=9, at=None, width=80))


def test_an_empty_list_says_how_to_begin():
    assert "omk run" in text(goals.list_lines([], 80))


@pytest.mark.parametrize("status", ["ready", "needs_more_budget", "blocked_on_external"])
def test_in_a_list_the_goals_stand_below_one_another(status):
    _, _, _, entry = documents("ready")
    _, row, words, *_ = text(goals.list_lines([entry | {"status": status}], 80)).splitlines()
    assert row.index(GOAL) == len(words) - len(words.lstrip())
    assert row[: row.index(GOAL)].endswith("  ")


@pytest.mark.parametrize(
    ("agent", "runs", "rows"),
    [(None, 0, ["agent none"]), (None, 3, []), ("command:true", 3, ["agent command:true"])],
)
def test_a_goal_has_no_agent_only_until_one_has_worked(agent, runs, rows):
    state, *_ = documents("ready")
    state = state | {"settings": state["settings"] | {"agent": agent}, "usage": state["usage"] | {"agent_runs": runs}}
    shown = [" ".join(one.split()) for one in text(goals.show_lines(state, 80)).splitlines()]
    assert [one for one in shown if one.startswith("agent ")] == rows


def test_the_breaker_of_a_gate_is_never_cut():
    gate = {
        "name": "acceptance-smoke-demo", "required": True, "outcome": "failed", "fresh": False, "seq": 9, "reason": None,
        "is_running": False, "runs": 5, "failures": 5, "needs": ["one", "two"], "breaker": "open",
        "breaker_until": "2026-11-22T10:15:00.000000Z",
    }  # fmt: skip
    first, row, *rest = text(gates_lines({"goal": GOAL, "seq": 9, "gates": [gate]}, 80)).splitlines()
    assert first.startswith("Gates of ")
    assert "breaker open" in row
    assert "needs one, two" in " ".join([row, *rest])
    assert all(cells(one) <= 80 or "→" in one for one in (row, *rest))


def test_markdown_keeps_a_hostile_name_in_its_cell():
    _, proof, _, _ = documents("ready")
    proof["gates"][0]["name"] = "a|b`c\n# d"
    row = next(one for one in markdown.proof_markdown(proof) if one.startswith("| a"))
    assert row.startswith(r"| a\|b\`c \# d |")


def test_a_report_of_damage_names_goal_event_and_code():
    report = {"goals": 1, "events": 9, "ok": False, "problems": [{"goal": "g", "seq": 3, "code": "chain.broken", "text": "T."}]}
    shown = text(fsck_lines(report, 80))
    assert "DAMAGED" in shown
    assert "chain.broken  g event 3" in shown
    assert "damaged" in markdown.fsck_markdown(report)[0]
