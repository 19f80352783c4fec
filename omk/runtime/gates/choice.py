"""Which gates a goal has: those of its flags, else the configured ones, else the detected ones."""

from collections.abc import Callable, Collection, Sequence

from omk.domain.values import GateDefinition
from omk.runtime.config import Settings
from omk.runtime.gates.definition import gates_from_flags, with_proofs
from omk.runtime.gates.detection import detect


def choose(
    settings: Settings,
    *,
    flags: Sequence[str],
    proves: Sequence[str],
    files: Collection[str],
    read: Callable[[str], bytes | None],
    subdirectory: str = "",
) -> tuple[GateDefinition, ...]:
    """The gates of a goal, with what `--prove` adds; empty when nobody names any. Raises `Refused`, `Unusable`."""
    if flags:
        return gates_from_flags(flags, proves, around=settings.around)
    return with_proofs(settings.gates or detect(files, read, subdirectory, around=settings.around), proves)
