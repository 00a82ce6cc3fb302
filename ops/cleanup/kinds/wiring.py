"""What wires resources together: alarms, event rules, event-source mappings, mappings of custom domains."""

from __future__ import annotations

from typing import Any, override

from ops.cleanup.account import pages, present
from ops.cleanup.kinds.removal import Known, Removal, Step

_DEFAULT_BUS = "default"
# What the first version of API Gateway calls the empty path.
NO_PATH = "(none)"


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """A described thing without what only a description has."""
    return {name: value for name, value in document.items() if name not in {*names, "ResponseMetadata"}}


class AlarmRemoval(Removal):
    """One CloudWatch alarm, metric or composite."""

    lasting = "its history"
    _READ_ONLY = (
        "AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateValue", "StateReason", "StateReasonData",
        "StateUpdatedTimestamp", "StateTransitionedTimestamp", "EvaluationState", "ActionsSuppressedBy",
        "ActionsSuppressedReason",
    )  # fmt: skip

    def _alarm(self) -> tuple[str, Any] | None:
        answer = self.client("cloudwatch").describe_alarms(
            AlarmNames=[self.entry.name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for form in ("MetricAlarms", "CompositeAlarms"):
            if answer.get(form):
                return form, answer[form][0]
        return None

    @override
    def exists(self) -> bool:
        return self._alarm() is not None

    @override
    def described(self) -> dict[str, Any]:
        found = self._alarm()
        tags = self.client("cloudwatch").list_tags_for_resource(ResourceARN=self.entry.arn).get("Tags", [])
        return {"form": found[0], "alarm": found[1], "tags": tags} if found else {}

    @override
    def removing(self) -> list[Step]:
        delete = self.client("cloudwatch").delete_alarms
        return [Step("delete alarm", lambda _: present(lambda: delete(AlarmNames=[self.entry.name])) and None)]

    @override
    def undoing(self) -> list[Step]:
        return [Step("put alarm back", self._put)]

    def _put(self, known: Known) -> None:
        archived, watch = self.archived(known), self.client("cloudwatch")
        put = watch.put_metric_alarm if archived["form"] == "MetricAlarms" else watch.put_composite_alarm
        more = {"Tags": archived["tags"]} if archived["tags"] else {}
        put(**without(archived["alarm"], *self._READ_ONLY), **more)


class EventRuleRemoval(Removal):
    """One EventBridge rule with its targets; `name` is bus/rule."""

    @property
    def _rule(self) -> dict[str, str]:
        bus, _, rule = self.entry.name.rpartition("/")
        return {"Name": rule, "EventBusName": bus or _DEFAULT_BUS}

    @property
    def _of(self) -> dict[str, str]:
        return {"Rule": self._rule["Name"], "EventBusName": self._rule["EventBusName"]}

    def _described_rule(self) -> Any:
        return present(lambda: self.client("events").describe_rule(**self._rule))

    @override
    def exists(self) -> bool:
        return self._described_rule() is not None

    @override
    def obstacles(self) -> list[str]:
        found = self._described_rule() or {}
        if service := found.get("ManagedBy"):
            return [f"{service} manages it: it goes with what made it"]
        return []

    @override
    def described(self) -> dict[str, Any]:
        events = self.client("events")
        return {
            "rule": without(self._described_rule(), "Arn", "ManagedBy", "CreatedBy"),
            "targets": pages(events, "list_targets_by_rule", "Targets", **self._of),
            "tags": events.list_tags_for_resource(ResourceARN=self.entry.arn).get("Tags", []),
        }

    @override
    def removing(self) -> list[Step]:
        return [Step("remove targets", self._remove_targets), Step("delete rule", self._delete)]

    def _remove_targets(self, known: Known) -> None:
        # EventBridge refuses to delete a rule with targets; it answers for each target that it could not remove.
        ids = [one["Id"] for one in self.archived(known)["targets"]]
        if ids and (answer := present(lambda: self.client("events").remove_targets(**self._of, Ids=ids))):
            refused = answer.get("FailedEntries") or []
            if refused:
                raise OSError(f"EventBridge kept {len(refused)} targets: {refused[0].get('ErrorMessage')}")

    def _delete(self, _: Known) -> None:
        present(lambda: self.account.settled(lambda: self.client("events").delete_rule(**self._rule)))

    @override
    def undoing(self) -> list[Step]:
        return [Step("put rule back", self._put)]

    def _put(self, known: Known) -> None:
        archived, events = self.archived(known), self.client("events")
        more = {"Tags": archived["tags"]} if archived["tags"] and not self.exists() else {}
        events.put_rule(**archived["rule"], **more)
        targets = archived["targets"]
        for start in range(0, len(targets), 10):  # ten a call (PutTargets)
            events.put_targets(**self._of, Targets=targets[start : start + 10])


class EventSourceMappingRemoval(Removal):
    """One event-source mapping; `name` is its UUID."""

    lasting = "its UUID, and its place in the stream: it starts again where its starting position says"

    def _mapping(self) -> Any:
        return present(lambda: self.client("lambda").get_event_source_mapping(UUID=self.entry.name))

    @override
    def exists(self) -> bool:
        return self._mapping() is not None

    @override
    def described(self) -> dict[str, Any]:
        return {"mapping": without(self._mapping())}

    @override
    def removing(self) -> list[Step]:
        return [Step("delete mapping", lambda _: delete_mapping(self, self.entry.name))]

    @override
    def undoing(self) -> list[Step]:
        return [Step("create mapping", lambda known: create_mapping(self, self.archived(known)["mapping"]))]


_MAPPING_INPUTS = (
    "EventSourceArn", "BatchSize", "FilterCriteria", "KMSKeyArn", "MetricsConfig", "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor", "StartingPosition", "StartingPositionTimestamp", "DestinationConfig",
    "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds",
    "Topics", "Queues", "SourceAccessConfigurations", "SelfManagedEventSource", "FunctionResponseTypes",
    "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig", "ScalingConfig",
    "DocumentDBEventSourceConfig", "ProvisionedPollerConfig",
)  # fmt: skip


def delete_mapping(removal: Removal, uuid: str) -> None:
    """Delete an event-source mapping and wait until it is gone: AWS only begins when it answers."""
    aws = removal.client("lambda")
    present(lambda: removal.account.settled(lambda: aws.delete_event_source_mapping(UUID=uuid)))
    gone = lambda: present(lambda: aws.get_event_source_mapping(UUID=uuid)) is None  # noqa: E731
    removal.account.until(f"the end of mapping {uuid}", gone, 300)


def create_mapping(removal: Removal, mapping: dict[str, Any]) -> dict[str, Any]:
    """Make an event-source mapping again as it was, enabled or not, unless the function has it."""
    aws = removal.client("lambda")
    function = mapping["FunctionArn"]
    if source := mapping.get("EventSourceArn"):
        source = _current_stream(removal, source)
        there = pages(aws, "list_event_source_mappings", "EventSourceMappings", EventSourceArn=source)
        if found := next((one for one in there if one["FunctionArn"] == function), None):
            return {"mapping": found["UUID"]}
    inputs = {name: mapping[name] for name in _MAPPING_INPUTS if mapping.get(name) is not None}
    if source:
        inputs["EventSourceArn"] = source
    enabled = mapping.get("State") not in {"Disabled", "Disabling"}
    made = removal.account.settled(
        lambda: aws.create_event_source_mapping(FunctionName=function, Enabled=enabled, **inputs),
        {"InvalidParameterValueException"},  # the role's permissions are not everywhere yet
    )
    return {"mapping": made["UUID"]}


def _current_stream(removal: Removal, source: str) -> str:
    """A table that came back has a new stream: its ARN ends in the time when it was switched on."""
    if ":table/" not in source:
        return source
    name = source.partition(":table/")[2].partition("/")[0]
    answer = present(lambda: removal.client("dynamodb").describe_table(TableName=name))
    return str((answer or {}).get("Table", {}).get("LatestStreamArn") or source)


class DomainMappingRemoval(Removal):
    """One mapping of a custom domain to an API's stage; `name` is domain/base-path, and the domain stays.

    API Gateway's first version knows every REST API's mapping, its second those of HTTP and WebSocket APIs too.
    """

    @property
    def _first(self) -> dict[str, str]:
        domain, _, path = self.entry.name.partition("/")
        return {"domainName": domain, "basePath": path or NO_PATH}

    def _mapping(self) -> dict[str, str] | None:
        first = present(lambda: self.client("apigateway").get_base_path_mapping(**self._first))
        if first:
            return {"version": "1", "api": first["restApiId"], "stage": first.get("stage", "")}
        domain, path = self._first.values()
        found = present(lambda: pages(self.client("apigatewayv2"), "get_api_mappings", "Items", DomainName=domain))
        second = next((one for one in found or () if (one.get("ApiMappingKey") or NO_PATH) == path), None)
        if second is None:
            return None
        return {"version": "2", "api": second["ApiId"], "stage": second["Stage"], "id": second["ApiMappingId"]}

    @override
    def exists(self) -> bool:
        return self._mapping() is not None

    @override
    def described(self) -> dict[str, Any]:
        return {"mapping": self._mapping()}

    @override
    def removing(self) -> list[Step]:
        return [Step("delete mapping", self._delete)]

    def _delete(self, _: Known) -> None:
        found = self._mapping()
        if found is None:
            return
        if found["version"] == "1":
            self.client("apigateway").delete_base_path_mapping(**self._first)
        else:
            domain = self._first["domainName"]
            self.client("apigatewayv2").delete_api_mapping(DomainName=domain, ApiMappingId=found["id"])

    @override
    def undoing(self) -> list[Step]:
        return [Step("create mapping", self._create)]

    def _create(self, known: Known) -> None:
        if self.exists():  # its API brought it back, under its new id
            return
        was = self.archived(known)["mapping"]
        domain, path = self._first.values()
        if was["version"] == "1":
            self.client("apigateway").create_base_path_mapping(**self._first, restApiId=was["api"], stage=was["stage"])
        else:
            key = "" if path == NO_PATH else path
            self.client("apigatewayv2").create_api_mapping(
                DomainName=domain, ApiId=was["api"], Stage=was["stage"], ApiMappingKey=key
            )
