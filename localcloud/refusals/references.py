"""What each type may refer to by ARN, and which references AWS refuses across regions or accounts."""

from localcloud.refusals.general import Reference

_KEY = "(key|alias)/.+"
_LOCAL_KEY = "KMS: a service uses keys of its own Region only (multi-Region replicas included)"
_ROLE = "role/.+"
_PASS = "IAM PassRole: 'Cross-account pass role is not allowed'"  # noqa: S105 - no password
_FUNCTION = "function:.+"
_SAME_REGION = "CloudWatch PutMetricAlarm: 'Invalid region … specified. Only … is supported'"
_POLICY = "policy/.+"
_ATTACHED = "IAM: managed policies and boundaries are of the same account, or AWS's own"

_KMS = [
    Reference(token, path, "kms", _KEY, "region", _LOCAL_KEY, only=only)
    for token, path, only in (
        ("aws:cloudwatch/logGroup:LogGroup", "kmsKeyId", True),
        ("aws:dynamodb/table:Table", "serverSideEncryption.kmsKeyArn", True),
        ("aws:backup/vault:Vault", "kmsKeyArn", True),
        ("aws:lambda/function:Function", "kmsKeyArn", True),
        ("aws:lambda/function:Function", "sourceKmsKeyArn", True),
        ("aws:secretsmanager/secret:Secret", "kmsKeyId", False),
        ("aws:sns/topic:Topic", "kmsMasterKeyId", False),
        ("aws:sqs/queue:Queue", "kmsMasterKeyId", False),
        ("aws:ssm/parameter:Parameter", "keyId", False),
        ("aws:s3/bucketObjectv2:BucketObjectv2", "kmsKeyId", True),
        (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId",
            False,
        ),
    )
]
_ROLES = [
    Reference(token, path, "iam", _ROLE, "account", _PASS)
    for token, path in (
        ("aws:lambda/function:Function", "role"),
        ("aws:apigateway/account:Account", "cloudwatchRoleArn"),
        ("aws:appautoscaling/target:Target", "roleArn"),
        ("aws:backup/selection:Selection", "iamRoleArn"),
        ("aws:backup/restoreTestingSelection:RestoreTestingSelection", "iamRoleArn"),
        ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "role"),
        ("aws:sns/topicSubscription:TopicSubscription", "subscriptionRoleArn"),
    )
]
_FUNCTIONS = [
    Reference(token, path, "lambda", _FUNCTION, same, "Lambda API: a function is called in its own Region", only=only)
    for token, path, same, only in (
        ("aws:lambda/alias:Alias", "functionName", "region account", False),
        ("aws:lambda/permission:Permission", "function", "region account", False),
        ("aws:lambda/invocation:Invocation", "functionName", "region", False),
        (
            "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
            "functionName",
            "region account",
            False,
        ),
        ("aws:secretsmanager/secretRotation:SecretRotation", "rotationLambdaArn", "region", True),
    )
]
_ALARMS = [
    Reference(
        token,
        f"{path}[]",
        "sns lambda automate autoscaling ssm ssm-incidents ssm-contacts swf aiops",
        ".+",
        "region",
        _SAME_REGION,
    )
    for token in ("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")
    for path in ("alarmActions", "okActions", "insufficientDataActions")
]
_OTHERS = [
    Reference(
        "aws:kms/alias:Alias",
        "targetKeyId",
        "kms",
        "key/.+",
        "region account",
        "KMS CreateAlias: the key must be in the same account and Region",
        only=False,
    ),
    Reference(
        "aws:lambda/function:Function",
        "layers[]",
        "lambda",
        r"layer:[^:]+:\d+",
        "region",
        "Lambda layers: version ARN, of the function's Region",
    ),
    Reference(
        "aws:lambda/function:Function",
        "deadLetterConfig.targetArn",
        "sqs sns",
        ".+",
        "",
        "Lambda DeadLetterConfig: a queue or a topic",
    ),
    Reference(
        "aws:apigateway/stage:Stage",
        "accessLogSettings.destinationArn",
        "logs firehose",
        r"log-group:[^:]+|deliverystream/amazon-apigateway-.+",
        "region account",
        "API Gateway access logging: a log group without ':*', or a stream named amazon-apigateway-…",
    ),
    Reference("aws:iam/role:Role", "permissionsBoundary", "iam", _POLICY, "account", _ATTACHED),
    Reference("aws:iam/role:Role", "managedPolicyArns[]", "iam", _POLICY, "account", _ATTACHED),
    Reference("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "iam", _POLICY, "account", _ATTACHED),
    Reference(
        "aws:sns/topicPolicy:TopicPolicy", "arn", "sns", ".+", "region", "SNS: a topic is called in its own Region"
    ),
    Reference(
        "aws:sns/topicSubscription:TopicSubscription",
        "topic",
        "sns",
        ".+",
        "region",
        "SNS Subscribe: 'Invalid parameter: TopicArn' in another Region",
    ),
    Reference(
        "aws:secretsmanager/secretRotation:SecretRotation",
        "secretId",
        "secretsmanager",
        "secret:.+",
        "region account",
        "Secrets Manager RotateSecret: a secret of this Region and account",
        only=False,
    ),
    Reference(
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "secretArn",
        "secretsmanager",
        "secret:.+",
        "region account",
        "Secrets Manager PutResourcePolicy: a secret of this Region and account",
    ),
    Reference(
        "aws:backup/vaultNotifications:VaultNotifications",
        "snsTopicArn",
        "sns",
        "[^:]+",
        "",
        "AWS Backup PutBackupVaultNotifications: a topic's ARN",
    ),
    Reference(
        "aws:backup/plan:Plan",
        "rules[].copyActions[].destinationVaultArn",
        "backup",
        "backup-vault:.+",
        "",
        "AWS Backup CopyAction: a vault's ARN",
    ),
    Reference(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "rules[].destination.bucket",
        "s3",
        "[^:/]+",
        "",
        "S3 replication: a bucket's ARN",
    ),
    Reference(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "rules[].destination.encryptionConfiguration.replicaKmsKeyId",
        "kms",
        _KEY,
        "",
        "S3 replication: a key's ARN, of the destination's Region",
    ),
    Reference(
        "aws:budgets/budget:Budget",
        "notifications[].subscriberSnsTopicArns[]",
        "sns",
        "[^:]+",
        "",
        "AWS Budgets Subscriber: a topic's ARN",
    ),
]

RULES = tuple(reference.check() for reference in (*_KMS, *_ROLES, *_FUNCTIONS, *_ALARMS, *_OTHERS))
