"""Whether an environment does worse after a move than before it: what AWS counts, and what the platform says itself.

CloudWatch counts with a delay of a minute or two; readiness answers at once and asks every function to read each of its
tables with its own role.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ops.cutover.moving import Site

PROBE_SECONDS = 5.0
COUNT_SECONDS = 30.0
# One lost packet is no outage.
FAILED_PROBES = 3
# A rate is worse when it has doubled, and never for a handful of errors that any deployment has.
FACTOR, FLOOR = 2.0, 5.0
# Before a move as long as after it, and no longer: yesterday says little.
BASELINE_SECONDS = 15 * 60.0
_MINUTE = 60.0
_READINESS = b'{"source": "omnix.readiness"}'
_OPERATIONS = ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem")
_QUERIES = 500  # GetMetricData's most


@dataclass(frozen=True)
class Metric:
    """One count of CloudWatch, and what it is called here."""

    title: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]


def metrics(api_name: str, stage: str, functions: Iterable[str], tables: Iterable[str]) -> list[Metric]:
    """What is counted: 5xx of the stage, errors and throttles of the functions, the tables' own trouble."""
    found = [Metric("5xx of the API", "AWS/ApiGateway", "5XXError", {"ApiName": api_name, "Stage": stage})]
    found += [
        Metric(f"{name.lower()} of {function}", "AWS/Lambda", name, {"FunctionName": function})
        for function in functions
        for name in ("Errors", "Throttles")
    ]
    for table in tables:
        found += [
            Metric(f"throttles of {table}", "AWS/DynamoDB", name, {"TableName": table})
            for name in ("ReadThrottleEvents", "WriteThrottleEvents")
        ]
        found += [
            Metric(f"errors of {table}", "AWS/DynamoDB", "SystemErrors", {"TableName": table, "Operation": operation})
            for operation in _OPERATIONS
        ]
    return found


def counted(cloudwatch: Any, wanted: Sequence[Metric], start: float, end: float) -> dict[str, float]:
    """The sum of each metric between two moments (epoch seconds), by title. What was never counted is 0."""
    totals = dict.fromkeys((metric.title for metric in wanted), 0.0)
    for first in range(0, len(wanted), _QUERIES):
        some = wanted[first : first + _QUERIES]
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[_query(number, metric) for number, metric in enumerate(some)],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                totals[some[int(result["Id"][1:])].title] += sum(result["Values"])
    return totals


def _query(number: int, metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
    stat = {"Metric": {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}}
    return {"Id": f"m{number}", "MetricStat": {**stat, "Period": 60, "Stat": "Sum"}, "ReturnData": True}


def worse(
    before: Mapping[str, float], after: Mapping[str, float], before_seconds: float, after_seconds: float
) -> Iterator[str]:
    """What went up, in words. Rates are compared, since the windows differ in length."""
    for title, count in sorted(after.items()):
        usual = before.get(title, 0.0) / max(before_seconds, 1.0) * after_seconds
        if count >= FLOOR and count > FACTOR * usual:
            yield f"{title}: {count:.0f} in {after_seconds:.0f} s, {usual:.0f} before the move"


def unready(client: Any, functions: Mapping[str, str]) -> list[str]:
    """What the functions say is not ready. `functions`: alias ARNs by logical name."""
    found: list[str] = []
    for logical, arn in functions.items():
        try:
            answer = client.invoke(FunctionName=arn, Payload=_READINESS)
            report = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError, ValueError) as error:
            found.append(f"{logical}: {type(error).__name__}")
            continue
        if answer.get("FunctionError"):
            found.append(f"{logical}: {report.get('errorType', 'it failed')}")
        found += [f"{logical}: {one['name']} ({one['detail']})" for one in report.get("checks", ()) if not one["ok"]]
    return found


@dataclass(frozen=True)
class Watch:
    """One look at an environment over time. `counts` gives the sums between two moments (epoch seconds)."""

    site: Site
    counts: Callable[[float, float], Mapping[str, float]]
    probe: Callable[[], list[str]]

    def run(self, moved_at: float, seconds: float, each: Callable[[float, list[str]], None]) -> list[str]:
        """Watch for `seconds` after `moved_at`; what got worse, as soon as it did, or nothing."""
        baseline = min(BASELINE_SECONDS, max(seconds, _MINUTE))
        # CloudWatch counts by the minute: that of the move has the writes that its pause turned away
        until, since = (moved_at // _MINUTE - 1) * _MINUTE, (moved_at // _MINUTE + 1) * _MINUTE
        before = self._counted(until - baseline, until)
        failed, counted_at = 0, since
        while (now := self.site.now()) < moved_at + seconds:
            said = self.probe()
            failed = failed + 1 if said else 0
            each(moved_at + seconds - now, said)
            if failed >= FAILED_PROBES:
                return [f"not ready {failed} times in a row: {'; '.join(said)}"]
            if now - counted_at >= COUNT_SECONDS:
                counted_at = now
                if found := self._worse(before, baseline, since, now):
                    return found
            self.site.sleep(PROBE_SECONDS)
        return self._worse(before, baseline, since, self.site.now())

    def _worse(self, before: Mapping[str, float], baseline: float, since: float, now: float) -> list[str]:
        if now < since + _MINUTE:  # nothing is counted yet
            return []
        return list(worse(before, self._counted(since, now), baseline, now - since))

    def _counted(self, start: float, end: float) -> Mapping[str, float]:
        try:
            return self.counts(start, end)
        except (ClientError, BotoCoreError) as error:
            raise Refused(
                f"CloudWatch does not say how the environment does ({error}); what was moved stays as it is",
                "look at the dashboard, and watch on: `omnix cutover watch`, or `omnix cutover revert --apply`",
            ) from error
