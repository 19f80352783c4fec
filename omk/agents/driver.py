"""What omk asks of a driver: how to start its agent on a prompt."""

from typing import Protocol

from omk.agents.command import CommandAgent
from omk.agents.launch import Launch
from omk.errors import Refused

FORMS = "command:<shell command>"


class Driver(Protocol):
    """A kind of agent."""

    spec: str

    def launch(self, prompt: str, prompt_file: str) -> Launch:
        """How to start the agent on *prompt*, which is also in *prompt_file*."""
        ...


def driver_of(spec: str) -> Driver:
    """The driver that an agent spec names. Raises `Refused`."""
    kind, colon, rest = spec.partition(":")
    if kind == "command" and colon:
        return CommandAgent(spec, rest)
    raise Refused(f"'{spec}' names no agent. Write --agent '{FORMS}'.")
