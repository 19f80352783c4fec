"""The language of expressions: what it means, what it refuses, and that nothing a stranger writes runs."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omk.errors import Refused
from omk.replay.query.expression import LONGEST, compile_expression
from omk.replay.query.names import NAMES
from tests.replay.query.test_scan import POOL, told
from tests.scenario import CREATED, READY, goal


def moment_of(*steps):
    records = list(goal.given(*steps).records)
    return told(records).moment(len(records))


DONE = moment_of(*READY)
BEGUN = moment_of(*CREATED)


def value(text, moment=DONE):
    return compile_expression(text).value(moment)


# --- What it means ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gates.tests.outcome", "passed"),
        ('gates["tests"]["outcome"]', "passed"),
        ('files["hello.py"].operation', "modified"),
        ('tasks["goal-agent-execute"].attempts', 1),
        ('reviews["anti-slop"].outcome', "passed"),
        ("gates.tests.command[0]", "python3 -m pytest -q"),
        ("gates.tests.command[-1]", "python3 -m pytest -q"),
        ("gates.tests.command[7]", None),
        ("proof.status", "ready"),
        ('proof["status"]', "ready"),
        ("proof.gaps", {}),
        ("proof.changed_files", ["hello.py"]),
        ("event.name", "change_accepted"),
        ("event.actor", "person:ann"),
        ("gates.nothing.at.all", None),
        ("gates.tests.outcome.deeper", None),
        ("merge.outcome", None),
        ("event.causes[0] + 0 == event.causes[0]", True),
        ("seq", DONE.state.seq),
        ("-seq + 1", 1 - DONE.state.seq),
        ("seq - 1 < seq", True),
    ],
)
def test_a_path_leads_to_a_value_or_to_null(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('gates.tests.outcome == "passed"', True),
        ('gates.tests.outcome != "passed"', False),
        ('"passed" == gates.tests.outcome == reviews.code.outcome', True),
        ("1 < len(reviews) <= 6", True),
        ("1 < len(reviews) < 6", False),
        ("len(files) >= 1 and not paused", True),
        ("paused or merge", False),
        ("paused is null", True),
        ("tree is not None", True),
        ('status in ("ready", "running")', True),
        ('status not in ["ready"]', False),
        ('"tests" in gates', True),
        ('"lint" in gates', False),
        ('"hello" in proof.changed_files[0]', True),
        ("true and 1", True),
        ('false or ""', False),
        ("null == null", True),
        ("1 == 1.0", True),
    ],
)
def test_a_condition_is_true_or_false(text, expected):
    expression = compile_expression(text)
    assert expression.is_condition
    assert expression.value(DONE) is expected


@pytest.mark.parametrize(
    "text",
    [
        "merge.seq < 3", "merge.seq > 3", "merge.seq <= 3", "merge.seq >= 3", "null < null", "null <= null",
        '"a" < 1', '1 <= "a"',
        "[1] < [2]", "true < 2", "true <= true", "true == 1", "1 == true", '"1" == 1', 'null == ""', "false == null",
        "1 in 12", "1 in null", "1 in gates", '"x" in 3',
    ],
)  # fmt: skip
def test_what_does_not_compare_is_false(text):
    assert value(text) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("len(reviews)", 6),
        ("len(gates.tests.command)", 1),
        ('len("four")', 4),
        ("len(merge)", None),
        ("len(seq)", None),
        ('any(one.outcome == "failed" for one in gates)', False),
        ('all(one.outcome == "passed" for one in reviews)', True),
        ("any(one.tree == tree and one.seq > 3 for one in gates)", True),
        ("count(one for one in reviews if one.tree in (tree, base.tree) and not one.fresh)", 0),
        ("any(merge)", False),
        ("all(merge)", False),
        ("all(gaps)", True),
        ('count(one.outcome == "passed" for one in reviews)', 6),
        ('count(one for one in tasks if one.status == "done")', 3),
        ("count(merge)", None),
        ("sum(task.attempts for task in tasks)", 3),
        ("sum([1, 2, null])", 3),
        ('sum([1, "a"])', None),
        ("max(gate.seq for gate in gates)", DONE.state.gate.by_name["tests"].last.seq),
        ('min(["b", "a"])', "a"),
        ('min(["b", 1])', None),
        ("max([])", None),
        ("max(merge)", None),
        ("merge + 1", None),
        ('"a" + "b"', None),
        ("true + 1", None),
        ("[1, [seq - seq]]", [1, [0]]),
        ("files[proof.changed_files[0]].operation", "modified"),
        ("gates[3]", None),
        ("gates[true]", None),
        ("gates.tests.command[true]", None),
    ],
)
def test_functions_go_over_lists_and_over_the_values_of_mappings(text, expected):
    found = value(text)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("text", ["a == 1", "not seq", "seq and at", "any(gates)", "all(x for x in gates)", "true", "3", '"x"'])
def test_conditions_are_told_from_values(text):
    text = text.replace("a == 1", "seq == 1")
    assert compile_expression(text).is_condition
    assert isinstance(value(text), bool)
    assert not compile_expression(f"len([{text}])").is_condition


def test_an_expression_reads_what_its_names_read_and_no_more():
    assert compile_expression("proof.issued").reads == {"verdict.issued"}
    assert compile_expression("usage.tokens > 3 and tree").reads == {"budget.used_tokens", "worktree.tree"}
    assert "standing" not in compile_expression("gates.tests.outcome").reads
    assert "standing" in compile_expression("proof.status").reads
    assert {"seq", "budget.used_tokens"} <= compile_expression("usage.tokens > seq").reads
    assert compile_expression("true").reads == frozenset()


def test_a_path_that_leads_nowhere_is_told_by_its_first_missing_key():
    assert compile_expression("gates.test.outcome").absent(DONE) == ("gates", "test", ["tests"])
    step = compile_expression('seq > 3 and gates.tests.outcom == "x"').absent(DONE)
    assert step is not None
    assert step[:2] == ("gates.tests", "outcom")
    assert compile_expression("gates.tests.outcome").absent(DONE) is None


# --- What it refuses ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("gate", r"no name gate .*Did you mean gates\? There are: status, phase"),
        ("weather", "no name weather .*There are: status, phase"),
        ("proof.weather", "no name weather .*Within proof there are: status"),
        ("usage.token", "Did you mean tokens"),
        ("reviews.anti-slop", r'in brackets: reviews\["anti-slop"\]$'),
        ("1 < len(reviews.anti-slop.outcome)", r'brackets: 1 < len\(reviews\["anti-slop"\]$'),
        ("tasks.goal-agent-execute.attempts", r'tasks\["goal-agent-execute"\]$'),
        ("files.src/a.py", r'files\["src/a.py"\]$'),
        ("gates.pass.outcome", r'gates\["pass"\]$'),
        ("gates.1", r'gates\["1"\]$'),
        ('"ä" == gat', r"character 8, at 'gat'"),
        ("gates.__class__", "no key of anything"),
        ("().__class__.__bases__", "no key of anything"),
        ('gates["tests"].__len__()', "only these are functions"),
        ("open('x')", "only these are functions here .*len, any, all"),
        ("gates.tests.keys()", "only these are functions"),
        ("len()", "takes one list"),
        ("len(gates, files)", "takes one list"),
        ("len(*gates)", "takes one list"),
        ("max(x=gates)", "takes one list"),
        ("seq * 2", "only added and subtracted"),
        ("9 ** 9", "only added and subtracted"),
        ("seq / 2", "only added and subtracted"),
        ("~seq", "only added and subtracted"),
        ('"%s" % seq', "only added and subtracted"),
        ('f"{seq}"', "no formatted string"),
        ("lambda: 1", "no lambda"),
        ("[x for x in gates]", "no comprehension"),
        ("(x for x in gates)", "outside of a function"),
        ("any(any(y for y in x) for x in gates)", "none within another"),
        ("any(1 for x in gates for y in gates)", "none within another"),
        ("any(1 for seq in gates)", "seq means something already"),
        ("any(x for x, y in gates)", "one name"),
        ("(seq := 3)", "no assignment"),
        ("seq if at else 1", "no if"),
        ("{1: 2}", "no mapping"),
        ("{1}", "no set"),
        ("gates[1:2]", "one key or one place"),
        ("seq is 3", "asks for null only"),
        ("b'x'", "only strings, numbers"),
        ("...", "only strings, numbers"),
        ("2j", "only strings, numbers"),
        ("1e999", "too large"),
        (f"seq < {10**19}", "too large"),
        ("9" * 999, "too large"),
        ("9" * 9999, "10* *characters|9999 characters"),
        ("seq = 3", "cannot be read here"),
        ("seq;at", "cannot be read here"),
        ("gates[", "cannot be read here"),
        ("import os", "cannot be read here"),
        ("seq\n== 3", "cannot be shown"),
        ("seq\0", "cannot be shown"),
        ("seq == '\x1b[31m'", "cannot be shown"),
        ("seq == '\u202e'", "cannot be shown"),
        ("seq == '\udc80'", "cannot be shown"),
        ('"\\ud800"', "half a character"),
        ('files["\\ud800"].operation', "half a character"),
        ("any(files != files for f in files)", "does not ask of f"),
        ("count(f for f in files if count(files) > 0)", "does not ask of f"),
        ("any(f.old == tree or len(files) > 3 for f in files)", "does not ask of f"),
        ("(" * 400 + ")" * 400, "cannot be read|nested"),
        ("-" * 900 + "1", "nested too deeply"),
        ("not " * 200 + "seq", "nested too deeply"),
        ("+".join(["seq"] * 200), "nested too deeply"),
        ("gates" + "[0]" * 300, "nested too deeply"),
    ],
)
def test_what_the_language_does_not_have_is_refused_in_one_line(text, words):
    with pytest.raises(Refused, match=words) as refused:
        compile_expression(text)
    message = str(refused.value)
    assert message.isprintable()
    assert len(message) < 700


WORDS = "tests x 1 null true . [ ] ( ) == < in not and or - + , len any for if is __class__ # * : lambda { } é f' \\ ' 9e9 a"
FRAGMENTS = st.sampled_from((*NAMES, *WORDS.split(), '"a"', '"', " ", "\0", "\n", "9" * 30))


@settings(max_examples=400)
@given(st.lists(FRAGMENTS, max_size=12).map(" ".join) | st.lists(FRAGMENTS, max_size=12).map("".join) | st.text(max_size=40))
@example("any (x for x in seq)")
@example("[" * 150 + "]" * 150)
def test_any_text_is_refused_in_a_line_or_has_a_plain_value_at_every_moment(text):
    try:
        expression = compile_expression(text)
    except Refused as refused:
        lines = str(refused).splitlines()
        expression = None
    if expression is None:
        assert len(lines) == 1
        return
    for moment in (BEGUN, DONE):
        assert isinstance(expression.value(moment), bool | int | float | str | list | dict | None)


def test_the_longest_expression_is_a_thousand_characters():
    assert value('"' + "x" * (LONGEST - 7) + '"[0]') is None
    with pytest.raises(Refused, match="1001 characters"):
        compile_expression("x" * (LONGEST + 1))


def test_an_expression_asked_twice_says_the_same():
    for text in POOL:
        expression = compile_expression(text)
        assert expression.value(DONE) == expression.value(DONE) == compile_expression(f"  {text} ").value(DONE)


def test_every_example_of_the_reference_is_an_expression():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "expressions.md").read_text(encoding="utf-8")
    examples = page.partition("```text\n")[2].partition("```")[0].splitlines()
    assert len(examples) > 5
    assert sum(compile_expression(one).is_condition for one in examples) == len(examples) - 1
    assert all(f"### {name}\n" in page for name in NAMES)
