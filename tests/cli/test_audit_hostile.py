"""`omk audit` of a goal whose words, names, paths and commands would break a page if they could."""

import json
import re

import pytest
from msgspec.structs import replace

from omk.domain.subjects.agent import CallTool, ToolCalled
from omk.domain.subjects.delivery import AcceptChange
from omk.domain.subjects.goal import GoalCreated
from omk.lake.dossier.gather import Place, Share, query
from omk.replay.printable import printable
from tests.cli.calling import omk
from tests.cli.pages import outline
from tests.history import entries_of
from tests.lake.dossiers import written
from tests.scenario import (
    AGENT,
    BASE,
    change,
    create,
    done,
    files,
    gate_named,
    gate_run,
    gates,
    goal,
    plan,
    reviews,
    some,
    tree,
    work,
)
from tools import corpus

FORMS = ("text", "md", "html", "json")
HOSTILE = (
    "<script>alert(1)</script> </pre></title><img src=x onerror=alert(1)> &lt;b&gt; \x1b[31mred\x1b[0m \x00\x07 "
    "\u202egnp.exe\u2066 | pipe | ```` fence `tick` **bold** [link](javascript:alert(1)) <!-- --> ]]> {{7*7}} $(reboot)\n"
    "# Heading\n"
    "```\nout of the fence\n~~~\n" + "x" * 10_000 + "\n" + "word " * 2_000
)


ODD = "<script>alert(2)</script>|`x`\u202e**[a](b)&amp;"


def hostile(tmp_path):
    """A goal whose request, gates, paths, tools and decisions are full of what could break a page."""
    created = replace(create(), created=some(GoalCreated, prompt=HOSTILE, base=BASE))
    definition = gate_named(ODD, command=(HOSTILE,))
    called = some(ToolCalled, tool=ODD, agent="goal-agent-execute:1", name=ODD)
    began, started, finished = work()
    story = goal.given(
        created,
        gates(definition),
        plan(),
        *(began, started, CallTool(actor=AGENT, called=called), finished),
        files("base", "done", change(ODD)),
        done(),
        *gate_run(ODD, "failed", definition=definition.digest, reason=HOSTILE),
        *reviews(),
        AcceptChange(actor="person:" + ODD, tree=tree("done"), summary=HOSTILE),
    )
    return written(tmp_path / "log.jsonl", entries_of(story))


@pytest.mark.parametrize("form", FORMS)
def test_a_hostile_request_harms_no_form(form, tmp_path):
    out = omk("audit", str(hostile(tmp_path)), "--format", form, "--explain", at=tmp_path).out
    assert all(character not in out for character in "\x00\x07\x1b")
    if form == "json":
        asked = json.loads(out)["parts"]["asked"]["rows"][0]
        assert asked["prompt"] == HOSTILE
        return
    assert all(line == printable(line) for line in out.splitlines())
    assert "alert(1)" in out


def test_a_hostile_request_makes_no_element_and_loads_nothing(tmp_path):
    page = omk("audit", str(hostile(tmp_path)), "--format", "html", "--explain", at=tmp_path).out
    plain = omk("audit", str(corpus.REPLAYS / "ready-at-first-try"), "--format", "html", "--explain", at=tmp_path).out
    found = outline(page)
    assert set(found.tags) <= set(outline(plain).tags)
    assert not {"script", "img", "iframe", "link", "object"} & set(found.tags)
    assert not [one for one in found.attributes if one[1].startswith("on") or one[1] in {"src", "style", "srcset"}]
    assert all(value.startswith("#") for _, name, value in found.attributes if name == "href")
    assert "<script>alert(1)</script>" in "".join(found.text)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_a_hostile_request_stays_in_its_fence_and_its_cell_in_markdown(tmp_path):
    lines = omk("audit", str(hostile(tmp_path)), "--format", "md", at=tmp_path).out.splitlines()
    fence, outside = None, []
    for line in lines:
        run = re.match(r"(`{3,})(\w*)$", line)
        if fence is None and run:
            fence = run[1]
        elif fence is not None and line == fence:
            fence = None
        elif fence is None:
            outside.append(line)
    assert fence is None
    prose = [re.sub(r"(?<![`\\])(`+)(?!`).+?(?<!`)\1(?!`)", "", line) for line in outside]
    assert not [line for line in prose if re.search(r"(?<!\\)[<>`*\[]", line.replace("**", ""))]
    assert [line for line in outside if line.startswith("# ")] == [outside[0]]
    assert not [line for line in outside if line == "out of the fence"]
    accepted = [line for line in prose if "change accepted" in line]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in accepted] == [8, 7]


def test_a_hostile_request_is_cut_into_lines_that_fit(tmp_path):
    out = omk("audit", str(hostile(tmp_path)), at=tmp_path).out
    assert max(map(len, out.splitlines())) <= 80


def test_a_page_never_takes_the_place_of_the_store_it_tells_of(tmp_path):
    log = hostile(tmp_path)
    before = log.read_bytes()
    answer = omk("audit", str(log), "-o", str(log), at=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert "belongs to the store" in answer.err
    assert log.read_bytes() == before


@pytest.mark.parametrize("name", ["{goal}", "{seq}", "{lineage}"])
def test_a_goal_may_be_named_like_a_place_in_a_query(tmp_path, name):
    """Names of goals that were imported are anybody's."""
    asked = query("summary", Place(name, 3, (Share(name, 1, 3),)))
    assert f"(VALUES ('{name}', 1, 3))" in asked
    assert f"FILTER (goal <> '{name}')" in asked
