"""The page about expressions, from the tables that the language itself uses."""

from collections.abc import Iterator

from omk.replay.query.expression import LONGEST
from omk.replay.query.functions import FUNCTIONS
from omk.replay.query.grammar import DEEPEST
from omk.replay.query.names import NAMES, Name

HEAD = """\
# Expressions

`omk when GOAL EXPR` takes an expression over the state and the proof of a moment; `omk diff` prints its paths so that they can be
asked for. It reads what the log holds sealed: no words of people, agents or tools.

```text
gates.tests.outcome
proof.status == "ready"
len(files) > 3
"gate.tests" in gaps and not paused
files["src/a.py"].operation == "deleted"
any(gate.outcome == "failed" for gate in gates)
event.name == "files_changed" and event.actor != "person:ann"
```

A **condition** has a comparison, `not`, `and`, `or`, `any(…)`, `all(…)` or a constant outermost: one asks after which event it
is true. Anything else is a **value**: one asks which event changed it. Before the first event everything is as empty as it can
be, and that is where counting begins.

| written | means |
|---|---|
| `gates.tests.outcome` | what stands there under a name; a path through something that is absent is null |
| `reviews["anti-slop"]`, `files["src/a.py"]` | the same for a name with other characters in it |
| `gates.tests.command[0]`, `[-1]` | an item of a list |
| `"text"`, `3`, `true`, `false`, `null`, `["a", "b"]` | constants |
| `==` `!=` | whether both are the same; values of different types never are |
| `<` `<=` `>` `>=` | the order of two numbers or two strings; false for anything else, also for null |
| `in`, `not in` | whether it is a key of a mapping, an item of a list, a part of a string |
| `is null`, `is not null` | whether there is nothing |
| `and`, `or`, `not` | null, false, 0, and what is empty count as false |
| `+`, `-` | of numbers; null for anything else |
| `len(…)` | how many items, keys or characters; null of anything else |

These take a list, a mapping (of which they see the values), or `EXPR for NAME in PATH if EXPR`:

{functions}

There is nothing else: no other call, no arithmetic, no text put together. An expression has at most {longest:,} characters and is
nested at most {deepest} deep.
"""


def expression_parts() -> Iterator[str]:
    """The language, and a section for each name."""
    rows = [f"| `{name}(…)` | {sentence} |" for name, (sentence, *_) in FUNCTIONS.items()]
    functions = "\n".join(["| function | gives |", "|---|---|", *rows])
    yield HEAD.format(functions=functions, longest=LONGEST, deepest=DEEPEST)
    yield "## Names"
    yield from (name_part(*one) for one in NAMES.items())


def name_part(name: str, known: Name) -> str:
    """The section of one name."""
    rows = [f"| `{name}.{part}` | {inner.sentence} |" for part, inner in known.parts.items()]
    table = "\n".join(["| | |", "|---|---|", *rows]) if rows else ""
    return f"### {name}\n\n{known.sentence}\n\n{table}"
