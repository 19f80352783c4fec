"""Agents: their processes, and the drivers that start them."""
