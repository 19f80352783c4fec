"""What might come: commands with hypothetical outcomes, decided by the real decider, that lead a goal to ready."""
