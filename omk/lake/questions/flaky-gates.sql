/*
sentence = "Which gates both passed and did not pass on the same tree, by the same definition."
empty = "No gate has both passed and failed on the same tree by the same definition."
about = """\
  A tree counts where a gate judged it at least twice by one definition, in whichever goals; not to pass is to \
  fail, to time out or to error."""

[parameters]
since = "runs that ended since"
goal = "this goal"

[columns]
gate = "the gate's name"
flaky_trees = "on how many trees it both passed and did not"
trees = "how many trees it judged at least twice by the same definition"
flaky_percent = "how many of a hundred of those were flaky"
passed = "how often it passed on the flaky ones"
red = "how often it did not pass on the flaky ones"
goals = "in how many goals that happened"
last_at = "when it last ran on a flaky one, UTC"

[picture]
kind = "bars"
label = ["gate"]
value = "flaky_percent"
most = 100
beside = "trees"
counts = "tree"
axis = "trees judged at least twice that both passed and did not"
style = "bad"
*/
WITH chosen AS (
    SELECT goal
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository) AND ($goal IS NULL OR goal = $goal)
), runs AS (
    SELECT goal, gate, definition, tree, outcome = 'passed' AS is_pass, ended_at
    FROM gates SEMI JOIN chosen USING (goal)
    WHERE outcome IN ('passed', 'failed', 'timed_out', 'errored') AND ($since IS NULL OR ended_at >= $since)
), judged AS (
    SELECT gate, definition, tree, count(*) FILTER (is_pass) AS passed, count(*) FILTER (NOT is_pass) AS red
    FROM runs
    GROUP BY gate, definition, tree
    HAVING count(*) > 1
), flaky AS (
    SELECT gate, count(DISTINCT goal) AS goals, max(ended_at) AS last_at
    FROM runs SEMI JOIN (FROM judged WHERE passed > 0 AND red > 0) AS both_ways USING (gate, definition, tree)
    GROUP BY gate
)
SELECT
    gate, count(*) FILTER (passed > 0 AND red > 0) AS flaky_trees, count(*) AS trees,
    round(100 * count(*) FILTER (passed > 0 AND red > 0) / count(*), 1) AS flaky_percent,
    (sum(passed) FILTER (passed > 0 AND red > 0))::BIGINT AS passed, (sum(red) FILTER (passed > 0 AND red > 0))::BIGINT AS red,
    any_value(goals) AS goals, any_value(last_at) AS last_at
FROM judged JOIN flaky USING (gate)
GROUP BY gate
ORDER BY flaky_trees DESC, flaky_percent DESC, gate
