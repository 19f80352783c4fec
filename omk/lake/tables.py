"""The tables that people ask, column by column: what each holds, in which unit, and which event it comes from.

They are views over what is stored (`omk.lake.stored`); their SQL stands in `omk/lake/views/NAME.sql`. A test compares them with
what DuckDB says of them, and the reference page is made of them.
"""

from typing import NamedTuple


class Column(NamedTuple):
    """A column of a table: its DuckDB type, what it means (with its unit), and the event and field it comes from."""

    name: str
    type: str
    sentence: str
    source: str


class Table(NamedTuple):
    """A table that people ask: what a row is, the stored tables it is made of, and its columns."""

    name: str
    sentence: str
    made_of: tuple[str, ...]
    columns: tuple[Column, ...]


def _table(name: str, sentence: str, *columns: tuple[str, str, str, str], made_of: tuple[str, ...] = ()) -> Table:
    return Table(name, sentence, made_of or (name,), tuple(Column(*one) for one in columns))


_GOAL = ("goal", "VARCHAR", "the goal's id", "every event")
_SEQ = ("seq", "BIGINT", "the event's number within the goal, from 1", "every event")
_AT = ("recorded_at", "TIMESTAMPTZ", "when it was recorded, UTC, microseconds", "every event")
_STARTED = (
    ("started_seq", "BIGINT", "the event that announced it", "the announcement"),
    ("started_at", "TIMESTAMPTZ", "when it was announced, UTC", "the announcement"),
)
_ENDED = (
    ("seq", "BIGINT", "the event that answered it; null while it is open", "the answer"),
    ("ended_at", "TIMESTAMPTZ", "when it was answered, UTC; null while it is open", "the answer"),
)
_OUTPUT = (
    ("output", "VARCHAR", "the digest of what it printed, which names the blob", "the answer: `output.digest`"),
    ("output_bytes", "BIGINT", "how many bytes it printed", "the answer: `output.size`"),
)

