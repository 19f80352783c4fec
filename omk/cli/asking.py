"""sql: one query to the lake, from the command line, a file or standard input; or many at a prompt. It reads the lake alone."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import IO, TYPE_CHECKING, Annotated

import typer

from omk.cli.answers import Form, write_answer, write_parquet
from omk.cli.options import JsonOption, StoreOption
from omk.cli.output import is_terminal, write
from omk.cli.placing import replacing, require_outside
from omk.cli.spool import ENOUGH
from omk.cli.syncing import hearing
from omk.domain.duration import SECOND, parse_duration, show_duration
from omk.errors import Refused, Unusable
from omk.lake.session import MEMORY, Lake
from omk.lake.store import Store, store_at

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TIMEOUT = "60s"
STANDARD, STDOUT = "-", {"-", "/dev/stdout", "/dev/fd/1"}
_SIZE = re.compile(r"(?i)\s*[0-9]+(\.[0-9]+)?\s*([kmgt]i?b|%)\s*")
FormOption = Annotated[Form | None, typer.Option("--format", "-f", help="How to write the answer (default: text).")]
QueryArgument = Annotated[
    str | None, typer.Argument(metavar="[QUERY]", help="One SQL query; without: standard input, or a prompt.")
]
FileOption = Annotated[
    str | None, typer.Option("--file", metavar="FILE", help="Read the query from a file; - for standard input.")
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the answer to a file; one that is there is replaced.")
]
RowsOption = Annotated[
    int | None, typer.Option("--rows", min=0, metavar="N", help="Show so many rows as text; 0: all (default: 100 on a terminal).")
]
MemoryOption = Annotated[str, typer.Option("--memory", metavar="SIZE", help="What a query may use, as in 512MB or 4GB.")]
TimeoutOption = Annotated[str, typer.Option("--timeout", metavar="TIME", help="How long a query may take, as in 90s or 5m.")]


def sql(
    query: QueryArgument = None,
    file: FileOption = None,
    form: FormOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    rows: RowsOption = None,
    memory: MemoryOption = MEMORY,
    timeout: TimeoutOption = TIMEOUT,
    store: StoreOption = None,
) -> None:
    """Ask the lake in SQL: omk sql "select status, count(*) from goals group by status"."""
    output = None if str(output) in STDOUT else output
    choice, milliseconds = _choice(form, output, as_json=as_json), _milliseconds(timeout)
    if not _SIZE.fullmatch(memory):
        raise typer.BadParameter("Write a number and a unit, as in 512MB or 4GB.", param_hint="--memory")
    if query is None and file is None and sys.stdin.isatty():
        _prompt(store, choice, output, memory, milliseconds)
        return
    asked, place = _text(query, file), store_at(store)
    if output is not None:
        require_outside(output, place)
    with opened(place, memory) as lake, _taken(output) as sink:
        connection = lake.ready_for(asked)
        shown = rows if output is None else rows or 0
        carry_out(connection, milliseconds, asked, lambda: _answer(connection, asked, choice, sink, shown))


def opened(store: Store, memory: str) -> Lake:
    """The lake of a store; what has to be built before that is shown."""
    with hearing() as hears:
        return Lake(store, hears, memory)


def _choice(form: Form | None, output: Path | None, *, as_json: bool) -> Form:
    """The format asked for; without one that of the file's name."""
    if form is not None and as_json:
        raise typer.BadParameter("Give either --format or --json, not both.")
    ending = output.suffix[1:].lower() if output else ""
    choice = Form.JSON if as_json else form or (Form(ending) if ending in list(Form) else Form.TEXT)
    if choice is Form.PARQUET and output is None and is_terminal():
        raise typer.BadParameter("Parquet is not for a terminal to show. Name a file: --output FILE.")
    return choice


def _milliseconds(timeout: str) -> int:
    try:
        return max(1, parse_duration(timeout))
    except Refused as problem:
        raise typer.BadParameter(str(problem), param_hint="--timeout") from problem


def _text(query: str | None, file: str | None) -> str:
    """The query, from where it is given. Raises Unusable where it cannot be read."""
    if query is not None and file is not None:
        raise typer.BadParameter("Give either a query or --file, not both.")
    if query is not None and query != STANDARD:
        return query
    name = "standard input" if file in {None, STANDARD} else str(file)
    content = sys.stdin.buffer.read() if file in {None, STANDARD} else Path(str(file)).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Unusable(f"{name} is not UTF-8 text (byte {problem.start + 1}). Save the query as UTF-8.") from problem
    if not text.strip():
        raise Refused(f"There is no query in {name}. Give one, as in: omk sql 'from goals'")
    return text


def _prompt(store: str | None, choice: Form, output: Path | None, memory: str, milliseconds: int) -> None:
    if output is not None or choice is Form.PARQUET:
        raise typer.BadParameter("At the prompt answers are shown. To write one to a file give the query, too.")
    if not sys.stdout.isatty():
        raise Unusable("The prompt of omk sql needs a terminal. To ask one query: omk sql 'from goals'")
    from omk.cli.prompt import Prompt

    Prompt(store_at(store), choice, memory, milliseconds).run()


# --- The answer ---


def carry_out(connection: "DuckDBPyConnection", milliseconds: int, query: str, work: Callable[[], None]) -> None:
    """Do *work* with a connection beside the main thread, which hears of Ctrl-C and of the time meanwhile.

    Raises Refused when the time is over, and where DuckDB complains of *query*.
    """
    from omk.lake.trouble import told

    failures: list[BaseException] = []
    is_done = Event()  # a thread that Ctrl-C keeps from being joined is taken for ended

    def beside() -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - it is raised again where somebody waits for it
            failures.append(problem)
        finally:
            is_done.set()

    Thread(target=beside, daemon=True).start()
    try:
        is_late = not is_done.wait(milliseconds / SECOND)
    finally:
        while not is_done.is_set():
            connection.interrupt()  # again and again: between two pieces of an answer it is not heard
            is_done.wait(0.05)
    if is_late:
        text = f"The query took longer than {show_duration(milliseconds)}. Ask for less, or give it more time: --timeout 5m."
        raise Refused(text)
    with told(query):
        for problem in failures:
            raise problem


def _answer(connection: "DuckDBPyConnection", query: str, form: Form, file: IO[bytes], rows: int | None) -> None:
    if form is Form.PARQUET:
        write_parquet(connection, query, file)
    else:
        write_answer(connection.execute(query), form, file.write, rows)


@contextmanager
def _taken(output: Path | None) -> Iterator[IO[bytes]]:
    """Where an answer goes; nothing comes out of it unless all is well."""
    if output is not None:
        with replacing(output) as file:
            yield file
        return
    from tempfile import SpooledTemporaryFile

    with SpooledTemporaryFile(max_size=ENOUGH) as whole:
        yield whole
        whole.seek(0)
        while piece := whole.read(1 << 20):
            write(piece)
