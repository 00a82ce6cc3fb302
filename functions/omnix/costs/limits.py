"""The parameter `bedrock/limits`: how much may be spent, by whom, in nano-dollars.

    {"environment": {"daily": n, "monthly": n}, "features": {"chat": {…}}, "tenant": {…}, "tenants": {"<id>": {…}},
     "max_output": {"chat": 1024}}

A limit that is left out or null is none. `tenant` is every tenant's that `tenants` does not name.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from omnix.costs.model import Feature, Period, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMITS = "bedrock/limits"
DEFAULT_MAX_OUTPUT = 1024


class LimitsError(RuntimeError):
    """The parameter's value is none that the stack writes: no call is made on it."""


@dataclass(frozen=True)
class Bound:
    """One scope's limits, nano-dollars; None: without."""

    daily: int | None = None
    monthly: int | None = None


@dataclass(frozen=True)
class Counter:
    """One number of a limits item and the limit that it stays within."""

    attribute: str
    limit: int | None
    scope: Scope
    period: Period
    feature: Feature | None = None


@dataclass(frozen=True)
class Limits:
    """Everybody's limits."""

    environment: Bound
    features: Mapping[Feature, Bound]
    tenant: Bound
    tenants: Mapping[str, Bound]
    max_output: Mapping[Feature, int]

    def of_tenant(self, tenant_id: str) -> Bound:
        """The tenant's own, else every tenant's."""
        return self.tenants.get(tenant_id, self.tenant)

    def output(self, feature: Feature) -> int:
        """The most tokens that a feature asks a model for."""
        return self.max_output.get(feature, DEFAULT_MAX_OUTPUT)


def of_environment(limits: Limits, feature: Feature, day: str) -> tuple[Counter, ...]:
    """What a call of the feature on that day counts in, in the environment's item."""
    own = limits.features.get(feature, Bound())
    return (
        *_pair("", limits.environment, Scope.ENVIRONMENT, day),
        *_pair(f"{feature.value}_", own, Scope.FEATURE, day, feature),
    )


def of_tenant(limits: Limits, tenant_id: str, day: str) -> tuple[Counter, ...]:
    """What a call on that day counts in, in the tenant's item."""
    return _pair("", limits.of_tenant(tenant_id), Scope.TENANT, day)


def attributes(feature: Feature | None, day: str) -> tuple[str, ...]:
    """The names of what a call counts in: in a tenant's item (None), or by feature in the environment's."""
    plain = ("m", f"d{day[-2:]}")
    return plain if feature is None else (*plain, *(f"{feature.value}_{name}" for name in plain))


def resets_at(period: Period, day: str) -> str:
    """When a limit of that day's period counts anew: the next UTC midnight, or that of the next month's first."""
    last = date.fromisoformat(day)
    if period is Period.MONTH:
        last = last.replace(day=28) + timedelta(days=4)
        last -= timedelta(days=last.day)
    return f"{last + timedelta(days=1)}T00:00:00Z"


def seconds_until_reset(period: Period, day: str, now: float) -> int:
    """At least one."""
    reset = datetime.fromisoformat(resets_at(period, day)).timestamp()
    return max(1, math.ceil(reset - now))


@functools.lru_cache(maxsize=4)
def parse(text: str) -> Limits:
    """The parameter's value; raises LimitsError."""
    try:
        value = json.loads(text)
        return Limits(
            environment=_bound(value["environment"]),
            features={Feature(name): _bound(one) for name, one in value.get("features", {}).items() if _known(name)},
            tenant=_bound(value.get("tenant", {})),
            tenants={name: _bound(one) for name, one in value.get("tenants", {}).items()},
            max_output={
                Feature(name): _whole(one) for name, one in value.get("max_output", {}).items() if _known(name)
            },
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise LimitsError(f"{LIMITS} is not an object of limits") from error


def _pair(prefix: str, bound: Bound, scope: Scope, day: str, feature: Feature | None = None) -> tuple[Counter, Counter]:
    return (
        Counter(f"{prefix}m", bound.monthly, scope, Period.MONTH, feature),
        Counter(f"{prefix}d{day[-2:]}", bound.daily, scope, Period.DAY, feature),
    )


def _known(name: str) -> bool:
    """The parameter may be ahead of this version."""
    return name in set(Feature)


def _bound(value: Mapping[str, Any]) -> Bound:
    if not value.keys() <= {"daily", "monthly"}:
        raise ValueError("daily and monthly only")
    return Bound(**{name: None if one is None else _whole(one) for name, one in value.items()})


def _whole(value: object) -> int:
    """A number that came as text of a limit would count as none: nothing is coerced."""
    if type(value) is not int or value < 0:
        raise ValueError("not a whole number of at least 0")
    return value
