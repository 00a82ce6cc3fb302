"""The pack as Pulumi knows it: each rule a policy, served to the engine. The only module that knows `pulumi_policy`.

With `OMNIX_POLICY_REPORT` naming a file, what has been evaluated is written there, for `make up` to show.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import serialize_properties

from policy.evaluation import Report, findings
from policy.model import Level, Resource, Rule, Stack
from policy.overrides import Overrides
from policy.types import PROVIDER
from policy.values import from_wire

NAME: Final = "omnix-ai"
REPORT_VARIABLE: Final = "OMNIX_POLICY_REPORT"
_LEVELS: Final[Mapping[Level, EnforcementLevel]] = {
    Level.MANDATORY: EnforcementLevel.MANDATORY,
    Level.ADVISORY: EnforcementLevel.ADVISORY,
}


class Tally:
    """What the pack has evaluated in this process, written to the report file after each change that matters.

    It keeps each resource's inputs: the engine judges a stack by outputs only, and a provider's outputs in a preview
    may lack what it does not know yet.
    """

    def __init__(self, rules: tuple[Rule, ...], overrides: Overrides, path: Path | None) -> None:
        self._report = Report(rules=len(rules))
        self._inputs: dict[str, Mapping[str, Any]] = {}
        self._overrides, self._path = overrides, path
        self._lock = threading.Lock()

    def meet(self, resource: Resource) -> None:
        """Count a resource, and keep its inputs."""
        with self._lock:
            if resource.urn not in self._inputs:
                self._report.count(resource)
            self._inputs[resource.urn] = resource.properties

    def inputs(self, urn: str) -> Mapping[str, Any]:
        """Return the inputs of a resource that was met."""
        return self._inputs.get(urn, {})

    def judge(self, rule: Rule, subject: Resource | Stack, report: ReportViolation) -> None:
        """Run a rule and report what stands; an exception for a resource silences it and is counted."""
        urn = subject.urn if isinstance(subject, Resource) else ""
        with self._lock:
            for finding in findings(rule, subject):
                broken = self._report.add(rule, urn, finding, self._overrides)
                if broken is not None:
                    report(f"{broken.message}. Fix: {rule.fix}.", broken.urn or None)
                    self.write()

    def write(self) -> None:
        """Write the report, if someone asked for one."""
        if self._path is not None:
            temporary = self._path.with_suffix(".part")
            temporary.write_text(json.dumps(self._report.as_json()), encoding="utf-8")
            temporary.replace(self._path)

    def unknown(self) -> str:
        """Return one sentence on what could not be told; empty when everything could."""
        count = len(self._report.unknown)
        if not count:
            return ""
        rules = sorted({entry["rule"] for entry in self._report.unknown})
        return (
            f"{count} checks of {len(rules)} rules wait for values that are not known yet, and are made when they are "
            f"(at the latest by the update, before each resource): {', '.join(rules)}"
        )


def _provider(provider: Any) -> Mapping[str, Any] | None:
    return None if provider is None else _properties(provider.props)


def _properties(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands behind the proxies, which raise at the touch of an unknown value."""
    return {key: from_wire(value) for key, value in serialize_properties(props).items()}


def _resource(
    args: ResourceValidationArgs | PolicyResource,
    dependencies: frozenset[str] = frozenset(),
    inputs: Mapping[str, Any] = MappingProxyType({}),
) -> Resource:
    properties = {**inputs, **_properties(args.props)}
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        properties=properties,
        protect=args.opts.protect,
        dependencies=dependencies,
        provider=properties if args.resource_type == PROVIDER else _provider(args.provider),
    )


def _stack(args: StackValidationArgs, tally: Tally) -> Stack:
    return Stack(
        [
            _resource(item, frozenset(other.urn for other in item.dependencies), tally.inputs(item.urn))
            for item in args.resources
        ]
    )


def _validate_resource(rule: Rule, tally: Tally) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if rule.applies(args.resource_type):
            tally.judge(rule, _resource(args), report)

    return validate


def _validate_stack(rule: Rule, tally: Tally) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        tally.judge(rule, _stack(args, tally), report)

    return validate


def _as_policy(rule: Rule, tally: Tally) -> Policy:
    shown: dict[str, Any] = {
        "name": rule.name,
        "description": f"{rule.name}: {rule.reason}.",
        "enforcement_level": _LEVELS[rule.level],
        "severity": Severity.HIGH if rule.level is Level.MANDATORY else Severity.LOW,
        "remediation_steps": rule.fix,
        "tags": list(rule.refs),
    }
    if rule.scope == "resource":
        return ResourceValidationPolicy(validate=_validate_resource(rule, tally), **shown)
    return StackValidationPolicy(validate=_validate_stack(rule, tally), **shown)


def _roll_call(tally: Tally) -> Policy:
    """The first policy: it finds nothing, and meets every resource."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        del report
        tally.meet(_resource(args))

    return ResourceValidationPolicy(
        name="roll-call",
        description="Counts what is judged.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )


def _what_is_not_known(tally: Tally) -> Policy:
    """The last stack policy: says once, not hundreds of times, what a preview could not tell; writes the report."""

    def validate(_: StackValidationArgs, report: ReportViolation) -> None:
        tally.write()
        sentence = tally.unknown()
        if sentence:
            report(sentence, None)

    return StackValidationPolicy(
        name="not-known-yet",
        description="Checks that wait for values which only the update makes known.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )


def serve(rules: tuple[Rule, ...], overrides: Overrides) -> None:
    """Serve the pack to the engine, until it ends the process."""
    path = os.environ.get(REPORT_VARIABLE)
    tally = Tally(rules, overrides, Path(path) if path else None)
    policies = [_roll_call(tally), *(_as_policy(rule, tally) for rule in rules), _what_is_not_known(tally)]
    PolicyPack(name=NAME, policies=policies, enforcement_level=EnforcementLevel.MANDATORY)
