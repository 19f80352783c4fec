-- The paths that differ from the base as of this event, with the git blobs before and after.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
told AS (
    SELECT regexp_extract(path, '^files(\.\w+|\[".*"\])\.(\w+)$', ['key', 'field']) AS step, value->>'$' AS value
    FROM state_at({goal}, {seq})
    WHERE starts_with(path, 'files.') OR starts_with(path, 'files[')
),
net AS (
    SELECT
        {unquoted} AS path,
        max(value) FILTER (step['field'] = 'operation') AS operation,
        max(value) FILTER (step['field'] = 'old') AS old_blob,
        max(value) FILTER (step['field'] = 'new') AS new_blob,
        max(value) FILTER (step['field'] = 'old_mode') AS old_mode,
        max(value) FILTER (step['field'] = 'mode') AS mode
    FROM told
    GROUP BY step['key']
),
changed AS (
    SELECT path, count(*) AS changes, max(seq) AS last_seq
    FROM files JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last
    GROUP BY path
)
SELECT net.path, operation, old_blob, new_blob, old_mode, mode, coalesce(changes, 0) AS changes, last_seq
FROM net LEFT JOIN changed ON changed.path = net.path
ORDER BY net.path
