"""The search for the step that broke a gate: whatever the trees say, what it names is a good one and the bad one after it."""

from hypothesis import example, given
from hypothesis import strategies as st

from omk.runtime.bisect import search

VERDICTS = st.lists(st.booleans(), min_size=1, max_size=40)


class Trees:
    """Trees that are good or bad, and which of them were looked at."""

    def __init__(self, verdicts):
        self.verdicts, self.tried = verdicts, []

    def __call__(self, place):
        self.tried.append(place)
        return self.verdicts[place]


@given(VERDICTS, st.data())
@example([False, True, False, True, False], None)
def test_what_it_names_are_a_good_tree_and_the_bad_one_after_it(verdicts, data):
    trees = Trees(verdicts)
    first = data.draw(st.none() | st.integers(0, len(verdicts) - 2)) if data and len(verdicts) > 1 else None
    good, bad = search(len(verdicts), trees, first)
    if verdicts[-1]:
        assert (good, bad) == (len(verdicts) - 1, None)
    elif not any(verdicts):
        assert (good, bad) == (None, None)
        assert set(trees.tried) == set(range(len(verdicts)))
    else:
        assert good is not None
        assert bad == good + 1
        assert (verdicts[good], verdicts[bad]) == (True, False)
        assert {good, bad} <= set(trees.tried), "both were run now"


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_single_break_is_found_in_a_logarithm_of_the_trees(good, bad):
    verdicts = [True] * good + [False] * bad
    trees = Trees(verdicts)
    assert search(len(verdicts), trees) == (good - 1, good)
    assert len(set(trees.tried)) <= 3 * len(verdicts).bit_length()


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_hint_that_is_true_and_near_saves_the_search(good, bad):
    trees = Trees([True] * good + [False] * bad)
    search(good + bad, trees, good - 1)
    assert len(trees.tried) <= 2 + bad.bit_length()
