"""The beginning of a goal: its words assessed, its configuration read once, from the base commit."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from omk.agents.driver import driver_of
from omk.domain.event import Command, Value
from omk.domain.oracle import Assessment, assess
from omk.domain.subjects.budget import BudgetSet, SetBudget
from omk.domain.subjects.gate import ConfigureGates, GatesConfigured
from omk.domain.subjects.goal import (
    Accept,
    CreateGoal,
    Delivery,
    GoalConfigured,
    GoalCreated,
    Merge,
    OracleAssessed,
)
from omk.domain.subjects.policy import ConfigurePolicy, PolicyConfigured
from omk.domain.values import GateDefinition
from omk.errors import Refused
from omk.log.redact import secrets_in
from omk.runtime.config import Settings, read_settings
from omk.runtime.gates.choice import choose
from omk.runtime.gates.conduct import UNSAID, Conduct, conducted, known_needs, wrong_needs
from omk.runtime.gates.definition import NOTHING, Surroundings, gates_from_flags, with_proofs
from omk.runtime.gates.guards import guards
from omk.runtime.policy import policy_from
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.snapshot import LINK

DEFAULT_ATTEMPTS = 8
LONGEST_GOAL = 50_000


class Wishes(Value):
    """What the flags of `omk run` and `omk plan` say; null: nothing, so configuration and defaults speak."""

    agent: str | None = None
    gates: tuple[str, ...] = ()
    proves: tuple[str, ...] = ()
    kind: str | None = None
    until_ready: bool = False
    max_attempts: int | None = None
    max_agents: int = 1
    budget_time_ms: int | None = None
    budget_tokens: int | None = None
    budget_micro_usd: int | None = None
    approve: str = "safe"
    accept: Accept | None = None
    merge: Merge | None = None
    delivery: Delivery = "local"
    conduct: Conduct = UNSAID


class Intake(Value):
    """A goal ready to begin: the commands that create it, the agent's spec, whether it can be tested at all."""

    commands: tuple[Command, ...]
    agent: str | None
    testable: bool
    max_attempts: int


def take_in(user: UserRepository, identity: str, prompt: str, wishes: Wishes, actor: str) -> Intake:
    """Read and check everything a goal begins with; nothing is written. Raises `Refused`, `Unusable`."""
    require_words(prompt)
    base = user.commit
    files = user.list_files(base)
    contents: dict[str, bytes | None] = {}

    def read(path: str) -> bytes | None:
        if path not in contents:
            contents[path] = user.read_file(base, path) if path in files else None
        return contents[path]

    settings = read_settings(read, user.subdirectory)
    assessed = assess(prompt, wishes.kind or settings.kind)
    gates = choose(
        settings,
        flags=wishes.gates,
        proves=wishes.proves,
        files=files,
        read=read,
        subdirectory=user.subdirectory,
    )
    agent = wishes.agent or settings.agent
    _refuse_secrets(agent, gates, settings)
    blobs = {path: blob for path, (_, blob) in files.items()}
    held = guards(gates, blobs, read, user.subdirectory, _links(files))
    attempts = wishes.max_attempts or settings.max_attempts or DEFAULT_ATTEMPTS
    attempts = attempts if wishes.until_ready or wishes.max_attempts else 1
    created = GoalCreated(prompt=prompt, repository=user.repository(identity), base=user.base)
    configured = _configured(wishes, settings, agent, attempts)
    commands: list[Command] = [
        CreateGoal(actor=actor, created=created, configured=configured, assessed=as_event(assessed)),
        ConfigurePolicy(actor=actor, configured=in_order(policy_from(settings, wishes.conduct), wishes.conduct, gates)),
        ConfigureGates(actor=actor, configured=GatesConfigured(gates=gates, guards=held)),
    ]
    limits = (wishes.budget_time_ms, wishes.budget_tokens, wishes.budget_micro_usd)
    if any(limit is not None for limit in limits):
        budget = BudgetSet(time_ms=limits[0], tokens=limits[1], micro_usd=limits[2])
        commands.append(SetBudget(actor=actor, limits=budget))
    return Intake(commands=tuple(commands), agent=agent, testable=assessed.testable, max_attempts=attempts)


