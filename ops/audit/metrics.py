"""Daily sums from CloudWatch, many metrics a request. Charged by AWS per metric asked for ($0.01 a thousand)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

from ops.audit.plain import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ops.audit.model import Kind
    from ops.audit.reader import Reader

# GetMetricData: 500 metrics a request.
_MOST = 500
_DAY = 86_400


@dataclass(frozen=True)
class Metric:
    """One metric of one resource. `dimensions` must be exactly those that AWS publishes it with."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Sum"


@dataclass(frozen=True)
class Series:
    """A metric's days that are not zero: start of day to value. `known` is False when CloudWatch did not answer."""

    days: Mapping[datetime, float]
    known: bool = True

    @property
    def last(self) -> datetime | None:
        """The start of the latest day with anything in it."""
        return max(self.days, default=None)

    def total(self, since: datetime) -> float:
        """The sum of the days from `since` on."""
        return sum(value for day, value in self.days.items() if day >= since)


UNKNOWN = Series({}, known=False)


def daily(
    reader: Reader, region: str, metrics: Iterable[Metric], window: timedelta, kinds: Iterable[Kind] = ()
) -> dict[Metric, Series]:
    """Each metric's days within the window; today counts too."""
    wanted = sorted(set(metrics), key=lambda one: (one.namespace, one.name, one.dimensions, one.statistic))
    # whole UTC days, so that a day's sum is the same whenever it is asked for
    midnight = reader.now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[Metric, Series] = {}
    for batch in batched(wanted, _MOST, strict=False):
        before = len(reader.errors)
        pages = reader.raw(
            "cloudwatch", "get_metric_data", region, tuple(kinds),
            MetricDataQueries=[_query(index, metric) for index, metric in enumerate(batch)],
            StartTime=midnight - window, EndTime=midnight + timedelta(days=1), ScanBy="TimestampDescending",
        )  # fmt: skip
        refused = not pages or any(unread.operation == "GetMetricData" for unread in reader.errors[before:])
        days, unanswered = _days(pages)
        for index, metric in enumerate(batch):
            id_ = f"m{index}"
            found[metric] = UNKNOWN if refused or id_ in unanswered else Series(days.get(id_, {}))
    return found


def _query(index: int, metric: Metric) -> dict[str, Any]:
    subject = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
    }
    return {"Id": f"m{index}", "MetricStat": {"Metric": subject, "Period": _DAY, "Stat": metric.statistic}}


def _days(pages: Iterable[Mapping[str, Any]]) -> tuple[dict[str, dict[datetime, float]], set[str]]:
    """By query: its days that are not zero; and the queries that CloudWatch says it could not answer."""
    found: dict[str, dict[datetime, float]] = {}
    unanswered: set[str] = set()
    for page in pages:
        for result in page.get("MetricDataResults") or []:
            if result.get("StatusCode") in ("InternalError", "Forbidden"):
                unanswered.add(result["Id"])
            days = found.setdefault(result["Id"], {})
            for stamp, value in zip(result.get("Timestamps") or [], result.get("Values") or [], strict=True):
                when = moment(stamp)
                if when and value > 0:
                    days[when] = value
    return found, unanswered
