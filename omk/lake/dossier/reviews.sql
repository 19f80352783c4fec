-- Every review pass with the tree it judged; one that was still being made has no outcome.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
words AS (
    SELECT
        goal, seq,
        coalesce(
            texts->>'summary', texts->>'reason', if(coalesce(payload->>'summary', payload->>'reason') IS NULL, NULL, '(erased)')
        ) AS said
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last AND (starts_with(name, 'review_') OR name = 'effect_aborted')
)
SELECT
    started_seq, if(made.seq <= last, made.seq, NULL) AS seq, made.goal <> {goal} AS inherited, review, attempt, tree, base,
    if(made.seq <= last, outcome, NULL) AS outcome,
    if(made.seq <= last, findings, NULL) AS findings,
    said
FROM reviews AS made JOIN lineage ON lineage.goal = made.goal
LEFT JOIN words ON words.goal = made.goal AND words.seq = made.seq
WHERE coalesce(started_seq, made.seq) BETWEEN first AND last
ORDER BY coalesce(started_seq, made.seq)
