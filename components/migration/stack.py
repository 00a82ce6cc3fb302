"""`MigrationStack`: what moves a table too large for one machine. Deployed only where the config asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.artefacts import FunctionCode
from components.config import FunctionSizing
from components.config.model import AliasOwner
from components.data.parameters import Parameters
from components.data.table import Table
from components.iam import Grants, Statement, policy_json, trust
from components.lambda_function import LambdaFunction, LambdaFunctionArgs
from components.lifecycle import Protection
from components.migration.definition import definition
from components.naming import Names
from components.private_bucket import PrivateBucket, PrivateBucketArgs
from components.tags import component_tags

COMPONENT = "MigrationStack"
FUNCTION = "migration"
_TAGS = component_tags(COMPONENT)
# A run's export, mapping, quarantine and reports: a quarter to look into what was left out.
KEPT_DAYS = 90
DATA_KEY_SECONDS = 300


@dataclass(frozen=True)
class MigrationStackArgs:
    """`sources`: names of the legacy tables, in this account and region, that may be exported.

    `tables` are the standard ones, by logical name. A migration writes claims and credentials too: the function's role
    is as wide as the tables, and lives as long as the config says. `protection` and `adopt` are the bucket's: what was
    left out of a migration is in it, and nowhere else.
    """

    names: Names
    sources: Sequence[str]
    code: FunctionCode
    sizing: FunctionSizing
    tables: Mapping[str, Table]
    parameters: Parameters
    key_arn: pulumi.Input[str]
    log_retention_days: int
    alias_owner: AliasOwner
    protection: Protection
    adopt: str | None = None


class MigrationStack(pulumi.ComponentResource):
    """Export, Distributed Map, function.

    Makes: a `PrivateBucket` for runs, a `LambdaFunction` `migration`, `aws:cloudwatch:LogGroup` for executions,
    `aws:iam:Role` and `aws:iam:RolePolicy` of the state machine, `aws:sfn:StateMachine`.
    """

    bucket: pulumi.Output[str]
    state_machine_arn: pulumi.Output[str]
    function: LambdaFunction

    def __init__(self, name: str, args: MigrationStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:MigrationStack", name, None, opts)
        self._name, self._args = name, args
        self._machine = args.names.of("state_machine", FUNCTION)
        runs = self._runs()
        self.function = self._function(runs)
        machine = self._state_machine(runs)
        self.bucket, self.state_machine_arn = runs.bucket, machine.arn
        self.register_outputs({"bucket": self.bucket, "stateMachineArn": self.state_machine_arn})

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _runs(self) -> PrivateBucket:
        args = self._args
        expire = {
            "id": "runs",
            "status": "Enabled",
            "filter": {"prefix": "runs/"},
            "expiration": {"days": KEPT_DAYS},
            "noncurrent_version_expiration": {"noncurrent_days": 1},
        }
        return PrivateBucket(
            f"{self._name}-runs",
            PrivateBucketArgs(
                bucket=args.names.bucket(FUNCTION),
                key_arn=args.key_arn,
                component=COMPONENT,
                protection=args.protection,
                rules=[expire],
                adopt=args.adopt,
            ),
            opts=self._child(),
        )

    def _function(self, runs: PrivateBucket) -> LambdaFunction:
        args = self._args
        grants = Grants()
        args.parameters.grant_read(grants)
        for table in args.tables.values():
            # what placing does: reads what is there, puts, and takes away what lost its place
            table.grant(grants, ("BatchGetItem", "DeleteItem", "PutItem"))
        grants.allow("runs", run_statements(args.names, runs.arn, args.key_arn))
        grants.allow("sources", source_statements(args.names, args.sources))
        return LambdaFunction(
            f"{self._name}-function",
            LambdaFunctionArgs(
                names=args.names,
                code=args.code,
                sizing=args.sizing,
                key_arn=args.key_arn,
                log_retention_days=args.log_retention_days,
                alias_owner=args.alias_owner,
                component=COMPONENT,
                description="Places a legacy table's export in the standard tables",
                environment={"OMNIX_RUNS_BUCKET": runs.bucket},
                grants=grants.statements,
            ),
            opts=self._child(*runs.ready),
        )

    def _state_machine(self, runs: PrivateBucket) -> aws.sfn.StateMachine:
        args = self._args
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-executions",
            name=args.names.log_group(FUNCTION),
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key_arn,
            tags=_TAGS,
            opts=self._child(),
        )
        role = aws.iam.Role(
            f"{self._name}-role",
            name=args.names.role(f"{FUNCTION}-machine"),
            description=f"Execution role of {self._machine}",
            assume_role_policy=policy_json(trust("states.amazonaws.com", account_id=args.names.account_id)),
            tags=_TAGS,
            opts=self._child(),
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-role-policy",
            name="run",
            role=role.name,
            policy=policy_json(
                *machine_statements(
                    args.names, self._machine, args.sources, runs.arn, self.function.alias_arn, args.key_arn
                )
            ),
            opts=self._child(),
        )
        steps = definition(self.function.alias_arn, runs.bucket, args.key_arn)
        return aws.sfn.StateMachine(
            f"{self._name}-machine",
            name=self._machine,
            role_arn=role.arn,
            type="STANDARD",
            definition=pulumi.Output.json_dumps(steps, sort_keys=True, separators=(",", ":")),
            logging_configuration={
                "level": "ERROR",
                "include_execution_data": False,
                "log_destination": pulumi.Output.concat(group.arn, ":*"),
            },
            tracing_configuration={"enabled": True},
            encryption_configuration={
                "type": "CUSTOMER_MANAGED_KMS_KEY",
                "kms_key_id": args.key_arn,
                "kms_data_key_reuse_period_seconds": DATA_KEY_SECONDS,
            },
            tags=_TAGS,
            opts=self._child(policy),  # creation asks whether the role may write the log
        )


def source_statements(names: Names, sources: Sequence[str]) -> Sequence[Statement]:
    """What the function reads beside an export: items that are joined, looked up or gathered, from the tables."""
    tables = [names.arn("dynamodb", f"table/{source}") for source in sources]
    return [Statement("ReadSources", ["dynamodb:BatchGetItem", "dynamodb:Query"], tables)]


def run_statements(names: Names, bucket_arn: pulumi.Input[str], key_arn: pulumi.Input[str]) -> Sequence[Statement]:
    """What the function does with a run's files: reads the export and the mapping, writes what it placed and not."""
    return [
        Statement("ReadRuns", ["s3:GetObject", "s3:PutObject"], [pulumi.Output.concat(bucket_arn, "/runs/*")]),
        Statement("ListRuns", ["s3:ListBucket"], [bucket_arn], {"StringLike": {"s3:prefix": ["runs/*"]}}),
        _use_key(names, bucket_arn, key_arn),
    ]


