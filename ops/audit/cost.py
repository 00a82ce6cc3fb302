"""What a resource costs a month, from what it used in the last thirty days and the committed price table.

List prices of the table's own region, without free tiers, discounts and transfer: an order of magnitude for a
decision, not a bill.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ops.audit.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ops.audit.model import Resource
    from ops.audit.telemetry import Telemetry
    from ops.preview.price_table import PriceTable

_GB = 1024**3
_MONTH = timedelta(days=30)
# CloudWatch Logs stores compressed and says so: 0.15 of what was ingested (its pricing page's own example).
_COMPRESSION = 0.15
_MS_MB = 1000 * 1024
_HOURS = 730

type Prices = Mapping[str, float]


def monthly(resource: Resource, series: Telemetry, prices: PriceTable, now: datetime) -> float | None:
    """US dollars a month; None where nothing is known to count."""
    usd = {name: price.usd for name, price in prices.prices.items()}
    if resource.kind in _NOTHING:
        return 0.0
    count = _COUNTED.get(resource.kind)
    return count(resource, series, usd, now) if count else None


def _log_group(resource: Resource, series: Telemetry, usd: Prices, now: datetime) -> float | None:
    ingested, stored = _sum(series, "ingested", now), resource.measures.get("bytes")
    if stored is None or ingested is None:
        return None
    return float(stored / _GB * _COMPRESSION * usd["log_storage"] + ingested / _GB * usd["log_ingestion"])


def _alarm(resource: Resource, _series: Telemetry, usd: Prices, _now: datetime) -> float:
    if "AlarmRule" in resource.facts:
        return usd["alarm_composite"]
    metrics = [one for one in resource.facts.get("Metrics") or [] if "MetricStat" in one]
    return usd["alarm_metric"] * max(1, len(metrics))


def _sum(series: Telemetry, meaning: str, now: datetime) -> float | None:
    found = [one for key, one in series.items() if key.partition(".")[0] == meaning]
    if not found or not all(one.known for one in found):
        return None
    return sum(one.total(now - _MONTH) for one in found)


def _millions(series: Telemetry, meaning: str, now: datetime, usd: float) -> float | None:
    count = _sum(series, meaning, now)
    return None if count is None else count / 1_000_000 * usd


def _table(resource: Resource, series: Telemetry, usd: Prices, now: datetime) -> float | None:
    stored = resource.measures.get("bytes")
    if stored is None:
        return None
    gigabytes = stored / _GB
    cost: float = gigabytes * usd["table_storage"]
    if resource.facts.get("PointInTimeRecovery") == "ENABLED":
        cost += gigabytes * usd["table_pitr"]
    if resource.facts.get("BillingMode") == "PROVISIONED":
        reads, writes = resource.measures.get("read_units", 0), resource.measures.get("write_units", 0)
        return float(cost + _HOURS * (reads * usd["table_rcu"] + writes * usd["table_wcu"]))
    read, written = (_millions(series, m, now, usd[p]) for m, p in (("read", "table_reads"), ("write", "table_writes")))
    return None if read is None or written is None else cost + read + written


def _function(resource: Resource, series: Telemetry, usd: Prices, now: datetime) -> float | None:
    requests, duration = _millions(series, "use", now, usd["function_requests"]), _sum(series, "duration", now)
    if requests is None or duration is None:
        return None
    arm = "arm64" in resource.facts.get("Architectures", [])
    seconds_of_gigabytes = duration * resource.facts.get("MemorySize", 128) / _MS_MB
    return float(requests + seconds_of_gigabytes * usd["function_arm64" if arm else "function_x86"])


def _bucket(resource: Resource, series: Telemetry, usd: Prices, _now: datetime) -> float | None:
    """By the daily size; where S3 has published none yet, by what was listed of it."""
    sizes = series["stored"].days if "stored" in series else {}
    if sizes:
        return sizes[max(sizes)] / _GB * usd["bucket_storage"]
    listed = resource.measures.get("bytes")
    return None if listed is None or resource.measures.get("more") else float(listed / _GB * usd["bucket_storage"])


_NOTHING = frozenset({Kind.ROLE, Kind.EVENT_RULE, Kind.EVENT_SOURCE_MAPPING, Kind.DOMAIN_MAPPING})
_COUNTED: Mapping[Kind, Callable[[Resource, Telemetry, Prices, datetime], float | None]] = {
    Kind.TABLE: _table,
    Kind.FUNCTION: _function,
    Kind.REST_API: lambda _, series, usd, now: _millions(series, "use", now, usd["rest_requests"]),
    Kind.WEBSOCKET_API: lambda _, series, usd, now: _millions(series, "use", now, usd["websocket_messages"]),
    Kind.LOG_GROUP: _log_group,
    Kind.BUCKET: _bucket,
    Kind.SECRET: lambda _resource, _series, usd, _now: usd["secret"],
    Kind.ALARM: _alarm,
}
