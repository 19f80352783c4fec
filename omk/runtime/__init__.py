"""The runtime: the one writer, the controller, git and worktrees, gates and reviews."""
