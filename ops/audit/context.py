"""What a rule may ask about the account while it judges one resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta  # noqa: TC003 - dataclasses keep them for readers of the annotations
from functools import cached_property
from typing import TYPE_CHECKING

from ops.audit.model import Kind, Resource, Verdict
from ops.audit.names import ENVIRONMENTS, ours, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Answers without which nobody knows who uses or owns what is in the region.
_TELLING = frozenset(
    {
        "ListFunctions", "GetRestApis", "GetResources", "GetStages", "GetApis", "GetIntegrations", "GetRoutes",
        "ListEventBuses", "ListRules", "ListTargetsByRule", "ListEventSourceMappings", "GetParametersByPath",
        "DescribeStacks", "ListStackResources",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """A rule's word on one resource."""

    verdict: Verdict
    evidence: list[str]
    step: str
    target: str | None = None


@dataclass(frozen=True)
class Context:
    """The account as one audit saw it. `migrated`: by table ARN, when a migration of it was verified."""

    resources: Sequence[Resource]
    now: datetime
    window: timedelta
    environment: str | None = None
    migrated: Mapping[str, datetime] = field(default_factory=dict)

    @cached_property
    def by_arn(self) -> Mapping[str, Resource]:
        """Every resource by its ARN."""
        return {one.arn: one for one in self.resources}

    @cached_property
    def functions(self) -> frozenset[tuple[str, str]]:
        """(region, name) of every function."""
        return frozenset((one.region, one.name) for one in self.resources if one.kind is Kind.FUNCTION)

    @cached_property
    def apis(self) -> frozenset[str]:
        """The ids of all APIs."""
        kinds = (Kind.REST_API, Kind.HTTP_API, Kind.WEBSOCKET_API)
        return frozenset(one.name for one in self.resources if one.kind in kinds)

    @cached_property
    def by_subject(self) -> Mapping[str, list[str]]:
        """What each resource refers to: ARN to ARNs."""
        found: dict[str, list[str]] = {}
        for one in self.resources:
            for reference in one.references:
                if reference.arn:
                    found.setdefault(reference.arn, []).append(one.arn)
        return found

    def in_use(self, resource: Resource) -> bool:
        """Used within the window."""
        return resource.last_use.at is not None and resource.last_use.at >= self._start

    def idle(self, resource: Resource) -> bool:
        """Known to be unused for the whole window: silence of something younger proves nothing."""
        use = resource.last_use
        if use.at is not None:
            return use.at < self._start
        return use.unused_since is not None and use.unused_since <= self._start

    def ours(self, resource: Resource) -> bool:
        """Named after the project, or used by something that is."""
        if ours(resource.label or resource.name):
            return True
        users = (self.by_arn.get(reference.arn or "") for reference in resource.references)
        return any(user is not None and ours(user.label or user.name) for user in users)

    def standard(self, resource: Resource, logical: str) -> str:
        """The standard name that a table's data belongs under."""
        said = next((word for word in tokens(resource.name) if word in ENVIRONMENTS), None)
        return f"omnix-ai-{self.environment or said or '{environment}'}-{logical}"

    @property
    def _start(self) -> datetime:
        return self.now - self.window


def telling(operation: str) -> bool:
    """True for an answer without which uses or owners stay hidden."""
    return operation in _TELLING
