"""The same promises, kept by every kind of log."""

from pathlib import Path

from omk.log import jsonl, recorder
from omk.log.jsonl import JsonlLog
from omk.log.memory import MemoryLog
from omk.log.protocol import Log
from omk.log.sqlite import SqliteLog
from tests.log.contract import LogContract


class TestMemory(LogContract):
    def open(self, folder: Path) -> Log:
        self.kept: Log = getattr(self, "kept", None) or MemoryLog()
        return self.kept


class TestSqlite(LogContract):
    def open(self, folder: Path) -> Log:
        recorder.create(folder / "log.sqlite")
        return SqliteLog(folder / "log.sqlite")


class TestJsonl(LogContract):
    def open(self, folder: Path) -> Log:
        jsonl.create(folder / "log.jsonl")
        return JsonlLog(folder / "log.jsonl")
