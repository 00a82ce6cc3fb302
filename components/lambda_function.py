"""`LambdaFunction`: one function's role, log group, code, version and alias `live`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.artefacts import FunctionCode
from components.config import FunctionSizing
from components.config.model import AliasOwner
from components.iam import Statement, policy_json, trust
from components.lifecycle import serving
from components.naming import Names
from components.tags import component_tags

ALIAS = "live"
RUNTIME = "python3.13"
ARCHITECTURE = "arm64"


@dataclass(frozen=True)
class LambdaFunctionArgs:
    """What a function is made of.

    `component` is the value of its `Component` tag (the stack that owns it). `environment` adds to the
    variables that every function gets (`base_environment`). `key_arn` encrypts logs and variables. `grants` are
    policies by name that the role has before the code that needs them runs. `dead_letter_arn`: a topic or queue for
    events that were given up, which `grants` must open. `locked`: the engine refuses to delete what answers requests.
    """

    names: Names
    code: FunctionCode
    sizing: FunctionSizing
    key_arn: pulumi.Input[str]
    log_retention_days: int
    alias_owner: AliasOwner
    component: str
    description: str
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    grants: Mapping[str, Sequence[Statement]] = field(default_factory=dict)
    dead_letter_arn: pulumi.Input[str] | None = None
    locked: bool = False


def base_environment(names: Names, function: str) -> dict[str, str]:
    """The variables of every function. Everything else is read at run time from Parameter Store."""
    return {
        "OMNIX_ENVIRONMENT": names.environment,
        "OMNIX_FUNCTION": function,
        "OMNIX_PARAMETER_PREFIX": names.parameter_prefix,
        "POWERTOOLS_METRICS_NAMESPACE": "OMNIX",
        "POWERTOOLS_SERVICE_NAME": function,
    }


def base_statements(names: Names, function: str, key_arn: pulumi.Input[str]) -> list[Statement]:
    """What every function may do: write its own logs and traces, and decrypt its own variables.

    Not `logs:CreateLogGroup`: the group exists before the function, with its key and retention, and a
    deleted one must not come back without them.
    """
    group = names.log_group_arn(names.function_log_group(function))
    return [
        Statement("WriteOwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:*"]),
        # X-Ray's write actions have no resource level (Service Authorization Reference).
        Statement("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
        Statement(
            "DecryptOwnVariables",
            ["kms:Decrypt"],
            [key_arn],
            {
                "StringEquals": {"kms:ViaService": [f"lambda.{names.region}.amazonaws.com"]},
                # Lambda documents the key and not whether a published version's ARN is qualified in it.
                "StringLike": {
                    "kms:EncryptionContext:aws:lambda:FunctionArn": [
                        names.function_arn(function),
                        f"{names.function_arn(function)}:*",
                    ]
                },
            },
        ),
    ]


class LambdaFunction(pulumi.ComponentResource):
    """One function and all that is its own.

    Makes: `aws:iam:Role`, `aws:iam:RolePolicy` (own logs, traces, variables), `aws:cloudwatch:LogGroup`
    (CMK, retention), `aws:lambda:Function` (arm64, published), `aws:lambda:Alias` `live`,
    `aws:lambda:ProvisionedConcurrencyConfig` if the config asks for it, and one `aws:iam:RolePolicy` for each of
    `grants` and each call of `allow`.

    Dead letters only where events come asynchronously (EventBridge): API Gateway and Secrets Manager invoke their
    functions synchronously and get every error as the answer.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    version: pulumi.Output[str]
    alias_name: str
    alias_arn: pulumi.Output[str]
    alias_invoke_arn: pulumi.Output[str]  # for API Gateway's integration URI
    role_name: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    log_group_arn: pulumi.Output[str]
    alias: aws.lambda_.Alias
    grants: list[pulumi.Resource]  # policies attached so far: what an invocation at deploy time waits for

    def __init__(self, name: str, args: LambdaFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:LambdaFunction", name, None, opts)
        self._name, self._args = name, args
        self._tags = component_tags(args.component)
        role = self._role()
        self.grants = []
        self._role_name_input = role.name
        self.allow("base", base_statements(args.names, args.code.function, args.key_arn))
        for grant, statements in args.grants.items():
            self.allow(grant, statements)
        group = self._log_group()
        function = self._function(role, group)
        self.alias = self._alias(function)
        self._provisioned()
        self.name, self.arn, self.version = function.name, function.arn, function.version
        self.alias_name = ALIAS
        self.alias_arn, self.alias_invoke_arn = self.alias.arn, self.alias.invoke_arn
        self.role_name, self.role_arn = role.name, role.arn
        self.log_group_name, self.log_group_arn = group.name, group.arn
        self.register_outputs(
            {
                "name": self.name,
                "arn": self.arn,
                "version": self.version,
                "aliasArn": self.alias_arn,
                "roleArn": self.role_arn,
                "logGroupName": self.log_group_name,
            }
        )

    def allow(self, name: str, statements: Sequence[Statement]) -> None:
        """Attach `statements` to the function's role as the inline policy `name`, unique for the function.

        After the function: only for what would close a circle; everything else comes as `grants`.
        """
        self.grants.append(
            aws.iam.RolePolicy(
                f"{self._name}-policy-{name}",
                name=name,
                role=self._role_name_input,
                policy=policy_json(*statements),
                opts=self._child(),
            )
        )

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _serving(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return serving(self, *depends_on, locked=self._args.locked)

    def _role(self) -> aws.iam.Role:
        function = self._args.code.function
        return aws.iam.Role(
            f"{self._name}-role",
            name=self._args.names.role(function),
            description=f"Execution role of {self._args.names.function(function)}",
            assume_role_policy=policy_json(trust("lambda.amazonaws.com")),
            tags=self._tags,
            opts=self._serving(),
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=self._args.names.function_log_group(self._args.code.function),
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.key_arn,
            tags=self._tags,
            opts=self._child(),
        )

    def _function(self, role: aws.iam.Role, group: aws.cloudwatch.LogGroup) -> aws.lambda_.Function:
        args = self._args
        code, sizing = args.code, args.sizing
        variables = {**base_environment(args.names, code.function), **args.environment}
        return aws.lambda_.Function(
            f"{self._name}-function",
            name=args.names.function(code.function),
            description=args.description,
            role=role.arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=code.handler,
            s3_bucket=code.bucket,
            s3_key=code.key,
            s3_object_version=code.object_version,
            source_code_hash=code.sha256,
            publish=True,
            memory_size=sizing.memory_mb,
            timeout=sizing.timeout_seconds,
            reserved_concurrent_executions=sizing.reserved_concurrency,
            environment={"variables": dict(sorted(variables.items()))},
            kms_key_arn=args.key_arn,
            tracing_config={"mode": "Active"},
            dead_letter_config=None if args.dead_letter_arn is None else {"target_arn": args.dead_letter_arn},
            # The level is read at run time; this one is a floor, and it must never be DEBUG or TRACE. Lambda hands
            # it to the runtime as AWS_LAMBDA_LOG_LEVEL, the runtime sets the *root* logger to it, and botocore at
            # DEBUG writes whole requests and answers: every value that rotation puts and every secret that is read.
            logging_config={
                "log_format": "JSON",
                "log_group": group.name,
                "application_log_level": "INFO",
                "system_log_level": "INFO",
            },
            tags=self._tags,
            # New code must find its permissions when the alias moves to it, and the first invocation its own (IAM
            # takes seconds to spread a policy; making a function takes longer): policies come first.
            opts=self._serving(group, *self.grants),
        )

    def _alias(self, function: aws.lambda_.Function) -> aws.lambda_.Alias:
        """`live`. Where the deployment service moves it, Pulumi only ever creates it.

        The ignore list stands on the alias itself, because components drop it for their children, and the
        provider's update always sends version and routing together: no other property may ever change.
        """
        moved_elsewhere = self._args.alias_owner == "deployment"
        return aws.lambda_.Alias(
            f"{self._name}-alias",
            name=ALIAS,
            function_name=function.name,
            function_version=function.version,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=self._args.locked,
                ignore_changes=["functionVersion", "routingConfig"] if moved_elsewhere else [],
            ),
        )

    def _provisioned(self) -> None:
        executions = self._args.sizing.provisioned_concurrency
        if executions is not None:
            aws.lambda_.ProvisionedConcurrencyConfig(
                f"{self._name}-provisioned",
                function_name=self.alias.function_name,
                qualifier=self.alias.name,
                provisioned_concurrent_executions=executions,
                opts=self._child(),
            )
