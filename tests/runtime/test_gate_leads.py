"""What a gate's command leads to: through links, folders, variables and scripts."""

import pytest

from omk.runtime.gates.definition import gates_from_flags
from omk.runtime.gates.guards import guards


def held(line: str, files: dict[str, str], *, absent: bool = False) -> set[str]:
    """The guarded paths that exist, or the *absent* ones, for a gate that runs *line*; `-> target` makes a link."""
    links = {path for path, text in files.items() if text.startswith("-> ")}
    content = {path: text.removeprefix("-> ").encode() for path, text in files.items()}
    blobs = {path: str(hash(text)) for path, text in files.items()}
    kept = guards(gates_from_flags([f"g={line}"]), blobs, content.get, links=links)
    return {each.path for each in kept if (each.blob is None) is absent}


@pytest.mark.parametrize(
    ("line", "files", "guarded"),
    [
        ("sh check.sh", {"check.sh": "-> scripts/real.sh", "scripts/real.sh": ""}, {"check.sh", "scripts/real.sh"}),
        ("sh ci/a.sh", {"ci": "-> tools/now", "tools/now": "-> ../v1", "v1/a.sh": ""}, {"ci", "tools/now", "v1/a.sh"}),
        ("sh a", {"a": "-> b", "b": "-> a"}, {"a", "b"}),
        ("sh a", {"a": "-> /bin/true"}, {"a"}),
        ("sh a", {"a": "-> build/later.sh"}, {"a"}),
        ("make", {"Makefile": "-> build/rules", "build/rules": "t:"}, {"Makefile", "build/rules"}),
    ],
)
def test_a_link_that_a_gate_names_is_guarded_with_all_it_leads_to(line, files, guarded):
    assert held(line, files) == guarded


TREE = {
    "sub/Makefile": "t:", "web/package.json": "{}", "web/jest.config.js": "", "sub/a.sh": "", "sub/Cargo.toml": "",
    "sub/.cargo/config.toml": "", "Makefile": "t:", "3/a.sh": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "guarded"),
    [
        ("make -C sub test", {"sub/Makefile"}),
        ("make --directory=sub test", {"sub/Makefile"}),
        ("make -Csub -f a.sh", {"sub/Makefile", "sub/a.sh"}),
        ("make -C sub; make", {"sub/Makefile", "Makefile"}),
        ("npm --prefix web test", {"web/package.json", "web/jest.config.js"}),
        ("cargo test --manifest-path sub/Cargo.toml", {"sub/Cargo.toml", "sub/.cargo/config.toml"}),
        ("grep -C 3 a.sh", set()),
        ("(cd web && true) && sh sub/a.sh", {"sub/a.sh"}),
    ],
)
def test_an_option_that_turns_to_a_folder_is_followed(line, guarded):
    assert held(line, TREE) == guarded


@pytest.mark.parametrize(
    ("line", "files", "guarded"),
    [
        ("python3 tool", {"tool/__main__.py": "", "tool/a.py": ""}, {"tool/__main__.py"}),
        ("python3 -u tool", {"tool/__main__.py": ""}, {"tool/__main__.py"}),
        ("python3 -m tool", {"tool/__main__.py": "", "tool/a.py": ""}, {"tool/__main__.py"}),
        ("d=ci; sh $d/check.sh", {"ci/check.sh": ""}, {"ci/check.sh"}),
        ('d=ci; e="${d}/deep"; sh "$e/check.sh"', {"ci/deep/check.sh": ""}, {"ci/deep/check.sh"}),
        ("for d in a b; do sh $d/check.sh; done", {"check.sh": ""}, {"check.sh"}),
        ("d=a; sh $d/x.sh; d=b; sh $d/x.sh", {"a/x.sh": "", "b/x.sh": ""}, {"a/x.sh", "b/x.sh"}),
        ("sh ${DIR:-ci}/check.sh", {"ci/check.sh": ""}, {"ci/check.sh"}),
        ("PATH=$PWD/bin:$PATH t", {"bin/t": "", "bin/u": "", "t": "", "src/a": ""}, {"bin/t", "bin/u", "t"}),
        ("export PATH=bin:$PATH; t", {"bin/t": "", "bin/deep/u": ""}, {"bin/t"}),
    ],
)
def test_folders_modules_and_variables_lead_to_files(line, files, guarded):
    assert held(line, files) == guarded


def test_a_tool_cannot_be_put_in_front_of_the_one_that_a_gate_means():
    assert "bin/pytest" in held("PATH=bin:$PATH pytest", {"bin/t": ""}, absent=True)
    assert "unittest.py" in held("python3 -m unittest", {}, absent=True)
    assert "json.py" in held("python3 -m json.tool", {}, absent=True)


@pytest.mark.parametrize(
    ("script", "guarded"),
    [
        (". ./lib.sh", {"lib.sh"}),
        ("source lib.sh", {"lib.sh"}),
        (". ./lib", {"lib"}),
        ('. "$(dirname "$0")/lib.sh"', {"lib.sh"}),
        ('here=$(cd "$(dirname "$0")" && pwd)\n. "$here/lib.sh"', {"lib.sh"}),
        ('. "$UNKNOWN/lib.sh"', {"lib.sh"}),
        ("sh scripts/x.sh", {"scripts/x.sh", "scripts/y.sh", "scripts/z.sh"}),
        ("python3 tools/check.py", {"tools/check.py"}),
        ("if test -f README.md; then sh lib.sh; fi", {"lib.sh"}),
        ("# sh lib.sh", set()),
        ("true # sh lib.sh", set()),
        ("echo see lib.sh", set()),
        ('echo "$(sh lib.sh)"', {"lib.sh"}),
        ("got=$(python3 total.py)", set()),
        ("python3 -m total", set()),
        ("grep -q x README.md; test -f LICENSE", set()),
        ("python3 -m pytest tests/test_a.py", {"pytest.ini"}),
        ("make t", {"Makefile", "rules.mk", "lib.sh"}),
    ],
)
def test_a_script_that_a_gate_runs_is_read_for_what_it_runs(script, guarded):
    files = {
        "check.sh": script, "lib.sh": "", "lib": "", "scripts/x.sh": "sh scripts/y.sh", "scripts/y.sh": ". z.sh",
        "scripts/z.sh": "sh lib.sh", "tools/check.py": "open('lib.sh')", "total.py": "", "README.md": "", "LICENSE": "",
        "pytest.ini": "", "tests/test_a.py": "", "Makefile": "include rules.mk\n", "rules.mk": "t:\n\t@sh lib.sh\n",
    }  # fmt: skip
    assert held("sh check.sh", files) - {"check.sh"} == guarded


def test_a_script_may_name_itself():
    assert held("sh a.sh", {"a.sh": "sh b.sh", "b.sh": "sh a.sh"}) == {"a.sh", "b.sh"}


def test_attributes_of_git_are_guarded_even_when_absent():
    assert ".gitattributes" in held("true", {}, absent=True)
    assert held("true", {".gitattributes": "", "deep/.gitattributes": ""}) == {".gitattributes", "deep/.gitattributes"}


def test_the_program_that_a_goal_is_to_write_is_not_guarded():
    for line in ("test -f cli.py", "python3 cli.py", "python3 -m cli", "python3 cli", "PATH=bin:$PATH cli", "sh bin/cli"):
        assert not {path for path in held(line, {"README.md": ""}, absent=True) if "cli" in path}
