"""The dossier as one document: the parts that the lake tells, and beside them what only the fold can say."""

from omk.domain.event import Digest
from omk.errors import Unusable
from omk.lake.dossier.gather import Document, Place, Share, gathered
from omk.lake.dossier.judged import Judged, judged
from omk.lake.session import Lake
from omk.log.chain import lineage
from omk.log.protocol import Log
from omk.replay.explain.why import why_document
from omk.replay.history import History


def place_of(log: Log, goal: str, seq: int) -> Place:
    """A goal as of event *seq*, with whose events its history is made of."""
    found = []
    for one in lineage(log, goal):
        last = seq if one.end is None else min(one.end, seq)
        if last > one.start:
            found.append(Share(one.goal, one.start + 1, last))
    return Place(goal, seq, tuple(found))


def dossier(lake: Lake, history: History, place: Place) -> Document:
    """`{goal, seq, at, head, status, rules, events, lineage, parts, gaps, fewest, judged_again}`.

    The gaps hold quoted texts. Raises Unusable if lake and log disagree.
    """
    parts = gathered(lake, place)
    issued = parts["proofs"]["rows"]
    told = judged(history, place.seq, {one["judged_seq"] for one in issued})
    summary, proof = parts["summary"]["rows"][0], told.proof
    _agree(place, summary, told)
    why = why_document(proof)
    return {
        "goal": place.goal,
        "seq": place.seq,
        "at": summary["last_at"],
        "head": summary["head"],
        "tree": proof.tree or None,
        "status": proof.status,
        "rules": proof.rules,
        "events": summary["events"],
        "lineage": [one._asdict() for one in place.lineage],
        "parts": parts,
        "gaps": why["blocking"],
        "fewest": why["fewest"],
        "judged_again": [_again(one, told.digests, proof.rules) for one in issued],
    }


def _again(issued: Document, digests: dict[int, Digest], rules: int) -> Document:
    """A verdict on record against today's on the same event: `same`, `other_rules` or `differs`."""
    today = digests.get(issued["judged_seq"])
    outcome = "same" if today == issued["verdict"] else "other_rules" if issued["rules"] != rules else "differs"
    return {"seq": issued["seq"], "judged_seq": issued["judged_seq"], "verdict": today, "outcome": outcome}


def _agree(place: Place, summary: Document, told: Judged) -> None:
    """Raise Unusable unless the lake tells the same events and the same verdict as the log."""
    proof = told.proof
    if not place.seq:
        return
    lake = (summary["events"], summary["head"], summary["status"], summary["gaps"])
    if lake != (place.seq, proof.head, proof.status, len(proof.gaps)):
        text = f"The lake tells another story of {place.goal} at event {place.seq} than its log"
        raise Unusable(f"{text}: {summary['status']} against {proof.status}. It is only a cache: omk lake rebuild.")
