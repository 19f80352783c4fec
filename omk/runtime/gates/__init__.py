"""Verification gates: how they are defined, found and guarded."""
