-- How often what was done, inherited history counted.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    count(*) FILTER (name = 'task_started') AS task_attempts,
    count(*) FILTER (name = 'agent_started') AS agent_runs,
    count(*) FILTER (name = 'agent_said') AS messages,
    count(*) FILTER (name = 'tool_called') AS tool_calls,
    count(*) FILTER (name = 'files_changed') AS file_changes,
    count(*) FILTER (name = 'gate_ran') AS gate_runs,
    count(*) FILTER (name = 'gate_ran' AND outcome <> 'passed') AS gate_runs_not_passed,
    count(*) FILTER (name = 'review_started') AS review_passes,
    count(*) FILTER (split_part(actor, ':', 1) IN ('person', 'policy')) AS person_events
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last
