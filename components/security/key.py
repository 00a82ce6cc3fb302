"""The environment's customer managed key (CMK): its policy as data, and the handle siblings receive."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.iam import ANYONE, Statement
from components.naming import Names


@dataclass(frozen=True)
class Key:
    """A CMK's outputs. `alias` is `alias/omnix-ai-{env}-platform`, or `-dr` of the one in the recovery region."""

    arn: pulumi.Output[str]
    id: pulumi.Output[str]
    alias: pulumi.Output[str]


def key_policy(names: Names, *, reports: bool = False, machine: bool = False) -> list[Statement]:
    """Who may use the key.

    The account's own principals get what IAM gives them (first statement), which covers every service that
    acts with its caller's permissions: DynamoDB, Secrets Manager, Parameter Store, Lambda, S3 and Backup.
    Only services that come as themselves need a statement, each bound to this environment's resources. `reports`:
    AWS Backup writes some; `machine`: a state machine logs. Where there is neither, neither is let in.
    """
    topics = _topics(names, ("backup", "budgets", "cloudwatch", "costalerts"))
    asked = [*([_log_delivery(names)] if machine else []), *([_reports(names)] if reports else [])]
    return [_account(names), _log_groups(names), topics, *asked]


def recovery_key_policy(names: Names) -> list[Statement]:
    """Who may use the key of the recovery region, `names` being of that region.

    AWS Backup encrypts copies, and S3 replicas, with what their roles may do: the first statement lets IAM decide.
    Nothing logs there, and only the vault reports there.
    """
    return [_account(names), _topics(names, ("backup",))]


def _account(names: Names) -> Statement:
    """The account's IAM decides, and nobody is ever locked out of the key."""
    return Statement(
        "AccountUsesIam",
        ["kms:*"],
        ["*"],
        principals={"AWS": [f"arn:aws:iam::{names.account_id}:root"]},
    )


def _reports(names: Names) -> Statement:
    """AWS Backup's reports role encrypts what it writes to the bucket; its own policy lets it use no key.

    By condition and not by name: the role is there only after an account's first report plan, and KMS refuses the name
    of nobody. The role's ARN names the account, too: `kms:CallerAccount` would keep out nobody else.
    """
    role = "role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
    return Statement(
        "BackupReports",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["*"],
        {
            "StringEquals": {
                "aws:PrincipalArn": [f"arn:aws:iam::{names.account_id}:{role}"],
                "kms:ViaService": [f"s3.{names.region}.amazonaws.com"],
            }
        },
        principals=ANYONE,
    )


def _log_groups(names: Names) -> Statement:
    """CloudWatch Logs puts the log group's ARN in the encryption context.

    Not `kms:DescribeKey`: it has no encryption context, and would never be allowed under this condition.
    """
    groups = [
        names.log_group_arn(f"/aws/lambda/{names.prefix}-*"),
        names.log_group_arn(f"{names.parameter_prefix}/*"),
        # API Gateway dictates the name of a stage's execution log: API id, then stage, which bears the environment's
        # name. The id cannot be named, because the key is made before the API.
        names.log_group_arn(f"API-Gateway-Execution-Logs_*/{names.environment}"),
    ]
    return Statement(
        "LogGroups",
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
        ["*"],
        # an encryption context is text to KMS, also where it holds an ARN: string operators
        {"StringLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        principals={"Service": [f"logs.{names.region}.amazonaws.com"]},
    )


def _log_delivery(names: Names) -> Statement:
    """A state machine under this key hands its log over encrypted: what delivers it must be able to open it.

    "Data at rest encryption in Step Functions", CloudWatch Logs: the machine's role makes the data key, under this very
    encryption context, and without either of the two there is no log at all.
    """
    return Statement(
        "LogDelivery",
        ["kms:Decrypt"],
        ["*"],
        {"StringEquals": {"kms:EncryptionContext:SourceArn": [names.arn("logs", "*")]}},
        principals={"Service": ["delivery.logs.amazonaws.com"]},
    )


def _topics(names: Names, publishers: Sequence[str]) -> Statement:
    """Services that publish to an encrypted topic as themselves need the key itself.

    SNS puts the topic's ARN in the encryption context of every use, whoever publishes. Which source keys a publisher
    sends to KMS is not documented for all of them, and one that does not come would lose alarms without a trace. Who
    may publish is the topic's policy to say.
    """
    topics = [names.arn("sns", f"{names.prefix}-*")]
    return Statement(
        "PublishToTopics",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        ["*"],
        {"StringLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}},
        principals={"Service": [f"{service}.amazonaws.com" for service in publishers]},
    )
