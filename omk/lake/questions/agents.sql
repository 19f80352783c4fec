/*
sentence = "How agents compare on like goals: goals of one kind that passed through the same gates."
empty = "No two agents have worked on like goals."
about = """\
  Left out: goals on which agents of several drivers worked, and goals that only one driver's agents have worked \
  on the like of."""

[parameters]
since = "goals begun since"
agent = "agents driven so"

[columns]
kind = "what kind of goals they are"
gates = "the gates that ran on each of them"
agent = "how the agent is driven"
goals = "on how many such goals it worked"
ready = "how many of them were ever ready"
ready_percent = "the same, of a hundred"
median_ms = "the time to ready that half of those do not exceed, milliseconds"
mean_micro_usd = "the money spent on a goal, on average, rounded, millionths of a US dollar"
runs_per_goal = "how often it was started for a goal, on average"
micro_usd = "the money spent on all of them, millionths of a US dollar"
mean_tokens = "the tokens used for a goal, on average, rounded"
tool_failures = "how many of its tool calls did not succeed"

[picture]
kind = "bars"
group = ["kind", "gates"]
label = ["agent"]
value = "ready_percent"
most = 100
beside = "goals"
counts = "goal"
axis = "goals that were ever ready"
style = "good"
*/
WITH worked AS (
    SELECT goal, min(driver) AS agent, count(*) AS runs
    FROM agents
    GROUP BY goal
    HAVING min(driver) = max(driver)
), chosen AS (
    SELECT
        goal, coalesce(kind, 'unknown') AS kind, created_at, coalesce(forked_seq, 0) AS inherited, agent, runs, tokens, micro_usd,
        tool_failures
    FROM (SELECT * EXCLUDE (agent) FROM goals) AS known JOIN worked USING (goal)
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($since IS NULL OR created_at >= $since)
        AND ($agent IS NULL OR contains(agent, $agent))
), walls AS (
    SELECT goal, list_sort(list(DISTINCT gate)) AS gates FROM gates SEMI JOIN chosen USING (goal) GROUP BY goal
), reached AS (
    SELECT goal, min(recorded_at) AS ready_at
    FROM verdicts JOIN chosen USING (goal)
    WHERE status = 'ready' AND seq > inherited
    GROUP BY goal
), told AS (
    SELECT
        kind, coalesce(gates, []) AS gates, agent, count(*) AS goals, count(ready_at) AS ready,
        round(100 * count(ready_at) / count(*), 1) AS ready_percent,
        quantile_disc(date_diff('microsecond', created_at, ready_at) // 1000, 0.5) AS median_ms,
        (2 * sum(micro_usd) + count(*)) // (2 * count(*)) AS mean_micro_usd, round(sum(runs) / count(*), 1) AS runs_per_goal,
        sum(micro_usd) AS micro_usd, ((2 * sum(tokens) + count(*)) // (2 * count(*)))::BIGINT AS mean_tokens,
        sum(tool_failures)::BIGINT AS tool_failures
    FROM chosen LEFT JOIN walls USING (goal) LEFT JOIN reached USING (goal)
    GROUP BY kind, coalesce(gates, []), agent
)
SELECT *
FROM told
QUALIFY count(*) OVER (PARTITION BY kind, gates) > 1
ORDER BY sum(goals) OVER (PARTITION BY kind, gates) DESC, kind, gates, ready_percent DESC, goals DESC, agent
