"""Running rules over resources: what is violated, what is excepted, what could not be told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from policy import types
from policy.model import Finding, Resource, Rule, Stack, Unknown
from policy.overrides import Override, Overrides
from policy.values import NotReadableError


def findings(rule: Rule, subject: Resource | Stack) -> Iterator[Finding]:
    """Yield what a rule says of its subject; what it cannot read ends it, and is itself a finding."""
    try:
        yield from rule.check(subject)
    except NotReadableError as error:
        yield Unknown(error.path, error.why)


@dataclass(frozen=True)
class Broken:
    """A violation with everything that is said of it. `urn` is empty for the stack as a whole."""

    rule: Rule
    urn: str
    message: str

    def as_json(self) -> dict[str, str]:
        """Return it for machines."""
        return {
            "rule": self.rule.name,
            "level": self.rule.level.value,
            "urn": self.urn,
            "message": self.message,
            "fix": self.rule.fix,
        }


@dataclass
class Report:
    """The outcome of an evaluation. `checked` counts resources, `rules` the rules that were asked."""

    rules: int = 0
    checked: int = 0
    violations: list[Broken] = field(default_factory=list)
    overridden: list[tuple[Broken, Override]] = field(default_factory=list)
    unknown: list[dict[str, str]] = field(default_factory=list)
    stateful: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> bool:
        """Whether a mandatory rule is violated."""
        return any(broken.rule.level == "mandatory" for broken in self.violations)

    def as_json(self) -> dict[str, Any]:
        """Return the report as `python -m policy check --json` prints it."""
        return {
            "violations": [broken.as_json() for broken in self.violations],
            "overridden": [
                {
                    **broken.as_json(),
                    "owner": override.owner,
                    "reason": override.reason,
                    "expires": str(override.expires),
                }
                for broken, override in self.overridden
            ],
            "unknown": self.unknown,
            "checked": self.checked,
            "rules": self.rules,
            "stateful": dict(sorted(self.stateful.items())),
        }

    def count(self, resource: Resource) -> None:
        """Count a resource: what a provider makes, and what of it holds data."""
        self.checked += resource.type.startswith("aws:")
        self.stateful.update([resource.type] if resource.type in types.STATEFUL else [])

    def add(self, rule: Rule, urn: str, finding: Finding, overrides: Overrides) -> Broken | None:
        """Take in a finding about `urn`; returns the violation if it stands."""
        at = finding.urn or urn
        if isinstance(finding, Unknown):
            entry = {"rule": rule.name, "urn": at, "path": finding.path, "why": finding.why}
            if entry not in self.unknown:
                self.unknown.append(entry)
            return None
        broken = Broken(rule, at, finding.message)
        override = overrides.covering(rule.name, at)
        if override is not None:
            self.overridden.append((broken, override))
            return None
        self.violations.append(broken)
        return broken


def evaluate(
    rules: Sequence[Rule],
    resources: Sequence[Resource],
    stack: Stack | None,
    overrides: Overrides,
    *,
    why_no_stack: str = "",
) -> Report:
    """Judge every resource by its inputs (`resources`) and the stack by its outputs (`stack`).

    A `stack` of None means that not all of it is there; its rules are then unknown, for the reason `why_no_stack`.
    """
    report = Report(rules=len(rules))
    for resource in resources:
        report.count(resource)
    for rule in rules:
        if rule.scope == "resource":
            for resource in resources:
                if rule.applies(resource.type):
                    for finding in findings(rule, resource):
                        report.add(rule, resource.urn, finding, overrides)
        elif stack is None:
            report.add(rule, "", Unknown("(stack)", why_no_stack), overrides)
        else:
            for finding in findings(rule, stack):
                report.add(rule, "", finding, overrides)
    return report
