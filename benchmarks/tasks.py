"""One measured task per process: prints its seconds and its peak memory in megabytes."""

import gc
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

FEW = 10
"""Repetitions of a process that is over in a moment."""


def bare(folder: Path, goal: str) -> float:
    """Select the rows and decode them with msgspec, into typed events, and drop them."""
    import msgspec

    from omk.domain.catalogue import AnyEvent

    class Sealed(msgspec.Struct, frozen=True, gc=False):
        actor: str
        at: str
        causes: tuple[int, ...]
        event: AnyEvent  # type: ignore[valid-type]  # the union is made from the catalogue
        goal: str
        prev: str
        seq: int

    class Body(msgspec.Struct, frozen=True, gc=False):
        open: msgspec.Raw
        sealed: Sealed

    decode = msgspec.json.Decoder(Body).decode
    query = "SELECT state FROM stored_events WHERE originator_id = ? ORDER BY originator_version"
    connection = sqlite3.connect(folder / "log.sqlite")
    gc.disable()
    began = time.perf_counter()
    for (body,) in connection.execute(query, (goal,)):
        decode(body)
    return time.perf_counter() - began


def _judged(folder: Path, goal: str, *, verify: bool) -> float:
    from omk.domain.proof.proof import prove
    from omk.domain.proof.standing import judge
    from omk.log.open import open_log

    log = open_log(None, folder=folder, create=False)
    if log is None:
        raise FileNotFoundError(folder)
    gc.disable()
    began = time.perf_counter()
    judged = judge(log.read(goal, verify=verify, texts=False))
    prove(judged.state, judged.standing)
    return time.perf_counter() - began


def fold(folder: Path, goal: str) -> float:
    """Fold to state and proof."""
    return _judged(folder, goal, verify=False)


def verified(folder: Path, goal: str) -> float:
    """The same, with the chain verified on the way."""
    return _judged(folder, goal, verify=True)


def _process(*command: str, times: int = 1) -> float:
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - began)
    return best


def _omk(folder: Path, *words: str) -> float:
    small = folder.name == "20"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["OMK_STORE"] = f"sqlite://{folder.resolve()}"
    return _process(str(Path(sys.executable).with_name("omk")), *words, times=FEW if small else 1)


TASKS: dict[str, Callable[[Path, str], float]] = {
    "bare": bare,
    "fold": fold,
    "verified": verified,
    "typer": lambda *_: _process(sys.executable, "-c", "import typer", times=FEW),
    "version": lambda folder, _: _omk(folder, "--version"),
    "replay-json": lambda folder, goal: _omk(folder, "replay", goal, "--json"),
    "replay-text": lambda folder, goal: _omk(folder, "replay", goal),
}


if __name__ == "__main__":
    seconds = TASKS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
    who = resource.RUSAGE_CHILDREN if sys.argv[1].startswith(("replay", "version")) else resource.RUSAGE_SELF
    kilobytes = resource.getrusage(who).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(seconds, kilobytes / 1024)
