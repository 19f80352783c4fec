"""The documentation is true: what its pages show is run and compared, and what it lists is what omk has.

In a page, a ```console block shows commands (`$ …`, continued with `> …`) and what they print. A comment `# exit 3` after a
command names its exit code. A comment block `<!-- before … -->` holds shell lines that the page takes for granted. A line
of output that ends with … goes on in some way; a line that is only … leaves lines out.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from omk.cli.app import COMMANDS
from omk.domain.proposals import RULES
from omk.runtime import config_tables as shapes
from omk.runtime.config_budget import BudgetTable
from omk.runtime.gates import conduct
from omk.runtime.task_fields import FIELDS
from tests.cli.calling import omk, run_goal
from tools import reference

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    ROOT / "docs" / "explanation" / "the-lake.md",
)
PATIENCE_SECONDS = 120
EXIT = re.compile(r"\s+# exit (\d+)$")
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT? ?\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)"), "TIME"),
    (re.compile(r"goal-\d{8}-\d{6}-\d{3}-[0-9a-f]{8}"), "GOAL"),
    (re.compile(r"(b2:)?\b[0-9a-f]{12,}\b"), "DIGEST"),
    (re.compile(r"person:\S+"), "PERSON"),
    (re.compile(r"\d+(\.\d+)? (ms|s)\b"), "SPAN"),
    (re.compile(r"(?<!\d)(?<!event )(?<!rules )\d+"), "N"),  # the same steps give the same events in every run
    (re.compile(r"\s+"), " "),
)


@dataclass
class Step:
    """A command of a page: its line there, what it says, how it ends, and what the page shows of its output."""

    line: int
    command: str
    exit_code: int = 0
    shown: list[str] = field(default_factory=list)


def steps_of(text):
    """The commands of a page in their order, with those that it takes for granted."""
    steps, state = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        match state, line:
            case "", "```console":
                state = "console"
            case "", "<!-- before":
                state = "before"
                steps.append(Step(number, "set -e"))
            case ("console", "```") | ("before", "-->"):
                state = ""
            case "before", _:
                steps[-1].command += f"\n{line}"
            case "console", _ if line.startswith("$ "):
                steps.append(Step(number, line[2:]))
            case "console", _ if line.startswith("> ") or line == ">":
                steps[-1].command += f"\n{line[2:]}"
            case "console", _:
                steps[-1].shown.append(line)
            case _:
                continue  # prose
    for step in steps:
        code = EXIT.search(step.command)
        step.exit_code = int(code[1]) if code else 0
    return steps


def same_for_all(line):
    """A line without what differs from run to run."""
    for pattern, word in VARYING:
        line = pattern.sub(word, line)
    return line.strip()


def is_printed(shown, printed):
    """Whether a line of the page is among the lines that were printed."""
    wanted = same_for_all(shown.partition("…")[0] if shown.endswith("…") else shown)
    return any(one.startswith(wanted) if shown.endswith("…") else one == wanted for one in printed)


@pytest.fixture
def omk_on_path(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "omk").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m omk "$@"\n')
    (folder / "omk").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_a_page_shows_does_what_the_page_says(page, repository, tmp_path, omk_on_path):
    steps = steps_of(page.read_text())
    assert steps, f"{page.name} shows no command"
    answers = tmp_path / "answers"
    answers.mkdir()
    script = "".join(
        f"{{\n{step.command}\n}} > {answers}/{number} 2>&1 < /dev/null; echo $? > {answers}/{number}.code; set +e\n"
        for number, step in enumerate(steps)
    )
    subprocess.run(["/bin/sh"], input=script, text=True, cwd=repository, check=False, timeout=PATIENCE_SECONDS)
    for number, step in enumerate(steps):
        place = f"{page.name}:{step.line}"
        text = (answers / str(number)).read_text() if (answers / str(number)).exists() else ""
        code = answers / f"{number}.code"
        assert code.exists(), f"{place} ended the page: {text}"
        assert int(code.read_text()) == step.exit_code, f"{place} ended with {code.read_text().strip()}: {text}"
        printed = [same_for_all(line) for line in text.splitlines()]
        missing = [line for line in step.shown if line.strip() not in {"", "…"} and not is_printed(line, printed)]
        assert not missing, f"{place} shows {missing}, but omk printed:\n{text}"


def test_the_generated_reference_is_up_to_date():
    assert reference.differences(REFERENCE) == {}, "run: python -m tools.reference"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_a_working_example_and_stands_in_the_reference(name):
    sentence, example = reference.help_of(name)
    words = shlex.split(example)
    assert words[:2] == ["omk", name]
    reference.click_command(name).make_context(name, words[2:])  # raises a usage error if the example is wrong
    assert all(one.help or one.hidden for one in reference.click_command(name).params)
    assert f"## omk {name}\n\n{sentence}" in (REFERENCE / "commands.md").read_text()


def test_every_flag_a_page_mentions_exists():
    flags = {option for name in COMMANDS for one in reference.click_command(name).params for option in one.opts}
    known = flags | {"--help", "--version"}
    written = set((ROOT / "docs").rglob("*.md")) - {REFERENCE / name for name in reference.PAGES}
    for page in [ROOT / "README.md", *sorted(written)]:
        for line in re.findall(r"`omk [^`\n]+`", page.read_text()):
            assert {word.partition("=")[0] for word in re.findall(r"(?<=\s)--[a-z-]+", line)} <= known, (page.name, line)


def test_every_key_of_the_documents_stands_in_the_reference(repository):
    assert run_goal(at=repository).code == 0
    text = (REFERENCE / "json.md").read_text()
    words = {"when": ("latest", "seq"), "diff": ("latest@1", "@2", "--files")}
    commands = (
        "proof",
        "why",
        "diagnose",
        "verdicts",
        "replay",
        "list",
        "status",
        "show",
        "fsck",
        "when",
        "diff",
        "budget",
        "cost",
    )
    for command in commands:
        document = omk(command, *words.get(command, ()), "--json", at=repository).document
        section = text.partition(f"## {command}\n")[2].partition("\n## ")[0]
        first = document[0] if isinstance(document, list) else document
        assert [key for key in first if f"`{key}`" not in section] == [], command


def test_every_key_of_a_journey_through_time_stands_in_the_reference(repository, tmp_path):
    assert run_goal(at=repository).code == 0
    text = (REFERENCE / "json.md").read_text()
    places = {
        "fork": ("latest", "Build a CLI the other way with acceptance smoke demo"),
        "checkout": ("latest", str(tmp_path / "then")),
        "bisect": ("latest", "--gate", "demo"),
    }
    for command, arguments in places.items():
        document = omk(command, *arguments, "--json", at=repository).document
        section = text.partition(f"## {command}\n")[2].partition("\n## ")[0]
        assert [key for key in document if f"`{key}`" not in section] == [], command


TABLES = (
    *(shapes.OmkTable, shapes.GateTable, shapes.WorktreeTable, shapes.ScopeTable, shapes.StagnationTable, shapes.ApproveTable),
    *(conduct.BreakerTable, BudgetTable),
)


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_omk_toml_stands_in_the_reference(table):
    text = (REFERENCE / "omk-toml.md").read_text()
    assert [one.encode_name for one in msgspec.structs.fields(table) if f"`{one.encode_name}`" not in text] == []


def test_every_field_of_a_task_stands_in_the_reference():
    text = (REFERENCE / "tasks-file.md").read_text()
    assert [name for one in FIELDS.values() for name in one.names if f"`{name}`" not in text] == []


def test_every_rule_about_proposals_stands_in_the_guide():
    text = (ROOT / "docs" / "how-to" / "plan-several-tasks.md").read_text()
    assert [one.code for one in RULES if f"`{one.code}`" not in text] == []


def test_every_link_between_pages_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_decisions_are_numbered_and_say_context_decision_cost_and_when_to_undo():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
        assert headings == ["Context", "Decision", "Cost", "When we would undo it"], page.name


def test_the_tables_of_the_example_of_omk_toml_stand_apart():
    (example,) = re.findall(r"```toml\n(.*?)```", (REFERENCE / "omk-toml.md").read_text(), re.DOTALL)[:1]
    lines = example.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("[")]
    assert heads
    assert all(lines[number - 1] == "" for number in heads)
