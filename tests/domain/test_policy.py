"""A policy says how the controller goes about a goal; a goal that was never given one goes on as it did."""

from msgspec.structs import replace

from omk.domain.subjects.policy import ConfigurePolicy, Needs, Policy, PolicyConfigured
from tests.scenario import BOT, create, goal, some

GIVEN = some(PolicyConfigured, lease_ms=60_000, needs=(Needs(gate="smoke", gates=("build",)),))


def test_a_goal_without_a_policy_has_the_values_of_before_there_were_any():
    assert goal.given(create()).state.policy == Policy()


def test_a_policy_is_in_force_as_it_was_recorded():
    policy = goal.given(create(), ConfigurePolicy(actor=BOT, configured=GIVEN)).state.policy
    assert policy.seq == 4
    assert all(getattr(policy, name) == getattr(GIVEN, name) for name in GIVEN.__struct_fields__)


def test_the_same_policy_is_recorded_once_and_another_one_replaces_it():
    story = goal.given(create(), ConfigurePolicy(actor=BOT, configured=GIVEN))
    story.when(ConfigurePolicy(actor=BOT, configured=GIVEN)).then_nothing()
    other = replace(GIVEN, gates_at_once=4)
    assert story.when(ConfigurePolicy(actor=BOT, configured=other)).then(other).state.policy.gates_at_once == 4


def test_the_values_of_before_are_recorded_like_any_others():
    usual = PolicyConfigured(**{name: getattr(Policy(), name) for name in PolicyConfigured.__struct_fields__})
    goal.given(create()).when(ConfigurePolicy(actor=BOT, configured=usual)).then(usual)


def test_a_gate_needs_what_is_written_of_it_and_else_nothing():
    policy = goal.given(create(), ConfigurePolicy(actor=BOT, configured=GIVEN)).state.policy
    assert policy.needs_of("smoke") == ("build",)
    assert policy.needs_of("build") == ()
