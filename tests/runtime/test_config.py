"""Configuration: read once from the base commit, refused when it is wrong, never guessed."""

from collections.abc import Mapping

import pytest

from omk.domain.duration import MINUTE, SECOND
from omk.errors import Refused, Unusable
from omk.runtime.config import Settings, read_settings
from omk.runtime.gates.choice import choose
from omk.runtime.gates.definition import Surroundings, gates_from_flags, with_proofs

WHOLE = """
agent = "acp:kimi acp"
accept = "auto"
merge = "gated"
max_attempts = 3
kind = "bugfix"

[gates.tests]
run = "pytest -q"
timeout = "2m"
proves = ["regression"]

[gates.lint]
run = ["ruff", "check"]
timeout = 30
required = false
skip = true

[worktree]
setup = ["npm ci"]
share = [".venv"]

[scope]
write = ["src"]
"""


def settings(files: Mapping[str, str | bytes], subdirectory: str = "") -> Settings:
    """The settings of a base commit with these files."""
    content = {path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()}
    return read_settings(content.get, subdirectory)


def test_a_base_commit_without_configuration_settles_nothing():
    assert settings({}) == Settings()
    assert settings({"pyproject.toml": "[project]\nname='x'\n[tool.ruff]\n"}) == Settings()


def test_all_keys_of_omk_toml_are_read():
    read = settings({"omk.toml": WHOLE})
    tests, lint = read.gates
    assert (read.agent, read.accept, read.merge, read.max_attempts, read.kind, read.source, read.write) == (
        "acp:kimi acp", "auto", "gated", 3, "bugfix", "omk.toml", ("src",),
    )  # fmt: skip
    assert read.around == Surroundings(setup=("npm ci",), share=(".venv",))
    assert (tests.name, tests.command, tests.shell, tests.timeout_ms, tests.proves, tests.required, tests.skipped) == (
        "tests", ("pytest -q",), True, 2 * MINUTE, ("regression",), True, False,
    )  # fmt: skip
    assert (lint.command, lint.shell, lint.timeout_ms, lint.required, lint.skipped, lint.source) == (
        ("ruff", "check"), False, 30 * SECOND, False, True, "omk.toml",
    )  # fmt: skip


def test_the_same_keys_are_read_below_tool_omk():
    read = settings({"pyproject.toml": "[tool.omk]\naccept = 'auto'\n[tool.omk.gates.a]\nrun = 'true'\n"})
    assert (read.accept, read.gates[0].name, read.gates[0].source) == ("auto", "a", "pyproject.toml")


def test_omk_toml_comes_before_pyproject_and_the_nearest_directory_before_the_root():
    project = {"omk.toml": "accept = 'auto'", "pyproject.toml": "[tool.omk]\naccept = 'manual'\n"}
    assert settings(project).source == "omk.toml"
    assert settings({**project, "a/b/pyproject.toml": "[tool.omk]\nkind = 'docs'\n"}, "a/b").source == "a/b/pyproject.toml"
    assert settings(project, "a/b").source == "omk.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", ["colour", "agent"]),
        ("accept = 'yes'", ["accept", "manual, auto"]),
        ("merge = 1", ["merge", "disabled, manual, gated"]),
        ("max_attempts = 0", ["max_attempts", "at least 1"]),
        ("max_attempts = true", ["max_attempts"]),
        ("max_attempts = '3'", ["max_attempts"]),
        ("kind = 'feature'", ["kind", "bugfix"]),
        ("agent = ' '", ["agent"]),
        ("gates = 1", ["gates", "[gates.tests]"]),
        ("[gates.a]", ["gates.a", "run"]),
        ("[gates.a]\nrun = ''", ["gates.a.run"]),
        ("[gates.a]\nrun = []", ["gates.a.run"]),
        ("[gates.a]\nrun = 'true'\ncomand = 'x'", ["gates.a", "comand", "timeout"]),
        ("[gates.a]\nrun = 'true'\ntimeout = 'soon'", ["gates.a.timeout", "soon"]),
        ("[gates.a]\nrun = 'true'\ntimeout = '2d'", ["gates.a.timeout", "86400"]),
        ("[gates.a]\nrun = 'true'\ntimeout = 0", ["gates.a.timeout", "at least 1s"]),
        ("[gates.a]\nrun = 'true'\nproves = ['everything']", ["gates.a.proves", "everything", "smoke"]),
        ("[gates.'a b']\nrun = 'true'", ["a b", "letters"]),
        ("[worktree]\nshares = []", ["worktree", "shares", "setup, share"]),
        ("[worktree]\nshare = ['../x']", ["share", "../x"]),
        ("[worktree]\nshare = ['/etc']", ["share", "/etc"]),
        ("[scope]\nwrite = ['src/**']", ["write", "pattern"]),
        ("[stagnation]\nwindow = 11", ["stagnation.window", "0 (never) to 10"]),
        ("[stagnation]\nwarmup = -1", ["stagnation.warmup", "at least 0"]),
        ("[stagnation]\nmetrics = 0", ["stagnation.metrics", "from 1 to 5"]),
        ("[stagnation]\ncolour = 1", ["colour", "warmup, window, metrics"]),
        ("accept = ", ["not TOML"]),
        (b"\xff", ["not TOML"]),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_line_that_says_what_would_do(text, words):
    with pytest.raises(Unusable) as refused:
        settings({"omk.toml": text})
    assert all(word in str(refused.value) for word in ("omk.toml", *words)), refused.value
    assert "\n" not in str(refused.value)


