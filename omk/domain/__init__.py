"""The domain, pure: events, the state they add up to, and the judgement on that state."""
