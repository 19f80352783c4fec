"""A plan that cannot be carried out is refused before anything of it is recorded, with everything that is wrong."""

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.goal_decider import PlanGoal
from omk.domain.graph import cycle, faults
from omk.domain.plan import whole_plan
from omk.domain.subjects.proposal import TaskProposed
from tests.scenario import BOT, create, goal, some

SOUND = some(TaskProposed, task="one", dependencies=(), read_set=(), write_set=("src",))


def test_a_sound_proposal_has_no_fault():
    assert faults([SOUND]) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"task": "a b"}, "'a b' is no name for a task"),
        ({"task": ""}, "'' is no name"),
        ({"title": " "}, "no title or no description"),
        ({"description": ""}, "no title or no description"),
        ({"acceptance": ("x", " ")}, "empty acceptance criterion"),
        ({"read_set": ("../x",)}, "names the path '../x', but it leaves the project"),
        ({"write_set": (".github/x",)}, "it names git's own files"),
        ({"write_set": ("src/*",)}, "it is a pattern"),
        ({"budget_seconds": 0}, "a budget of 0 seconds"),
        ({"budget_seconds": -3}, "a budget of -3 seconds"),
    ],
)
def test_a_fault_of_a_proposal_is_named(fields, words):
    assert words in " ".join(faults([replace(SOUND, **fields)]))


def test_all_faults_are_named_at_once_and_nothing_is_recorded():
    tasks = (
        replace(SOUND, write_set=("../x",), budget_seconds=0, acceptance=()),
        replace(SOUND, title=""),
        replace(SOUND, task="two", dependencies=("three", "two", "nobody")),
        replace(SOUND, task="three", dependencies=("two",)),
    )
    story = goal.given(create()).when(PlanGoal(actor=BOT, tasks=whole_plan(tasks)))
    for words in (
        "one is proposed twice", "'../x'", "0 seconds", "no title", "no acceptance", "two depends on itself",
        "nobody, which does not exist", "wait for each other",
    ):  # fmt: skip
        story.then_refused(because=words)
    assert not story.new


@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("abcdef"), max_size=3)))
def test_names_on_a_cycle_need_the_next_one_and_one_is_found_where_there_is_one(needs):
    found = cycle(needs)
    assert all(following in needs[name] for name, following in pairwise(found))
    assert found[:1] == found[-1:]
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        assert len(found) > 1
    else:
        assert found == []
