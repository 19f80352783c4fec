"""The oracle: kinds by whole words, and goals that can be tested."""

import msgspec
import pytest

from omk.domain.oracle import ALL_CHECKS, CHECKS, KINDS, assess, proves, tokens
from omk.domain.values import GateDefinition
from omk.errors import Refused

GATE = GateDefinition(
    name="tests", command=("true",), shell=True, required=True, skipped=False, timeout_ms=1, proves=(), source="flag", digest=""
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Build a greenfield CLI with acceptance smoke demo proof", "greenfield"),
        ("Build a small web server", "greenfield"),
        ("Say hello to everybody", "greenfield"),
        ("Rewrite the parser in Rust", "rewrite"),
        ("Port the parser to Rust", "rewrite"),
        ("Migrate users to the new schema", "migration"),
        ("Write the migration for users", "migration"),
        ("Refactor the session module", "refactor"),
        ("Audit all SQL queries", "audit"),
        ("Fix the login page", "bugfix"),
        ("Do a bug fix in login", "bugfix"),
        ("Improve performance of the parser", "performance"),
        ("Tune perf of startup", "performance"),
        ("Add docs", "docs"),
        ("Create a README for users", "docs"),
        ("Fix the docs of the parser", "mixed"),
        ("Migrate and refactor the store", "mixed"),
    ],
)
def test_a_goal_is_of_the_kind_its_words_name(text, kind):
    assert assess(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "Support imports of report files",
        "Make a perfect export dialog",
        "Add a prefix to each key",
        "Listen on port 8080 for requests",
        "Open the ports of the firewall",
        "Use fixed width columns",
    ],
)
def test_a_part_of_a_word_names_no_kind(text):
    assert assess(text).kind == "greenfield"


def test_the_kind_of_a_flag_overrules_the_words():
    assessment = assess("Fix the docs of the parser", "bugfix")
    assert (assessment.kind, assessment.checks) == ("bugfix", ("regression",))


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(Refused) as refused:
        assess("Fix the login page", "feature")
    assert all(word in str(refused.value) for word in ("'feature'", *KINDS))


def test_every_kind_has_checks():
    assert set(CHECKS) == set(KINDS)
    assert all(CHECKS.values())
    assert assess("Build a greenfield CLI with acceptance smoke demo proof").checks == ("acceptance", "smoke", "demo")


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("do it", "fewer than 3 words"),
        ("fix - login !", "fewer than 3 words"),
        ("please make it awesome", "make it awesome"),
        ("Make THIS better, please", "make this better"),
        ("a state-of-art thing", "state of art"),
    ],
)
def test_a_goal_nobody_could_check_is_not_testable(text, because):
    assessment = assess(text)
    assert not assessment.testable
    assert because in (assessment.reason or "")


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        ("Make it better so that the tests pass", ("test",)),
        ("make it awesome by verifying all APIs", ("api", "verify")),
        ("improve this until it compiles", ("compile",)),
        ("Say hello to everybody", ()),
        ("remake it betterment of words", ()),
        ("修复登录页面的错误", ()),
    ],
)
def test_a_goal_with_a_signal_or_without_a_vague_phrase_is_testable(text, signals):
    assessment = assess(text)
    assert assessment.testable
    assert assessment.reason is None
    assert assessment.signals == signals


@pytest.mark.parametrize("text", ["improve this latest thing", "make it better for investigators"])
def test_a_signal_is_a_word_and_not_a_part_of_one(text):
    assert not assess(text).testable


@pytest.mark.parametrize(
    ("name", "check", "holds"),
    [
        ("cli-smoke", "smoke", True),
        ("Smoke", "smoke", True),
        ("smoke_2.fast", "smoke", True),
        ("smoketest", "smoke", False),
        ("tests", "smoke", False),
    ],
)
def test_a_gate_proves_a_check_whose_word_is_a_token_of_its_name(name, check, holds):
    assert proves(msgspec.structs.replace(GATE, name=name), check) is holds


def test_a_gate_proves_what_it_declares():
    assert proves(msgspec.structs.replace(GATE, proves=("golden",)), "golden")
    assert "golden" in ALL_CHECKS


def test_tokens_are_the_alphanumeric_words_in_lower_case():
    assert tokens("CLI-smoke_Test.2 größe") == ("cli", "smoke", "test", "2", "größe")
