"""The gates of a configuration: those of omk.toml and how they are run, and those of omk 0.5.0."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from omk.domain.oracle import ALL_CHECKS
from omk.domain.subjects.policy import Needs
from omk.domain.values import GateDefinition
from omk.errors import Refused, Unusable
from omk.runtime.config_tables import GateTable, OmkTable, Words, converted, parsed
from omk.runtime.gates.conduct import Conduct, OldBreaker, old_conduct, recovery_from, wrong_needs
from omk.runtime.gates.definition import DEFAULT_TIMEOUT, NAME, Surroundings, define, timeout_from


def gate_of(name: str, table: dict[str, Any], path: str, around: Surroundings) -> GateDefinition:
    """One gate of omk.toml."""
    key = f"gates.{name}"
    checked_name(name, path, key)
    read = converted(table, GateTable, path, key)
    strange = [check for check in read.proves if check not in ALL_CHECKS]
    if strange:
        raise Unusable(f"{path}: {key}.proves names '{strange[0]}'. Allowed: {', '.join(ALL_CHECKS)}.")
    try:
        timeout = timeout_from(read.timeout)
    except Refused as refused:
        raise Unusable(f"{path}: {key}.timeout: {refused}") from refused
    return define(
        name, read.run, source=path, around=around, required=read.required, skipped=read.skip, timeout_ms=timeout,
        proves=read.proves,
    )  # fmt: skip


def conduct_of(read: OmkTable, gates: Sequence[GateDefinition], path: str) -> Conduct:
    """How the gates of omk.toml are to be run; what is wrong with their needs is said all at once."""
    tables = ((name, table.get("needs")) for name, table in read.gates.items())
    needs = tuple(Needs(gate=name, gates=tuple(dict.fromkeys(others))) for name, others in tables if others)
    if wrong := wrong_needs(needs, gates):
        raise Unusable(f"{path}: needs: {' '.join(wrong)}")
    breaker = read.breaker
    try:
        recovery = None if breaker.recovery is None else recovery_from(breaker.recovery)
    except Refused as refused:
        raise Unusable(f"{path}: breaker.recovery: {refused}") from refused
    return Conduct(
        gates_at_once=read.gates_at_once,
        needs=needs or None,
        rerun_failed=read.rerun_failed,
        flaky=read.flaky,
        breaker_failures=breaker.failures,
        breaker_recovery_ms=recovery,
        breaker_probes=breaker.probes,
    )


class OldGate(Struct, forbid_unknown_fields=True):
    """One `[[gates]]` table of `.omk/gates.toml`, as omk 0.5.0 wrote it."""

    name: Words
    command: Words
    args: list[str] = []
    required: bool = True
    timeout_secs: Annotated[int, Meta(ge=0)] = 0
    allow_fail: bool = False
    allow_fail_dashed: bool = field(default=False, name="allow-fail")
    skip: bool = False
    skipped: bool = False
    circuit_breaker: OldBreaker | None = None


def old_gates(content: bytes, path: str, around: Surroundings) -> tuple[tuple[GateDefinition, ...], Conduct]:
    """The gates of a 0.5.0 file, and their breaker; a gate that may fail or is skipped is optional there."""
    table = parsed(content, path)
    strange = [key for key in table if key != "gates"]
    listed = table.get("gates", [])
    if strange or not isinstance(listed, list):
        raise Unusable(f"{path}: unknown key '{strange[0] if strange else 'gates'}'. Allowed: [[gates]] tables.")
    gates: dict[str, GateDefinition] = {}
    breakers: list[OldBreaker] = []
    for number, entry in enumerate(listed, start=1):
        key = f"gates[{number}]"
        read = converted(entry, OldGate, path, key)
        checked_name(read.name, path, f"{key}.name")
        if read.name in gates:
            raise Unusable(f"{path}: {key}.name: the gate '{read.name}' stands there twice. Name each gate once.")
        try:
            timeout = timeout_from(read.timeout_secs) if read.timeout_secs else DEFAULT_TIMEOUT
        except Refused as refused:
            raise Unusable(f"{path}: {key}.timeout_secs: {refused}") from refused
        skipped = read.skip or read.skipped
        breakers += [read.circuit_breaker] if read.circuit_breaker else []
        gates[read.name] = define(
            read.name, (read.command, *read.args), source=path, around=around, skipped=skipped, timeout_ms=timeout,
            required=read.required and not (read.allow_fail or read.allow_fail_dashed or skipped),
        )  # fmt: skip
    return tuple(gates.values()), old_conduct(breakers)


def checked_name(name: str, path: str, key: str) -> None:
    """Refuse a gate name that could not stand in a flag, an address or a file name."""
    if NAME.fullmatch(name) is None:
        raise Unusable(f"{path}: {key}: '{name}' is no gate name. Allowed: letters, digits, '.', '_' and '-'.")
