SELECT goal, seq, recorded_at, kind, status, opened, closed FROM stored.verdicts
