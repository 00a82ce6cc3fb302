"""One audit from beginning to end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.audit import cost, telemetry
from ops.audit.context import Context
from ops.audit.duplicates import duplicates
from ops.audit.history import History
from ops.audit.inventory import inventory
from ops.audit.judging import judge
from ops.audit.last_use import last_use
from ops.audit.model import Audit, Resource, Source
from ops.audit.names import violations
from ops.audit.owners import Owners, cloudformation, pulumi
from ops.audit.reader import GLOBAL_HOME, Reader
from ops.audit.references import Index, between, merged, parameters
from ops.audit.sources import search
from ops.audit.stacks import stacks
from ops.preview.price_table import read_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class State:
    """An engine's state: whose it is, where its resources are by default, and what to call it."""

    stack: str
    region: str
    document: Mapping[str, Any]
    source: str


@dataclass(frozen=True)
class Scope:
    """What one audit looks at. `migrated`: table ARNs whose migration was verified, and when."""

    regions: Sequence[str]
    window: timedelta = WINDOW
    environment: str | None = None
    states: Sequence[State] = ()
    sources: Sequence[Path] = ()
    history: Path | None = None
    migrated: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """Everything that was found, with owners, last uses and references; not judged yet."""

    resources: list[Resource]
    sources: list[Source]


def audit(reader: Reader, scope: Scope, progress: Callable[[str], None] = lambda _: None) -> Audit:
    """Read the account and judge all of it. Writes nothing but the history's file."""
    found = survey(reader, scope, progress)
    past = History.read(scope.history, reader.account_id)
    twins = duplicates(found.resources)
    resources = [
        one.model_copy(
            update={
                "first_seen": past.first_seen(one, reader.now),
                "duplicates_of": twins.get(one.arn, []),
                "naming": violations(one.kind, one.label or one.name),
            }
        )
        for one in found.resources
    ]
    if scope.history:
        past.write(scope.history, resources)
    context = Context(resources, reader.now, scope.window, scope.environment, scope.migrated)
    findings = judge(context, reader.errors)
    aliases = reader.pages("iam", "list_account_aliases", GLOBAL_HOME, "AccountAliases")
    return Audit(
        account_id=reader.account_id,
        alias=aliases[0] if aliases else None,
        environment=scope.environment,
        regions=sorted(scope.regions),
        made_at=reader.now,
        window_days=scope.window.days,
        findings=findings,
        stacks=stacks(findings),
        errors=sorted(reader.errors, key=lambda one: (one.service, one.operation, one.region, one.subject)),
        sources=found.sources,
    )


def survey(reader: Reader, scope: Scope, progress: Callable[[str], None] = lambda _: None) -> Survey:
    """Read the account: the inventory with owner, last use, cost and references of everything in it.

    Also what a removal asks again just before it deletes: the same code, the same answer.
    """
    seen = inventory(reader, scope.regions, progress)
    progress("stacks")
    owners = Owners()
    cloudformation(reader, scope.regions, owners)
    for state in scope.states:
        pulumi(owners, state.stack, state.region, state.document, state.source)
    progress("metrics")
    series = telemetry.gather(reader, [one.resource for one in seen], scope.window)
    progress("references")
    index = Index(one.resource for one in seen)
    searched = [search(Path(path), index) for path in scope.sources]
    references = merged(between(seen), parameters(reader, scope.regions, index), *(found for _, found in searched))
    prices = read_prices()

    def complete(resource: Resource) -> Resource:
        told = series[resource.arn]
        return resource.model_copy(
            update={
                "owner": owners.owner(resource),
                "last_use": last_use(resource, told, reader.now, scope.window),
                "monthly_cost_usd": _rounded(cost.monthly(resource, told, prices, reader.now)),
                "references": references.get(resource.arn, []),
            }
        )

    return Survey([complete(one.resource) for one in seen], [source for source, _ in searched])


def _rounded(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 4)
