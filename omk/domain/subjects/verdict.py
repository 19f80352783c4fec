"""The verdicts that were issued, and the texts that were erased."""

from msgspec.structs import replace

from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Digest, Event, Recorded, Text, Tree, Value
from omk.errors import Refused

# --- Events: the stored names. Change one only by adding a version. ---


class ProofIssued(Event, tag="proof_issued.v1"):
    """The verdict on the goal up to event *seq*: `verdict` digests its core under that version of the rules."""

    status: str
    rules: int
    verdict: Digest
    tree: Tree
    seq: int


class TextErased(Event, tag="text_erased.v1"):
    """The free text of event *seq* under *paths* was erased from the store; its commitments stay."""

    seq: int
    paths: tuple[str, ...]
    reason: Text


# --- State, and evolve: what we remember ---


class Verdicts(Value):
    """The last verdict and how many there were; what was erased last, as seq and paths."""

    last: ProofIssued | None = None
    last_seq: int = 0
    issued: int = 0
    erased: int = 0
    erased_last: tuple[int, tuple[str, ...]] | None = None


def issued(verdicts: Verdicts, event: ProofIssued, record: Recorded) -> Verdicts:
    return replace(verdicts, last=event, last_seq=record.seq, issued=verdicts.issued + 1)


def erased(verdicts: Verdicts, event: TextErased, record: Recorded) -> Verdicts:
    return replace(verdicts, erased=verdicts.erased + 1, erased_last=(event.seq, event.paths))


EVOLVE: Table = {ProofIssued: issued, TextErased: erased}

# --- Commands, and decide: what may be asked, and what we answer ---


class IssueProof(Command, frozen=True):
    """Put the verdict on record."""

    issued: ProofIssued


class EraseText(Command, frozen=True):
    """Say that free text is erased."""

    erased: TextErased


VerdictCommand = IssueProof | EraseText


def decide(command: VerdictCommand, verdicts: Verdicts) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case IssueProof(issued=event):
            return [] if verdicts.last is not None and verdicts.last.seq == event.seq else [event]
        case EraseText(erased=event):
            if not command.actor.startswith("person:"):
                raise Refused("Only a person erases text.")
            return [] if verdicts.erased_last == (event.seq, event.paths) else [event]


VERDICT = Decider(initial=Verdicts(), decide=decide, evolve=EVOLVE, commands=VerdictCommand.__args__)
