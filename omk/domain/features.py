"""The features that a goal's words name (behaviour 1.5): a guess by conjunctions, made only when somebody asks for it."""

from collections.abc import Iterator

LISTS = (" and ", ", and ", ", ")
"""What stands between features of equal rank; that which keeps most of the text is right."""
ADDITIONS = (" with ", " including ", " plus ", " featuring ")
"""What comes before a second feature where no list is."""
ARTICLES = ("a ", "an ", "the ")
STOP_WORDS = frozenset({"and", "both", "etc", "from", "more", "not", "that", "the", "then", "this", "with"})
SHORTEST = 3
FEWEST = 2


def split_features(text: str, max_agents: int | None = None) -> tuple[str, ...]:
    """The features of *text*, as many as there may be agents, two at least; one or none is no split."""
    lower, most = " ".join(text.lower().split()), max(max_agents or FEWEST, FEWEST)
    lists = [parts for mark in LISTS if len(parts := tuple(_parts(lower, mark))[:most]) >= FEWEST]
    if lists:
        return max(lists, key=lambda parts: sum(map(len, parts)))
    additions = (tuple(_parts(lower, mark))[:most] for mark in ADDITIONS)
    return next((parts for parts in additions if len(parts) >= FEWEST), ())


def _parts(text: str, mark: str) -> Iterator[str]:
    for part in text.split(mark):
        words = part.strip(" ,.;:!?")
        if len(words) >= SHORTEST and words not in STOP_WORDS and not words.startswith(ARTICLES):
            yield words
