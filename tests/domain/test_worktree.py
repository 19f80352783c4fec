from omk.domain.subjects.worktree import (
    CloseWorktree,
    CommitMade,
    MergeConflicted,
    OpenWorktree,
    RebaseChange,
    RecordCommit,
    RecordConflict,
    ScopeViolated,
    WorktreeClosed,
    WorktreeOpened,
    WorktreeRebased,
)
from tests.scenario import BASE, BOT, CREATED, WORKED, change, files, goal, some, tree, work

OPEN = OpenWorktree(actor=BOT, worktree="agent", purpose="agent", tree=tree("base"))
WORKING = (*CREATED, *work())


def paths(story):
    return {path: (net.old, net.new) for path, net in story.state.worktree.paths.items()}


def test_worktrees_are_counted_and_closed_by_their_number():
    opened = WorktreeOpened(worktree="agent", number=1, purpose="agent", tree=tree("base"))
    story = goal.given(*CREATED).when(OPEN).then(opened)
    story.when(OPEN).then_nothing()
    close = CloseWorktree(actor=BOT, worktree="agent")
    story = story.when(close).then(WorktreeClosed(worktree="agent", number=1))
    story.when(close).then_nothing()
    assert story.given(OPEN).state.worktree.worktrees == 2


def test_a_worktree_that_is_open_keeps_no_goal_from_being_ready():
    assert "obligations.closed" not in goal.given(*CREATED, OPEN).gaps


def test_files_lead_from_tree_to_tree():
    story = goal.given(*WORKING, files("base", "one")).given(files("one", "two", change("b.py", old=None)))
    assert story.state.worktree.tree == tree("two")
    assert paths(story) == {"hello.py": (tree("old"), tree("new")), "b.py": (None, tree("new"))}


def test_the_same_tree_is_recorded_once():
    goal.given(*WORKING, files("base", "one")).when(files("base", "one")).then_nothing()


def test_a_snapshot_of_a_tree_that_has_moved_on_is_refused():
    goal.given(*WORKING, files("base", "one")).when(files("base", "two")).then_refused(because="Take the snapshot again")


def test_changes_that_cancel_out_leave_nothing():
    there, back = change("hello.py"), change("hello.py", new="old", old="new")
    assert paths(goal.given(*WORKING, files("base", "one", there), files("one", "base", back))) == {}


def test_a_file_that_was_added_and_deleted_again_leaves_nothing():
    added, deleted = change("b.py", old=None), change("b.py", new=None, old="new")
    assert paths(goal.given(*WORKING, files("base", "one", added), files("one", "base", deleted))) == {}


def test_a_file_changed_twice_is_compared_with_the_base():
    first, second = change("hello.py"), change("hello.py", new="newer", old="new")
    story = goal.given(*WORKING, files("base", "one", first), files("one", "two", second))
    assert paths(story) == {"hello.py": (tree("old"), tree("newer"))}


def test_what_lies_outside_the_scope_is_recorded_beside_the_files():
    story = goal.given(*WORKING).when(files("base", "one", change("setup.cfg"), outside=("setup.cfg",)))
    assert story.new[1].event == ScopeViolated(task="goal-agent-execute", tree=tree("one"), paths=("setup.cfg",))


def test_a_merge_violates_no_scope():
    story = goal.given(*WORKED).when(files("done", "merged", task=None, outside=("setup.cfg",)))
    assert len(story.new) == 1


def test_a_change_stands_on_another_base():
    base = some(WorktreeRebased).base
    rebased = WorktreeRebased(base=base, tree=tree("merged"), changes=(change("hello.py"),))
    moved = files("done", "merged", task=None).changed
    story = goal.given(*WORKED).when(RebaseChange(actor=BOT, changed=moved, rebased=rebased))
    story.then(moved, rebased).when(RebaseChange(actor=BOT, changed=moved, rebased=rebased)).then_nothing()
    assert story.state.worktree.base == base != BASE
    assert paths(story) == {"hello.py": (tree("old"), tree("new"))}


def test_a_commit_and_a_conflict_are_recorded_once():
    made, conflicted = some(CommitMade), some(MergeConflicted)
    for command, event in (
        (RecordCommit(actor=BOT, made=made), made),
        (RecordConflict(actor=BOT, conflicted=conflicted), conflicted),
    ):
        goal.given(*WORKED).when(command).then(event).when(command).then_nothing()
