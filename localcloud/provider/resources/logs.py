"""Amazon CloudWatch Logs."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import (
    Label,
    ResourceType,
    Scope,
    failed_precondition,
)
from localcloud.provider.tagging import LOGS
from localcloud.provider.wire import Properties

_GROUP = r"[A-Za-z0-9_./#-]+"
_KEY = "logs:group-key"  # registry kind: a key given later, for which moto has no call


class LogGroup(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    label = Label.EXECUTED
    naming = Naming(_GROUP, 512)
    tagging = LOGS
    importable = True
    force_new = frozenset({"logGroupClass", "namePrefix"})
    local_only = frozenset({"skipDestroy", "deletionProtectionEnabled"})
    defaults: ClassVar = {
        "retentionInDays": 0,
        "skipDestroy": False,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }

    def create(self, scope: Scope, inputs: Properties) -> str:
        scope.registry.delete(_KEY, f"{scope.region}/{inputs['name']}")
        key = {"kmsKeyId": inputs["kmsKeyId"]} if "kmsKeyId" in inputs else {}
        scope.client("logs").create_log_group(logGroupName=inputs["name"], **key)
        return str(inputs["name"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        logs = scope.client("logs")
        days = news.get("retentionInDays", 0)
        if days:
            logs.put_retention_policy(logGroupName=id, retentionInDays=days)
        elif olds.get("retentionInDays"):
            logs.delete_retention_policy(logGroupName=id)
        if olds and news.get("kmsKeyId") != olds.get("kmsKeyId"):
            scope.registry.put(_KEY, f"{scope.region}/{id}", {"kmsKeyId": news.get("kmsKeyId")})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        pages = scope.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id)
        found = next((row for page in pages for row in page["logGroups"] if row["logGroupName"] == id), None)
        if found is None:
            return None
        return {
            "name": id,
            "arn": found["arn"].removesuffix(":*"),
            "retentionInDays": found.get("retentionInDays", 0),
            "kmsKeyId": (scope.registry.get(_KEY, f"{scope.region}/{id}") or found).get("kmsKeyId"),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        if state.get("skipDestroy"):
            return
        if state.get("deletionProtectionEnabled"):
            raise failed_precondition(f"ValidationException: log group {id} is protected against deletion")
        scope.registry.delete(_KEY, f"{scope.region}/{id}")
        scope.client("logs").delete_log_group(logGroupName=id)


class LogResourcePolicy(ResourceType):
    id_format = "{policyName}"
    pulumi_type = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
    label = Label.STORED
    remove = ("logs", "delete_resource_policy", "policyName")
    naming = Naming(r"[^:*]+", 256, property="policyName")
    importable = True

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("logs").put_resource_policy(policyName=id, policyDocument=news["policyDocument"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        rows = scope.client("logs").describe_resource_policies()["resourcePolicies"]
        found = next((row for row in rows if row["policyName"] == id), None)
        if found is None:
            return None
        return {"policyName": id, "policyDocument": found["policyDocument"], "policyScope": "ACCOUNT"}


class LogMetricFilter(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
    label = Label.STORED
    naming = Naming(r"[^:*]+", 512)
    force_new = frozenset({"logGroupName"})

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        made = news["metricTransformation"]
        given = {
            "metricName": made["name"],
            "metricNamespace": made["namespace"],
            "metricValue": str(made["value"]),
        }
        if "defaultValue" in made:
            given["defaultValue"] = float(made["defaultValue"])
        given |= {key: made[key] for key in ("dimensions", "unit") if key in made}
        scope.client("logs").put_metric_filter(
            logGroupName=news["logGroupName"],
            filterName=id,
            filterPattern=news["pattern"],
            metricTransformations=[given],
        )

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("logs").describe_metric_filters(logGroupName=state["logGroupName"], filterNamePrefix=id)[
            "metricFilters"
        ]
        return {"name": id} if any(row["filterName"] == id for row in found) else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("logs").delete_metric_filter(logGroupName=state["logGroupName"], filterName=id)


TYPES = (LogGroup(), LogResourcePolicy(), LogMetricFilter())
