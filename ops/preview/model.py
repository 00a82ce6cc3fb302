"""What a preview says, reduced to what may be shown. A raw state never gets this far.

These models are also the JSON document that one job hands to the next (`FORMAT`): reading it back checks it whole.
"""

from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from ops.preview import stateful
from ops.preview import urn as urns
from ops.preview.disclosure import Scalar

FORMAT: Final = "omnix preview report 1"


class Frozen(BaseModel):
    """A part of the document: immutable, and nothing in it that is not known here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Action(StrEnum):
    """What happens to a resource, in the words of the report. `UNKNOWN`: an operation this report does not know."""

    CREATE = "create"
    DELETE = "delete"
    IMPORT = "import"
    REPLACE = "replace"
    SAME = "same"
    UNKNOWN = "unknown"
    UPDATE = "update"


class PathChange(Frozen):
    """One changed property. `kind` is the engine's (`add`, `delete`, `update`, each perhaps `-replace`)."""

    path: str
    kind: str
    before: Scalar | None = None
    after: Scalar | None = None


class Change(Frozen):
    """What a step does to one resource. `before` and `after` hold the harmless scalars of `disclosure` only."""

    urn: str
    op: str
    action: Action
    paths: tuple[PathChange, ...] = ()
    reasons: tuple[str, ...] = ()
    before: dict[str, Scalar] = {}
    after: dict[str, Scalar] = {}
    parent: str | None = None
    renamed_from: str | None = None
    recreated_as: str | None = None
    protect_before: bool = False
    protect_after: bool = False
    retain: bool = False

    @property
    def resource(self) -> urns.Urn:
        """The URN, taken apart."""
        return urns.parse(self.urn)

    @property
    def loss(self) -> stateful.Loss | None:
        """What goes with the resource when this deletes or replaces it."""
        taken = self.action in {Action.DELETE, Action.REPLACE}
        return stateful.loss_of(self.resource.type) if taken else None

    @property
    def protections(self) -> tuple[str, ...]:
        """What stands in the way of that loss."""
        return stateful.protections(
            self.resource.type,
            self.before,
            protect=self.protect_before,
            retain=self.retain,
            replaced=self.action is Action.REPLACE,
        )

    @property
    def weakened(self) -> tuple[str, ...]:
        """Protections that an update takes away."""
        if self.action not in {Action.UPDATE, Action.SAME}:
            return ()
        lock = ("protect",) if self.protect_before and not self.protect_after else ()
        return lock + stateful.weakened(self.resource.type, self.before, self.after)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What an update in place does beside what it says."""
        touched = tuple(change.path for change in self.paths)
        return stateful.cautions(self.resource.type, touched) if self.action is Action.UPDATE else ()


class Diagnostic(Frozen):
    """An error or warning of the engine or the program, without what looks like a secret."""

    severity: str
    message: str
    resource: str | None = None


class Violation(Frozen):
    """One finding of the policy pack."""

    rule: str
    level: str
    urn: str = ""
    message: str
    fix: str = ""

    @property
    def mandatory(self) -> bool:
        """Say whether it stops a deployment."""
        return self.level == "mandatory"


class PolicyResult(Frozen):
    """`problem` says why there is no result; without one the pack was run over `checked` resources.

    `unknown`: answers that only a deployment gives; `excepted`: violations that the pack's own overrides let through.
    """

    violations: tuple[Violation, ...] = ()
    checked: int = 0
    rules: int = 0
    unknown: int = 0
    excepted: int = 0
    problem: str | None = None


class Environment(Frozen):
    """One environment's preview. `failure`: why it tells less than the whole; what is there is shown all the same."""

    name: str
    changes: tuple[Change, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    seconds: float | None = None
    failure: str | None = None
    inventory: bool = False
    policy: PolicyResult | None = None

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes with one of these actions, in URN order."""
        return tuple(change for change in self.changes if change.action in actions)


class Document(BaseModel):
    """What `--json` writes and another run of the report reads; what is computed from it is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["omnix preview report 1"] = FORMAT
    environments: tuple[Environment, ...]
