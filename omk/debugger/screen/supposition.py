"""What if, said on the screen: what is left out, what that makes of the verdict, and that none of it happened."""

from collections.abc import Sequence

from omk.debugger.model.debugger import Debugger
from omk.domain.words import counted
from omk.replay.moment import Moment
from omk.views.lines import BLANK, Line, Span, badge, cells, line, wrapped

_NAME = 10
"""The columns of the word before each line of the comparison."""


def suppositions(debugger: Debugger) -> str:
    """Which events are left out, and how many fall with them."""
    more = len(debugger.supposing.fallen) - len(debugger.supposing.dropped)
    rest = f" (and {counted(more, 'event')} that rest{'s' if more == 1 else ''} on {_them(debugger)})"
    return f"As if {_events(debugger)}{rest if more else ''} had not happened."


def supposed_lines(debugger: Debugger, width: int) -> list[Line]:
    """What the verdict below rests on that did not happen, and how it differs; nothing if all of it did."""
    recorded, supposed = debugger.moment, debugger.judged
    if not debugger.is_hypothetical or recorded is None or supposed is None:
        return []
    told = wrapped(suppositions(debugger), width, indent="  ", style="warn")
    first = line(Span(" HYPOTHETICAL ", "badge-warn"), Span("  Nothing of it is stored. X undoes it.", "dim"))
    return [first, *told, *compared(recorded, supposed, width), BLANK]


def compared(before: Moment, after: Moment, width: int) -> list[Line]:
    """In four lines how one verdict differs from another."""
    was, are = frozenset(before.standing.open), frozenset(after.standing.open)
    return [
        *(_verdict(name, moment) for name, moment in (("before", before), ("after", after))),
        _codes("opened", sorted(are - was), width),
        _codes("closed", sorted(was - are), width),
    ]


def left_out_lines(debugger: Debugger, width: int) -> list[Line]:
    """That the event one stands after is itself left out; nothing if it is not."""
    if debugger.seq in debugger.supposing.dropped:
        told = f"Event {debugger.seq} is left out (x). What follows is what was recorded."
    elif debugger.seq in debugger.supposing.fallen:
        told = f"Event {debugger.seq} is left out: it rests on {_events(debugger)}. What follows is what was recorded."
    else:
        return []
    return [*wrapped(told, width, indent="  ", style="warn"), BLANK]


def _events(debugger: Debugger) -> str:
    dropped = sorted(debugger.supposing.dropped)
    return f"event{'s' if len(dropped) > 1 else ''} {', '.join(map(str, dropped))}"


def _them(debugger: Debugger) -> str:
    return "it" if len(debugger.supposing.dropped) == 1 else "them"


def _verdict(name: str, moment: Moment) -> Line:
    gaps = counted(len(moment.standing.open), "gap")
    return line(f"  {name:<{_NAME - 3}}", badge(moment.status), Span(f"  {gaps}", "dim"))


def _codes(name: str, codes: Sequence[str], width: int) -> Line:
    """As many of the codes as there is room for, and how many more there are."""
    for shown in range(len(codes), 0, -1):
        left = len(codes) - shown
        text = ", ".join(codes[:shown]) + (f" and {left} more" if left else "")
        if cells(text) <= width - _NAME or shown == 1:
            return line(f"  {name:<{_NAME - 2}}", text)
    return line(f"  {name:<{_NAME - 2}}", "no gap")
