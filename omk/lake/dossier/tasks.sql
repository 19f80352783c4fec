-- The tasks as they stood after this event, and why an attempt failed last.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
told AS (
    SELECT regexp_extract(path, '^tasks(\.\w+|\[".*"\])\.(\w+)$', ['key', 'field']) AS step, value->>'$' AS value
    FROM state_at({goal}, {seq})
    WHERE starts_with(path, 'tasks.') OR starts_with(path, 'tasks[')
),
tasks_then AS (
    SELECT
        {unquoted} AS task,
        max(value) FILTER (step['field'] = 'role') AS role,
        max(value) FILTER (step['field'] = 'status') AS status,
        max(try_cast(value AS BIGINT)) FILTER (step['field'] = 'attempts') AS attempts,
        max(try_cast(value AS BIGINT)) FILTER (step['field'] = 'seq') AS seq
    FROM told
    WHERE step['field'] IN ('role', 'status', 'attempts', 'seq')
    GROUP BY step['key']
),
words AS (
    SELECT
        task,
        min(seq) FILTER (name = 'task_proposed') AS proposed_seq,
        bool_or(goal <> {goal}) FILTER (name = 'task_proposed') AS inherited,
        arg_max(coalesce(texts->>'title', '(erased)'), seq) FILTER (name = 'task_proposed') AS title,
        arg_max(coalesce(texts->>'reason', '(erased)'), seq) FILTER (name IN ('task_failed', 'task_rejected')) AS failed_because
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last AND name IN ('task_proposed', 'task_failed', 'task_rejected')
    GROUP BY task
)
SELECT tasks_then.task, title, role, status, attempts, seq, failed_because, coalesce(inherited, false) AS inherited
FROM tasks_then LEFT JOIN words ON words.task = tasks_then.task
ORDER BY proposed_seq, tasks_then.task
