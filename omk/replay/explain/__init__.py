"""Explanations: why a goal is not ready, what that rests on, and what would make it ready."""