def machine_statements(
    names: Names,
    machine: str,
    sources: Sequence[str],
    bucket_arn: pulumi.Input[str],
    function_arn: pulumi.Input[str],
    key_arn: pulumi.Input[str],
) -> Sequence[Statement]:
    """What the state machine does itself: exports, lists files, runs children of itself, calls the function.

    DynamoDB writes an export with its caller's permissions ("Requesting a table export": S3 permissions). A child of a
    distributed map is an execution of the same machine ("IAM policies for using Distributed Map states").
    """
    tables = [names.arn("dynamodb", f"table/{source}") for source in sources]
    executions = names.arn("states", f"execution:{machine}")
    return [
        Statement("Call", ["lambda:InvokeFunction"], [function_arn]),
        Statement("Export", ["dynamodb:ExportTableToPointInTime"], tables),
        Statement("Look", ["dynamodb:DescribeExport"], [f"{table}/export/*" for table in tables]),
        Statement(
            "WriteRuns",
            # what an export, and the results of a map, need
            [
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
                "s3:PutObjectAcl",
            ],
            [pulumi.Output.concat(bucket_arn, "/runs/*")],
        ),
        Statement("ListRuns", ["s3:ListBucket"], [bucket_arn], {"StringLike": {"s3:prefix": ["runs/*"]}}),
        _use_key(names, bucket_arn, key_arn),
        # its own definition, inputs and histories ("Data at rest encryption in Step Functions")
        Statement(
            "UseOwnKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [key_arn],
            {
                "StringEquals": {
                    "kms:EncryptionContext:aws:states:stateMachineArn": [names.arn("states", f"stateMachine:{machine}")]
                }
            },
        ),
        # its log on the way to CloudWatch, which the key's own policy lets the delivery open
        Statement(
            "SealLog",
            ["kms:GenerateDataKey"],
            [key_arn],
            {"StringEquals": {"kms:EncryptionContext:SourceArn": [names.arn("logs", "*")]}},
        ),
        Statement("RunChildren", ["states:StartExecution"], [names.arn("states", f"stateMachine:{machine}")]),
        Statement(
            "FollowChildren",
            ["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"],
            [f"{executions}:*", f"{executions}/*"],
        ),
        # none of these has a resource level (Service Authorization Reference: CloudWatch Logs, X-Ray)
        Statement(
            "WriteLogs",
            [
                *("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups"),
                *("logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
                *("logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
            ],
            ["*"],
        ),
        Statement(
            "WriteTraces",
            [
                *("xray:GetSamplingRules", "xray:GetSamplingTargets"),
                *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
            ],
            ["*"],
        ),
    ]


def _use_key(names: Names, bucket_arn: pulumi.Input[str], key_arn: pulumi.Input[str]) -> Statement:
    """Read and write the bucket's objects: with a bucket key, the bucket's ARN is the encryption context (S3 guide)."""
    return Statement(
        "UseKey",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        [key_arn],
        {
            "StringEquals": {
                "kms:EncryptionContext:aws:s3:arn": [bucket_arn],
                "kms:ViaService": [f"s3.{names.region}.amazonaws.com"],
            }
        },
    )
