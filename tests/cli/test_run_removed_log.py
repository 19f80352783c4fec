"""An agent that takes omk's log away: the run fails in one line, and leaves nothing of omk's running or lying about."""

import pytest

from tests.cli.calling import GATES, GOAL, omk, worktrees


@pytest.mark.parametrize("deed", ["rm -f {log}", "cp {log} {log}.new && mv {log}.new {log}"])
def test_a_run_whose_log_is_removed_or_replaced_fails(repository, home, deed):
    log = repository / ".git" / "omk" / "log.sqlite"
    agent = f"command:printf 'print(1)\\n' > cli.py; {deed.format(log=log)}"
    answer = omk("run", GOAL, "--agent", agent, *GATES, "--accept", "auto", "--json", at=repository)
    assert (answer.code, answer.out) == (1, "")
    complaint = answer.err.splitlines()[-1]
    assert complaint.startswith("omk: ")
    assert "was removed or replaced while omk used it" in complaint
    assert "Traceback" not in answer.err
    assert worktrees(home) == []
