"""Whether the change may go on: what refuses, and which override lets what through."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.preview.contract.diff import ContractDifference
from ops.preview.model import Action, Change, Environment
from ops.preview.overrides import Override, Overrides

_VERBS = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}


@dataclass(frozen=True)
class Refusal:
    """One reason why the gate is shut. `rule` is stable, for machines; `subject` is a name of the program's."""

    rule: str
    text: str
    subject: str | None = None
    environment: str | None = None


@dataclass(frozen=True)
class Allowed:
    """A loss that a committed override lets through."""

    change: Change
    environment: str
    override: Override


@dataclass(frozen=True)
class Gate:
    """Shut when there is any refusal. `notes`: what nobody is refused for and somebody should tidy up."""

    refusals: tuple[Refusal, ...]
    allowed: tuple[Allowed, ...]
    notes: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Say whether nothing refuses."""
        return not self.refusals

    def of(self, environment: str) -> tuple[Refusal, ...]:
        """The refusals of one environment."""
        return tuple(refusal for refusal in self.refusals if refusal.environment == environment)

    def override_of(self, change: Change, environment: str) -> Override | None:
        """The override that lets this change through."""
        return next(
            (a.override for a in self.allowed if a.change.urn == change.urn and a.environment == environment), None
        )


def judge(
    environments: Sequence[Environment], overrides: Overrides, contract: ContractDifference | None = None
) -> Gate:
    """Every refusal of every environment, of the overrides file itself, and of a contract that cannot be read.

    A breaking contract is told loudly and refuses nothing: whether clients follow is the reviewer's to know.
    """
    refusals: list[Refusal] = [
        Refusal("override-malformed", f"the overrides file does not count: {problem}") for problem in overrides.problems
    ]
    if contract is not None and contract.problem:
        refusals.append(Refusal("contract-unread", f"the contract could not be compared: {contract.problem}"))
    allowed: list[Allowed] = []
    for environment in environments:
        refusals += _failures(environment)
        for change in environment.changes:
            verdict = _stateful(change, environment.name, overrides)
            if isinstance(verdict, Refusal):
                refusals.append(verdict)
            elif verdict:
                allowed.append(verdict)
        refusals += _policy(environment)
    return Gate(tuple(refusals), tuple(allowed), _notes(overrides, allowed, {e.name for e in environments}))


def _failures(environment: Environment) -> list[Refusal]:
    found = []
    if environment.failure:
        found.append(Refusal("preview-failed", environment.failure, environment=environment.name))
    for change in environment.of(Action.UNKNOWN):
        text = "would undergo an operation that this report does not know"
        found.append(Refusal("unknown-operation", text, change.resource.name, environment.name))
    return found


def _stateful(change: Change, environment: str, overrides: Overrides) -> Refusal | Allowed | None:
    if change.loss is None or not change.loss.gated:
        return None
    override = overrides.covering(change, environment)
    if override:
        return Allowed(change, environment, override)
    text = f"({change.loss.noun}) would be {_VERBS[change.action]} without an override"
    if expired := overrides.expired_for(change, environment):
        text += f"; the one of {expired.owner} expired on {expired.expires}"
    return Refusal(f"stateful-{change.action}", text, change.resource.name, environment)


def _policy(environment: Environment) -> list[Refusal]:
    policy = environment.policy
    if policy is None:
        return []
    if policy.problem:
        return [Refusal("policy-unchecked", policy.problem, environment=environment.name)]
    mandatory = sum(violation.mandatory for violation in policy.violations)
    if not mandatory:
        return []
    text = f"{mandatory} mandatory policy {'violation' if mandatory == 1 else 'violations'}"
    return [Refusal("policy-mandatory", text, environment=environment.name)]


def _notes(overrides: Overrides, allowed: Sequence[Allowed], previewed: set[str]) -> tuple[str, ...]:
    used = {id(entry.override) for entry in allowed}
    notes = []
    for entry in overrides.entries:
        if overrides.expired(entry):
            notes.append(f"the override to {entry.subject} expired on {entry.expires}: remove it")
        elif id(entry) not in used and entry.environment in previewed:
            notes.append(f"the override to {entry.subject} covers nothing in this preview")
    return tuple(notes)
