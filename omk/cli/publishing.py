"""The pull request of a goal: rendered from what is on record, opened and brought up to date where the policy says so."""

from typing import Annotated

import typer

from omk.cli.arguments import GoalArgument
from omk.cli.options import FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import show
from omk.cli.writing import on_goal
from omk.runtime.publish.order import ask_for_pull_request
from omk.views.pull_request import draft_lines, draft_markdown


def pr(
    goal: GoalArgument = "latest",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be asked for.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="As a draft, whatever the policy says.")] = False,
    base: Annotated[str | None, typer.Option("--base", metavar="BRANCH", help="Instead of the base branch.")] = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a goal's pull request, and open or update it if the goal is delivered by one: omk pr latest --dry-run."""
    form = chosen(form, as_json)
    with on_goal(goal, "pr", store) as session:
        session.draft, session.into = draft, base
        answer = ask_for_pull_request(session, dry_run=dry_run)
        answer |= {"status": session.handle.proof.status}
    show(form, answer, lambda width: draft_lines(answer, width), lambda: draft_markdown(answer))
