"""What an agent is told: the goal, the task, what was wrong last time, and how it will be judged."""

from collections.abc import Iterator

from omk.domain.event import Output
from omk.domain.plan import EXECUTE, PLAN
from omk.domain.proof.gaps import ENDED
from omk.domain.proof.holds import executors
from omk.domain.proof.proof import Gap
from omk.domain.subjects.slice import Conflict
from omk.domain.subjects.task import Task
from omk.domain.text import resolve
from omk.domain.whose import because, concerning
from omk.runtime.fitting import OUTPUT, WORDS, Part, fitted, without_middle
from omk.runtime.invitation import channel, planning
from omk.runtime.session import Session

LONGEST = 100_000
"""Bytes of a prompt: it also travels in an environment variable, and Linux allows 131,072 for one."""
OWED_ANYWAY = frozenset({"agent.executed", "files.changed"})
"""What no first attempt on a fork needs to be told: that it has not been made yet."""
MOST_OUTPUT = 4_000
"""Bytes of an output that go back to the agent."""
MOST_DIFFERENCE = 8_000
"""Bytes of a difference that the agent gets to read."""


def prompt_for(session: Session, task: str, attempt: int) -> str:
    """The prompt for the *attempt*-th try of *task*, what matters most first; at most `LONGEST` bytes of UTF-8."""
    state, text = session.state, session.handle.text
    if task == PLAN:
        return _whole([*_goal(session), planning(session.state)])
    work = state.task[task]
    goal, described = text(state.goal.prompt), text(work.description)
    parts = [
        *_goal(session),
        Part(f"# Task {task}: ", text(work.title), rank=WORDS),
        Part(body=described if described != goal else "", rank=WORDS),
        Part(body=_criteria(session, work), rank=WORDS),
        Part(_scope(work)),
        _rejection(session),
        *_wrong(session, work, attempt),
        *_judged(session),
        channel(session.state),
    ]
    return _whole(parts)


def _whole(parts: list[Part]) -> str:
    whole = [part._replace(head=_plain(part.head), body=_plain(part.body)) for part in parts]
    return fitted(whole, LONGEST)


def _goal(session: Session) -> list[Part]:
    """What is asked for, in a person's words."""
    goal, text = session.state.goal, session.handle.text
    decided = (Part("Decided by a person: ", text(one.answer), rank=WORDS) for one in goal.decisions)
    return [Part("# Goal\n\n", text(goal.prompt), rank=WORDS), *decided]


def _plain(text: str) -> str:
    return text.replace("\0", "")


def _criteria(session: Session, work: Task) -> str:
    """What tells that the task is done; the built-in one says no more than the goal."""
    told = [session.handle.text(one) for one in work.acceptance]
    return "\n".join(("Done when:", *(f"- {one}" for one in told))) if told and work.id != EXECUTE else ""


def _scope(work: Task) -> str:
    return f"Change only these paths: {', '.join(work.write_set)}." if work.write_set else ""


def _rejection(session: Session) -> Part:
    """What a person said against the change, if theirs is the last word on it."""
    word = session.state.delivery.acceptance
    if word is None or word.status != "rejected":
        return Part()
    return Part("# A person rejected the change\n\n", session.handle.text(word.summary), rank=WORDS)


def _judged(session: Session) -> Iterator[Part]:
    gates = session.state.gate
    lines = [f"- gate {name}: `{' '.join(gates.by_name[name].definition.command)}`" for name in gates.order]
    checks = ", ".join(session.state.goal.oracle.checks) if session.state.goal.oracle else ""
    head = "# How the change is judged\nWork in the current directory; omk records what you leave."
    yield Part(f"{head} It then runs:\n", "\n".join(lines), rank=WORDS) if lines else Part(head)
    yield Part(f"The gates have to prove: {checks}." if checks and lines else "")


