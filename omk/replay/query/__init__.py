"""Questions to a history: expressions over a moment, when they came true, and what differs between two moments."""
