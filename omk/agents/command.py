"""The driver `command:<shell command>`: any program that changes files in the directory it is started in.

The prompt arrives on stdin, in `OMK_PROMPT`, and in the file that `OMK_PROMPT_FILE` names: three channels, one text.
"""

from omk.agents.launch import Launch
from omk.errors import Refused


class CommandAgent:
    """A shell command as an agent."""

    def __init__(self, spec: str, line: str) -> None:
        if not line.strip():
            raise Refused("The agent's command is missing. Write it after the colon: --agent 'command:my-agent'.")
        self.spec, self.line = spec, line

    def launch(self, prompt: str, prompt_file: str) -> Launch:
        """The shell line, fed with the prompt."""
        environment = {"OMK_PROMPT": prompt, "OMK_PROMPT_FILE": prompt_file}
        return Launch(line=self.line, stdin=prompt.encode(), environment=environment)
