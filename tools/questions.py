"""The page of the named questions: each from its own SQL file."""

from collections.abc import Iterator

from omk.lake.question import Question, questions

HEAD = """\
# Questions

`omk stats NAME` answers these about all past runs, from the [lake](../how-to/ask-the-lake.md). What a question is told
(`--since`, `--goal`, `--agent`) narrows what is counted, as the table below it says; one that it does not take is refused.

- `--since` is a date or a UTC time, or a span like `7d` or `12h`. A span ends at the time of the newest event in the store, not
  at the clock's, so that the same store gives the same answer.
- `--goal` is an id, the beginning of one, or `latest`.
- `--agent` is any part of how an agent is driven, as in `command:claude --print`; case matters.

A unit is the end of a column's name: `_ms` milliseconds, `_percent` of a hundred, `micro_usd` millionths of a US dollar. Text
shows durations and money as people write them; JSON has the exact numbers. A median, `p50` and `p95` are values that occurred: 50
or 95 of a hundred are no greater. `--show-sql` prints the SQL with its parameters in place, for `omk sql`.
"""


def question_parts() -> Iterator[str]:
    """The head of the page, and the section of each question."""
    yield HEAD
    for one in questions().values():
        yield _part(one)


def _part(one: Question) -> str:
    told = [f"| `--{name}` | {words} |" for name, words in one.parameters.items()]
    columns = [f"| `{name}` | {words} |" for name, words in one.columns.items()]
    parts = [f"## {one.name}", one.sentence, " ".join(one.about.split())]
    parts += ["\n".join(["| option | counts only |", "|---|---|", *told])]
    parts += ["\n".join(["| column | |", "|---|---|", *columns])]
    parts += [f"The chart shows: {one.picture['axis']}." if one.picture else "It has no chart."]
    return "\n\n".join(parts)
