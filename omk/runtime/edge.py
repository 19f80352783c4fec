"""The one file that reads the clock, makes ids and rolls dice. Everything else is given what it needs."""

import getpass
import os
import secrets
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from omk.domain.event import Time
from omk.errors import Unusable

FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def now() -> Time:
    """The time in UTC, `2026-11-22T10:15:00.123456Z`, always with six decimals."""
    return datetime.now(UTC).strftime(FORM)


def later(milliseconds: int) -> Time:
    """The time that is so many milliseconds from now."""
    return (datetime.now(UTC) + timedelta(milliseconds=milliseconds)).strftime(FORM)


def milliseconds_until(time: Time) -> int:
    """How long it is until *time*; negative when it is past."""
    return round((datetime.strptime(time, FORM).replace(tzinfo=UTC) - datetime.now(UTC)) / timedelta(milliseconds=1))


def seconds_since(timestamp: float) -> float:
    """How long ago a file system's time was."""
    return datetime.now(UTC).timestamp() - timestamp


def seconds_since_boot() -> float:
    """How long the machine has been up, as /proc counts it for the start of a process."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform.startswith("linux") else 0.0


def new_goal_id() -> str:
    """A goal id as 0.5.0 makes them: `goal-<yyyymmdd-HHMMSS-mmm>-<8 hex>`."""
    time = datetime.now(UTC)
    return f"goal-{time:%Y%m%d-%H%M%S}-{time.microsecond // 1000:03d}-{uuid.uuid4().hex[:8]}"


def new_controller_id() -> str:
    """The id of one controller process."""
    return f"controller-{uuid.uuid4().hex[:12]}"


def new_repository_id() -> str:
    """The id of a repository omk has not seen before."""
    return f"repository-{uuid.uuid4().hex}"


def salt() -> bytes:
    """Sixteen random bytes for one commitment."""
    return secrets.token_bytes(16)


def person() -> str:
    """Who runs omk: `person:<login>`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such user in the password database (OSError from Python 3.13)
        name = str(os.getuid())
    return f"person:{name}"


def state_home() -> Path:
    """`$XDG_STATE_HOME`, or `~/.local/state`."""
    configured = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(configured):  # noqa: PTH117 - the variable is text, and the specification ignores relative ones
        return Path(configured)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise Unusable("There is no home directory. Set XDG_STATE_HOME to a folder that can be written.") from error


def environment() -> dict[str, str]:
    """The environment children inherit: without git's and omk's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "OMK_"))}


def require_known_platform() -> None:
    """Refuse Windows in one line."""
    if sys.platform == "win32":
        raise Unusable("omk runs on Linux and macOS. On Windows, run it inside WSL.")
