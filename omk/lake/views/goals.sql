-- The newest mark of each goal is what it is now.
WITH newest AS (
    SELECT goal, max(position) AS position FROM stored.goals GROUP BY goal
), marks AS (
    SELECT one.* FROM stored.goals AS one SEMI JOIN newest USING (goal, position)
), ready AS (
    SELECT goal, min(seq) AS first_ready_seq, min(recorded_at) AS first_ready_at FROM stored.verdicts WHERE status = 'ready' GROUP BY goal
), asked AS (
    SELECT goal, seq, texts->>'prompt' AS prompt FROM stored.events WHERE kind IN ('goal_created.v1', 'goal_forked.v1')
)
SELECT
    marks.goal, prompt, status, phase, kind, created_at, recorded_at AS updated_at, marks.seq AS events, repository, base_branch,
    base_commit, tree, agent, forked_from, forked_seq, gaps, first_ready_seq, first_ready_at, files, tasks, agent_runs,
    messages, tool_calls, tool_failures, gate_runs, active_ms, tokens, micro_usd
FROM marks
LEFT JOIN ready ON ready.goal = marks.goal
LEFT JOIN asked ON asked.goal = marks.goal AND asked.seq = marks.prompt_seq