TABLES: tuple[Table, ...] = (
    _table(
        "events",
        "Every record of the log, once. A fork's inherited events belong to its parent.",
        ("position", "BIGINT", "the record's place in the whole log", "the store"),
        _GOAL,
        _SEQ,
        _AT,
        ("actor", "VARCHAR", "who did it: `person:NAME`, `controller:ID`, `agent:ID`, `policy:NAME`", "every event"),
        ("kind", "VARCHAR", "the stored name, `gate_ran.v1`", "every event"),
        ("name", "VARCHAR", "the stored name without its version, `gate_ran`", "every event"),
        ("causes", "BIGINT[]", "the events of the goal that this one rests on", "every event"),
        ("digest", "VARCHAR", "`b2:` + BLAKE2b-256 of the sealed record, which the next one's chain names", "every event"),
        ("task", "VARCHAR", "the task it is about", "field `task`"),
        ("agent", "VARCHAR", "the agent it is about", "field `agent`"),
        ("gate", "VARCHAR", "the gate it is about", "field `gate`"),
        ("review", "VARCHAR", "the review pass it is about", "field `review`"),
        ("tool", "VARCHAR", "the tool call it is about", "field `tool`"),
        ("attempt", "BIGINT", "which attempt it is about, from 1", "field `attempt`"),
        ("outcome", "VARCHAR", "how it ended, in a word", "field `outcome`"),
        ("tree", "VARCHAR", "the git tree it is about", "field `tree`"),
        ("duration_ms", "BIGINT", "how long it took, milliseconds", "field `duration_ms`"),
        ("payload", "JSON", "the event with all its fields; a free text is its commitment", "every event"),
        ("texts", "JSON", 'the free texts by path, such as `{"reason": …}`; null without any, or when erased', "every event"),
    ),
    _table(
        "goals",
        "One row per goal, as of its last event.",
        _GOAL,
        ("prompt", "VARCHAR", "what was asked for; null when erased", "`goal_created`, `goal_forked`: `prompt`"),
        ("status", "VARCHAR", "the verdict in a word, by the rules of this omk", "the fold"),
        ("phase", "VARCHAR", "where it stands", "the fold"),
        ("kind", "VARCHAR", "what kind of goal it is", "`oracle_assessed`: `oracle`"),
        ("created_at", "TIMESTAMPTZ", "when its first own event was recorded, UTC", "`goal_created`, `goal_forked`"),
        ("updated_at", "TIMESTAMPTZ", "when its last event was recorded, UTC", "its last event"),
        ("events", "BIGINT", "the number of its last event, inherited ones counted", "its last event"),
        ("repository", "VARCHAR", "the id of the repository it works on", "`goal_created`: `repository.id`"),
        ("base_branch", "VARCHAR", "the branch it started from; null: detached", "`goal_created`: `base.branch`"),
        ("base_commit", "VARCHAR", "the commit it started from", "`goal_created`: `base.commit`"),
        ("tree", "VARCHAR", "the git tree that the content has become", "`files_changed`: `tree`"),
        ("agent", "VARCHAR", "the agent it was configured with", "`goal_configured`: `agent`"),
        ("forked_from", "VARCHAR", "the goal in whose past it begins; null if it is no fork", "`goal_forked`: `goal`"),
        ("forked_seq", "BIGINT", "the last event it inherits", "`goal_forked`: `seq`"),
        ("gaps", "BIGINT", "how many rules have a gap", "the fold"),
        ("first_ready_seq", "BIGINT", "its own event after which it was ready first; null: never", "the fold"),
        ("first_ready_at", "TIMESTAMPTZ", "when that was, UTC", "the fold"),
        ("files", "BIGINT", "how many paths differ from the base", "`files_changed`"),
        ("tasks", "BIGINT", "how many tasks it has", "`task_proposed`"),
        ("agent_runs", "BIGINT", "how often an agent was started, inherited runs counted", "`agent_started`"),
        ("messages", "BIGINT", "how many messages agents sent", "`agent_said`"),
        ("tool_calls", "BIGINT", "how many tool calls there were", "`tool_called`"),
        ("tool_failures", "BIGINT", "how many of them did not succeed", "`tool_finished`"),
        ("gate_runs", "BIGINT", "how often a configured gate ran", "`gate_ran`"),
        ("active_ms", "BIGINT", "how long agents worked, milliseconds, without what a fork inherits", "`usage_reported`"),
        ("tokens", "BIGINT", "tokens of all sorts, without what a fork inherits", "`usage_reported`"),
        ("micro_usd", "BIGINT", "money, millionths of a US dollar, without what a fork inherits", "`usage_reported`"),
        made_of=("goals", "verdicts", "events"),
    ),
    _table(
        "tasks",
        "One row per task of a goal, as of the goal's last event.",
        _GOAL,
        ("task", "VARCHAR", "its id", "`task_proposed`: `task`"),
        ("title", "VARCHAR", "what it is, in words; null when erased", "`task_proposed`: `title`"),
        ("role", "VARCHAR", "who carries it out: `executor` is an agent", "`task_proposed`: `role`"),
        ("status", "VARCHAR", "`proposed`, `pending`, `running`, `done`, `blocked`, `rejected`", "the fold"),
        ("attempts", "BIGINT", "how often it was begun", "`task_started`: `attempt`"),
        ("dependencies", "VARCHAR[]", "the tasks that have to be done before", "`task_proposed`: `dependencies`"),
        ("write_set", "VARCHAR[]", "the paths it may change; empty: any", "`task_proposed`: `write_set`"),
        ("holder", "VARCHAR", "the worker that holds it", "`task_claimed`: `worker`"),
        ("tree", "VARCHAR", "the git tree it left", "`task_finished`: `tree`"),
        ("seq", "BIGINT", "its last event", "the fold"),
        made_of=("tasks", "events"),
    ),
    _table(
        "agents",
        "One row per run of an agent, also while it is at work.",
        _GOAL,
        ("agent", "VARCHAR", "the run's id", "`agent_started`: `agent`"),
        ("task", "VARCHAR", "the task it works on", "`agent_started`: `task`"),
        ("attempt", "BIGINT", "which try of the task it is, from 1", "`agent_started`: `attempt`"),
        ("driver", "VARCHAR", "how the agent is driven, such as `command:CMD`", "`agent_started`: `driver`"),
        (
            "outcome",
            "VARCHAR",
            "`succeeded`, `failed`, `timed_out`, `stopped`, `died`, `aborted`; null while it is at work",
            "`agent_finished`, `agent_died`, `effect_aborted`",
        ),
        ("exit_code", "BIGINT", "the exit code of its process", "`agent_finished`: `exit_code`"),
        ("signal", "BIGINT", "the signal that ended it", "`agent_finished`: `signal`"),
        ("duration_ms", "BIGINT", "how long it worked, milliseconds", "`agent_finished`: `duration_ms`"),
        *_OUTPUT,
        *_STARTED,
        *_ENDED,
    ),
    _table(
        "gates",
        "One row per run of a gate, also while it is at work.",
        _GOAL,
        ("gate", "VARCHAR", "its name", "`gate_started`: `gate`"),
        ("attempt", "BIGINT", "which run of the gate it is, from 1", "`gate_started`: `attempt`"),
        ("required", "BOOLEAN", "whether the goal needs it, as configured when it was answered", "`gates_configured`"),
        ("command", "VARCHAR[]", "what it runs, as configured when it was answered", "`gates_configured`"),
        ("tree", "VARCHAR", "the git tree it judged", "`gate_ran`: `tree`"),
        ("definition", "VARCHAR", "the digest of its definition", "`gate_ran`: `definition`"),
        (
            "outcome",
            "VARCHAR",
            "`passed`, `failed`, `timed_out`, `errored`, `skipped`, `inconclusive`, `aborted`; null while it is at work",
            "`gate_ran`: `outcome`, `effect_aborted`",
        ),
        ("exit_code", "BIGINT", "the exit code of its process", "`gate_ran`: `exit_code`"),
        ("signal", "BIGINT", "the signal that ended it", "`gate_ran`: `signal`"),
        ("duration_ms", "BIGINT", "how long it ran, milliseconds", "`gate_ran`: `duration_ms`"),
        *_OUTPUT,
        *_STARTED,
        *_ENDED,
    ),
    _table(
        "tools",
        "One row per tool call, also while it is open.",
        _GOAL,
        ("tool", "VARCHAR", "its id", "`tool_called`: `tool`"),
        ("agent", "VARCHAR", "the agent that called it; null: omk itself", "`tool_called`: `agent`"),
        ("task", "VARCHAR", "the task that the agent works on", "`agent_started`: `task`"),
        ("name", "VARCHAR", "what was called, such as `shell`", "`tool_called`: `name`"),
        (
            "outcome",
            "VARCHAR",
            "`succeeded`, `failed`, `timed_out`, `stopped`, `aborted`; null while it is open",
            "`tool_finished`: `outcome`, `effect_aborted`",
        ),
        ("exit_code", "BIGINT", "the exit code of its process", "`tool_finished`: `exit_code`"),
        ("duration_ms", "BIGINT", "how long it took, milliseconds", "`tool_finished`: `duration_ms`"),
        _OUTPUT[1],
        *_STARTED,
        *_ENDED,
    ),
    _table(
        "reviews",
        "One row per review pass that was made, also while it is being made.",
        _GOAL,
        (
            "review",
            "VARCHAR",
            "the pass: `architect`, `code`, `test`, `security`, `performance`, `anti-slop`",
            "`review_started`",
        ),
        ("attempt", "BIGINT", "which time it was made, from 1", "`review_started`: `attempt`"),
        ("tree", "VARCHAR", "the git tree it judged", "`review_started`: `tree`"),
        ("base", "VARCHAR", "the git tree it compared with", "`review_started`: `base`"),
        (
            "outcome",
            "VARCHAR",
            "`passed`, `blocked`, `errored`, `not_applicable`, `aborted`; null while it is being made",
            "`review_passed`, `review_blocked`, `review_errored`, `review_not_applicable`, `effect_aborted`",
        ),
        ("findings", "BIGINT", "how many things it objects to", "`review_blocked`: `total`"),
        *_STARTED,
        *_ENDED,
    ),
    _table(
        "usage",
        "One row per report of what an agent spent.",
        _GOAL,
        _SEQ,
        _AT,
        ("agent", "VARCHAR", "the agent's run", "`usage_reported`: `agent`"),
        ("task", "VARCHAR", "the task it works on", "`agent_started`: `task`"),
        ("driver", "VARCHAR", "how the agent is driven", "`agent_started`: `driver`"),
        ("active_ms", "BIGINT", "how long it worked, milliseconds", "`usage_reported`: `active_ms`"),
        ("tokens_in", "BIGINT", "tokens read", "`usage_reported`: `tokens_in`"),
        ("tokens_out", "BIGINT", "tokens written", "`usage_reported`: `tokens_out`"),
        ("tokens_cached", "BIGINT", "tokens that were cached", "`usage_reported`: `tokens_cached`"),
        ("tokens", "BIGINT", "tokens of all three sorts", "`usage_reported`"),
        ("micro_usd", "BIGINT", "money, millionths of a US dollar", "`usage_reported`: `micro_usd`"),
    ),
    _table(
        "files",
        "One row per path that an event changed.",
        _GOAL,
        _SEQ,
        _AT,
        ("task", "VARCHAR", "the task it was changed for; null: a merge", "`files_changed`: `task`"),
        ("agent", "VARCHAR", "the agent's run", "`files_changed`: `agent`"),
        (
            "path",
            "VARCHAR",
            "the path, `/`-separated, with `%` and what is not UTF-8 as `%XX`",
            "`files_changed`: `changes.path`",
        ),
        ("operation", "VARCHAR", "`added`, `modified` or `deleted`", "`files_changed`: `changes.operation`"),
        ("old", "VARCHAR", "the git blob before; null: absent", "`files_changed`: `changes.old`"),
        ("new", "VARCHAR", "the git blob after; null: absent", "`files_changed`: `changes.new`"),
        ("old_mode", "VARCHAR", "the git file mode before", "`files_changed`: `changes.old_mode`"),
        ("mode", "VARCHAR", "the git file mode after", "`files_changed`: `changes.mode`"),
        ("tree", "VARCHAR", "the git tree that the content became", "`files_changed`: `tree`"),
    ),
    _table(
        "verdicts",
        "One row per event that opened or closed a gap or changed the status, as `omk verdicts` tells it.",
        _GOAL,
        _SEQ,
        _AT,
        ("kind", "VARCHAR", "the stored name of the event", "every event"),
        ("status", "VARCHAR", "the verdict after it", "the fold"),
        ("opened", "VARCHAR[]", "the codes of the gaps it opened, in alphabetical order", "the fold"),
        ("closed", "VARCHAR[]", "the codes of the gaps it closed, in alphabetical order", "the fold"),
    ),
    _table(
        "gaps",
        "One row per time that a gap stood open, the open ones too.",
        _GOAL,
        ("code", "VARCHAR", "the rule's code, `gate.tests`", "the fold"),
        ("rule", "VARCHAR", "the row of the rule table, `gate.<name>`", "the rules"),
        ("owner", "VARCHAR", "who owes what is missing, as a rule", "the rules"),
        ("opened_seq", "BIGINT", "the event that opened it", "the fold"),
        ("opened_at", "TIMESTAMPTZ", "when that was, UTC", "the fold"),
        ("closed_seq", "BIGINT", "the event that closed it; null while it is open", "the fold"),
        ("closed_at", "TIMESTAMPTZ", "when that was, UTC", "the fold"),
        ("closed_by", "VARCHAR", "the stored name of the event that closed it", "the fold"),
        ("open_ms", "BIGINT", "how long it was open, milliseconds; an open one up to the goal's last event", "the fold"),
        made_of=("verdicts", "goals"),
    ),
    _table(
        "rules",
        "One row per rule of readiness, as this omk has them.",
        ("code", "VARCHAR", "its code; that of a family has a name in angle brackets, `gate.<name>`", "the rules"),
        ("sentence", "VARCHAR", "what it demands", "the rules"),
        ("owner", "VARCHAR", "who owes what is missing, as a rule", "the rules"),
        ("command", "VARCHAR", "the command that brings it about, as a rule", "the rules"),
        made_of=("rules",),
    ),
    _table(
        "state_changes",
        "One row per value that an event changed in the state of its goal. The paths are those of `omk diff` and `omk when`, "
        "but for the gaps and the rest of the proof, which are judged from the state: `verdicts` and `gaps` have them.",
        _GOAL,
        _SEQ,
        ("path", "VARCHAR", 'the value\'s path, `gates.tests.outcome` or `gates["unit-tests"].outcome`', "the fold"),
        ("old", "JSON", "the value before; null: there was none", "the fold"),
        ("new", "JSON", "the value after; null: there is none any more", "the fold"),
        ("cause", "BIGINT", "the event that changed it: the row's own seq, as `omk diff` names it", "the fold"),
    ),
)
"""The tables that people ask, by what a row is."""


class Macro(NamedTuple):
    """A table that takes arguments: how it is called, what it gives, what it is made of, and its parameters in its SQL."""

    call: str
    sentence: str
    made_of: tuple[str, ...]
    parameters: tuple[str, ...]


MACROS: dict[str, Macro] = {
    "state_at": Macro(
        call="state_at(goal, seq)",
        sentence="The goal's state after an event: `(path VARCHAR, value JSON)`, one row per value that is not null.",
        made_of=("state_changes",),
        parameters=("of_goal", "at_seq"),
    )
}
"""The table macros by name; their SQL stands beside that of the tables."""
