"""The review wall: six deterministic passes over a diff."""
