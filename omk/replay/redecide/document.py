"""What came of asking again, as one document that every face shows and JSON writes."""

from collections import Counter

import msgspec

from omk.replay.documents import Document
from omk.replay.history import History
from omk.replay.redecide.again import asked_again


def redecision_document(history: History, seq: int) -> Document:
    """`{goal, at, choices, decisions, verdicts, differences, notes}`: how many questions were asked up to *seq*, and what
    was answered otherwise. A note is no difference: it says what nobody can tell.
    """
    counts: Counter[str] = Counter()
    differences: list[Document] = []
    notes: list[Document] = []
    for one in asked_again(history, seq):
        if one.note is not None:
            notes.append({"seq": one.seq, "text": one.note})
            continue
        counts[one.question] += 1
        if one.difference is not None:
            differences.append(msgspec.to_builtins(one.difference))
    last = history.record(seq)
    return {
        "goal": history.goal,
        "at": {"seq": seq, "time": last.at if last else None},
        "choices": counts["choice"],
        "decisions": counts["decision"],
        "verdicts": counts["verdict"],
        "differences": differences,
        "notes": notes,
    }
