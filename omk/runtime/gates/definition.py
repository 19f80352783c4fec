"""Gate definitions: made in one place, whether they come from a flag, a file or detection."""

import json
import re
from collections.abc import Sequence

import msgspec

from omk.domain.digest import digest_of
from omk.domain.duration import DAY, MINUTE, SECOND, parse_duration
from omk.domain.oracle import ALL_CHECKS
from omk.domain.values import GateDefinition
from omk.errors import Refused

DEFAULT_TIMEOUT = 10 * MINUTE  # milliseconds
LONGEST_TIMEOUT = DAY  # milliseconds
NAME = re.compile(r"[A-Za-z0-9._-]+")


class Surroundings(msgspec.Struct, frozen=True):
    """What prepares the worktree of every gate: setup commands, and paths shared from the user's checkout."""

    setup: tuple[str, ...] = ()
    share: tuple[str, ...] = ()


NOTHING = Surroundings()


def definition_digest(value: object) -> str:
    """`b2:` + BLAKE2b-256 over the canonical JSON of *value* (sorted keys, no blanks; dates as text)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return digest_of(text.encode("utf-8", "surrogatepass"))


def define(
    name: str,
    run: str | Sequence[str],
    *,
    source: str,
    around: Surroundings,
    required: bool = True,
    skipped: bool = False,
    timeout_ms: int = DEFAULT_TIMEOUT,
    proves: Sequence[str] = (),
) -> GateDefinition:
    """A gate; *run* is a line for `/bin/sh -c`, or argv. The digest covers whatever changes what is run."""
    if "\0" in "".join(run):
        raise Refused(f"The command of gate '{name}' ({source}) holds a NUL, with which nothing can be started.")
    shell = isinstance(run, str)
    command = (run,) if isinstance(run, str) else tuple(run)
    digest = definition_digest(
        {
            "name": name,
            "command": command,
            "shell": shell,
            "timeout_ms": timeout_ms,
            "setup": around.setup,
            "share": around.share,
        }
    )
    return GateDefinition(
        name=name, command=command, shell=shell, required=required, skipped=skipped, timeout_ms=timeout_ms,
        proves=tuple(proves), source=source, digest=digest,
    )  # fmt: skip


def timeout_problem(milliseconds: int) -> str | None:
    """Why this is no time limit for a gate; None when it is."""
    if SECOND <= milliseconds <= LONGEST_TIMEOUT:
        return None
    return "a gate's timeout is at least 1s and at most 1d (86400 s)"


def timeout_from(value: str | int) -> int:
    """Milliseconds of a configured timeout: `"10m"`, or a number of seconds. Raises `Refused`."""
    milliseconds = parse_duration(value) if isinstance(value, str) else value * SECOND
    problem = timeout_problem(milliseconds)
    if problem is not None:
        raise Refused(f"{problem}, not {value}.")
    return milliseconds


def gates_from_flags(
    flags: Sequence[str], proves: Sequence[str] = (), *, around: Surroundings = NOTHING
) -> tuple[GateDefinition, ...]:
    """The gates of `--gate NAME=CMD` and `--prove GATE=CHECK`; they replace all others. Raises `Refused`."""
    gates: dict[str, GateDefinition] = {}
    for flag in flags:
        name, equals, line = flag.partition("=")
        if not equals or not name or not line.strip():
            raise Refused(f"--gate '{flag}' is not NAME=COMMAND. Write it like --gate tests='pytest -q'.")
        if NAME.fullmatch(name) is None:
            raise Refused(f"'{name}' is no gate name. Use letters, digits, '.', '_' and '-'.")
        if name in gates:
            raise Refused(f"The gate '{name}' is given twice. Name each gate once.")
        gates[name] = define(name, line, source="flag", around=around)
    return with_proofs(tuple(gates.values()), proves)


def with_proofs(gates: Sequence[GateDefinition], proves: Sequence[str]) -> tuple[GateDefinition, ...]:
    """The gates, with what `--prove GATE=CHECK` says of them added. Raises `Refused` for an unknown gate or check."""
    known = {gate.name: gate for gate in gates}
    for flag in proves:
        name, equals, check = flag.partition("=")
        if not equals or name not in known:
            names = ", ".join(known) or "none is configured"
            raise Refused(f"--prove '{flag}' names no gate. Write GATE=CHECK; gates: {names}.")
        if check not in ALL_CHECKS:
            raise Refused(f"--prove '{flag}' names no check. Checks: {', '.join(ALL_CHECKS)}.")
        gate = known[name]
        known[name] = msgspec.structs.replace(gate, proves=tuple(dict.fromkeys((*gate.proves, check))))
    return tuple(known.values())
