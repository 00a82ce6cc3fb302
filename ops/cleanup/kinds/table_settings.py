"""What a restore from a backup loses: read before a table goes, put back when it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.cleanup.account import pages, present

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.cleanup.account import Account

_NAMESPACE = "dynamodb"
_ON = {"ENABLED", "ENABLING"}
_TARGET_INPUTS = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "SuspendedState")
_POLICY_INPUTS = (
    "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyType",
    "TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration",
)  # fmt: skip


def described_settings(account: Account, region: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """TTL, PITR, tags, resource policy, scaling. Streams and protection are in the table's own description."""
    dynamodb, scaling = account.client("dynamodb", region), account.client("application-autoscaling", region)
    name, arn = table["TableName"], table["TableArn"]
    resources = [f"table/{name}", *(f"table/{name}/index/{one['IndexName']}" for one in indexes(table))]
    targets = pages(
        scaling, "describe_scalable_targets", "ScalableTargets", ServiceNamespace=_NAMESPACE, ResourceIds=resources
    )
    policies = [
        one
        for resource in sorted({target["ResourceId"] for target in targets})
        for one in pages(
            scaling, "describe_scaling_policies", "ScalingPolicies", ServiceNamespace=_NAMESPACE, ResourceId=resource
        )
    ]
    policy = present(lambda: dynamodb.get_resource_policy(ResourceArn=arn), {"PolicyNotFoundException"})
    return {
        "ttl": dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        "pitr": dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"],
        "tags": pages(dynamodb, "list_tags_of_resource", "Tags", ResourceArn=arn),
        "policy": policy["Policy"] if policy else None,
        "targets": targets,
        "policies": policies,
    }


def indexes(table: Mapping[str, Any]) -> list[Any]:
    """The table's global indexes."""
    return list(table.get("GlobalSecondaryIndexes") or ())


def put_back(account: Account, region: str, archived: Mapping[str, Any], active: Callable[[str], None]) -> None:
    """Put back what a restore loses. `active` waits for the table; every call may be repeated."""
    dynamodb, table = account.client("dynamodb", region), archived["table"]
    name, arn = table["TableName"], table["TableArn"]
    if archived["tags"]:
        account.settled(lambda: dynamodb.tag_resource(ResourceArn=arn, Tags=archived["tags"]))
    _time_to_live(account, dynamodb, archived["ttl"], name)
    _recovery(account, dynamodb, archived["pitr"], name)
    live = dynamodb.describe_table(TableName=name)["Table"]
    if _on_demand(table) and not _on_demand(live):
        account.settled(lambda: dynamodb.update_table(TableName=name, BillingMode="PAY_PER_REQUEST"))
        active(name)
    stream = table.get("StreamSpecification") or {}
    if stream.get("StreamEnabled") and not (live.get("StreamSpecification") or {}).get("StreamEnabled"):
        account.settled(lambda: dynamodb.update_table(TableName=name, StreamSpecification=stream))
        active(name)
    if archived["policy"]:
        dynamodb.put_resource_policy(ResourceArn=arn, Policy=archived["policy"])
    _scaling(account.client("application-autoscaling", region), archived)
    # Last, so that an undo that fails half-way leaves a table that can be deleted and restored again.
    if table.get("DeletionProtectionEnabled") and not live.get("DeletionProtectionEnabled"):
        account.settled(lambda: dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True))
        active(name)


def _on_demand(table: Mapping[str, Any]) -> bool:
    return (table.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST"


def _time_to_live(account: Account, dynamodb: Any, ttl: Mapping[str, Any], name: str) -> None:
    now = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if ttl.get("TimeToLiveStatus") in _ON and now.get("TimeToLiveStatus") not in _ON:
        wished = {"Enabled": True, "AttributeName": ttl["AttributeName"]}
        account.settled(lambda: dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wished))


def _recovery(account: Account, dynamodb: Any, pitr: Mapping[str, Any], name: str) -> None:
    was = pitr.get("PointInTimeRecoveryDescription") or {}
    if was.get("PointInTimeRecoveryStatus") not in _ON:
        return
    days = {"RecoveryPeriodInDays": was["RecoveryPeriodInDays"]} if was.get("RecoveryPeriodInDays") else {}
    wished = {"PointInTimeRecoveryEnabled": True, **days}
    # A restored table has no continuous backups for some moments.
    account.settled(
        lambda: dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wished),
        {"ContinuousBackupsUnavailableException"},
    )


def _scaling(scaling: Any, archived: Mapping[str, Any]) -> None:
    for target in archived["targets"]:
        scaling.register_scalable_target(**{one: target[one] for one in _TARGET_INPUTS if one in target})
    for policy in archived["policies"]:
        scaling.put_scaling_policy(**{one: policy[one] for one in _POLICY_INPUTS if one in policy})
