"""The verdicts of a history: each event that opened or closed a gap, or changed the status."""

from omk.replay.documents import Document, plain
from omk.replay.history import History


def verdicts_document(history: History, upto: int) -> list[Document]:
    """`[{seq, at, kind, status, opened, closed}]` up to event *upto*; the first entry opens every gap there is."""
    return [plain(one) for one in history.verdicts(upto)]
