"""The performance pass: was it measured, when the goal is about it?"""

from omk.domain.oracle import is_about_performance, measures
from omk.runtime.reviews.material import Material, Verdict


def performance(material: Material) -> Verdict:
    """Pass on a performance gate that passed on this tree; block a performance goal without; else it does not apply."""
    measured = [gate for gate in material.gates if measures(gate.name, gate.proves)]
    good = next((gate for gate in measured if gate.good), None)
    if good is not None:
        return Verdict("passed", f"The gate {good.name} passed on this tree.")
    if not is_about_performance(material.kind, is_required=any(gate.required for gate in measured)):
        return Verdict("not_applicable", f"The goal is of kind {material.kind} and requires no performance gate.")
    if material.kind == "performance":
        return Verdict("blocked", "The goal is about performance, and no performance gate passed on this tree.")
    return Verdict("blocked", f"The required gate {measured[0].name} did not pass on this tree.")
