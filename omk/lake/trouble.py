"""What DuckDB complains of, in one line of ours: what is wrong, where, and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from omk.errors import OmkError, Refused
from omk.lake.tokens import tokens

_PLACE = re.compile(r"^LINE (\d+): (.*)\n( *)\^", re.MULTILINE)
_KIND = re.compile(r"^(?:[A-Z][A-Za-z-]*(?: [A-Z][A-Za-z-]*)*|TransactionContext|INTERRUPT) Error: ")
_CANDIDATES = re.compile(r"\s*Candidate (?:bindings|tables):[ :]*(.*)")
_FILE = re.compile(r'Table with name "?([^"]*[/\\*~:.][^"]*)"? does not exist!?\s*(?:\n|$)')
"""A name that was meant for a file, or an address."""
_SET = re.compile(r' Use "SET [^"]*" to [^.]*\.?')
"""Advice that nobody can follow here."""
_FAR = re.compile(r'Did you mean "(duckdb|pg|pragma|sqlite)_')
"""A guess from DuckDB's own catalogue, which nobody meant."""
_LONGEST = 300
INTERRUPTED = "The query was interrupted."
_AT = "The time of a record is in the column `recorded_at`: `at` is a word of SQL."


@contextmanager
def told(query: str) -> Iterator[None]:
    """Raise Refused, with one line, where DuckDB complains of *query*."""
    import duckdb

    try:
        yield
    except (duckdb.Error, UnicodeError) as problem:
        raise refusal(problem, query) from problem
    except RuntimeError as problem:  # what DuckDB makes of a Ctrl-C while rows are handed to it
        if "interrupted" not in str(problem):
            raise
        raise Refused(INTERRUPTED) from problem


def refusal(problem: Exception, query: str) -> OmkError:
    """The complaint in one line."""
    import duckdb

    text = str(problem)
    place = _PLACE.search(text)
    said = _KIND.sub("", text[: place.start()] if place else text).strip()
    match problem:
        case duckdb.PermissionException():
            return Refused(f"A query reads the lake's tables and no file: {_outside(said)}. `SHOW TABLES` lists the tables.")
        case duckdb.CatalogException() if file := _FILE.match(said):
            return Refused(
                f"A query reads the lake's tables and no file: {file[1]} is out of reach. `SHOW TABLES` lists the tables."
            )
        case duckdb.OutOfMemoryException():
            return Refused("The query needs more memory than it may use. Ask for less, or give it more: --memory 4GB.")
        case duckdb.InterruptException():
            return Refused(INTERRUPTED)
        case duckdb.TransactionException():
            return Refused(f"The lake is only read: {_flat(said)}.")
        case _:
            pass  # below
    sentence = _sentence(said)
    end = "" if sentence.endswith("?") else "."
    return Refused(f"The query cannot be answered{_where(place, query, said)}: {sentence}{end}{_hint(query, said, sentence)}")


def _sentence(said: str) -> str:
    """What DuckDB says without its lists, `Did you mean` kept."""
    first, *more = _SET.sub("", said).splitlines() or ["DuckDB gave no reason"]
    candidates = next((found[1] for one in more if (found := _CANDIDATES.match(one))), "")
    if candidates:
        return f"{_flat(first)}; there is {_flat(candidates)}"
    second = next((one for one in more if one.startswith(("Did you mean", "Either add")) and not _FAR.match(one)), "")
    return _flat(f"{_flat(first)}. {second}" if second else first)


def _flat(text: str) -> str:
    line = " ".join(text.split()).rstrip(".!")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _outside(said: str) -> str:
    named = re.search(r'"([^"]*)"', said)
    return f"{named[1]} is out of reach" if named else _flat(said)


def _where(place: "re.Match[str] | None", query: str, said: str) -> str:
    """The line, where there are several, and the word at which it stopped."""
    if place is None:
        return ""
    row, shown = int(place[1]), place[2]
    near = re.match(r"[\w.]+", shown[len(place[3]) - len(f"LINE {row}: ") :])
    parts = [f"in line {row}"] if "\n" in query.strip() else []
    parts += [f"at `{near[0]}`"] if near and near[0] not in said else []
    return f", {' '.join(parts)}" if parts else ""


def _hint(query: str, said: str, sentence: str) -> str:
    if said.startswith("Table with name") and not sentence.endswith("?"):
        return " `SHOW TABLES` lists the tables."
    is_meant = said.startswith("syntax error") or '"at"' in said
    if is_meant and any(one.text.strip('"').lower() == "at" for one in tokens(query) if one.kind != "string_const"):
        return f" {_AT}"
    return ""
