"""Publishing: the branch, the pull request and its merge, where everybody else's are."""
