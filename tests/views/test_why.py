"""Why, with the chain of each gap, as lines and as Markdown."""

import pytest

from omk.replay.explain.chain import with_chains
from omk.replay.explain.why import why_document
from omk.views.lines import cells
from omk.views.markdown import why_markdown
from omk.views.why import why_lines
from tests.replay.explain.test_verdicts import history_of
from tests.scenario import WORKED, gate_run, goal

RECORDS = goal.given(*WORKED, *gate_run(outcome="failed", output=None, reason=None)).records


@pytest.fixture
def why():
    history = history_of(RECORDS)
    state, proof = history.at(len(RECORDS))
    return with_chains(why_document(proof), state, history)


def text(lines):
    return ["".join(span.text for span in one) for one in lines]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_chain_stands_below_its_gap_and_fits_the_terminal(why, width):
    shown = text(why_lines(why, width))
    assert all(cells(one) <= width or "→" in one for one in shown)
    below = shown[shown.index("    what led to it:") + 1 :]
    assert below[0].split()[:2] == ["1", "goal_created"]
    first = below[: below.index("")]
    assert [int(one.split()[0]) for one in first] == [entry["seq"] for entry in why["blocking"][0]["chain"]]


def test_each_event_of_a_chain_names_those_it_rests_on(why):
    chain = why["blocking"][0]["chain"]
    shown = next(one for one in text(why_lines(why, 80)) if one.split()[1:2] == ["gate_ran"])
    assert shown.endswith(f"  ← {chain[-2]['seq']}")


def test_a_persons_word_is_told_with_the_person(why):
    assert any("person:ann: " in one for one in text(why_lines(why, 80)) if "goal_created" in one)


def test_what_is_left_out_of_a_chain_is_counted(why):
    why["blocking"][0]["chain_left_out"] = 3
    assert "      … it goes on to 3 earlier events, and from there" in text(why_lines(why, 80))
    assert "    - it goes on to 3 earlier events, and from there" in why_markdown(why)


def test_markdown_lists_a_chain_below_its_gap(why):
    shown = why_markdown(why)
    place = shown.index("  - What led to it:")
    assert shown[place + 1].startswith(r"    - event 1 goal\_created: person:ann: ")
    assert shown[place - 2].startswith("- **gate.tests**")


def test_without_chains_nothing_is_told_of_causes():
    _, proof = history_of(RECORDS).at(len(RECORDS))
    assert "what led to it" not in " ".join(text(why_lines(why_document(proof), 80)))
    assert "What led to it" not in " ".join(why_markdown(why_document(proof)))