def test_a_broken_pyproject_is_refused_too():
    with pytest.raises(Unusable, match=r"pyproject\.toml of the base commit is not TOML"):
        settings({"pyproject.toml": "[tool"})


OLD = """
[[gates]]
name = "tests"
command = "cargo"
args = ["test"]

[[gates]]
name = "lint"
command = "cargo"
timeout_secs = 86400
allow-fail = true

[[gates]]
name = "slow"
command = "make"
skipped = true
"""


def test_gates_of_0_5_0_are_read_when_nothing_else_names_any():
    tests, lint, slow = settings({".omk/gates.toml": OLD, "omk.toml": "accept = 'auto'"}).gates
    assert (tests.command, tests.shell, tests.timeout_ms, tests.required) == (
        ("cargo", "test"),
        False,
        10 * MINUTE,
        True,
    )
    assert (lint.timeout_ms, lint.required, lint.skipped) == (86_400 * SECOND, False, False)
    assert (slow.required, slow.skipped, slow.source) == (False, True, ".omk/gates.toml")
    assert settings({".omk/gates.toml": OLD, "omk.toml": "[gates.a]\nrun = 'true'"}).gates[0].name == "a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[gates]]\nname = ''\ncommand = 'x'", ["gates[1]", "name"]),
        ("[[gates]]\nname = 'a'\ncommand = ''", ["gates[1]", "command"]),
        ("[[gates]]\nname='a'\ncommand='x'\n[[gates]]\nname='a'\ncommand='y'", ["gates[2]", "'a'", "twice"]),
        ("[[gates]]\nname = 'a'\ncommand = 'x'\ntimeout_secs = 86401", ["timeout_secs", "86400"]),
        ("[[gates]]\nname = 'a'\ncommand = 'x'\ncolour = 1", ["colour", "timeout_secs"]),
        ("[gate]\n", ["gate", "[[gates]]"]),
    ],
)
def test_wrong_gates_of_0_5_0_are_refused_instead_of_ignored(text, words):
    with pytest.raises(Unusable) as refused:
        settings({".omk/gates.toml": text})
    assert all(word in str(refused.value) for word in (".omk/gates.toml", *words)), refused.value


def test_a_gate_flag_is_split_at_the_first_equals_sign():
    (gate,) = gates_from_flags(["smoke=A=1 ./run --x=2"], ["smoke=demo"])
    assert (gate.name, gate.command, gate.shell, gate.required) == ("smoke", ("A=1 ./run --x=2",), True, True)
    assert (gate.timeout_ms, gate.proves, gate.source) == (10 * MINUTE, ("demo",), "flag")


@pytest.mark.parametrize(
    ("flags", "proves", "words"),
    [
        (["tests"], [], ["'tests'", "NAME=COMMAND"]),
        (["=true"], [], ["NAME=COMMAND"]),
        (["tests= "], [], ["NAME=COMMAND"]),
        (["a b=true"], [], ["'a b'", "letters"]),
        (["a=true", "a=false"], [], ["'a'", "twice"]),
        (["a=true"], ["b=smoke"], ["b=smoke", "gates: a"]),
        (["a=true"], ["a"], ["GATE=CHECK"]),
        (["a=true"], ["a=everything"], ["a=everything", "smoke"]),
    ],
)
def test_a_wrong_flag_is_refused_with_what_would_do(flags, proves, words):
    with pytest.raises(Refused) as refused:
        gates_from_flags(flags, proves)
    assert all(word in str(refused.value) for word in words), refused.value


def test_the_digest_covers_what_is_run_and_not_what_it_is_for():
    (gate,) = gates_from_flags(["a=true"])
    assert gate.digest == with_proofs([gate], ["a=smoke"])[0].digest
    assert len(gate.digest) == len("b2:") + 64
    others = [
        gates_from_flags(["b=true"])[0],
        gates_from_flags(["a=false"])[0],
        gates_from_flags(["a=true"], around=Surroundings(setup=("npm ci",)))[0],
        gates_from_flags(["a=true"], around=Surroundings(share=(".venv",)))[0],
        settings({"omk.toml": "[gates.a]\nrun = ['true']"}).gates[0],
        settings({"omk.toml": "[gates.a]\nrun = 'true'\ntimeout = 5"}).gates[0],
    ]
    assert len({gate.digest, *(other.digest for other in others)}) == 7
    assert settings({"omk.toml": "[gates.a]\nrun = 'true'\nrequired = false"}).gates[0].digest == gate.digest


def test_flags_replace_configured_gates_and_those_replace_detected_ones():
    files = {"go.mod": b"module x", "omk.toml": b"[gates.own]\nrun = 'true'"}
    configured = read_settings(files.get)

    def chosen(read: Settings, *flags: str, proves: tuple[str, ...] = ()) -> list[str]:
        gates = choose(read, flags=flags, proves=proves, files=files, read=files.get)
        return [f"{gate.name} {' '.join(gate.proves)}".strip() for gate in gates]

    assert chosen(configured, "mine=true") == ["mine"]
    assert chosen(configured, proves=("own=smoke",)) == ["own smoke"]
    assert chosen(Settings()) == ["format", "vet", "tests"]
