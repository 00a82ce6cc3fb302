"""The weekly proof: AWS Backup restores every table, and a function judges what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.iam import Statement
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.naming import Names
from components.tags import component_tags

COMPONENT = "BackupStack"
FUNCTION = "validation"
# AWS Backup names what it restores to test so, and a random end ("Restore testing inferred metadata", DynamoDB).
RESTORED_PREFIX = "awsbackup-restore-test-"
# After the night's backups and their copies.
SCHEDULE = "cron(0 14 ? * SUN *)"
START_WINDOW_HOURS = 4
# The newest point of the last two days: a table whose backups stopped is not tested with an old one.
SELECTION_WINDOW_DAYS = 2
# Events come within minutes; the restored table is deleted with the verdict, or after so long without one.
VALIDATION_HOURS = 4
EVENT_AGE_SECONDS = 3600


@dataclass(frozen=True)
class RestoreTestingArgs:
    """`function`: all of the function `validation` but its grants, dead letters and variables, which this component
    adds. `vault_arn`: whose recovery points are restored, with `role_arn`, under `key_arn`. `table_arns`: of exactly
    which tables, by label; a selection takes 30, and there are nine and as many under their old names. `topic_arn`: who
    is told of an event that could not be judged.
    """

    function: LambdaFunctionArgs
    vault_arn: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    table_arns: Mapping[str, pulumi.Input[str]]
    topic_arn: pulumi.Input[str]


class RestoreTesting(pulumi.ComponentResource):
    """Restores every table each week and validates it.

    Makes: `aws:backup:RestoreTestingPlan` and `aws:backup:RestoreTestingSelection`; a `LambdaFunction` `validation`
    with its grants; `aws:cloudwatch:EventRule`, `aws:lambda:Permission` and `aws:cloudwatch:EventTarget` that tell it
    of each finished test.
    """

    plan_name: pulumi.Output[str]
    function: LambdaFunction

    def __init__(
        self,
        name: str,
        args: RestoreTestingArgs,
        permissions: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("omnix:components:RestoreTesting", name, None, opts)
        self._name, self._args, self._names = name, args, args.function.names
        plan = self._plan()
        self._selection(plan, permissions)
        self.function = self._function()
        self._events(plan)
        self.plan_name = plan.name
        self.register_outputs({"planName": self.plan_name, "functionName": self.function.name})

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _plan(self) -> aws.backup.RestoreTestingPlan:
        return aws.backup.RestoreTestingPlan(
            f"{self._name}-plan",
            name=self._names.underscored("restore_testing", "tables"),
            schedule_expression=SCHEDULE,
            schedule_expression_timezone="Etc/UTC",
            start_window_hours=START_WINDOW_HOURS,
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW",
                "include_vaults": [self._args.vault_arn],
                "recovery_point_types": ["SNAPSHOT"],
                "selection_window_days": SELECTION_WINDOW_DAYS,
            },
            tags=component_tags(COMPONENT),
            opts=self._child(),
        )

    def _selection(self, plan: aws.backup.RestoreTestingPlan, permissions: Sequence[pulumi.Resource]) -> None:
        aws.backup.RestoreTestingSelection(
            f"{self._name}-selection",
            name=self._names.underscored("restore_testing", "tables"),
            restore_testing_plan_name=plan.name,
            protected_resource_type="DynamoDB",
            protected_resource_arns=list(self._args.table_arns.values()),
            iam_role_arn=self._args.role_arn,
            # what AWS infers is a key that it owns: nobody could say who read the copy
            restore_metadata_overrides={"encryptionType": "KMS", "kmsMasterKeyArn": self._args.key_arn},
            validation_window_hours=VALIDATION_HOURS,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(permissions),
                # the provider's update sends everything but them, and keeps them in its state as if it had
                replace_on_changes=["protectedResourceArns"],
                delete_before_replace=True,
            ),
        )

    def _function(self) -> LambdaFunction:
        args = self._args
        grants = {
            "validate": validation_statements(self._names, args.key_arn, list(args.table_arns.values())),
            "tell-of-failures": publish_statements(self._names, args.topic_arn, args.key_arn),
        }
        return LambdaFunction(
            f"{self._name}-lambda",
            replace(
                args.function,
                grants=grants,
                dead_letter_arn=args.topic_arn,
                environment={"OMNIX_KEY_ARN": args.key_arn},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _events(self, plan: aws.backup.RestoreTestingPlan) -> None:
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-rule",
            name=self._names.of("event_rule", "restore-tests"),
            description="A restore test of AWS Backup has finished",
            event_pattern=pulumi.Output.json_dumps(pattern(plan.arn), sort_keys=True, separators=(",", ":")),
            tags=component_tags(COMPONENT),
            opts=self._child(),
        )
        allowed = aws.lambda_.Permission(
            f"{self._name}-permission",
            statement_id="RestoreTests",
            action="lambda:InvokeFunction",
            function=self.function.name,
            qualifier=self.function.alias.name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=self._child(),
        )
        aws.cloudwatch.EventTarget(
            f"{self._name}-target",
            rule=rule.name,
            target_id=FUNCTION,
            arn=self.function.alias_arn,
            retry_policy={"maximum_event_age_in_seconds": EVENT_AGE_SECONDS, "maximum_retry_attempts": 10},
            opts=self._child(allowed),
        )


def pattern(plan_arn: pulumi.Input[str]) -> dict[str, object]:
    """Finished restores of this plan. A verdict makes another such event, which the function knows by its job."""
    return {
        "source": ["aws.backup"],
        "detail-type": ["Restore Job State Change"],
        "detail": {"status": ["COMPLETED"], "resourceType": ["DynamoDB"], "restoreTestingPlanArn": [plan_arn]},
    }


def validation_statements(
    names: Names, key_arn: pulumi.Input[str], table_arns: Sequence[pulumi.Input[str]]
) -> list[Statement]:
    """What judging takes: the job, both descriptions, and the keys of a page of the restored table's items.

    Keys alone: the copies hold password hashes, too, and a scan cannot be kept to leading keys.
    """
    restored = names.arn("dynamodb", f"table/{RESTORED_PREFIX}*")
    return [
        # neither has a resource level (Service Authorization Reference)
        Statement("JudgeRestores", ["backup:DescribeRestoreJob", "backup:PutRestoreValidationResult"], ["*"]),
        Statement("DescribeTables", ["dynamodb:DescribeTable"], [*table_arns, restored]),
        Statement(
            "SampleKeys",
            ["dynamodb:Scan"],
            [restored],
            {
                "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk"]},
                "Null": {"dynamodb:Attributes": ["false"]},
                "StringEquals": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]},
            },
        ),
        Statement(
            "UseKey",
            ["kms:Decrypt"],
            [key_arn],
            {
                "StringEquals": {"kms:ViaService": [f"dynamodb.{names.region}.amazonaws.com"]},
                "StringLike": {"kms:EncryptionContext:aws:dynamodb:tableName": [f"{RESTORED_PREFIX}*"]},
            },
        ),
    ]


def publish_statements(names: Names, topic_arn: pulumi.Input[str], key_arn: pulumi.Input[str]) -> list[Statement]:
    """Publish to the encrypted topic, as Lambda does with the function's role when an event is given up."""
    return [
        Statement("PublishDeadLetters", ["sns:Publish"], [topic_arn]),
        Statement(
            "UseTopicsKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [key_arn],
            {
                "StringEquals": {
                    "kms:EncryptionContext:aws:sns:topicArn": [topic_arn],
                    "kms:ViaService": [f"sns.{names.region}.amazonaws.com"],
                }
            },
        ),
    ]
