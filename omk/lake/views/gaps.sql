-- Each opening of a gap with the closing that follows it.
WITH turns AS (
    SELECT goal, seq, recorded_at, kind, unnest(opened) AS code, true AS is_opening FROM stored.verdicts
    UNION ALL
    SELECT goal, seq, recorded_at, kind, unnest(closed) AS code, false AS is_opening FROM stored.verdicts
), spans AS (
    SELECT *, lead(seq) OVER next AS closed_seq, lead(recorded_at) OVER next AS closed_at, lead(kind) OVER next AS closed_by
    FROM turns WINDOW next AS (PARTITION BY goal, code ORDER BY seq)
), last AS (
    SELECT goal, max(recorded_at) AS updated_at FROM stored.goals GROUP BY goal
)
SELECT
    spans.goal, spans.code, rules.code AS rule, rules.owner, spans.seq AS opened_seq, spans.recorded_at AS opened_at, closed_seq, closed_at,
    closed_by, date_diff('microsecond', spans.recorded_at, coalesce(closed_at, last.updated_at)) // 1000 AS open_ms
FROM spans
LEFT JOIN stored.rules AS rules
    ON rules.code = CASE WHEN rules.is_family THEN split_part(spans.code, '.', 1) || '.<' || split_part(rules.code, '<', 2) ELSE spans.code END
LEFT JOIN last ON last.goal = spans.goal
WHERE is_opening
