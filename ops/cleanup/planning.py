"""Makes a plan from an audit: what may be removed, and for everything else that was to be, why it is left out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ops.audit.model import Audit, Finding, Kind, Resource, Verdict, canonical, fingerprint
from ops.cleanup.allow_list import covering
from ops.cleanup.ordering import ordered
from ops.cleanup.plan import Entry, LeftOut, Plan, sealed
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from ops.cleanup.allow_list import Allowed


@dataclass(frozen=True)
class Terms:
    """What the operator decided. `only` are patterns over names, labels and ARNs; empty takes everything."""

    valid: timedelta
    waiting: timedelta
    allowed: Sequence[Allowed] = ()
    only: Sequence[str] = ()


@dataclass
class _Sorting:
    """What goes in and what stays out, while the two still influence each other."""

    taken: dict[str, Finding] = field(default_factory=dict)
    left: dict[str, tuple[Finding, list[str]]] = field(default_factory=dict)

    def leave(self, finding: Finding, reasons: list[str]) -> None:
        self.taken.pop(finding.resource.arn, None)
        self.left[finding.resource.arn] = (finding, reasons)


def names(resource: Resource) -> list[str]:
    """What a pattern may match of a resource."""
    return [resource.arn, resource.name, resource.label]


def make(audit: Audit, terms: Terms, now: datetime) -> Plan:
    """The sealed, unapproved plan, which may be empty. Refused for a cyclic dependency and for an audit gone stale."""
    if now - audit.made_at > terms.valid:
        raise Refused(
            f"the audit is of {audit.made_at:%Y-%m-%d %H:%M} UTC, older than the plan may become",
            "audit again, then plan",
        )
    sorting = _sorted(audit, terms, now)
    after = {arn: _before(one.resource, sorting.taken) for arn, one in sorting.taken.items()}
    order = ordered({arn: one.resource.kind for arn, one in sorting.taken.items()}, after)
    plan = Plan(
        account_id=audit.account_id,
        alias=audit.alias,
        environment=audit.environment,
        regions=audit.regions,
        created_at=now,
        expires_at=now + terms.valid,
        waiting_days=terms.waiting.days,
        audit_made_at=audit.made_at,
        audit_window_days=audit.window_days,
        audit_sha256=hashlib.sha256(canonical(audit.model_dump(mode="json")).encode()).hexdigest(),
        allowed=list(terms.allowed),
        entries=[
            _entry(place, sorting.taken[arn], sorted(after[arn]), terms) for place, arn in enumerate(order, start=1)
        ],
        left_out=[
            LeftOut(arn=arn, kind=one.resource.kind, name=one.resource.label or one.resource.name, reasons=reasons)
            for arn, (one, reasons) in sorted(sorting.left.items())
        ],
    )
    return sealed(plan)


def _sorted(audit: Audit, terms: Terms, now: datetime) -> _Sorting:
    sorting = _Sorting()
    for finding in audit.of(Verdict.REMOVE):
        if terms.only and not _chosen(finding.resource, terms.only):
            continue
        reasons = list(_obstacles(audit, finding, terms, now))
        if reasons:
            sorting.leave(finding, reasons)
        else:
            sorting.taken[finding.resource.arn] = finding
    # What one thing that stays refers to stays too, and so on.
    while blocked := [
        (one, found) for one in sorting.taken.values() if (found := _keepers(audit, one.resource, sorting.taken))
    ]:
        for finding, keepers in blocked:
            sorting.leave(finding, keepers)
    return sorting


def _keepers(audit: Audit, resource: Resource, taken: Mapping[str, Finding]) -> list[str]:
    found = [f"referred to by what stays: {one}" for one in kept(resource, taken)]
    if resource.kind is Kind.LOG_GROUP:
        writers = [one.resource for one in audit.findings if writes_to(one.resource, resource.name)]
        found += [
            f"{one.kind} {one.label or one.name} stays and writes to it" for one in writers if one.arn not in taken
        ]
    return found


def _chosen(resource: Resource, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names(resource) for pattern in patterns)


def _obstacles(audit: Audit, finding: Finding, terms: Terms, now: datetime) -> Iterator[str]:
    resource = finding.resource
    if resource.owner:
        yield f"the {resource.owner.tool} stack {resource.owner.stack} owns it: {finding.step}"
    if keeper := covering(terms.allowed, names(resource)):
        yield f"allow-listed by {keeper.owner} until {keeper.until}: {keeper.reason}"
    if resource.account_id != audit.account_id:
        yield f"it is in account {resource.account_id}"
    if resource.incomplete:
        yield f"not all of it could be read: {'; '.join(resource.incomplete)}"
    if unread := [one for one in audit.errors if not one.subject and resource.kind in one.kinds]:
        yield f"the audit could not read {', '.join(sorted({f'{one.service} {one.operation}' for one in unread}))}"
    if resource.first_seen is None:
        yield "the audit does not say when it was first seen: give it a history (`omnix audit --history FILE`)"
    elif resource.first_seen + terms.waiting > now + terms.valid:
        yield (
            f"first seen {resource.first_seen:%Y-%m-%d}: its waiting period ends "
            f"{resource.first_seen + terms.waiting:%Y-%m-%d}, after this plan"
        )


def kept(resource: Resource, going: Container[str]) -> list[str]:
    """In words, what refers to a resource and is not among those that go."""
    return [
        f"{one.where}" + (f", line {one.line}" if one.line else "")
        for one in resource.references
        if one.arn != resource.arn and (one.arn is None or one.arn not in going)
    ]


def _before(resource: Resource, taken: Mapping[str, Finding]) -> frozenset[str]:
    """The resources of the plan that must be gone before this one."""
    found = {one.arn for one in resource.references if one.arn in taken and one.arn != resource.arn}
    if resource.kind is Kind.LOG_GROUP:
        # What is still there would make its log group again.
        found |= {arn for arn, one in taken.items() if writes_to(one.resource, resource.name)}
    return frozenset(arn for arn in found if arn is not None)


def writes_to(resource: Resource, group: str) -> bool:
    """True for the function or REST API that a log group is named after."""
    if resource.kind is Kind.REST_API:
        return group.startswith(f"API-Gateway-Execution-Logs_{resource.name}/")
    return resource.kind is Kind.FUNCTION and group == f"/aws/lambda/{resource.name}"


def _entry(order: int, finding: Finding, after: list[str], terms: Terms) -> Entry:
    resource = finding.resource
    if resource.first_seen is None:
        raise AssertionError(f"{resource.arn} was not left out")
    return Entry(
        order=order,
        kind=resource.kind,
        arn=resource.arn,
        name=resource.name,
        label=resource.label,
        region=resource.region,
        created_at=resource.created_at,
        fingerprint=fingerprint(resource),
        first_seen=resource.first_seen,
        not_before=resource.first_seen + terms.waiting,
        last_use=resource.last_use,
        reason=finding.step,
        evidence=finding.evidence,
        after=after,
        monthly_cost_usd=resource.monthly_cost_usd,
    )
