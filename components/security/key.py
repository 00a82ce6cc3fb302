"""The environment's customer managed key (CMK): its policy as data, and the handle siblings receive."""

from dataclasses import dataclass

import pulumi

from components.iam import Conditions, Statement
from components.naming import Names


@dataclass(frozen=True)
class Key:
    """The CMK's outputs. `alias` is `alias/omnix-ai-{env}-platform`."""

    arn: pulumi.Output[str]
    id: pulumi.Output[str]
    alias: pulumi.Output[str]


def key_policy(names: Names) -> list[Statement]:
    """Who may use the key.

    The account's own principals get what IAM gives them (first statement), which covers every service that
    acts with its caller's permissions: DynamoDB, Secrets Manager, Parameter Store, Lambda, S3 and Backup.
    Only services that come as themselves need a statement, each bound to this environment's resources.
    """
    account = {"aws:SourceAccount": [names.account_id]}
    alarms = {"aws:SourceArn": [names.arn("cloudwatch", f"alarm:{names.prefix}-*")]}
    budgets = {"aws:SourceArn": [f"arn:aws:budgets::{names.account_id}:*"]}
    return [
        Statement(
            "AccountUsesIam",
            ["kms:*"],
            ["*"],
            principals={"AWS": [f"arn:aws:iam::{names.account_id}:root"]},
        ),
        _log_groups(names),
        _publisher("AlarmsPublish", "cloudwatch", {"StringEquals": account, "ArnLike": alarms}),
        _publisher("BackupPublishes", "backup", {"StringEquals": account}),
        _publisher("BudgetsPublish", "budgets", {"StringEquals": account, "ArnLike": budgets}),
    ]


def _log_groups(names: Names) -> Statement:
    """CloudWatch Logs puts the log group's ARN in the encryption context."""
    groups = [
        names.log_group_arn(f"/aws/lambda/{names.prefix}-*"),
        names.log_group_arn(f"{names.parameter_prefix}/*"),
    ]
    return Statement(
        "LogGroups",
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        ["*"],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        principals={"Service": [f"logs.{names.region}.amazonaws.com"]},
    )


def _publisher(sid: str, service: str, conditions: Conditions) -> Statement:
    """A service that publishes to an encrypted topic needs the key itself."""
    return Statement(
        sid,
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        ["*"],
        conditions,
        principals={"Service": [f"{service}.amazonaws.com"]},
    )
