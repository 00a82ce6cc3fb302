"""Which metrics tell of a resource's use and size: AWS's own names and dimensions, in the region that has them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ops.audit.metrics import UNKNOWN, Metric, Series, daily
from ops.audit.model import Kind
from ops.audit.reader import GLOBAL, GLOBAL_HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from ops.audit.model import Resource
    from ops.audit.reader import Reader

# What a resource has been asked under: `use`, `read`, `write` are signs of use, the rest is for the cost.
type Telemetry = Mapping[str, Series]


def wanted(resource: Resource) -> dict[str, Metric]:
    """The metrics of one resource by what they mean; several that mean the same are numbered (`read.1`)."""
    make = _WANTED.get(resource.kind)
    return make(resource) if make else {}


def _of(namespace: str, dimensions: Mapping[str, str], *, statistic: str = "Sum", **names: str) -> dict[str, Metric]:
    pairs = tuple(sorted(dimensions.items()))
    return {meaning: Metric(namespace, name, pairs, statistic) for meaning, name in names.items()}


def _table(resource: Resource) -> dict[str, Metric]:
    """Reads of an index are counted at the index and not at its table; its writes follow the table's."""
    table = {"TableName": resource.name}
    found = _of("AWS/DynamoDB", table, read="ConsumedReadCapacityUnits", write="ConsumedWriteCapacityUnits")
    for number, index in enumerate(sorted(resource.facts.get("Indexes") or {}), 1):
        where = table | {"GlobalSecondaryIndexName": index}
        found |= _of("AWS/DynamoDB", where, **{f"read.{number}": "ConsumedReadCapacityUnits"})
    return found


def _rule(resource: Resource) -> dict[str, Metric]:
    bus, _, rule = resource.name.rpartition("/")
    where = {"RuleName": rule} if bus == "default" else {"EventBusName": bus, "RuleName": rule}
    return _of("AWS/Events", where, use="TriggeredRules")


def _bucket(resource: Resource) -> dict[str, Metric]:
    where = {"BucketName": resource.name, "StorageType": "StandardStorage"}
    return _of("AWS/S3", where, statistic="Average", stored="BucketSizeBytes")


_WANTED: Mapping[Kind, Callable[[Resource], dict[str, Metric]]] = {
    Kind.FUNCTION: lambda one: _of("AWS/Lambda", {"FunctionName": one.name}, use="Invocations", duration="Duration"),
    # by name: two REST APIs of one name share their metrics
    Kind.REST_API: lambda one: _of("AWS/ApiGateway", {"ApiName": one.label}, use="Count"),
    Kind.HTTP_API: lambda one: _of("AWS/ApiGateway", {"ApiId": one.name}, use="Count"),
    Kind.WEBSOCKET_API: lambda one: _of(
        "AWS/ApiGateway", {"ApiId": one.name}, **{"use": "MessageCount", "use.1": "ConnectCount"}
    ),
    Kind.TABLE: _table,
    Kind.LOG_GROUP: lambda one: _of(
        "AWS/Logs", {"LogGroupName": one.name}, write="IncomingLogEvents", ingested="IncomingBytes"
    ),
    Kind.DISTRIBUTION: lambda one: _of(
        "AWS/CloudFront", {"DistributionId": one.name, "Region": "Global"}, use="Requests"
    ),
    Kind.EVENT_RULE: _rule,
    Kind.BUCKET: _bucket,
}


def gather(reader: Reader, resources: Iterable[Resource], window: timedelta) -> dict[str, Telemetry]:
    """The telemetry of all resources, by ARN."""
    asked = {resource.arn: (resource, wanted(resource)) for resource in resources}
    by_region: dict[str, set[Metric]] = defaultdict(set)
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for resource, metrics in asked.values():
        if metrics:
            by_region[_region(resource)].update(metrics.values())
            kinds[_region(resource)].add(resource.kind)
    answers = {
        (region, metric): series
        for region, metrics in sorted(by_region.items())
        for metric, series in daily(reader, region, metrics, window, sorted(kinds[region])).items()
    }
    return {
        arn: {meaning: answers.get((_region(resource), metric), UNKNOWN) for meaning, metric in metrics.items()}
        for arn, (resource, metrics) in asked.items()
    }


def _region(resource: Resource) -> str:
    return GLOBAL_HOME if resource.region == GLOBAL else resource.region
