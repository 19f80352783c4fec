"""How gates are carried out, beyond what each runs: how many at once, which first, how often again, and when to let one rest."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from omk.domain.duration import SECOND, parse_duration
from omk.domain.event import Value
from omk.domain.graph import cycle
from omk.domain.subjects.policy import Flaky, Needs, PolicyConfigured
from omk.domain.values import GateDefinition
from omk.errors import Refused

MOST_AT_ONCE, MOST_RERUNS = 64, 100
LONGEST_RECOVERY = 86_400 * SECOND
AtOnce = Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]
Reruns = Annotated[int, Meta(ge=0, le=MOST_RERUNS)]
Failures = Annotated[int, Meta(ge=0, le=1_000_000)]
Probes = Annotated[int, Meta(ge=1, le=1_000)]


class Conduct(Value):
    """What somebody says of how gates are run, by the names the policy has for it; null: nothing."""

    gates_at_once: int | None = None
    needs: tuple[Needs, ...] | None = None
    rerun_failed: int | None = None
    flaky: Flaky | None = None
    breaker_failures: int | None = None
    breaker_recovery_ms: int | None = None
    breaker_probes: int | None = None

    def before(self, other: "Conduct") -> "Conduct":
        """What this one says, and *other* where it says nothing."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(other, **said)


UNSAID = Conduct()


class BreakerTable(Struct, forbid_unknown_fields=True):
    """`[breaker]` of omk.toml."""

    failures: Failures | None = None
    recovery: str | int | None = None
    probes: Probes | None = None


class OldBreaker(Struct):
    """`circuit_breaker` of a gate in `.omk/gates.toml`, as omk 0.5.0 wrote it."""

    enabled: bool = True
    failure_threshold: Failures = 5
    recovery_timeout_secs: Annotated[int, Meta(ge=0, le=86_400)] = 30
    half_open_max_calls: Probes = 1


def recovery_from(value: str | int) -> int:
    """Milliseconds of a time to recover: `"30s"`, or a number of seconds. Raises `Refused`."""
    span = parse_duration(value) if isinstance(value, str) else value * SECOND
    if not 0 <= span <= LONGEST_RECOVERY:
        raise Refused(f"a time to recover is at most 1d, and not negative: not {value}.")
    return span


def old_conduct(breakers: Sequence[OldBreaker]) -> Conduct:
    """One breaker for all gates: of several tables the most cautious of those that are enabled."""
    used = [one for one in breakers if one.enabled and one.failure_threshold]
    if not used:
        return Conduct(breaker_failures=0) if breakers else UNSAID
    return Conduct(
        breaker_failures=min(one.failure_threshold for one in used),
        breaker_recovery_ms=max(one.recovery_timeout_secs for one in used) * SECOND,
        breaker_probes=min(one.half_open_max_calls for one in used),
    )


def conducted(policy: PolicyConfigured, said: Iterable[Conduct]) -> PolicyConfigured:
    """The policy, with what is *said* in its place: the last word counts, but needs are replaced gate by gate."""
    for one in said:
        fields: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
        if one.needs is not None:
            named = {need.gate for need in one.needs}
            fields["needs"] = (*(need for need in policy.needs if need.gate not in named), *one.needs)
        policy = msgspec.structs.replace(policy, **{name: value for name, value in fields.items() if value is not None})
    return policy


def needs_from_flags(flags: Sequence[str]) -> tuple[Needs, ...] | None:
    """The needs of `--needs GATE=OTHER[,…]`. Raises `Refused`."""
    needs: dict[str, tuple[str, ...]] = {}
    for flag in flags:
        name, equals, words = flag.partition("=")
        others = tuple(dict.fromkeys(one.strip() for one in words.split(",") if one.strip()))
        if not equals or not name.strip():
            raise Refused(f"--needs '{flag}' is not GATE=OTHER[,…]. Write it like --needs tests=build,lint.")
        needs[name.strip()] = tuple(dict.fromkeys((*needs.get(name.strip(), ()), *others)))
    return tuple(Needs(gate=name, gates=others) for name, others in needs.items()) or None


def wrong_needs(needs: Sequence[Needs], gates: Sequence[GateDefinition]) -> tuple[str, ...]:
    """Everything that is wrong with what gates need, as sentences: names nobody knows, gates that never pass, a cycle."""
    known = {one.name: one for one in gates}
    names = ", ".join(known) or "none is configured"
    wrong = [f"There is no gate {one.gate} that could need anything." for one in needs if one.gate not in known]
    wrong += [f"{one.gate} needs {other}, which is no gate." for one in needs for other in one.gates if other not in known]
    wrong += [
        f"{one.gate} needs {other}, which is skipped and never passes."
        for one in needs
        for other in one.gates
        if other in known and known[other].skipped
    ]
    wrong += [f"Gates: {names}."] if wrong else []
    loop = cycle({one.gate: one.gates for one in needs})
    return (*wrong, f"{' → '.join(loop)} need each other.") if loop else tuple(wrong)


def known_needs(needs: Sequence[Needs], gates: Sequence[GateDefinition]) -> tuple[Needs, ...]:
    """The needs as far as both gates are there."""
    names = {one.name for one in gates}
    kept = ((one.gate, tuple(other for other in one.gates if other in names)) for one in needs if one.gate in names)
    return tuple(Needs(gate=gate, gates=others) for gate, others in kept if others)
