"""What a restore loses, read from the live table and set again on the restored one.

The live table is the source: it is what Pulumi made, with what scaling and operators changed since. Event-source
mappings are not here: they name a stream of their own, and a restored table gets a new one (`Settings.losses`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.backup.waiting import Patience

PITR, TTL, TAGS, STREAM = "point-in-time recovery", "TTL", "tags", "stream"
PROTECTION, SCALING, ALARMS = "deletion protection", "auto-scaling", "alarms"
# what DescribeAlarms tells of an alarm and PutMetricAlarm takes
_ALARM_SETTINGS = frozenset(
    {"AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace", "Statistic"}
    | {"ExtendedStatistic", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "Metrics"}
    | {"ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile", "ThresholdMetricId"}
)


@dataclass(frozen=True)
class Settings:
    """A table's settings besides data, keys, indexes and capacity."""

    recovery_days: int | None
    ttl: str | None
    tags: Mapping[str, str]
    stream: str | None
    protected: bool
    targets: tuple[Mapping[str, Any], ...] = ()
    policies: tuple[Mapping[str, Any], ...] = ()
    alarms: tuple[Mapping[str, Any], ...] = ()

    def names(self) -> list[str]:
        """What there is to set again."""
        wanted = {
            PITR: self.recovery_days is not None,
            STREAM: self.stream is not None,
            TTL: self.ttl is not None,
            TAGS: bool(self.tags),
            SCALING: bool(self.targets),
            ALARMS: bool(self.alarms),
            PROTECTION: self.protected,
        }
        return [name for name, there in wanted.items() if there]


@dataclass(frozen=True)
class Clients:
    """One region's clients."""

    dynamodb: Any
    autoscaling: Any
    cloudwatch: Any

    @classmethod
    def of(cls, client: Callable[[str], Any]) -> Clients:
        """`client` gives a service's."""
        return cls(client("dynamodb"), client("application-autoscaling"), client("cloudwatch"))


def read(clients: Clients, table: str, patience: Patience) -> Settings:
    """The settings of a table."""
    client = clients.dynamodb
    found = patience.insist(client.describe_table, TableName=table)["Table"]
    backups = patience.insist(client.describe_continuous_backups, TableName=table)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    expiry = patience.insist(client.describe_time_to_live, TableName=table)["TimeToLiveDescription"]
    stream = found.get("StreamSpecification") or {}
    return Settings(
        recovery_days=recovery.get("RecoveryPeriodInDays", 35)
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
        else None,
        ttl=expiry.get("AttributeName") if expiry["TimeToLiveStatus"] in {"ENABLED", "ENABLING"} else None,
        tags=tags_of(client, found["TableArn"], patience),
        stream=stream["StreamViewType"] if stream.get("StreamEnabled") else None,
        protected=bool(found.get("DeletionProtectionEnabled")),
        targets=_scaling(clients.autoscaling, "describe_scalable_targets", "ScalableTargets", table, patience),
        policies=_scaling(clients.autoscaling, "describe_scaling_policies", "ScalingPolicies", table, patience),
        alarms=_alarms(clients.cloudwatch, table, patience),
    )


def tags_of(client: Any, arn: str, patience: Patience) -> dict[str, str]:
    """A table's tags, all pages of them."""
    found: dict[str, str] = {}
    more: dict[str, str] = {}
    while True:
        page = patience.insist(client.list_tags_of_resource, ResourceArn=arn, **more)
        found |= {tag["Key"]: tag["Value"] for tag in page.get("Tags", [])}
        if not page.get("NextToken"):
            return found
        more = {"NextToken": page["NextToken"]}


def _scaling(client: Any, operation: str, result: str, table: str, patience: Patience) -> tuple[Mapping[str, Any], ...]:
    def ask() -> list[Mapping[str, Any]]:
        pages = client.get_paginator(operation).paginate(ServiceNamespace="dynamodb")
        own = (f"table/{table}", f"table/{table}/index/")
        return [
            one for page in pages for one in page[result] if one["ResourceId"] == own[0] or own[1] in one["ResourceId"]
        ]

    return tuple(patience.insist(ask))


def _alarms(client: Any, table: str, patience: Patience) -> tuple[Mapping[str, Any], ...]:
    """Alarms of a table's own metrics, also those that are computed; what scaling made, scaling makes again."""

    def ask() -> list[Mapping[str, Any]]:
        pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
        return [one for page in pages for one in page["MetricAlarms"]]

    found = patience.insist(ask)
    return tuple(one for one in found if _watches(one, table) and not one["AlarmName"].startswith("TargetTracking-"))


def _watches(alarm: Mapping[str, Any], table: str) -> bool:
    metrics = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
    return any(_names(one.get("Dimensions", []), table) for one in (alarm, *metrics))


def _names(dimensions: list[Mapping[str, str]], table: str) -> bool:
    return any(one["Name"] == "TableName" and one["Value"] == table for one in dimensions)