def in_order(policy: PolicyConfigured, wishes: Conduct, gates: Sequence[GateDefinition]) -> PolicyConfigured:
    """The policy with the needs of *gates* alone. Raises `Refused` for a flag that names another, and for what cannot be."""
    known = known_needs(policy.needs, gates)
    if wrong := wrong_needs(wishes.needs or (), gates) or wrong_needs(known, gates):
        raise Refused(f"--needs: {' '.join(wrong)}")
    return replace(policy, needs=known)


def require_words(prompt: str) -> None:
    """Raise `Refused` for a goal text that is none, or too long to be one."""
    if not prompt.strip():
        raise Refused('The goal text cannot be empty. Say what you want, e.g. omk run "Add a --json flag to the CLI".')
    if len(prompt) > LONGEST_GOAL:
        raise Refused(f"The goal has {len(prompt)} characters; at most {LONGEST_GOAL} fit. Put the rest into a file.")


def as_event(assessed: Assessment) -> OracleAssessed:
    """An assessment as it is recorded."""
    return OracleAssessed(
        oracle=assessed.kind,
        testable=assessed.testable,
        reason=assessed.reason,
        checks=assessed.checks,
        signals=assessed.signals,
    )


def _configured(wishes: Wishes, settings: Settings, agent: str | None, attempts: int) -> GoalConfigured:
    return GoalConfigured(
        accept=wishes.accept or settings.accept or "manual",
        merge=wishes.merge or settings.merge or "manual",
        delivery=wishes.delivery,
        until_ready=wishes.until_ready,
        max_attempts=attempts,
        max_agents=wishes.max_agents,
        approve=wishes.approve,
        agent=agent,
        agent_timeout_ms=None,
        setup=settings.around.setup,
        share=settings.around.share,
        scope=settings.write,
        sources=(settings.source,) if settings.source else (),
    )


def _refuse_secrets(agent: str | None, gates: Sequence[GateDefinition], settings: Settings) -> None:
    """Commands are recorded as they are, so none may contain a secret."""
    named = [("The agent's command", agent or "")]
    named += [(f"The command of gate {gate.name}", " ".join(gate.command)) for gate in gates]
    named += [("A setup command", line) for line in settings.around.setup]
    for what, command in named:
        found = secrets_in(command)
        if found:
            raise Refused(
                f"{what} contains a secret ({', '.join(found)}), and commands are recorded. "
                'Put it into an environment variable and write "$NAME" instead.'
            )


def check_agent(spec: str | None) -> None:
    """Raise `Refused` unless *spec* names an agent."""
    if spec is None:
        raise Refused("No agent is named. Give one: --agent 'command:…', or `agent = …` in omk.toml.")
    driver_of(spec)


def configure_again(session: Session, flags: Sequence[str], proves: Sequence[str]) -> GatesConfigured:
    """The gates as a person's flags define them anew for a goal that exists; --prove alone adds to what there is."""
    state, user = session.state, session.user
    base = state.goal.base.commit if state.goal.base else user.commit
    settings = state.goal.settings
    around = Surroundings(setup=settings.setup, share=settings.share) if settings else NOTHING
    known = tuple(state.gate.by_name[name].definition for name in state.gate.order)
    gates = gates_from_flags(flags, proves, around=around) if flags else with_proofs(known, proves)
    _refuse_secrets(None, gates, Settings())
    files = user.list_files(base)
    blobs = {path: blob for path, (_, blob) in files.items()}
    subdirectory = state.goal.repository.subdirectory if state.goal.repository else ""
    held = guards(gates, blobs, lambda path: user.read_file(base, path), subdirectory, _links(files))
    return GatesConfigured(gates=gates, guards=held)


def conduct_again(session: Session, wishes: Conduct, gates: Sequence[GateDefinition]) -> PolicyConfigured:
    """The policy of a goal that exists, with what a person's flags say of how its *gates* are run."""
    policy = session.state.policy
    fields = {name: getattr(policy, name) for name in PolicyConfigured.__struct_fields__}
    return in_order(conducted(PolicyConfigured(**fields), (wishes,)), wishes, gates)


def _links(files: Mapping[str, tuple[str, str]]) -> frozenset[str]:
    return frozenset(path for path, (mode, _) in files.items() if mode == LINK)
