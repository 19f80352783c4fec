"""A file of tasks is read as a whole, or refused with everything that is wrong in it."""

import json

import pytest

from omk.errors import OmkError, Unusable
from omk.runtime.tasks_file import read_tasks

TASK = {"id": "parser", "title": "Parser", "description": "Write it.", "acceptance": ["It parses."]}


@pytest.fixture
def refused(tmp_path):
    """What is said of a file with such content."""

    def said(content, name="tasks.json", scope=()):
        file = tmp_path / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(Unusable) as problem:
            read_tasks(str(file), scope)
        assert str(problem.value).startswith(str(file))
        assert "\n" not in str(problem.value)
        return str(problem.value)

    return said


def test_toml_and_json_say_the_same(tmp_path):
    toml, plain, listed = (tmp_path / name for name in ("a.toml", "a.json", "b.json"))
    toml.write_text(
        '[[tasks]]\nid = "parser"\ntitle = "Parser"\ndescription = "Write it."\nacceptance = "It parses."\n'
        'depends_on = []\nread = ["docs"]\nwrite = ["src"]\nrisk = "low"\npriority = 3\nbudget = "10m"\n'
        'no_change = "None is due."\n'
    )
    old = {
        **TASK,
        "dependencies": [],
        "read_set": ["docs"],
        "write_set": ["src"],
        "risk": "low",
        "priority": 3,
        "budget_secs": 600,
    }
    plain.write_text(json.dumps({"tasks": [{**old, "no_change": "None is due."}]}))
    listed.write_text(json.dumps([{**old, "no_change": "None is due."}]))
    first = read_tasks(str(toml), ())
    assert first == read_tasks(str(plain), ()) == read_tasks(str(listed), ())
    (task,) = first.tasks
    assert (task.task, task.read_set, task.write_set, task.priority, task.budget_seconds) == (
        "parser",
        ("docs",),
        ("src",),
        3,
        600,
    )
    assert first.excused == {"parser": "None is due."}


def test_everything_that_is_wrong_is_said_at_once(refused):
    said = refused(
        [
            {"id": "a", "titel": "x", "acceptance": [], "write": ["../x"], "budget": 0, "priority": "high"},
            {**TASK, "depends_on": ["nobody"], "budget": "soon", "dependencies": []},
            {**TASK},
            {**TASK, "id": "goal-review", "write": ["docs/*.md"]},
            "not a table",
        ]
    )
    for words in (
        "a: unknown key 'titel'. Allowed: id, title", "a: title is missing", "a: description is missing", "a has no acceptance",
        "'../x'", "a has a budget of 0", "a: priority: Expected `int`, got `str`. Write a whole number",
        "nobody, which does not exist",
        "parser: budget: ", "parser: depends_on and dependencies mean the same", "parser is proposed twice",
        "goal-review is the name of a task of omk's own", "it is a pattern", "task-5: it is no table",
    ):  # fmt: skip
        assert words in said
    assert said.count("a has no") == 1


def test_a_circle_is_named(refused):
    tasks = [{**TASK, "id": name, "depends_on": [other]} for name, other in ("ab", "ba")]
    assert "a → b → a wait for each other" in refused(tasks)


def test_what_the_scope_forbids_is_said_and_no_write_set_means_the_scope(refused, tmp_path):
    assert "parser writes 'docs', outside the scope src" in refused([{**TASK, "write": ["docs"]}], scope=("src",))
    (tmp_path / "b.json").write_text(json.dumps([TASK]))
    assert read_tasks(str(tmp_path / "b.json"), ("src",)).tasks[0].write_set == ("src",)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("[[tasks", "t.toml", "is not TOML"),
        ("{", "t.json", "is not JSON"),
        (b"\xff\xfe", "t.toml", "is not TOML"),
        (b"[\xff]", "t.json", "is not JSON"),
        ("[" * 100_000, "t.json", "is not JSON"),
        ("", "t.toml", "lists no tasks. Write [[tasks]]"),
        ("3", "t.json", "lists no tasks. Write a list"),
        ("[]", "t.json", "There is no task."),
        ('{"tasks": [], "more": 1}', "t.json", "unknown key 'more'. Allowed: tasks"),
        ("x", "t.yaml", "neither a .toml nor a .json file"),
        ('[{"id": "\\ud800"}]', "t.json", "t.json"),
    ],
)
def test_what_is_no_list_of_tasks_is_refused(content, name, words, refused):
    assert words in refused(content, name)


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    for name in ("nothing.toml", "folder.toml"):
        with pytest.raises(OmkError, match=name):
            read_tasks(str(tmp_path / name), ())


def test_many_problems_are_cut(refused):
    assert "And 30 more." in refused([{**TASK, "id": f"t{number}", f"key{number}": "x"} for number in range(50)])


def test_what_is_wrong_with_many_tasks_is_said_once_with_their_names(refused):
    said = refused([{**TASK, "id": f"t{number}", "titel": "x"} for number in range(50)])
    assert "t0, t1, t2 and 47 more: unknown key 'titel'. Allowed: id" in said
    assert said.count("Allowed") == 1


def test_a_secret_in_a_name_is_refused_without_saying_it(refused):
    secret = "ghp_" + "a1B2" * 9
    said = refused([{**TASK, "write": [secret]}])
    assert "contains a secret" in said
    assert secret not in said


def test_no_change_needs_a_reason(refused):
    assert "no_change is empty" in refused([{**TASK, "no_change": " "}])
