"""Token buckets: a stage's method settings and usage plans. Quotas are counted from the start of the daemon."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.gateway.context import Exchange
from localcloud.gateway.errors import GatewayError
from localcloud.registry import Registry

_PERIODS = {"DAY": "%Y-%m-%d", "WEEK": "%G-%V", "MONTH": "%Y-%m"}


class TokenBucket:
    """`rate` tokens a second, at most `burst` saved up."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled = clock()

    def take(self) -> bool:
        """Whether there was a token for this request."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttles:
    """The limits that a request passes; raises THROTTLED, QUOTA_EXCEEDED or INVALID_API_KEY."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._buckets: dict[tuple[Any, ...], TokenBucket] = {}
        self._used: Counter[tuple[str, str, str]] = Counter()
        self._plans: dict[str, dict[str, Any]] = {}
        self._revision = -1

    def check_method(self, exchange: Exchange) -> None:
        """The stage's own limit for this method."""
        settings = _settings_for(exchange)
        rate = settings.get("throttlingRateLimit", -1)
        burst = settings.get("throttlingBurstLimit", -1)
        scope = (exchange.api.id, exchange.stage_name, exchange.variables["resourcePath"], exchange.verb)
        self._take(scope, rate, burst)

    def check_key(self, value: str | None, exchange: Exchange) -> None:
        """An API key must belong to a plan of this stage, and its plan must have room."""
        for plan in self._current_plans():
            stages = plan.get("stages") or ()
            key = next((key for key in plan.get("keys") or () if value and key["value"] == value), None)
            if key is None or {"apiId": exchange.api.id, "stage": exchange.stage_name} not in [
                {"apiId": stage["apiId"], "stage": stage["stage"]} for stage in stages
            ]:
                continue
            exchange.api_key = (key["id"], key["value"])
            exchange.variables |= {"identity.apiKeyId": key["id"], "identity.apiKey": key["value"]}
            throttle = plan.get("throttle") or {}
            self._take((plan["id"], key["id"]), throttle.get("rateLimit", -1), throttle.get("burstLimit", -1))
            self._count(plan, key["id"])
            return
        raise GatewayError("INVALID_API_KEY")

    def _current_plans(self) -> list[dict[str, Any]]:
        revision = self._registry.revision("apigateway:usageplan")
        if revision != self._revision:
            self._plans, self._revision = self._registry.all("apigateway:usageplan"), revision
        return list(self._plans.values())

    def _take(self, scope: tuple[Any, ...], rate: float | None, burst: float | None) -> None:
        if rate is None or burst is None or rate < 0 or burst < 0:
            return
        bucket = self._buckets.setdefault((*scope, rate, burst), TokenBucket(rate, burst))
        if not bucket.take():
            raise GatewayError("THROTTLED")

    def _count(self, plan: Mapping[str, Any], key_id: str) -> None:
        quota = plan.get("quota")
        if not quota:
            return
        period = time.strftime(_PERIODS[quota["period"]], time.gmtime())
        counted = (plan["id"], key_id, period)
        if self._used[counted] >= quota["limit"]:
            raise GatewayError("QUOTA_EXCEEDED")
        self._used[counted] += 1


def _settings_for(exchange: Exchange) -> Mapping[str, Any]:
    """The most exact of `{path}/{METHOD}` (slashes inside the path as `~1`), then `*/*`."""
    by_path = {row["methodPath"]: row["settings"] for row in exchange.stage.get("method_settings") or ()}
    resource = exchange.variables["resourcePath"]
    # UpdateStage takes a nested path by its JSON pointer, and GetStage shows it so: `~1orders~1{id}/GET`.
    for path in (f"{resource.replace('/', '~1')}/{exchange.verb}", f"{resource.removeprefix('/')}/{exchange.verb}"):
        if path in by_path:
            settings: Mapping[str, Any] = by_path[path]
            return settings
    default: Mapping[str, Any] = by_path.get("*/*", {})
    return default
