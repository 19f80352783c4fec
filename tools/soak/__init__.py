"""The crash matrix: a goal is killed at every place it can be killed at, and must come out as if it had not been."""
