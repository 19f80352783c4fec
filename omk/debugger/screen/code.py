"""The code of a step: what changed between its old and its new tree, or the paths alone where the code is not to be had."""

import re

from omk.debugger.model.debugger import Debugger
from omk.domain.event import kind_of
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.values import Change
from omk.domain.words import counted
from omk.views.lines import BLANK, Line, Span, line, wrapped

_HEX = 12
_IDS = re.compile(r"^index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_SIGNS = {"added": "+", "modified": "~", "deleted": "-"}
_STYLES = (("+++", "bold"), ("---", "bold"), ("diff ", "bold"), ("@@", "name"), ("+", "good"), ("-", "bad"), ("index ", "dim"))


def code_lines(debugger: Debugger, width: int) -> list[Line]:
    """The patch of a `files_changed`; for another event, where the code came from that it found."""
    record = debugger.tape.record(debugger.seq)
    if record is not None and isinstance(record.event, FilesChanged):
        return _changed(debugger, record.event, width)
    now = debugger.moment
    seq = now.state.worktree.seq if now else 0
    if record is None or not seq:
        return [line(), *wrapped("No file has changed yet.", width, indent="  ", style="dim")]
    told = f"Event {record.seq} ({kind_of(record.event).rpartition('.v')[0]}) changed no file. The code is that of event {seq}:"
    return [line(), *wrapped(told, width, indent="  ", style="dim"), line("    ", Span(f"g {seq}", "name"))]


def _changed(debugger: Debugger, event: FilesChanged, width: int) -> list[Line]:
    files = counted(len(event.changes), "file")
    head = line(Span(f"{files} changed", "bold"), f"  tree {event.old[:_HEX]} -> {event.tree[:_HEX]}")
    patch = debugger.patches.of(event)
    if patch is None:
        return [head, *wrapped("Asking git for the difference …", width, indent="  ", style="dim")]
    if patch.trouble:
        why = wrapped(f"The code is not here: {patch.trouble}", width, indent="  ", style="warn")
        return [head, *why, BLANK, *(_path(one) for one in event.changes), *_missed(event)]
    return [head, *_missed(event), BLANK, *(_styled(one) for one in patch.lines)]


def _path(change: Change) -> Line:
    sides = f"{(change.old or 'absent')[:_HEX]} -> {(change.new or 'absent')[:_HEX]}"
    mode = f"  mode {change.old_mode} -> {change.mode}" if change.old_mode != change.mode and change.old and change.new else ""
    sign = _SIGNS[change.operation]
    style = {"+": "good", "-": "bad"}.get(sign, "warn")
    return line("  ", Span(sign, style), " ", Span(change.path, "name"), Span(f"  {sides}{mode}", "dim"))


def _missed(event: FilesChanged) -> list[Line]:
    return [line("  ", Span("! ", "warn"), f"{one.path} could not be recorded ({one.reason})") for one in event.unreadable]


def _styled(text: str) -> Line:
    """One line of a patch; of the ids in it as much as elsewhere on the screen."""
    text = _IDS.sub(lambda found: f"index {found[1][:_HEX]}..{found[2][:_HEX]}", text)
    style = next((style for mark, style in _STYLES if text.startswith(mark)), "")
    return line(Span(text, style))
