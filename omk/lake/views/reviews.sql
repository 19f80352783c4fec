-- What was answered, and of what was open at the end of a window that which no later window answered.
WITH late AS (
    SELECT goal, started_seq FROM stored.reviews WHERE outcome IS NOT NULL AND is_late
)
SELECT
    goal, review, attempt, tree, base, outcome, findings, started_seq, started_at, seq, recorded_at AS ended_at
FROM stored.reviews
WHERE outcome IS NOT NULL
UNION ALL
SELECT
    goal, review, attempt, tree, base, outcome, findings, started_seq, started_at, NULL AS seq, NULL AS ended_at
FROM stored.reviews ANTI JOIN late USING (goal, started_seq)
WHERE outcome IS NULL
