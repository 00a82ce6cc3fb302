"""`InvocationLog`: Bedrock's own record of every call, which the ledger is compared with."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.iam import Statement, policy_json
from components.naming import Names
from components.tags import component_tags

_TAGS = component_tags("BedrockStack")
# The months that a bill is asked about, whatever the functions' logs are kept for.
RETENTION_DAYS = 90
# Bedrock's one stream of the group (Bedrock user guide, "Model invocation logging", CloudWatch Logs destination).
STREAM = "aws/bedrock/modelinvocations"


@dataclass(frozen=True)
class InvocationLogArgs:
    """`key_arn` encrypts the group; its policy lets CloudWatch Logs use it."""

    names: Names
    key_arn: pulumi.Input[str]


class InvocationLog(pulumi.ComponentResource):
    """Where Bedrock records each call: who, which model, how many tokens of which kind, and `requestMetadata`.

    Makes: `aws:cloudwatch:LogGroup` (CMK, 90 days), `aws:iam:Role` and `aws:iam:RolePolicy` for Bedrock,
    `aws:bedrockmodel:InvocationLoggingConfiguration`. That one is a setting of the account in its region: AWS replaces
    what was set before without asking, and a destroy turns the record off.

    Nothing that was asked or answered is recorded: without it there is no customer's data in the group, no record over
    CloudWatch's size, and no bucket for those.
    """

    group_name: pulumi.Output[str]
    configuration: aws.bedrockmodel.InvocationLoggingConfiguration  # what is recorded from then on

    def __init__(self, name: str, args: InvocationLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:InvocationLog", name, None, opts)
        self._name, self._args = name, args
        group = self._group()
        role, policy = self._role(group_name(args.names))
        self.configuration = aws.bedrockmodel.InvocationLoggingConfiguration(
            f"{name}-configuration",
            logging_config={
                "cloudwatch_config": {"log_group_name": group.name, "role_arn": role.arn},
                "text_data_delivery_enabled": False,
                "image_data_delivery_enabled": False,
                "embedding_data_delivery_enabled": False,
                "video_data_delivery_enabled": False,
            },
            # Bedrock tries the role when it is told of it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.group_name = group.name
        self.register_outputs({"logGroupName": self.group_name})

    def _group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-group",
            name=group_name(self._args.names),
            retention_in_days=RETENTION_DAYS,
            kms_key_id=self._args.key_arn,
            tags=_TAGS,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _role(self, group: str) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        names = self._args.names
        role = aws.iam.Role(
            f"{self._name}-role",
            name=names.role("bedrock-logs"),
            description="Bedrock records calls of models with this role",
            assume_role_policy=policy_json(bedrock_trust(names)),
            tags=_TAGS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        stream = f"{names.log_group_arn(group)}:log-stream:{STREAM}"
        policy = aws.iam.RolePolicy(
            f"{self._name}-policy",
            name="write-records",
            role=role.name,
            policy=policy_json(Statement("WriteRecords", ["logs:CreateLogStream", "logs:PutLogEvents"], [stream])),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role, policy


def group_name(names: Names) -> str:
    """`/omnix-ai/{env}/bedrock/invocations`, of the environment that owns the account's baseline."""
    return names.log_group("bedrock/invocations")


def bedrock_trust(names: Names) -> Statement:
    """Bedrock, for this account and region alone (user guide, "Model invocation logging": trust relationship)."""
    return Statement(
        "AssumeRole",
        ["sts:AssumeRole"],
        conditions={
            "StringEquals": {"aws:SourceAccount": [names.account_id]},
            "ArnLike": {"aws:SourceArn": [names.arn("bedrock", "*")]},
        },
        principals={"Service": ["bedrock.amazonaws.com"]},
    )
