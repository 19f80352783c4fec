"""What `about.md` of a recorded run says: the claim, the story, where to look, and how it was made."""

import re
import shlex
from collections.abc import Iterator, Sequence

from tools.scenarios.scenario import Act, Commit, Killed, Meanwhile, Omk, Scenario

PLAIN = re.compile(r"[\w@%+=:,./-]+")


def about(scenario: Scenario, places: Sequence[int]) -> str:
    """The text; *places* are the seqs of what the scenario lets one look at."""
    rows = [f"- `@{seq}` ({address}): {text}." for seq, (address, text) in zip(places, scenario.look, strict=True)]
    end = f"It ends `{scenario.status}`" + (
        f" with {', '.join(f'`{code}`' for code in scenario.gaps)} open." if scenario.gaps else "."
    )
    parts = (
        f"# {scenario.name}",
        f"**{scenario.claim}**",
        f"{scenario.story} {end}",
        "## What to look at",
        "\n".join(rows),
        "## How it was made",
        "By a real run of `python -m tools.record " + scenario.name + "`, in a repository whose first commit holds:",
        *_files(scenario.files),
        *(("In the checkout, not committed:", *_files(scenario.left)) if scenario.left else ()),
        "Then, each with `--store jsonl://…/log.jsonl`:",
        "```sh\n" + "\n".join(line for act in scenario.acts for line in _told(act)) + "\n```",
    )
    return "\n\n".join(parts) + "\n"


def _files(files: dict[str, str]) -> Iterator[str]:
    for name, content in files.items():
        yield f"`{name}`\n\n```\n{content}```"


def _told(act: Act) -> Iterator[str]:
    match act:
        case Omk(arguments=arguments, refused=is_refused):
            yield _line(arguments) + ("  # refused, records nothing" if is_refused else "")
        case Commit(message=message, files=files):
            yield f"git commit -m {quoted(message)}  # somebody else's, on main: {', '.join(files)}"
            for name, content in files.items():
                yield from (f"#   {name}: {line}".rstrip() for line in content.splitlines())
        case Killed(arguments=arguments, at=kind):
            yield f"{_line(arguments)}  # kill -9 at {kind}"
        case Meanwhile(arguments=arguments, at=kind, other=other):
            yield f"{_line(arguments)} &"
            yield f"{_line(other)}  # given at {kind}, while the first one works"


def _line(arguments: tuple[str, ...]) -> str:
    return " ".join(("omk", *map(quoted, arguments)))


def quoted(word: str) -> str:
    """A word as a shell reads it, in the quotes that are easiest to read."""
    if PLAIN.fullmatch(word):
        return word
    if "'" in word and not set('"$`!') & set(word) and "\\\\" not in word:
        return f'"{word}"'
    return shlex.quote(word)
