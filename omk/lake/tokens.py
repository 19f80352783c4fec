"""The words of a query, as DuckDB takes them apart."""

from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    """A word of a query, what it is for DuckDB (`keyword`, `identifier`, `operator`, …), and the byte it begins at."""

    text: str
    kind: str
    start: int


def tokens(query: str) -> Iterator[Token]:
    """The words of a query, without comments."""
    import duckdb

    content = query.encode()
    found = [(offset, kind.name) for offset, kind in duckdb.tokenize(query)]
    ends = [offset for offset, _ in found[1:]] + [len(content)]
    for (start, kind), end in zip(found, ends, strict=True):
        if kind != "comment":
            yield Token(content[start:end].decode("utf-8", "replace").strip(), kind, start)


def is_complete(query: str) -> bool:
    """Whether a query ends with its semicolon, which stands neither in a text nor in a comment."""
    if ";" not in query:
        return False
    last = list(tokens(query))[-1:]
    return bool(last) and last[0].kind == "operator" and last[0].text.endswith(";")
