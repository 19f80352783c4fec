"""The table of rules: each reads what it says it reads, and its version is raised when it changes."""

import hashlib
import inspect
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from omk.domain.event import Recorded
from omk.domain.proof.rules import RULES, VERSION
from omk.domain.state import INITIAL, GoalState, fold
from omk.domain.values import PASSES
from tests.domain.rule_stories import HOLDS, LACKS
from tests.histories import histories
from tests.noise import noise
from tests.scenario import goal
from tests.watched import Watched, is_declared

# --- What a rule reads ---


def reads_of(state: GoalState, rule: Any) -> set[str]:
    seen: set[str] = set()
    watched: Any = Watched(state, seen)
    for code in rule.codes(watched):
        rule.holds(watched, code)
    return seen


@settings(max_examples=100)
@given(histories() | noise())
def test_a_rule_reads_nothing_but_what_it_says(records: list[Recorded]):
    state = fold(records)
    for rule in RULES:
        for path in reads_of(state, rule):
            assert is_declared(path, rule.reads), (rule.code, path)


def test_a_rule_says_nothing_that_it_does_not_read():
    states = [goal.given(*steps).state for _, steps in HOLDS] + [goal.given(*steps).state for _, steps, *_ in LACKS]
    for rule in RULES:
        seen = {path for state in states for path in reads_of(state, rule)}
        for read in rule.reads:
            assert any(is_declared(path, [read]) for path in seen), (rule.code, read)


# --- The version ---

DIGEST = Path(__file__).with_name("rules.digest")


def rules_digest() -> str:
    """What the verdict of the rules depends on: codes, sentences, reads and the source of what judges."""
    from omk.domain import graph, oracle
    from omk.domain.proof import holds, rules

    table = [[rule.code, rule.sentence, rule.reads, rule.owed_by, rule.holds.__name__] for rule in RULES]
    fields = [read.split(".") for rule in RULES for read in rule.reads if "." in read]
    known = [getattr(type(getattr(INITIAL, part)), field, None) for part, field in fields]
    judged = [inspect.getsource(one.fget) for one in known if isinstance(one, property) and one.fget]
    helpers = (graph.violations, graph._of_task, graph.cycle, oracle.proves, oracle.tokens)
    lists = (rules._gates, rules._reviews, rules._checks)
    sources = [inspect.getsource(one) for one in (holds, *helpers, *lists)]
    return hashlib.blake2b(msgspec.json.encode([table, judged, sources, PASSES]), digest_size=16).hexdigest()


def test_whoever_changes_the_rules_raises_their_version():
    version, digest = DIGEST.read_text(encoding="utf-8").split()
    if digest == rules_digest():
        assert int(version) == VERSION
        return
    raised = max(VERSION, int(version) + 1)
    pytest.fail(
        f"The rules are not those of version {version} any more. Set VERSION = {raised} in omk/domain/proof/rules.py, "
        f"and write the line `{raised} {rules_digest()}` to tests/domain/rules.digest."
    )
