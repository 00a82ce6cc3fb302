"""What rules judge, what they say, and what a rule is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from policy.values import NotReadableError, read


class Level(StrEnum):
    """MANDATORY stops the deployment; ADVISORY is shown."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


@dataclass(frozen=True)
class Resource:
    """One resource, its property names as the engine has them (camelCase).

    `properties` are its inputs for a rule about resources; its outputs over its inputs for a rule about the stack.
    `protect` and `retain` are None where the source does not tell (an analyzer is not told `retainOnDelete`).
    `provider` holds the provider's own properties, None for components.
    """

    urn: str
    type: str
    properties: Mapping[str, Any]
    protect: bool | None = None
    retain: bool | None = None
    dependencies: frozenset[str] = frozenset()
    provider: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def stack(self) -> str:
        """The stack's name, which is the environment's: the config refuses a stack of another name."""
        return self.urn.removeprefix("urn:pulumi:").partition("::")[0]

    @property
    def is_production(self) -> bool:
        """Whether production's rules hold: for prod, and for a stack of any unknown name."""
        return self.stack not in {"dev", "staging"}

    def get(self, path: str) -> Any:
        """Return the property at a dotted `path`, None where there is none. Raises NotReadableError."""
        return read(self.properties, path)

    def peek(self, path: str) -> Any:
        """Return the property at `path`; None also where it cannot be read."""
        try:
            return self.get(path)
        except NotReadableError:
            return None


@dataclass(frozen=True)
class Stack:
    """All resources of a stack."""

    resources: Sequence[Resource]

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of any of `types`, in order."""
        return [resource for resource in self.resources if resource.type in types]

    @property
    def name(self) -> str:
        """The stack's name; empty for a stack without resources."""
        return self.resources[0].stack if self.resources else ""


@dataclass(frozen=True)
class Violation:
    """What is wrong. `urn` is the resource's, empty for the resource or stack that is being judged."""

    message: str
    urn: str = ""


@dataclass(frozen=True)
class Unknown:
    """A value that the rule needs and cannot read."""

    path: str
    why: str
    urn: str = ""


type Finding = Violation | Unknown


@dataclass(frozen=True)
class Rule:
    """One rule as data. A `check` yields findings and raises NotReadableError for what it cannot read.

    `reason` says what goes wrong without it, `refs` the ids of the incidents and requirements behind it, `fix` what to
    do; `failing` is refused by the rule (every one of its resources' stack), `passing` is not. `types` are the resource
    types it is asked about; empty means all that a provider makes.
    """

    name: str
    scope: Literal["resource", "stack"]
    reason: str
    fix: str
    check: Callable[[Any], Iterable[Finding]]
    failing: tuple[Resource, ...]
    passing: tuple[Resource, ...]
    types: tuple[str, ...] = ()
    level: Level = Level.MANDATORY
    refs: tuple[str, ...] = ()

    def applies(self, type_: str) -> bool:
        """Say whether the rule is asked about resources of `type_` (components and the stack itself never)."""
        return type_ in self.types if self.types else type_.startswith("aws:")


def each[T](subjects: Iterable[T], check: Callable[[T], Iterable[Finding]], urn: str = "") -> Iterator[Finding]:
    """Yield the findings of `check` on every subject: what is unknown of one hides nothing of the others."""
    for subject in subjects:
        try:
            yield from check(subject)
        except NotReadableError as error:
            yield Unknown(error.path, error.why, urn or (subject.urn if isinstance(subject, Resource) else ""))


def resource_rule(
    name: str,
    check: Callable[[Resource], Iterable[Finding]],
    *,
    types: Sequence[str] = (),
    reason: str,
    fix: str,
    failing: Resource,
    passing: Resource,
    level: Level = Level.MANDATORY,
    refs: Sequence[str] = (),
) -> Rule:
    """Return a rule about single resources."""
    return Rule(name, "resource", reason, fix, check, (failing,), (passing,), tuple(types), level, tuple(refs))


def stack_rule(
    name: str,
    check: Callable[[Stack], Iterable[Finding]],
    *,
    reason: str,
    fix: str,
    failing: Sequence[Resource],
    passing: Sequence[Resource],
    level: Level = Level.MANDATORY,
    refs: Sequence[str] = (),
) -> Rule:
    """Return a rule about a stack as a whole."""
    return Rule(name, "stack", reason, fix, check, tuple(failing), tuple(passing), (), level, tuple(refs))


@dataclass(frozen=True)
class Example:
    """Makes the resources of examples: of one stack, account and provider, with names that pass."""

    stack: str = "prod"
    account: str = "111122223333"
    region: str = "eu-central-1"
    tags: Mapping[str, str] = field(
        default_factory=lambda: {
            "Project": "omnix-ai",
            "Owner": "team",
            "CostCenter": "CC-1",
            "ManagedBy": "pulumi",
        }
    )

    def __call__(self, type_: str, logical_name: str = "example", /, **properties: Any) -> Resource:
        """Return a resource of `type_`. `protect`, `retain` and `after` (resources it depends on) are options."""
        options = {key: properties.pop(key) for key in ("protect", "retain") if key in properties}
        after: Sequence[Resource] = properties.pop("after", ())
        return Resource(
            urn=f"urn:pulumi:{self.stack}::omnix-ai::{type_}::{logical_name}",
            type=type_,
            properties=properties,
            dependencies=frozenset(resource.urn for resource in after),
            provider={
                "region": self.region,
                "allowedAccountIds": f'["{self.account}"]',
                "defaultTags": {"tags": {**self.tags, "Environment": self.stack}},
            },
            **options,
        )


PROD = Example()
DEV = Example("dev")
