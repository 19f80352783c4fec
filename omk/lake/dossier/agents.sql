-- Every run of an agent; one that was still at work has no outcome.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    started_seq, started_at, if(seq <= last, seq, NULL) AS seq, goal <> {goal} AS inherited, agent, task, attempt, driver,
    if(seq <= last, outcome, NULL) AS outcome,
    if(seq <= last, exit_code, NULL) AS exit_code,
    if(seq <= last, signal, NULL) AS signal,
    if(seq <= last, duration_ms, NULL) AS duration_ms,
    if(seq <= last, output, NULL) AS output,
    if(seq <= last, output_bytes, NULL) AS output_bytes
FROM agents JOIN lineage USING (goal)
WHERE coalesce(started_seq, seq) BETWEEN first AND last
ORDER BY coalesce(started_seq, agents.seq)