def _wrong(session: Session, work: Task, attempt: int) -> Iterator[Part]:
    """What keeps the last attempt from being ready, as far as it is this task's: first all of it, then what was printed."""
    state = session.state
    concerned = concerning(state, work.id)
    gaps = [gap for gap in session.handle.proof.gaps if gap.code in concerned]
    head = f"# What keeps attempt {attempt - 1} from being ready"
    if state.goal.forked_from and work.id not in state.agent.last:
        gaps = [gap for gap in gaps if gap.code not in OWED_ANYWAY]
        head = "# What keeps the files you begin with from being ready"
    if attempt == 1 or not gaps:
        return
    yield Part(head)
    if why := because(state, work.id):
        yield Part(f"Several tasks make up the goal. It is this one's turn: {why}.")
    yield from (Part("- ", _sentence(session, work, gap), rank=WORDS) for gap in gaps)
    yield from _kept(session, work, attempt)
    for gap in gaps:
        yield from _shown(session, work, gap)


def _sentence(session: Session, work: Task, gap: Gap) -> str:
    """What is wrong; of what several tasks have in common, this one's share."""
    words = str(resolve(gap.text, session.handle.record_at))
    if len(executors(session.state)) > 1 and gap.code in OWED_ANYWAY:
        run, conflict = session.state.agent.last.get(work.id), session.state.slice.conflicts.get(work.id)
        words = "This task changed no file of its own."
        if gap.code == "files.changed" and conflict is not None:
            words = f"The work on it conflicts with the goal's tree in {', '.join(conflict.paths)}."
        if gap.code == "agent.executed" and run is not None and run.outcome is not None:
            code = f" with exit code {run.exit_code}" if run.exit_code is not None else ""
            words = f"The last attempt at this task {ENDED[run.outcome]}{code}."
    return f"{gap.code}: {words}"


def _kept(session: Session, work: Task, attempt: int) -> Iterator[Part]:
    """What the last attempt left that is not in the worktree."""
    kept = session.state.slice.kept.get(work.id)
    if kept is not None and kept.attempt == attempt - 1:
        reason = session.handle.text(kept.reason)
        yield Part(
            f"What attempt {kept.attempt} left is not in your worktree, but kept as tree {kept.tree}: ", reason, rank=WORDS
        )


def _shown(session: Session, work: Task, gap: Gap) -> Iterator[Part]:
    """What was printed or changed that shows what is wrong."""
    state = session.state
    gate = state.gate.by_name.get(gap.code.removeprefix("gate.")) if gap.code.startswith("gate.") else None
    run = state.agent.last.get(work.id)
    conflict = state.slice.conflicts.get(work.id)
    if gate is not None and gate.last is not None:
        yield _printed(session, f"What gate {gate.definition.name} printed", gate.last.output)
    elif gap.code == "agent.executed" and run is not None and run.outcome not in {None, "succeeded"}:
        yield _printed(session, f"What attempt {run.attempt} printed", run.output)
    elif gap.code == "files.changed" and conflict is not None:
        yield from _sides(session, conflict)


def _printed(session: Session, what: str, output: Output | None) -> Part:
    content = session.handle.output(output.digest) or b"" if output else b""
    text = without_middle(content.decode("utf-8", "replace").strip(), MOST_OUTPUT)
    return Part(f"{what}:\n\n```\n", text, "\n```", OUTPUT) if text else Part()


def _sides(session: Session, conflict: Conflict) -> Iterator[Part]:
    """Both sides of a conflict: the files that the agent begins with have the other one, and not its own."""
    yield Part(
        f"What attempt {conflict.attempt} made is kept as tree {conflict.tree}: `git show {conflict.tree}:PATH` shows a file of "
        "it. Your worktree has the other side's change and not yours: do your task again, beside what is there now."
    )
    now = session.state.worktree.tree
    sides = (("What the other side changed there", now), (f"What attempt {conflict.attempt} changed there", conflict.tree))
    for words, tree in sides:
        patch = session.workshop.diff(conflict.base, tree, conflict.paths).decode("utf-8", "replace")
        yield Part(f"{words}:\n\n```diff\n", without_middle(patch.strip(), MOST_DIFFERENCE), "\n```", OUTPUT)
