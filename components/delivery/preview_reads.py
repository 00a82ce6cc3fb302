"""What a preview reads, as data: for each resource type the calls that AWS's Pulumi provider makes to read it.

Source: the `Read` of each type in terraform-provider-aws, which pulumi-aws wraps; ARN forms and the actions that take
no resource from AWS's Service Authorization Reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi

from components.iam import Conditions, Statement, Value
from components.naming import PROJECT, Names
from components.recovery import Recovery

ANY: Sequence[Value] = ("*",)
_INSIGHT_RULE = "aws:cloudwatch/contributorInsightRule:ContributorInsightRule"

# Their reading gives a value away (a key's, a SecureString's, a zip's): a refresh leaves them out with `--exclude`.
UNREADABLE = frozenset(
    {
        "aws:apigateway/apiKey:ApiKey",
        "aws:apigateway/usagePlanKey:UsagePlanKey",
        "aws:s3/bucketObjectv2:BucketObjectv2",
    }
)


@dataclass(frozen=True)
class Read:
    """Actions on resources, for resource types (Pulumi's tokens)."""

    sid: str
    types: tuple[str, ...]
    actions: Sequence[str]
    resources: Sequence[Value]
    conditions: Conditions | None = None

    def statement(self) -> Statement:
        """The statement that allows it."""
        return Statement(self.sid, self.actions, self.resources, self.conditions or {})


@dataclass(frozen=True)
class Known:
    """The environment's names, its recovery region if there is one, and the ids that only AWS knows."""

    names: Names
    recovery: Recovery | None
    key_arn: pulumi.Input[str]
    rest_api_id: pulumi.Input[str]
    backup_plan_id: pulumi.Input[str]

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """ARN of `resource`; IAM, Budgets and dashboards name no region, S3 and API Gateway no account."""
        where = self.names.region if region else ""
        return f"arn:aws:{service}:{where}:{self.names.account_id if account else ''}:{resource}"

    def named(self, service: str, kind: str, *, region: bool = True) -> str:
        """ARN pattern of every resource of a kind that bears the environment's prefix."""
        return self.arn(service, f"{kind}{self.names.prefix}-*", region=region)

    def underscored(self, kind: str) -> str:
        """The same of AWS Backup's kinds whose names take no hyphen."""
        return self.arn("backup", f"{kind}{self.names.prefix.replace('-', '_')}_*")

    def both(self, service: str, kind: str) -> list[str]:
        """The same, at home and in the recovery region."""
        everywhere = [self.names, *([self.names.in_region(self.recovery.region)] if self.recovery else [])]
        return [replace(self, names=names).named(service, kind) for names in everywhere]

    def keys(self) -> list[pulumi.Input[str]]:
        """ARNs of the keys of both regions."""
        return [self.key_arn, *([self.recovery.key_arn] if self.recovery else [])]


def reads(known: Known) -> tuple[Read, ...]:
    """Every read, each bound to the environment's own names where the service has a resource level."""
    return (
        *_data(known), *_security(known), *_functions(known), *_api(known), *_operations(known), *_models(known),
    )  # fmt: skip


def _data(known: Known) -> tuple[Read, ...]:
    table, bucket = known.named("dynamodb", "table/"), f"arn:aws:s3:::{known.names.prefix}-*"
    parameter = known.arn("ssm", f"parameter{known.names.parameter_prefix}/*")
    scaling = ("aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy")
    bucket_types = ("bucket:Bucket", "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
                    "bucketOwnershipControls:BucketOwnershipControls", "bucketPolicy:BucketPolicy",
                    "bucketPublicAccessBlock:BucketPublicAccessBlock",
                    "bucketReplicationConfig:BucketReplicationConfig",
                    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
                    "bucketVersioning:BucketVersioning")  # fmt: skip
    bucket_actions = ("GetAccelerateConfiguration", "GetBucketAcl", "GetBucketCORS", "GetBucketLogging",
                      "GetBucketObjectLockConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy",
                      "GetBucketPublicAccessBlock", "GetBucketRequestPayment", "GetBucketTagging",
                      "GetBucketVersioning", "GetBucketWebsite", "GetEncryptionConfiguration",
                      "GetLifecycleConfiguration", "GetReplicationConfiguration", "ListBucket")  # fmt: skip
    return (
        Read("Tables", ("aws:dynamodb/table:Table",),
             ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
              "dynamodb:ListTagsOfResource"], [table]),
        Read("Scaling", scaling, ["application-autoscaling:DescribeScalableTargets",
                                  "application-autoscaling:DescribeScalingPolicies"], ANY),
        Read("ScalingTags", scaling, ["application-autoscaling:ListTagsForResource"],
             [known.arn("application-autoscaling", "scalable-target/*")]),
        Read("Parameters", ("aws:ssm/parameter:Parameter",), ["ssm:GetParameter", "ssm:ListTagsForResource"],
             [parameter]),
        Read("ParameterList", ("aws:ssm/parameter:Parameter",), ["ssm:DescribeParameters"], ANY),
        Read("Buckets", tuple(f"aws:s3/{kind}" for kind in bucket_types),
             [f"s3:{action}" for action in bucket_actions], [bucket]),
    )  # fmt: skip


