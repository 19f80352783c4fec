"""What several agents at once live through, for histories: leases, slices, conflicts, and what was kept or seen outside."""

from collections.abc import Callable

from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.event import Command
from omk.domain.state import GoalState
from omk.domain.subjects import lease, worktree
from omk.domain.subjects import slice as slices
from omk.domain.work_decider import LandSlice, RecordWork
from tests.scenario import BOT, change, some, time, tree


def _attempt(state: GoalState, name: str) -> int:
    return state.task[name].attempts if name in state.task else 0


def _renew(state: GoalState, draw: st.DrawFn) -> Command:
    name = _executor(state, draw)
    fence = state.task[name].fence if name in state.task else 0
    return lease.RenewLease(actor=BOT, task=name, fence=fence, now=state.at, lease_ends=time(state.seq + 9))


def _executor(state: GoalState, draw: st.DrawFn) -> str:
    return draw(st.sampled_from([one for one in sorted(state.task) if state.task[one].role == "executor"] or ["none"]))


def _made(state: GoalState, name: str, old: str) -> worktree.FilesChanged:
    """A change of a file of the task's own."""
    before = state.worktree.paths.get(f"{name}.txt")
    made = replace(change(f"{name}.txt", f"{name} {state.seq}", None), old=before and before.new)
    agent = f"{name}:{_attempt(state, name)}"
    after = tree(f"{name} {state.seq}")
    return some(worktree.FilesChanged, worktree=name, task=name, agent=agent, old=old, tree=after, changes=(made,))


def _work(state: GoalState, draw: st.DrawFn) -> Command:
    """An attempt ends: it began from the goal's tree, or from one before; its lease may be over."""
    name, old = _executor(state, draw), draw(st.sampled_from((state.worktree.tree, tree("base"))))
    fence = state.task[name].fence if name in state.task else 0
    late, outside = draw(st.sampled_from((0, 0, 0, 1))), draw(st.sampled_from(((), (), ("setup.cfg",))))
    made = _made(state, name, old)
    return RecordWork(actor=BOT, changed=made, attempt=_attempt(state, name), fence=fence - late, outside=outside)


def _slice(state: GoalState, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(sorted(state.slice.waiting) or ["none"]))


def _land(state: GoalState, draw: st.DrawFn) -> Command:
    return LandSlice(actor=BOT, changed=_made(state, _slice(state, draw), state.worktree.tree))


def _mend(state: GoalState, draw: st.DrawFn) -> Command:
    mended = some(slices.SliceMended, task=_slice(state, draw), ours=state.worktree.tree)
    return slices.MendSlice(actor=BOT, mended=mended)


def _conflict(state: GoalState, draw: st.DrawFn) -> Command:
    conflicted = some(slices.SliceConflicted, task=_slice(state, draw), ours=state.worktree.tree)
    return slices.RejectSlice(actor=BOT, conflicted=conflicted)


def _keep(state: GoalState, draw: st.DrawFn) -> Command:
    kept = some(slices.WorkKept, task=_executor(state, draw), tree=tree(f"kept {state.seq}"))
    return slices.KeepWork(actor=BOT, kept=kept)


def _touched(_: GoalState, draw: st.DrawFn) -> Command:
    touched = some(slices.OutsideTouched, where=draw(st.sampled_from(("checkout", "git"))))
    return slices.NoteOutside(actor=BOT, touched=touched)


AT_ONCE: tuple[tuple[int, Callable[[GoalState, st.DrawFn], Command]], ...] = (
    (1, _renew),
    (2, _work),
    (2, _land),
    (1, _mend),
    (1, _conflict),
    (1, _keep),
    (1, _touched),
)
"""How often each is asked for, and how."""
