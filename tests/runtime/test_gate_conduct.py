"""How gates are run: read from omk.toml and from files of 0.5.0, with flags before both."""

import pytest

from omk.domain.duration import MINUTE, SECOND
from omk.domain.subjects.policy import Needs
from omk.errors import Unusable
from omk.runtime.gates.conduct import UNSAID, Conduct, needs_from_flags
from omk.runtime.policy import policy_from
from tests.runtime.test_config import settings

CONDUCT = """
gates_at_once = 4
rerun_failed = 2
flaky = "passed"

[gates.build]
run = "make"

[gates.tests]
run = "pytest -q"
needs = ["build"]

[breaker]
failures = 3
recovery = "2m"
probes = 2
"""


def test_how_gates_are_run_is_read_and_a_flag_comes_before_it():
    read = settings({"omk.toml": CONDUCT})
    assert read.conduct == Conduct(
        gates_at_once=4, needs=(Needs(gate="tests", gates=("build",)),), rerun_failed=2, flaky="passed",
        breaker_failures=3, breaker_recovery_ms=2 * MINUTE, breaker_probes=2,
    )  # fmt: skip
    assert settings({"omk.toml": "accept = 'auto'"}).conduct == UNSAID
    wishes = Conduct(rerun_failed=0, needs=needs_from_flags(("build=lint, style", "build=lint")))
    policy = policy_from(read, wishes)
    assert (policy.rerun_failed, policy.gates_at_once, policy.breaker_failures) == (0, 4, 3)
    assert {one.gate: one.gates for one in policy.needs} == {"tests": ("build",), "build": ("lint", "style")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gates_at_once = 0", "Allowed: a whole number from 1 to 64."),
        ("rerun_failed = true", "Allowed: a whole number from 0 to 100."),
        ("flaky = 'maybe'", "Allowed: inconclusive, passed."),
        ("[breaker]\nfailures = -1", "Allowed: a whole number, 0 for never."),
        ("[breaker]\nrecovery = 'soon'", "omk.toml: breaker.recovery: invalid duration 'soon'"),
        ("[breaker]\nrecovery = '9d'", "omk.toml: breaker.recovery: a time to recover is at most 1d"),
        ("[breaker]\nprobe = 1", "Allowed: failures, recovery, probes."),
        ("[gates.a]\nrun = 'x'\nneeds = 'b'", 'Allowed: names of gates, like ["build"].'),
        ("[gates.a]\nrun = 'x'\nneeds = ['a']", "need each other"),
        (
            "[gates.a]\nrun = 'x'\nneeds = ['b']\n[gates.b]\nrun = 'x'\nskip = true",
            "a needs b, which is skipped",
        ),
    ],
)
def test_a_wrong_word_on_how_gates_are_run_is_refused_with_what_is_allowed(text, words):
    with pytest.raises(Unusable) as refused:
        settings({"omk.toml": text})
    assert words in str(refused.value)


TWO_BREAKERS = """
[[gates]]
name = "a"
command = "true"
[gates.circuit_breaker]
failure_threshold = 4
recovery_timeout_secs = 10

[[gates]]
name = "b"
command = "true"
[gates.circuit_breaker]
failure_threshold = 2
recovery_timeout_secs = 5
half_open_max_calls = 3
"""


def test_of_the_breakers_of_an_old_file_the_most_cautious_counts_for_all_gates():
    read = settings({".omk/gates.toml": TWO_BREAKERS})
    assert read.conduct == Conduct(breaker_failures=2, breaker_recovery_ms=10 * SECOND, breaker_probes=1)
    off = "[[gates]]\nname = 'a'\ncommand = 'true'\ncircuit_breaker = { enabled = false }"
    assert settings({".omk/gates.toml": off}).conduct == Conduct(breaker_failures=0)
    both = settings({".omk/gates.toml": TWO_BREAKERS, "omk.toml": "[breaker]\nfailures = 9"})
    assert (both.conduct.breaker_failures, both.conduct.breaker_recovery_ms) == (9, 10 * SECOND)
