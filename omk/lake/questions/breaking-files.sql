/*
sentence = "Which files were changed between a pass of a gate and the red run that followed it."
empty = "No gate that had passed was red after files were changed."
about = """\
  What was changed in between may have broken the gate, or may only have been changed along with it: compare with \
  how often the file changed at all. The first hundred."""

[parameters]
since = "changes since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
path = "the file"
breaks = "how many red runs followed a change of it and a pass before that"
gates = "which gates they were of"
breaking_changes = "how many changes of it lie before such a run"
changes = "how often it was changed at all"
breaking_percent = "how many of a hundred of its changes lie before such a run"
goals = "in how many goals that happened"

[picture]
kind = "bars"
label = ["path"]
value = "breaks"
beside = "changes"
counts = "change"
axis = "red runs that followed a change of the file"
style = "bad"
*/
WITH chosen AS (
    SELECT goal, row_number() OVER () * 10_000_000_000 AS number
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), judged AS (
    SELECT number, gate, seq, outcome, lag(outcome) OVER before AS outcome_before, lag(seq) OVER before AS seq_before
    FROM gates JOIN chosen USING (goal)
    WHERE outcome IN ('passed', 'failed', 'timed_out', 'errored')
    WINDOW before AS (PARTITION BY number, gate ORDER BY seq)
), broken AS (
    SELECT number, gate, seq_before, seq AS red_seq
    FROM judged
    WHERE outcome <> 'passed' AND outcome_before = 'passed'
), changed AS (
    SELECT number, seq, recorded_at, path FROM files JOIN chosen USING (goal)
), touched AS (
    SELECT path, changed.number, changed.number + seq AS change, broken.number + red_seq AS break, gate
    FROM changed JOIN broken ON changed.number = broken.number AND seq > seq_before AND seq < red_seq
    WHERE $since IS NULL OR recorded_at >= $since
), blamed AS (
    SELECT
        path, count(DISTINCT break) AS breaks, list_sort(list(DISTINCT gate)) AS gates,
        count(DISTINCT change) AS breaking_changes, count(DISTINCT number) AS goals
    FROM touched
    GROUP BY path
), counted AS (
    SELECT path, count(*) AS changes
    FROM changed SEMI JOIN blamed USING (path)
    WHERE $since IS NULL OR recorded_at >= $since
    GROUP BY path
)
SELECT path, breaks, gates, breaking_changes, changes, round(100 * breaking_changes / changes, 1) AS breaking_percent, goals
FROM blamed JOIN counted USING (path)
ORDER BY breaks DESC, breaking_percent DESC, path
LIMIT 100
