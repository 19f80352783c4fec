-- The newest mark of each task is what it is now.
WITH newest AS (
    SELECT goal, task, max(position) AS position FROM stored.tasks GROUP BY goal, task
), marks AS (
    SELECT one.* FROM stored.tasks AS one SEMI JOIN newest USING (goal, task, position)
), titles AS (
    SELECT goal, seq, texts->>'title' AS title FROM stored.events WHERE kind LIKE 'task_proposed.v%'
)
SELECT
    marks.goal, marks.task, title, role, status, attempts, dependencies, write_set, holder, tree, marks.seq
FROM marks
LEFT JOIN titles ON titles.goal = marks.title_goal AND titles.seq = marks.title_seq
