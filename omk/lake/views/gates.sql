-- What was answered, and of what was open at the end of a window that which no later window answered.
WITH late AS (
    SELECT goal, started_seq FROM stored.gates WHERE outcome IS NOT NULL AND is_late
)
SELECT
    goal, gate, attempt, required, command, tree, definition, outcome, exit_code, signal, duration_ms, output, output_bytes, started_seq, started_at, seq, recorded_at AS ended_at
FROM stored.gates
WHERE outcome IS NOT NULL
UNION ALL
SELECT
    goal, gate, attempt, required, command, tree, definition, outcome, exit_code, signal, duration_ms, output, output_bytes, started_seq, started_at, NULL AS seq, NULL AS ended_at
FROM stored.gates ANTI JOIN late USING (goal, started_seq)
WHERE outcome IS NULL