def _security(known: Known) -> tuple[Read, ...]:
    return (
        Read("Key", ("aws:kms/key:Key",), ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
                                           "kms:ListResourceTags"], known.keys()),
        Read("KeyAliases", ("aws:kms/alias:Alias",), ["kms:ListAliases"], ANY),
        Read("Secrets", ("aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretRotation:SecretRotation"),
             ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
             [known.arn("secretsmanager", f"secret:{PROJECT}/{known.names.environment}/*")]),
        Read("Roles", ("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy",
                       "aws:iam/rolePolicyAttachment:RolePolicyAttachment"),
             ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
             [known.named("iam", "role/", region=False)]),
        Read("Policies", ("aws:iam/policy:Policy",),
             ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"],
             [known.named("iam", "policy/", region=False)]),
        Read("IdentityProvider", ("aws:iam/openIdConnectProvider:OpenIdConnectProvider",),
             ["iam:GetOpenIDConnectProvider"], [provider_arn(known.names)]),
    )  # fmt: skip


def _functions(known: Known) -> tuple[Read, ...]:
    function = known.named("lambda", "function:")
    return (
        Read("Functions", ("aws:lambda/function:Function", "aws:lambda/alias:Alias", "aws:lambda/permission:Permission",
                           "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
                           "aws:lambda/invocation:Invocation"),
             ["lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetPolicy",
              "lambda:GetProvisionedConcurrencyConfig", "lambda:ListTags", "lambda:ListVersionsByFunction"],
             [function]),
        # AWS gives the mapping its id
        Read("EventSourceMappings", ("aws:lambda/eventSourceMapping:EventSourceMapping",),
             ["lambda:GetEventSourceMapping", "lambda:ListTags"], [known.arn("lambda", "event-source-mapping:*")]),
        Read("LogGroupList", ("aws:cloudwatch/logGroup:LogGroup",), ["logs:DescribeLogGroups"], ANY),
        # the execution log's group bears the API's id, which AWS gives, and the stage's name
        Read("LogGroups", ("aws:cloudwatch/logGroup:LogGroup",), ["logs:ListTagsForResource"],
             [known.named("logs", "log-group:/aws/lambda/"),
              known.arn("logs", f"log-group:{known.names.parameter_prefix}/*"),
              known.arn("logs", f"log-group:API-Gateway-Execution-Logs_*/{known.names.environment}")]),
    )  # fmt: skip


def _api(known: Known) -> tuple[Read, ...]:
    api = pulumi.Output.concat(known.arn("apigateway", "/restapis/", account=False), known.rest_api_id)
    own = {"StringEquals": {"aws:ResourceTag/Project": [PROJECT],
                            "aws:ResourceTag/Environment": [known.names.environment]}}  # fmt: skip
    return (
        Read("RestApi", ("aws:apigateway/restApi:RestApi", "aws:apigateway/deployment:Deployment",
                         "aws:apigateway/stage:Stage", "aws:apigateway/methodSettings:MethodSettings",
                         "aws:apigateway/account:Account"),
             ["apigateway:GET"], [api, api.apply(lambda arn: f"{arn}/*"),
                                  known.arn("apigateway", "/account", account=False)]),
        # AWS gives the plan its id; what else is below it (its keys) is denied
        Read("UsagePlans", ("aws:apigateway/usagePlan:UsagePlan",), ["apigateway:GET"],
             [known.arn("apigateway", "/usageplans/*", account=False)], own),
    )  # fmt: skip


