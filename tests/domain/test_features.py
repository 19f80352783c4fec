"""A goal is split into features by the conjunctions in its words, and only where it says several."""

import pytest

from omk.domain.features import split_features
from omk.domain.plan import EXECUTE, split_plan


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("Add login and add logout", ("Add login", "add logout")),
        ("Login, logout, and profile pages", ("Login, logout", "profile pages")),
        ("Login, logout, search", ("Login", "logout, search")),
        (
            "Add a CSV exporter, document it in docs/API.md and a changelog",
            ("Add a CSV exporter", "document it in docs/API.md and a changelog"),
        ),
        ("Parse JSON AND print YAML and the rest", ("Parse JSON", "print YAML and the rest")),
        ("A service with metrics", ()),
        ("One service with metrics", ("One service", "metrics")),
        ("One service including metrics", ("One service", "metrics")),
        ("Add login", ()),
        ("Add login and it", ()),
        ("Add login and the logout", ()),
        ("Add login and then", ()),
        ("", ()),
    ],
)
def test_the_features_of_a_goal(text, features):
    assert split_features(text) == features


def test_there_are_no_more_features_than_agents_and_two_at_least():
    assert split_features("Login, logout, search", 3) == ("Login", "logout", "search")
    assert len(split_features("Login, logout, search", 1)) == 2


def test_each_feature_is_a_task_and_verification_follows_all():
    plan = {one.task: one for one in split_plan("Login and logout", ("login", "logout"), ("src",))}
    work = ("goal-agent-implement-1", "goal-agent-implement-2")
    assert [plan[name].write_set for name in work] == [("src",), ("src",)]
    assert {plan[name].dependencies for name in ("goal-local-verify", "goal-review", "goal-security-review")} == {work}


def test_one_feature_is_no_split():
    assert EXECUTE in {one.task for one in split_plan("Login", (), ())}
