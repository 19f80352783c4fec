"""What an agent is told: the goal, the task, how it will be judged, and what was wrong last time."""

from omk.domain.plan import PLAN
from omk.domain.proof.proof import Gap
from omk.domain.text import resolve
from omk.runtime.proposals import FORMAT, NAME
from omk.runtime.session import Session

LONGEST = 100_000
"""Bytes of a prompt: it also travels in an environment variable, and Linux allows 131,072 for one."""
OWED_ANYWAY = frozenset({"agent.executed", "files.changed"})
"""What no first attempt on a fork needs to be told: that it has not been made yet."""
TAIL = 4_000
"""Characters of a red gate's output that go back to the agent."""


def prompt_for(session: Session, task: str, attempt: int) -> str:
    """The prompt for the *attempt*-th try of *task*; at most `LONGEST` bytes of UTF-8."""
    state, text = session.state, session.handle.text
    if task == PLAN:
        return _whole([*_goal(session), _planning(session)])
    work = state.task[task]
    parts = [
        *_goal(session),
        f"# Task {task}: {text(work.title)}",
        text(work.description) if text(work.description) != text(state.goal.prompt) else "",
        _rejection(session),
        _judged(session),
        _scope(work.write_set),
        _channel(session),
    ]
    gaps = [gap for gap in session.handle.proof.gaps if gap.owner == "agent" and not gap.follows_from]
    head = f"# What keeps attempt {attempt - 1} from being ready"
    if state.goal.forked_from and task not in state.agent.last:
        gaps = [gap for gap in gaps if gap.code not in OWED_ANYWAY]
        head = "# What keeps the files you begin with from being ready"
    if attempt > 1 and gaps:
        parts += [head, *(_gap(session, gap) for gap in gaps)]
    return _whole(parts)


def _whole(parts: list[str]) -> str:
    prompt = "\n\n".join(part for part in parts if part).replace("\0", "") + "\n"
    return prompt.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")


def _goal(session: Session) -> list[str]:
    goal, text = session.state.goal, session.handle.text
    return ["# Goal", text(goal.prompt), *(f"Decided by a person: {text(one.answer)}" for one in goal.decisions)]


def _channel(session: Session) -> str:
    """How an agent proposes tasks of its own."""
    how = "one JSON object a line, paths from the top of the repository"
    return f"Other work that you find to be needed can be proposed in {_file(session)}, {how}:\n{FORMAT}"


def _planning(session: Session) -> str:
    """What a planner is asked for."""
    scope = session.state.goal.settings.scope if session.state.goal.settings else ()
    within = f", within {', '.join(scope)}" if scope else ""
    lines = (
        f"Split the goal into tasks for coding agents. Write them to {_file(session)}, one JSON object a line, in an order",
        "in which each depends only on earlier ones:",
        FORMAT,
        "Tasks that write the same paths, or name no path to write, have to depend on one another.",
        f"Paths are files or folders from the top of the repository, no patterns{within}. Change no other file: it is not kept.",
    )
    return "# Plan the goal\n\n" + "\n".join(lines)


def _file(session: Session) -> str:
    """The proposals' file, from where the agent works."""
    repository = session.state.goal.repository
    below = repository.subdirectory if repository else ""
    return "../" * len([part for part in below.split("/") if part]) + NAME


def _rejection(session: Session) -> str:
    """What a person said against the change, if theirs is the last word on it."""
    word = session.state.delivery.acceptance
    if word is None or word.status != "rejected":
        return ""
    return f"# A person rejected the change\n\n{session.handle.text(word.summary)}"


def _judged(session: Session) -> str:
    gates = session.state.gate
    lines = [f"- gate {name}: `{' '.join(gates.by_name[name].definition.command)}`" for name in gates.order]
    checks = ", ".join(session.state.goal.oracle.checks) if session.state.goal.oracle else ""
    head = "# How the change is judged\nWork in the current directory; omk records what you leave. It then runs:"
    about = f"\nThe gates have to prove: {checks}." if checks else ""
    return "\n".join([head, *lines]) + about if lines else head.partition(" It then")[0]


def _scope(write_set: tuple[str, ...]) -> str:
    return f"Change only these paths: {', '.join(write_set)}." if write_set else ""


def _gap(session: Session, gap: Gap) -> str:
    words = str(resolve(gap.text, session.handle.record_at))
    gate = session.state.gate.by_name.get(gap.code.removeprefix("gate."))
    if not gap.code.startswith("gate.") or gate is None or gate.last is None or gate.last.output is None:
        return f"- {gap.code}: {words}"
    content = session.handle.output(gate.last.output.digest) or b""
    tail = content.decode("utf-8", "replace")[-TAIL:].strip()
    return f"- {gap.code}: {words}\n\n```\n{tail}\n```" if tail else f"- {gap.code}: {words}"
