"""Time travel and explanation: pure, over any iterable of records."""
