"""Expressions over a moment: a small language of paths, comparisons and a few functions, made into closures, never into code.

`ast.parse` reads the text, a table of what is allowed turns it into functions of a moment. It has no attribute of a Python
object, no call but the listed, no arithmetic but `+` and `-`, and is bounded in length and depth, so that what a stranger
wrote can be evaluated at every event. What a path does not find is null, and nothing compares with null.
"""

import ast
import warnings
from dataclasses import dataclass, field

from omk.errors import Refused
from omk.replay.moment import Moment
from omk.replay.query.grammar import Builder, Evaluate, PathStep
from omk.replay.query.values import Value, is_mapping, is_readable, plain

LONGEST = 1_000
"""Characters of an expression."""


@dataclass(frozen=True)
class Expression:
    """What was asked: its text, the fields of the state it reads, and whether it is a condition or a value.

    A condition has a comparison, `not`, `and`, `or`, `any`, `all` or a constant
    outermost, and is true or false; anything else is a value, of which one asks when it changed.
    """

    text: str
    reads: frozenset[str]
    is_condition: bool
    steps: tuple[PathStep, ...] = field(repr=False)
    evaluate: Evaluate = field(repr=False, compare=False)

    def value(self, moment: Moment) -> Value:
        """Its value as of *moment*: null, true or false, a number, a string, a list or a dict."""
        return plain(self.evaluate(moment, None))

    def absent(self, moment: Moment) -> tuple[str, str, list[str]] | None:
        """The first step of a path that leads nowhere as of *moment*: from where, which key, and the keys there are."""
        for step in self.steps:
            there = step.whence(moment, None)
            if is_mapping(there) and step.key not in there:
                return step.text, step.key, list(there)
        return None


def compile_expression(text: str) -> Expression:
    """The expression that *text* means. Raises Refused, in one line, for what the language does not have."""
    shown = text.strip()
    if not shown:
        raise Refused('The expression is empty. Write one like gates.tests.outcome or proof.status == "ready".')
    if len(shown) > LONGEST:
        raise Refused(f"The expression has {len(shown)} characters; {LONGEST} is the most. Ask for less at once.")
    odd = next((place for place, one in enumerate(shown) if not is_readable(one)), None)
    if odd is not None:
        raise Refused(f"The expression has a character at {odd + 1} that cannot be shown. Write it on one line, as text.")
    builder = Builder(shown)
    evaluate = builder.build(_parsed(shown, builder))
    return Expression(
        text=shown,
        reads=frozenset(builder.reads),
        is_condition=builder.is_condition,
        steps=tuple(builder.steps),
        evaluate=evaluate,
    )


def _parsed(text: str, builder: Builder) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on code, which this is not
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = max(1, min(error.offset or 1, len(text) + 1))
        raise builder.refused(place, "it cannot be read here") from None
    except (RecursionError, MemoryError):
        raise Refused("The expression is nested too deeply. Ask for less at once.") from None
    except ValueError:
        raise Refused("The expression holds a number or a character that cannot be read.") from None
