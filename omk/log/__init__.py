"""The log: append-only streams of sealed records, and everything that guards them."""
