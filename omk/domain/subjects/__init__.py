"""The subjects of a goal, one file each: events, state, evolve, commands, decide."""
