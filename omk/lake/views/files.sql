SELECT goal, seq, recorded_at, task, agent, path, operation, old, new, old_mode, mode, tree FROM stored.files
