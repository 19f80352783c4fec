-- Every run of a gate with the tree it judged; one that was still at work has no outcome. is_current says whether the gate's
-- definition was still the one in force as of this event.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
configured AS (
    SELECT unnest((payload->'gates')::JSON[]) AS definition
    FROM (
        SELECT payload FROM events JOIN lineage USING (goal)
        WHERE seq BETWEEN first AND last AND name = 'gates_configured'
        ORDER BY seq DESC
        LIMIT 1
    )
),
current AS (SELECT definition->>'name' AS gate, definition->>'digest' AS digest FROM configured),
reasons AS (
    SELECT goal, seq, coalesce(texts->>'reason', if(payload->>'reason' IS NULL, NULL, '(erased)')) AS reason
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last AND name IN ('gate_ran', 'effect_aborted')
)
SELECT
    started_seq, if(runs.seq <= last, runs.seq, NULL) AS seq, runs.goal <> {goal} AS inherited, runs.gate, attempt, tree, definition,
    coalesce(definition = current.digest, false) AS is_current,
    if(runs.seq <= last, outcome, NULL) AS outcome,
    if(runs.seq <= last, exit_code, NULL) AS exit_code,
    if(runs.seq <= last, signal, NULL) AS signal,
    if(runs.seq <= last, duration_ms, NULL) AS duration_ms,
    if(runs.seq <= last, output, NULL) AS output,
    if(runs.seq <= last, output_bytes, NULL) AS output_bytes,
    reason
FROM gates AS runs JOIN lineage ON lineage.goal = runs.goal
LEFT JOIN current ON current.gate = runs.gate
LEFT JOIN reasons ON reasons.goal = runs.goal AND reasons.seq = runs.seq
WHERE coalesce(started_seq, runs.seq) BETWEEN first AND last
ORDER BY coalesce(started_seq, runs.seq)
