"""The scenarios that `replays/` is recorded from: one name, one claim, one real run each."""

from tools.scenarios import ends, evidence, people, ready, rules, several
from tools.scenarios.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *ready.SCENARIOS,
    *evidence.SCENARIOS,
    *people.SCENARIOS,
    *rules.SCENARIOS,
    *ends.SCENARIOS,
    *several.SCENARIOS,
)
