"""Which API each resource type's inputs are parameters of: the model's own constraints become rules.

Inputs and parameters of one name are matched by `model`; what is here is what their names do not tell.
An empty string leaves an input out where the model's constraint is not the input's; `refusals.known` says why.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from localcloud.refusals.check import Check
from localcloud.refusals.model import Api, checks_of
from localcloud.refusals.rule import NotCovered

_ALARM = "cloudwatch PutMetricAlarm.Metrics"
_METRICS = {
    "metricQueries": _ALARM,
    "metricQueries[].metric": "MetricStat",
    **{
        f"metricQueries[].metric.{key}": f"{_ALARM}.MetricStat.Metric.{name}"
        for key, name in (
            ("metricName", "MetricName"),
            ("namespace", "Namespace"),
        )
    },
    "treatMissingData": "",
    "evaluateLowSampleCountPercentiles": "",
}
_LIFECYCLE = {"coldStorageAfter": "MoveToColdStorageAfterDays", "deleteAfter": "DeleteAfterDays"}
_PLAN_RULE = {
    "rules[].targetVaultName": "TargetBackupVaultName",
    "rules[].schedule": "ScheduleExpression",
    "rules[].startWindow": "StartWindowMinutes",
    "rules[].completionWindow": "CompletionWindowMinutes",
    **{f"rules[].lifecycle.{key}": name for key, name in _LIFECYCLE.items()},
}
_BUDGET = "budgets CreateBudget"
_NOTIFICATION = f"{_BUDGET}.NotificationsWithSubscribers"
_INDEX = "dynamodb CreateTable.GlobalSecondaryIndexes"
_INDEXES = {
    f"{kind}SecondaryIndexes[].{key}": f"{_INDEX}.{name}"
    for kind in ("global", "local")
    for key, name in (
        ("name", "IndexName"),
        ("hashKey", "KeySchema.AttributeName"),
        ("rangeKey", "KeySchema.AttributeName"),
        ("projectionType", "Projection.ProjectionType"),
        ("nonKeyAttributes", "Projection.NonKeyAttributes"),
    )
    if (kind, key) != ("local", "hashKey")
}

APIS: Mapping[str, Api] = {
    "aws:apigateway/restApi:RestApi": Api("apigateway CreateRestApi"),
    "aws:apigateway/response:Response": Api("apigateway PutGatewayResponse"),
    "aws:apigateway/deployment:Deployment": Api("apigateway CreateDeployment"),
    "aws:apigateway/stage:Stage": Api("apigateway CreateStage"),
    "aws:apigateway/usagePlan:UsagePlan": Api(
        "apigateway CreateUsagePlan", {"quotaSettings": "quota", "throttleSettings": "throttle"}
    ),
    "aws:apigateway/apiKey:ApiKey": Api("apigateway CreateApiKey"),
    "aws:apigateway/usagePlanKey:UsagePlanKey": Api("apigateway CreateUsagePlanKey"),
    "aws:appautoscaling/target:Target": Api("application-autoscaling RegisterScalableTarget"),
    "aws:appautoscaling/policy:Policy": Api(
        "application-autoscaling PutScalingPolicy",
        {"name": "PolicyName", "predictiveScalingPolicyConfiguration": ""},
    ),
    "aws:backup/vault:Vault": Api("backup CreateBackupVault", {"name": "BackupVaultName"}),
    "aws:backup/vaultPolicy:VaultPolicy": Api("backup PutBackupVaultAccessPolicy"),
    "aws:backup/vaultNotifications:VaultNotifications": Api("backup PutBackupVaultNotifications"),
    "aws:backup/plan:Plan": Api("backup CreateBackupPlan.BackupPlan", {"name": "BackupPlanName", **_PLAN_RULE}),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Api("backup PutBackupVaultLockConfiguration"),
    "aws:backup/framework:Framework": Api("backup CreateFramework", {"description": "FrameworkDescription"}),
    "aws:backup/reportPlan:ReportPlan": Api("backup CreateReportPlan", {"description": "ReportPlanDescription"}),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Api("backup CreateRestoreTestingPlan.RestoreTestingPlan"),
    "aws:backup/selection:Selection": Api(
        "backup CreateBackupSelection.BackupSelection",
        {
            "name": "SelectionName",
            "selectionTags": "ListOfTags",
            "selectionTags[].type": "ConditionType",
            "conditions": "",
        },
    ),
    "aws:budgets/budget:Budget": Api(
        f"{_BUDGET}.Budget",
        {
            "accountId": f"{_BUDGET}.AccountId",
            "name": "BudgetName",
            "limitAmount": "BudgetLimit.Amount",
            "filterExpression": "",
            "costFilters": "",
            "metrics": "Metrics",
            "notifications": _NOTIFICATION,
            **{
                f"notifications[].{key}": f"{_NOTIFICATION}.Notification.{key[0].upper()}{key[1:]}"
                for key in ("comparisonOperator", "notificationType", "threshold", "thresholdType")
            },
            "notifications[].subscriberEmailAddresses": "",
        },
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Api("cloudwatch PutMetricAlarm", {"name": "AlarmName", **_METRICS}),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Api("cloudwatch PutCompositeAlarm", {"actionsSuppressor": ""}),
    "aws:cloudwatch/dashboard:Dashboard": Api("cloudwatch PutDashboard"),
    "aws:cloudwatch/logGroup:LogGroup": Api("logs CreateLogGroup", {"name": "logGroupName"}),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Api("logs PutResourcePolicy", {"policyDocument": ""}),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Api(
        "logs PutMetricFilter",
        {
            "name": "filterName",
            "pattern": "filterPattern",
            **{
                f"metricTransformation.{key}": f"logs PutMetricFilter.metricTransformations.{name}"
                for key, name in (("name", "metricName"), ("namespace", "metricNamespace"), ("value", "metricValue"))
            },
        },
    ),
    "aws:dynamodb/table:Table": Api(
        "dynamodb CreateTable",
        {
            "name": "",
            "attributes": "AttributeDefinitions",
            "attributes[].name": "AttributeName",
            "attributes[].type": "AttributeType",
            "hashKey": "dynamodb CreateTable.KeySchema.AttributeName",
            "rangeKey": "dynamodb CreateTable.KeySchema.AttributeName",
            "streamViewType": "StreamSpecification.StreamViewType",
            "pointInTimeRecovery": "dynamodb UpdateContinuousBackups.PointInTimeRecoverySpecification",
            "ttl": "dynamodb UpdateTimeToLive.TimeToLiveSpecification",
            **_INDEXES,
        },
    ),
    "aws:iam/role:Role": Api(
        "iam CreateRole",
        {
            "name": "RoleName",
            "inlinePolicies[].name": "iam PutRolePolicy.PolicyName",
            "managedPolicyArns": "",
        },
    ),
    "aws:iam/rolePolicy:RolePolicy": Api("iam PutRolePolicy", {"name": "PolicyName", "role": "RoleName"}),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Api("iam AttachRolePolicy", {"role": "RoleName"}),
    "aws:iam/policy:Policy": Api("iam CreatePolicy", {"name": "PolicyName"}),
    "aws:kms/key:Key": Api(
        "kms CreateKey",
        {
            "customerMasterKeySpec": "KeySpec",
            "policy": "",
            "rotationPeriodInDays": "kms EnableKeyRotation.RotationPeriodInDays",
        },
    ),
    "aws:kms/alias:Alias": Api("kms CreateAlias", {"name": "AliasName"}),
    "aws:lambda/alias:Alias": Api("lambda CreateAlias"),
    "aws:lambda/invocation:Invocation": Api("lambda Invoke"),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": Api(
        "lambda PutProvisionedConcurrencyConfig"
    ),
    "aws:lambda/function:Function": Api(
        "lambda CreateFunction",
        {
            "name": "FunctionName",
            **dict.fromkeys(("code", "memorySize", "timeout", "ephemeralStorage.size"), ""),
            "durableConfig.retentionPeriod": "RetentionPeriodInDays",
            "fileSystemConfig": "FileSystemConfigs",
            **{
                key: f"lambda CreateFunction.Code.{key[0].upper()}{key[1:]}"
                for key in (
                    "s3Bucket",
                    "s3Key",
                    "s3ObjectVersion",
                )
            },
            "sourceKmsKeyArn": "lambda CreateFunction.Code.SourceKMSKeyArn",
        },
    ),
    "aws:lambda/permission:Permission": Api("lambda AddPermission", {"function": "FunctionName"}),
    "aws:s3/bucket:Bucket": Api("s3 CreateBucket"),
    "aws:s3/bucketObjectv2:BucketObjectv2": Api("s3 PutObject"),
    "aws:s3/bucketVersioning:BucketVersioning": Api(
        "s3 PutBucketVersioning",
        {"versioningConfiguration.status": "", "versioningConfiguration.mfaDelete": "MFADelete"},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Api(
        "s3 PutBucketEncryption.ServerSideEncryptionConfiguration"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Api("s3 PutBucketOwnershipControls.OwnershipControls"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Api(
        "s3 PutBucketLifecycleConfiguration.LifecycleConfiguration",
        {"transitionDefaultMinimumObjectSize": "s3 PutBucketLifecycleConfiguration.TransitionDefaultMinimumObjectSize"},
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": Api("s3 PutBucketReplication.ReplicationConfiguration"),
    "aws:secretsmanager/secret:Secret": Api(
        "secretsmanager CreateSecret", {"policy": "secretsmanager PutResourcePolicy.ResourcePolicy"}
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Api(
        "secretsmanager PutResourcePolicy", {"secretArn": "SecretId", "policy": "ResourcePolicy"}
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Api("secretsmanager RotateSecret"),
    "aws:sns/topic:Topic": Api("sns CreateTopic"),
    "aws:ssm/parameter:Parameter": Api("ssm PutParameter", {"keyId": "KeyId"}),
}


@cache
def _read(token: str) -> tuple[tuple[Check, ...], tuple[NotCovered, ...]]:
    checks, missing = checks_of(token, APIS[token]) if token in APIS else ([], [])
    return tuple(checks), tuple(missing)


def modelled(token: str) -> tuple[Check, ...]:
    """The rules that botocore's models give for a type's inputs; none for a type without an `Api`."""
    return _read(token)[0]


def unreadable() -> Iterator[NotCovered]:
    """Constraints of the models that this cloud cannot read."""
    for token in APIS:
        yield from _read(token)[1]
