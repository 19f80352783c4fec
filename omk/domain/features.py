"""The features that a goal's words name (behaviour 1.5): a guess by conjunctions, made only when somebody asks for it."""

import re
from collections.abc import Iterator

LISTS = (" and ", ", and ", ", ")
"""What stands between features of equal rank; that which keeps most of the text is right."""
ADDITIONS = (" with ", " including ", " plus ", " featuring ")
"""What comes before a second feature where no list is."""
ARTICLES = ("a ", "an ", "the ")
STOP_WORDS = frozenset({"and", "both", "etc", "from", "more", "not", "that", "the", "then", "this", "with"})
AND = "and "
SHORTEST = 3
FEWEST = 2


def split_features(text: str, max_agents: int | None = None) -> tuple[str, ...]:
    """The features of *text* in its own words, as many as there may be agents, two at least; one or none is no split.

    Nothing of the text is left out: what is no feature, or one too many, stays with the feature before it.
    """
    line, most = " ".join(text.split()), max(max_agents or FEWEST, FEWEST)
    for marks in (LISTS, ADDITIONS):
        known = [(mark, sum(map(len, parts))) for mark in marks if len(parts := list(_features(line, mark))[:most]) >= FEWEST]
        if known:
            mark = max(known, key=lambda one: one[1])[0] if marks is LISTS else known[0][0]
            return _split(line, mark, most)
    return ()


def _split(line: str, mark: str, most: int) -> tuple[str, ...]:
    """The parts of the line, each beginning with a feature; the first one, with whatever stands before it."""
    parts, named = list[str](), 0
    for piece in _pieces(line, mark):
        is_next = _is_feature(piece) and named < most
        named += is_next
        if parts and not (is_next and named > 1):
            parts[-1] += mark + piece
        else:
            parts.append(piece)
    return tuple(_bare(one) for one in parts)


def _features(line: str, mark: str) -> Iterator[str]:
    return (_bare(piece) for piece in _pieces(line, mark) if _is_feature(piece))


def _pieces(line: str, mark: str) -> list[str]:
    """The line, broken wherever *mark* stands in it, in capitals or not."""
    return re.split(re.escape(mark), line, flags=re.IGNORECASE)


def _is_feature(piece: str) -> bool:
    words = _bare(piece).lower()
    return len(words) >= SHORTEST and words not in STOP_WORDS and not words.startswith(ARTICLES)


def _bare(piece: str) -> str:
    """Without blanks and marks around it, and the `and` of a list before it."""
    words = piece.strip(" ,.;:!?")
    return words[len(AND) :] if words.lower().startswith(AND) else words
