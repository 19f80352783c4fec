-- The newest mark of each goal is what it is now.
WITH newest AS (
    SELECT goal, max(position) AS position FROM stored.goals GROUP BY goal
), marks AS (
    SELECT one.* FROM stored.goals AS one SEMI JOIN newest USING (goal, position)
), ready AS (
    SELECT verdicts.goal, min(verdicts.seq) AS first_ready_seq, min(verdicts.recorded_at) AS first_ready_at
    FROM stored.verdicts AS verdicts JOIN marks ON marks.goal = verdicts.goal
    WHERE verdicts.status = 'ready' AND verdicts.seq > coalesce(marks.forked_seq, 0)
    GROUP BY verdicts.goal
), asked AS (
    SELECT goal, seq, texts->>'prompt' AS prompt FROM stored.events WHERE kind LIKE 'goal_created.v%' OR kind LIKE 'goal_forked.v%'
)
SELECT
    marks.goal, prompt, status, phase, kind, created_at, recorded_at AS updated_at, marks.seq AS events, repository, base_branch,
    base_commit, tree, agent, forked_from, forked_seq, gaps, first_ready_seq, first_ready_at, files, tasks, agent_runs,
    messages, tool_calls, tool_failures, gate_runs, active_ms, tokens, micro_usd
FROM marks
LEFT JOIN ready ON ready.goal = marks.goal
LEFT JOIN asked ON asked.goal = marks.goal AND asked.seq = marks.prompt_seq