@dataclass
class Reapplication:
    """Sets a live table's settings on a restored one. `done`: what has been set again."""

    clients: Clients
    live: str
    settings: Settings
    restored: str
    arn: str
    patience: Patience
    alarm_actions: bool = False
    done: list[str] = field(default_factory=list)

    def before_use(self) -> None:
        """Everything but TTL and protection: TTL would begin to delete what has not been compared yet."""
        self._each({PITR: self._recovery, STREAM: self._stream, TAGS: self._tags, SCALING: self._scaling})
        self._each({ALARMS: self._alarms})

    def after_reading(self) -> None:
        """What must wait until the restored data has been read."""
        self._each({TTL: self._ttl, PROTECTION: self._protection})

    def _each(self, steps: Mapping[str, Callable[[], None]]) -> None:
        wanted = self.settings.names()
        for name, step in steps.items():
            if name in wanted:
                step()
                self.done.append(name)

    def _recovery(self) -> None:
        specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": self.settings.recovery_days}
        self.patience.insist(
            self.clients.dynamodb.update_continuous_backups,
            TableName=self.restored,
            PointInTimeRecoverySpecification=specification,
        )

    def _stream(self) -> None:
        specification = {"StreamEnabled": True, "StreamViewType": self.settings.stream}
        self._update(StreamSpecification=specification)

    def _protection(self) -> None:
        self._update(DeletionProtectionEnabled=True)

    def _update(self, **change: Any) -> None:
        """One change of a table at a time (UpdateTable), each waited for."""
        self.patience.insist(self.clients.dynamodb.update_table, TableName=self.restored, **change)

        def ready() -> bool | None:
            status = self.clients.dynamodb.describe_table(TableName=self.restored)["Table"]["TableStatus"]
            return True if status == "ACTIVE" else None

        self.patience.until(ready, f"the table {self.restored}")

    def _ttl(self) -> None:
        specification = {"Enabled": True, "AttributeName": self.settings.ttl}
        self.patience.insist(
            self.clients.dynamodb.update_time_to_live, TableName=self.restored, TimeToLiveSpecification=specification
        )

    def _tags(self) -> None:
        # `aws:` tags are AWS's own and refused
        tags = [{"Key": key, "Value": value} for key, value in self.settings.tags.items() if not key.startswith("aws:")]
        self.patience.insist(self.clients.dynamodb.tag_resource, ResourceArn=self.arn, Tags=tags)

    def _scaling(self) -> None:
        keep = ("ServiceNamespace", "ScalableDimension", "MinCapacity", "MaxCapacity")
        for target in self.settings.targets:
            made = {name: target[name] for name in keep} | {"ResourceId": self._own(target["ResourceId"])}
            self._scale("register_scalable_target", made)
        keep = ("PolicyType", "ServiceNamespace", "ScalableDimension", "TargetTrackingScalingPolicyConfiguration")
        for policy in self.settings.policies:
            made = {name: policy[name] for name in keep if name in policy}
            own = {"PolicyName": self._own(policy["PolicyName"]), "ResourceId": self._own(policy["ResourceId"])}
            self._scale("put_scaling_policy", made | own)

    def _scale(self, operation: str, arguments: Mapping[str, Any]) -> None:
        self.patience.insist(getattr(self.clients.autoscaling, operation), **arguments)

    def _alarms(self) -> None:
        for alarm in self.settings.alarms:
            made = _renamed({name: alarm[name] for name in alarm if name in _ALARM_SETTINGS}, self.live, self.restored)
            if "Dimensions" in alarm and "Metrics" not in alarm:
                made["Dimensions"] = _renamed(alarm["Dimensions"], self.live, self.restored)
            if self.alarm_actions:
                made["ActionsEnabled"] = bool(alarm.get("ActionsEnabled"))
            else:  # a scratch table wakes nobody; and an alarm may only name topics of its own region
                made = {name: value for name, value in made.items() if not name.endswith("Actions")}
            made["AlarmName"] = alarm_name(alarm["AlarmName"], self.restored)
            self.patience.insist(self.clients.cloudwatch.put_metric_alarm, **made)

    def _own(self, text: str) -> str:
        return text.replace(f"table/{self.live}", f"table/{self.restored}")


def alarm_name(original: str, table: str) -> str:
    """The name of a copied alarm (255 characters at most)."""
    return f"{table}:{original}"[:255]


def _renamed(value: Any, old: str, new: str) -> Any:
    """A document in which dimensions that name the old table name the new one."""
    match value:
        case dict() if value.get("Name") == "TableName" and value.get("Value") == old:
            return value | {"Value": new}
        case dict():
            return {name: _renamed(part, old, new) for name, part in value.items()}
        case list():
            return [_renamed(part, old, new) for part in value]
        case _:
            return value


def forget(clients: Clients, table: str, patience: Patience) -> None:
    """Take away what `Reapplication` made beside a table: its alarms and scaling."""
    names = [one["AlarmName"] for one in _alarms(clients.cloudwatch, table, patience)]
    own = [name for name in names if name.startswith(f"{table}:")]
    for start in range(0, len(own), 100):  # DeleteAlarms takes a hundred
        patience.insist(clients.cloudwatch.delete_alarms, AlarmNames=own[start : start + 100])
    keep = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    for target in _scaling(clients.autoscaling, "describe_scalable_targets", "ScalableTargets", table, patience):
        arguments = {name: target[name] for name in keep}
        patience.insist(clients.autoscaling.deregister_scalable_target, **arguments)
