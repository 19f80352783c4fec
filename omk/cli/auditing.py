"""The page for an auditor: what was asked, what was done, the evidence, who decided what, and why each verdict changed."""

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from omk.cli.archive import Found, found
from omk.cli.options import AllOption, GoalAddress, JsonOption, StoreOption
from omk.cli.output import drawn, encoded, json_bytes, say, width, write
from omk.cli.placing import replacing, require_outside
from omk.replay.documents import Document
from omk.replay.printable import printable


class AuditFormat(StrEnum):
    """How the page is written."""

    TEXT = "text"
    JSON = "json"
    MD = "md"
    HTML = "html"


FormOption = Annotated[AuditFormat | None, typer.Option("--format", "-f", help="How to write the page (default: text).")]
FileOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file instead.")]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Beside all numbers the query that gives them: omk sql takes it.")]


def audit(
    address: GoalAddress = "latest",
    form: FormOption = None,
    as_json: JsonOption = False,
    output: FileOption = None,
    explain: ExplainOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Write one page about a goal that an auditor can read: omk audit latest --format html --output audit.html."""
    if form is not None and as_json:
        raise typer.BadParameter("Give either --format or --json, not both.")
    choice = AuditFormat.JSON if as_json else form or AuditFormat.TEXT
    with found(address, store, everywhere=everywhere) as one:
        document = _dossier(one, output)
    content = _written(document, choice, explain=explain, is_file=output is not None)
    if output is None:
        write(content)
        return
    with replacing(output) as file:
        file.write(content)
    say(f"The audit of {document['goal']} at event {document['seq']} is in {output}.")


def _dossier(one: Found, output: Path | None) -> Document:
    """The document, its gaps' texts in place. Raises Refused where *output* is the store's."""
    from omk.cli.syncing import hearing
    from omk.lake.dossier.document import dossier, place_of
    from omk.lake.session import Lake
    from omk.lake.store import store_at

    store = store_at(one.archive.url)
    if output is not None:
        require_outside(output, store)
    with closing(store.log), hearing() as hears, Lake(store, hears) as lake:
        document = dossier(lake, one.history, place_of(one.archive.log, one.goal, one.seq))
    document["gaps"] = one.resolved(document["gaps"])
    return document


def _written(document: Document, form: AuditFormat, *, explain: bool, is_file: bool) -> bytes:
    """The page in the form asked for, as bytes."""
    from omk.views.audit import audit_lines, audit_markdown, page
    from omk.views.audit_html import audit_html

    if form == AuditFormat.JSON:
        return json_bytes(document) + b"\n"
    one = page(harmless(document))
    if form == AuditFormat.HTML:
        return audit_html(one, explain=explain).encode()
    if form == AuditFormat.MD:
        text = "\n".join(map(printable, audit_markdown(one, explain=explain))).rstrip("\n") + "\n"
        return text.encode() if is_file else encoded(text)
    return drawn(audit_lines(one, width(), explain=explain))


def harmless(value: Any) -> Any:
    """The document with every text made printable, line by line."""
    match value:
        case str():
            return value if value.isprintable() else "\n".join(map(printable, value.splitlines()))
        case dict():
            return {key: harmless(item) for key, item in value.items()}
        case list():
            return [harmless(item) for item in value]
        case _:
            return value
