"""The prompt of `omk sql`: query after query, each on the log as it is then, with history and completion."""

import contextlib
import gc
import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omk.cli.answers import Form, write_answer
from omk.cli.asking import carry_out, opened
from omk.cli.completing import Completion
from omk.cli.output import draw, say, width, write
from omk.cli.spool import Spool
from omk.errors import OmkError, Refused
from omk.lake.session import Lake
from omk.lake.store import Store
from omk.lake.tables import MACROS, TABLES
from omk.lake.tokens import is_complete
from omk.log.folder import private_folder
from omk.runtime.edge import state_home
from omk.views.lines import Line, Span, line
from omk.views.rows import described

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRST, NEXT = "omk> ", "...> "
HISTORY, KEPT = "sql-history", 2_000
MODES = (Form.TEXT, Form.JSON, Form.CSV, Form.MD)
WELCOME = "End a query with a semicolon. Tables: .tables, more: .help, leave: Ctrl-D."


class Prompt:
    """Asks until the person leaves. Nothing that goes wrong with a query ends it."""

    def __init__(self, store: Store, form: Form, memory: str, milliseconds: int) -> None:
        self._store, self._memory, self._milliseconds = store, memory, milliseconds
        self._form = form
        self._rows: int | None = None
        self._lake: Lake | None = None
        self._lines: list[str] = []
        self._readline: Any = None
        self._commands: dict[str, tuple[str, Callable[[str], None]]] = {
            ".tables": ("the tables, and what a row of each is", self._tables),
            ".schema": ("TABLE: its columns, with type, meaning and source", self._schema),
            ".mode": (f"{'|'.join(MODES)}: how answers are written", self._mode),
            ".rows": ("N: how many rows are shown as text; 0: all", self._limit),
            ".help": ("this", self._help),
            ".quit": ("leave (also Ctrl-D)", self._quit),
        }

    def run(self) -> None:
        """Ask until the person leaves."""
        gc.enable()  # this may be open for hours
        importlib.import_module("duckdb")  # before anybody can press Ctrl-C: an import that is cut short cannot be mended
        self._readline = begun(Completion(self._commands, lambda: "\n".join(self._lines)))
        draw([line(Span(WELCOME, "dim"))])
        try:
            while self._turn():
                pass
        finally:
            if self._lake is not None:
                self._lake.close()

    def _turn(self) -> bool:
        """One query or command; whether there will be another."""
        try:
            text = self._read()
            if text is not None:
                self._carry_out(text)
            return text is not None
        except EOFError:
            return False
        except KeyboardInterrupt:
            say("interrupted")
        except OmkError as problem:
            say(str(problem))
        return True

    def _read(self) -> str | None:
        """A command, or a query as soon as it is whole; null when the person leaves."""
        self._lines = []
        while True:
            try:
                typed = input(NEXT if self._lines else FIRST)
            except EOFError:
                write(b"\n")
                return None
            except KeyboardInterrupt:
                write(b"\n")
                self._lines = []
                continue
            if not self._lines and (not typed.strip() or typed.lstrip().startswith(".")):
                return self._remembered(typed.strip())
            self._lines.append(typed)
            text = "\n".join(self._lines)
            if is_complete(text):
                return self._remembered(text)

    def _remembered(self, text: str) -> str:
        """The text, which the arrow keys bring back, also in the next session."""
        if text and self._readline is not None:
            is_one_line = "--" not in text
            for one in [" ".join(text.split("\n"))] if is_one_line else text.split("\n"):
                self._readline.add_history(one)
                with contextlib.suppress(OSError, OmkError):
                    remember(self._readline)
        return text

    def _carry_out(self, text: str) -> None:
        if text.startswith("."):
            name, _, rest = text.partition(" ")
            self._command(name)(rest.strip().rstrip(";").strip())
        elif text:
            self._ask(text)

    def _ask(self, query: str) -> None:
        lake = self._newest()
        connection = lake.ready_for(query)
        spool = Spool()
        work = partial(self._write, connection, query, spool)
        carry_out(connection, self._milliseconds, query, work)
        spool.pour(write)

    def _write(self, connection: "DuckDBPyConnection", query: str, spool: Spool) -> None:
        write_answer(connection.execute(query), self._form, spool.add, self._rows)

    def _newest(self) -> Lake:
        """The lake, opened again if the log has moved on since."""
        if self._lake is not None and self._lake.head != self._store.head:
            self._lake.close()
            self._lake = None
        if self._lake is None:
            self._lake = opened(self._store, self._memory)
        return self._lake

    # --- Commands ---

    def _command(self, name: str) -> Callable[[str], None]:
        if name not in self._commands:
            raise Refused(f"There is no {name}. There are {', '.join(self._commands)}.")
        return self._commands[name][1]

    def _tables(self, _: str) -> None:
        rows = [(Span(one.name, "name"), Span(one.sentence)) for one in TABLES]
        rows += [(Span(one.call, "name"), Span(one.sentence)) for one in MACROS.values()]
        draw(described(rows, width()))

    def _schema(self, name: str) -> None:
        chosen = [one for one in TABLES if one.name == name]
        if not chosen:
            raise Refused(f"Name a table: {', '.join(one.name for one in TABLES)}.")
        lines: list[Line] = [line(Span(chosen[0].sentence, "bold"))]
        rows = [(Span(one.name, "name"), Span(one.type), Span(f"{one.sentence} ({one.source})")) for one in chosen[0].columns]
        draw(lines + described(rows, width()))

    def _mode(self, name: str) -> None:
        if name not in MODES:
            raise Refused(f"Name one of {', '.join(MODES)}; it is {self._form}.")
        self._form = Form(name)

    def _limit(self, number: str) -> None:
        if not number.isdecimal():
            raise Refused("Give a number of rows; 0 shows all.")
        self._rows = int(number)

    def _help(self, _: str) -> None:
        draw(described([(Span(name, "name"), Span(text)) for name, (text, _) in self._commands.items()], width()))

    def _quit(self, _: str) -> None:
        raise EOFError


def history() -> Path:
    """Where the history is kept."""
    return state_home() / "omk" / HISTORY


def begun(completion: Completion) -> Any:
    """The library that edits lines, ready; null where Python has none."""
    try:
        import readline
    except ImportError:
        return None
    readline.set_auto_history(False)
    readline.set_completer(completion.complete)
    readline.set_completer_delims(" \t\n\"'`@$><=;|&{(),+-*/%[]")
    is_editline = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_editline else "tab: complete")
    readline.clear_history()
    with contextlib.suppress(OSError):
        readline.read_history_file(history())
    return readline


def remember(readline: Any) -> None:
    """Keep the last line that was typed, in a file that nobody else may read."""
    import os

    private_folder(history().parent)
    os.close(os.open(history(), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600))
    readline.set_history_length(KEPT)
    readline.append_history_file(1, history())
