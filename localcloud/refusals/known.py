"""Rules of AWS that are known and not enforced on inputs, by type: what a green preview does not prove."""
# ruff: noqa: E501 - a table: one rule a line

from localcloud.refusals.rule import NotCovered

_STATE = "only the account's own state can tell"
_MODEL = "no resource of ours uses it"


def _known(token: str, what: str, why: str, source: str) -> NotCovered:
    return NotCovered(token, what, why, source)


NOT_COVERED = (
    _known("aws:apigateway/restApi:RestApi", "deep validity of models and mapping templates (VTL)", "API Gateway's own parsers", "API Gateway PutModel, mapping templates"),
    _known("aws:apigateway/restApi:RestApi", "integration timeouts above 29 s after a quota increase", _STATE, "API Gateway quotas: integration timeout"),
    _known("aws:apigateway/stage:Stage", "$context names in a log format that do not exist", "API Gateway stores them and logs '-'", "API Gateway: $context variables"),
    _known("aws:apigateway/usagePlan:UsagePlan", "300 plans and 10,000 keys an account", _STATE, "API Gateway quotas"),
    _known("aws:apigateway/response:Response", "templates that VTL cannot read", "API Gateway's own parser", "API Gateway PutGatewayResponse"),
    _known("aws:appautoscaling/policy:Policy", "predictive scaling configurations", _MODEL, "Application Auto Scaling PredictiveScalingPolicyConfiguration"),
    _known("aws:appautoscaling/target:Target", "which dimensions a service has", "the enum of all services is checked", "Application Auto Scaling RegisterScalableTarget"),
    _known("aws:backup/plan:Plan", "retention outside a locked vault's minimum and maximum", "AWS takes the plan; its jobs fail", "AWS Backup Vault Lock"),
    _known("aws:backup/plan:Plan", "cold storage for what has none (DynamoDB without advanced features)", "another resource's settings", "AWS Backup feature availability by resource"),
    _known("aws:backup/selection:Selection", "resource types that are not opted in for the Region", _STATE, "AWS Backup UpdateRegionSettings"),
    _known("aws:backup/vaultNotifications:VaultNotifications", "a topic policy that lets no backup.amazonaws.com publish", "delivery fails later, the call does not", "AWS Backup notifications"),
    _known("aws:budgets/budget:Budget", "filter expressions: dimensions and their values", _MODEL, "AWS Budgets Expression"),
    _known("aws:budgets/budget:Budget", "more than two budget actions, 20,000 budgets", _STATE, "AWS Budgets quotas"),
    _known("aws:cloudwatch/metricAlarm:MetricAlarm", "types inside a metric-math expression", "CloudWatch's own parser; ids are checked", "CloudWatch metric math"),
    _known("aws:cloudwatch/metricAlarm:MetricAlarm", "metrics that do not exist", "CloudWatch accepts them too", "CloudWatch PutMetricAlarm"),
    _known("aws:cloudwatch/compositeAlarm:CompositeAlarm", "rules that name an alarm that does not exist, or themselves in a circle", _STATE, "CloudWatch PutCompositeAlarm"),
    _known("aws:cloudwatch/contributorInsightRule:ContributorInsightRule", "what a filter may ask, fields of CLF, 100 rules a Region", "CloudWatch's own parser", "CloudWatch Contributor Insights rule syntax, quotas"),
    _known("aws:cloudwatch/dashboard:Dashboard", "properties of each widget beyond its metrics", "CloudWatch answers with warnings", "CloudWatch dashboard body structure"),
    _known("aws:cloudwatch/logGroup:LogGroup", "a key policy that does not let logs.REGION.amazonaws.com use the key", "evaluated when services act, not in one input", "CloudWatch Logs: encrypt log data"),
    _known("aws:cloudwatch/logMetricFilter:LogMetricFilter", "grammar of the filter pattern; 100 filters a group", "CloudWatch's own parser", "CloudWatch Logs filter and pattern syntax"),
    _known("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "10 policies a Region", _STATE, "CloudWatch Logs quotas"),
    _known("aws:dynamodb/table:Table", "one index created or deleted an update", "the provider does them one by one, as the real one", "DynamoDB UpdateTable"),
    _known("aws:dynamodb/table:Table", "capacity lowered more often than 27 times, table class more than twice in 30 days", _STATE, "DynamoDB quotas"),
    _known("aws:iam/role:Role", "10 managed policies raised to 20 by quota", _STATE, "IAM quotas"),
    _known("aws:iam/role:Role", "principals of a trust policy that do not exist", _STATE, "IAM: invalid principal in policy"),
    _known("aws:iam/policy:Policy", "5 versions, 1,500 policies", "the provider deletes the oldest version, as the real one", "IAM quotas"),
    _known("aws:kms/key:Key", "principals of a key policy that do not exist", _STATE, "KMS PutKeyPolicy"),
    _known("aws:kms/alias:Alias", "an alias moved to a key of another type or usage", _STATE, "KMS UpdateAlias"),
    _known("aws:lambda/function:Function", "runtimes that are deprecated and not blocked yet", "Lambda still creates them", "Lambda runtimes"),
    _known("aws:lambda/function:Function", "the 250 MB with layers counted; the account's 10 concurrent executions when new", _STATE, "Lambda quotas"),
    _known("aws:lambda/function:Function", "a dead-letter queue of another Region", "no reference says whether it is refused", "Lambda DeadLetterConfig"),
    _known("aws:lambda/function:Function", "the role's right to what deadLetterConfig, tracing and VPC need", "enforced when the function runs", "Lambda CreateFunction"),
    _known("aws:lambda/permission:Permission", "a function policy above 20 KB in all", "one statement a resource", "Lambda quotas: resource-based policy"),
    _known("aws:lambda/invocation:Invocation", "a payload above 6 MB", "refused at the call", "Lambda quotas"),
    _known("aws:s3/bucket:Bucket", "names that another account owns", _STATE, "S3: bucket names are global"),
    _known("aws:s3/bucketPolicy:BucketPolicy", "public policies where public access is blocked", "another resource's settings; the policy pack refuses them", "S3 Block Public Access"),
    _known("aws:s3/bucketLogging:BucketLogging", "a target bucket of another Region or account, or encrypted with a customer key", _STATE, "S3 server access logging"),
    _known("aws:s3/bucketObjectv2:BucketObjectv2", "5 GB in one put; a zip above 50 MB given to Lambda directly", "code goes through S3 here", "S3 quotas; Lambda quotas"),
    _known("aws:secretsmanager/secretRotation:SecretRotation", "duration longer than the schedule's interval", "needs the schedule worked out", "Secrets Manager RotationRulesType.Duration"),
    _known("aws:sns/topicSubscription:TopicSubscription", "operators and depth of a filter policy, 200 policies a topic", "SNS's own parser", "SNS filter policy constraints"),
    _known("aws:sns/topic:Topic", "delivery and archive policies", _MODEL, "SNS SetTopicAttributes"),
    _known("aws:sqs/queue:Queue", "a name used again within 60 seconds of its deletion", "would cost a minute in every test", "SQS DeleteQueue"),
    _known("aws:ssm/parameter:Parameter", "10,000 standard parameters, a change of type, Advanced back to Standard", _STATE, "Parameter Store quotas"),
)  # fmt: skip