def _operations(known: Known) -> tuple[Read, ...]:
    plan = pulumi.Output.concat(known.arn("backup", "backup-plan:"), known.backup_plan_id)
    return (
        Read("Alarms", ("aws:cloudwatch/metricAlarm:MetricAlarm",),
             ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"], [known.named("cloudwatch", "alarm:")]),
        Read("InsightRuleList", (_INSIGHT_RULE,), ["cloudwatch:DescribeInsightRules"], ANY),
        Read("InsightRules", (_INSIGHT_RULE,), ["cloudwatch:ListTagsForResource"],
             [known.named("cloudwatch", "insight-rule/")]),
        Read("Dashboard", ("aws:cloudwatch/dashboard:Dashboard",), ["cloudwatch:GetDashboard"],
             [known.named("cloudwatch", "dashboard/", region=False)]),
        Read("Topics", ("aws:sns/topic:Topic",), ["sns:GetTopicAttributes", "sns:ListTagsForResource"],
             known.both("sns", "")),
        Read("Queues", ("aws:sqs/queue:Queue",), ["sqs:GetQueueAttributes", "sqs:ListQueueTags"],
             [known.named("sqs", "")]),
        Read("Subscriptions", ("aws:sns/topicSubscription:TopicSubscription",), ["sns:GetSubscriptionAttributes"], ANY),
        Read("Vaults", ("aws:backup/vault:Vault", "aws:backup/vaultNotifications:VaultNotifications",
                        "aws:backup/vaultPolicy:VaultPolicy",
                        "aws:backup/vaultLockConfiguration:VaultLockConfiguration"),
             ["backup:DescribeBackupVault", "backup:GetBackupVaultAccessPolicy", "backup:GetBackupVaultNotifications",
              "backup:ListTags"], known.both("backup", "backup-vault:")),
        Read("BackupPlan", ("aws:backup/plan:Plan", "aws:backup/selection:Selection"),
             ["backup:GetBackupPlan", "backup:GetBackupSelection", "backup:ListTags"], [plan]),
        Read("BackupSettings", ("aws:backup/regionSettings:RegionSettings",), ["backup:DescribeRegionSettings"], ANY),
        # AWS ends the names of these with an id of its own
        Read("RestoreTesting", ("aws:backup/restoreTestingPlan:RestoreTestingPlan",
                                "aws:backup/restoreTestingSelection:RestoreTestingSelection"),
             ["backup:GetRestoreTestingPlan", "backup:GetRestoreTestingSelection", "backup:ListTags"],
             [known.underscored("restore-testing-plan:")]),
        Read("BackupAudit", ("aws:backup/reportPlan:ReportPlan", "aws:backup/framework:Framework"),
             ["backup:DescribeFramework", "backup:DescribeReportPlan", "backup:ListTags"],
             [known.underscored("report-plan:"), known.underscored("framework:")]),
        Read("Rules", ("aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"),
             ["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
             [known.named("events", "rule/")]),
        # a budget's actions are below it, each by an id that AWS gives
        Read("Budgets", ("aws:budgets/budget:Budget", "aws:budgets/budgetAction:BudgetAction"),
             ["budgets:DescribeBudgetAction", "budgets:ListTagsForResource", "budgets:ViewBudget"],
             [known.named("budgets", "budget/", region=False)]),
        # AWS gives both their ids
        Read("Anomalies", ("aws:costexplorer/anomalyMonitor:AnomalyMonitor",
                           "aws:costexplorer/anomalySubscription:AnomalySubscription"),
             ["ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:ListTagsForResource"],
             [known.arn("ce", f"{kind}/*", region=False) for kind in ("anomalymonitor", "anomalysubscription")]),
    )  # fmt: skip


def _models(known: Known) -> tuple[Read, ...]:
    return (
        # AWS gives a profile its id
        Read("ModelProfiles", ("aws:bedrock/inferenceProfile:InferenceProfile",),
             ["bedrock:GetInferenceProfile", "bedrock:ListTagsForResource"],
             [known.arn("bedrock", "application-inference-profile/*")]),
        Read("ModelLogging", ("aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration",),
             ["bedrock:GetModelInvocationLoggingConfiguration"], ANY),
    )  # fmt: skip


ISSUER = "token.actions.githubusercontent.com"


def provider_arn(names: Names) -> str:
    """ARN of the account's GitHub identity provider: AWS makes it of the address, so that any stack can name it."""
    return f"arn:aws:iam::{names.account_id}:oidc-provider/{ISSUER}"
