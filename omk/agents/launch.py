"""How an agent's process is started."""

from omk.domain.event import Value


class Launch(Value):
    """A line for `/bin/sh -c`, what the process reads on stdin, and what its environment gets besides."""

    line: str
    stdin: bytes
    environment: dict[str, str]
