"""Inputs that each rule of messaging, monitoring, backup, budgets and scaling refuses and accepts."""

import json
from typing import Any

from .data_examples import Examples, policies, resource_grant

ACCOUNT, REGION = "123456789012", "eu-central-1"
METRIC = {"metricName": "Errors", "namespace": "AWS/Lambda", "period": 60, "statistic": "Sum"}
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"


def queries(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An alarm on metric math."""
    return {"metricQueries": list(rows), **more}


def metric(id_: str, period: int = 60, **more: Any) -> dict[str, Any]:
    """A query of one metric."""
    return {"id": id_, "metric": {"metricName": "m", "period": period, "stat": "Sum"}, **more}


def math(expression: str, id_: str = "e", **more: Any) -> dict[str, Any]:
    """A query that is the alarm's."""
    return {"id": id_, "expression": expression, "returnData": True, **more}


def widgets(*rows: Any) -> dict[str, Any]:
    """A dashboard."""
    return {"dashboardBody": json.dumps({"widgets": list(rows)})}


def insight_rule(**changes: Any) -> dict[str, Any]:
    """A Contributor Insights rule."""
    rule = {
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["a"], "LogFormat": "JSON",
        "Contribution": {"Keys": ["$.a"], "ValueOf": "$.b", "Filters": []}, "AggregateOn": "Sum",
    }  # fmt: skip
    return {"ruleDefinition": json.dumps({**rule, **changes})}


def redrive(arn: str = QUEUE, count: Any = 5, **more: Any) -> dict[str, Any]:
    """A queue with a dead-letter queue."""
    return {"name": "q", "redrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": count}), **more}


def plan(**rule: Any) -> dict[str, Any]:
    """A backup plan of one rule."""
    return {"rules": [{"ruleName": "daily", "targetVaultName": "vault", **rule}]}


def budget(*notifications: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A cost budget."""
    given = {"budgetType": "COST", "limitAmount": "50", "limitUnit": "USD", "timeUnit": "MONTHLY"}
    return {**given, "notifications": list(notifications), **more}


def notification(**changes: Any) -> dict[str, Any]:
    """One that a budget takes, with `changes`."""
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "threshold": 80,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["ops@example.com"],
        **changes,
    }


TEXT = {"type": "text", "properties": {"markdown": "a"}}
BAND = "LessThanLowerOrGreaterThanUpperThreshold"
SCALED = {"serviceNamespace": "dynamodb", "scalableDimension": "dynamodb:table:ReadCapacityUnits"}
TABLE = {**SCALED, "resourceId": "table/orders"}
TRACKING = {
    "targetValue": 70,
    "predefinedMetricSpecification": {"predefinedMetricType": "DynamoDBReadCapacityUtilization"},
}


def tracking(**changes: Any) -> dict[str, Any]:
    """A target-tracking policy of a table, with `changes` of its configuration."""
    kind = {"policyType": "TargetTrackingScaling", "targetTrackingScalingPolicyConfiguration": {**TRACKING, **changes}}
    return {**TABLE, **kind}


EXAMPLES: Examples = {
    "cloudwatch.MetricAlarm.period-multiple": (
        [{"period": 45}, {"period": 61}, {"period": 40}],
        [{"period": 10}, {"period": 60}, {"period": 86400}],
    ),
    "cloudwatch.MetricAlarm.window": (
        [
            {**METRIC, "evaluationPeriods": 1441},
            {**METRIC, "period": 3600, "evaluationPeriods": 169},
            {**METRIC, "evaluationPeriods": 5, "datapointsToAlarm": 6},
            queries(metric("a", 3600), evaluationPeriods=169),
        ],
        [
            {**METRIC, "evaluationPeriods": 1440, "datapointsToAlarm": 1440},
            {**METRIC, "period": 3600, "evaluationPeriods": 168},
        ],
    ),
    "cloudwatch.MetricAlarm.metric": (
        [
            {},
            {**METRIC, "statistic": None},
            {**METRIC, "extendedStatistic": "p99"},
            {**METRIC, "namespace": ""},
            queries(metric("a"), metricName="Errors"),
        ],
        [METRIC, queries(metric("a")), {**METRIC, "statistic": None, "extendedStatistic": "p99"}],
    ),
    "cloudwatch.MetricAlarm.threshold": (
        [
            {"comparisonOperator": "GreaterThanThreshold"},
            {"comparisonOperator": "GreaterThanThreshold", "thresholdMetricId": "e"},
            {"comparisonOperator": BAND, "threshold": 1},
        ],
        [
            {"comparisonOperator": "GreaterThanThreshold", "threshold": 0},
            {"comparisonOperator": BAND, "thresholdMetricId": "e"},
        ],
    ),
    "cloudwatch.MetricAlarm.queries": (
        [
            queries(metric("a")),
            queries(metric("a", returnData=True), math("a")),
            queries(metric("A", returnData=True)),
            queries(metric("a"), metric("a"), math("a")),
            queries(metric("a"), math("a + b")),
            queries(metric("a", 45), math("a")),
            queries(math("1", metric={"metricName": "m", "period": 60, "stat": "Sum"})),
            queries(*(metric(f"m{number}") for number in range(11)), math("m1")),
            queries(metric("a"), math("a"), thresholdMetricId="band"),
        ],
        [
            queries(metric("a", returnData=True)),
            queries(
                metric("a"), metric("b1"), math('IF(a > 1e3, SUM([a, b1]), FILL(b1, 0)) * 100 / SUM(METRICS("a"))')
            ),
            queries(metric("a"), math("ANOMALY_DETECTION_BAND(a, 2)"), thresholdMetricId="e"),
            queries(math("SELECT AVG(Duration) FROM SCHEMA(lambda, name)")),
            {},
        ],
    ),
    "cloudwatch.MetricAlarm.treatMissingData-choice": (
        [{"treatMissingData": "bad"}],
        [{"treatMissingData": "notBreaching"}],
    ),
    "cloudwatch.MetricAlarm.evaluateLowSampleCountPercentiles-choice": (
        [{"evaluateLowSampleCountPercentiles": "never"}],
        [{"evaluateLowSampleCountPercentiles": "ignore"}],
    ),
    "cloudwatch.MetricAlarm.dimensions-count": (
        [{"dimensions": {str(number): "x" for number in range(31)}}],
        [{"dimensions": {"FunctionName": "x"}}],
    ),
    "cloudwatch.MetricAlarm.extendedStatistic-form": (
        [{"extendedStatistic": "99"}, {"extendedStatistic": "p101"}],
        [{"extendedStatistic": name} for name in ("p99", "p99.9", "p100", "tm90", "IQM", "PR(:300)")],
    ),
    "cloudwatch.CompositeAlarm.rule-form": (
        [{"alarmRule": rule} for rule in ("ALARM(a", "errors", "ALERT(a)", "")],
        [{"alarmRule": rule} for rule in ('ALARM("a") OR (NOT OK(b) AND ALARM(c))', "FALSE")],
    ),
    "cloudwatch.Dashboard.body": (
        [
            {"dashboardBody": "[]"},
            {"dashboardBody": "{"},
            widgets(*[TEXT] * 501),
            widgets({"type": "text"}),
            widgets({**TEXT, "type": "pie"}),
            widgets({**TEXT, "width": 25}),
            widgets({**TEXT, "x": 24}),
            widgets({"type": "metric", "properties": {}}),
            widgets({"type": "metric", "properties": {"metrics": [["a"]] * 501}}),
        ],
        [
            widgets(TEXT, {"type": "metric", "width": 24, "properties": {"metrics": [["a", "b"]]}}),
            widgets({"type": "metric", "properties": {"insightRule": {"ruleName": "tenants"}}}),
            widgets(),
        ],
    ),
    "cloudwatch.ContributorInsightRule.definition": (
        [
            {"ruleDefinition": "tenants"},
            insight_rule(Schema={"Name": "CloudWatchLogRule", "Version": 2}),
            insight_rule(LogGroupNames=[]),
            insight_rule(LogGroupARNs=["arn:aws:logs:eu-central-1:1:log-group:a"]),
            insight_rule(LogFormat="TEXT"),
            insight_rule(AggregateOn="Average"),
            insight_rule(AggregateOn="Count"),
            insight_rule(Contribution={"Keys": [], "ValueOf": "$.b", "Filters": []}),
            insight_rule(Contribution={"Keys": ["$.a"] * 5, "ValueOf": "$.b", "Filters": []}),
            insight_rule(Contribution={"Keys": ["$.a"], "ValueOf": "$.b"}),
            insight_rule(Contribution={"Keys": ["$.a"], "ValueOf": "$.b", "Filters": [{}] * 5}),
            insight_rule(Contribution={"Keys": ["$.a"], "Filters": []}),
        ],
        [insight_rule(), insight_rule(AggregateOn="Count", Contribution={"Keys": ["$.a"], "Filters": []})],
    ),
    "cloudwatch.ContributorInsightRule.ruleDefinition-length": (
        [{"ruleDefinition": " " * 8193}],
        [insight_rule()],
    ),
    "cloudwatch.ContributorInsightRule.ruleState-choice": ([{"ruleState": "ON"}], [{"ruleState": "DISABLED"}]),
    "cloudwatch.Dashboard.dashboardName-form": ([{"dashboardName": "a b"}], [{"dashboardName": "shop-dev_1"}]),
    "cloudwatch.LogGroup.retentionInDays-choice": ([{"retentionInDays": 8}], [{"retentionInDays": 0}]),
    "cloudwatch.LogGroup.name-class": (
        [{"name": "aws/x"}, {"logGroupClass": "DELIVERY", "retentionInDays": 7}],
        [{"name": "/aws/lambda/x", "retentionInDays": 7}, {"logGroupClass": "DELIVERY"}],
    ),
    "cloudwatch.LogMetricFilter.transformation": (
        [
            {"metricTransformation": {"dimensions": {"a": "$.a"}, "defaultValue": "0"}},
            {"metricTransformation": {"dimensions": dict.fromkeys("abcd", "$.a")}},
            {"metricTransformation": {"dimensions": {"a": "fixed"}}},
        ],
        [{"metricTransformation": {"dimensions": {"a": "$.a"}}}, {"metricTransformation": {"defaultValue": "0"}}],
    ),
    "cloudwatch.LogResourcePolicy.policyName-form": ([{"policyName": "a:b"}], [{"policyName": "gateway"}]),
    "cloudwatch.LogResourcePolicy.policyDocument-document": policies(
        "policyDocument", resource_grant("logs:PutLogEvents"), foreign=resource_grant("s3:GetObject")
    ),
    "apigateway.RestApi.policy-document": policies(
        "policy", resource_grant("execute-api:Invoke"), foreign=resource_grant("s3:GetObject")
    ),
    "apigateway.RestApiPolicy.policy-document": policies(
        "policy", resource_grant("execute-api:Invoke"), foreign=resource_grant("s3:GetObject")
    ),
    "sns.Topic.policy-document": policies("policy", resource_grant("sns:Publish"), foreign=resource_grant("sqs:*")),
    "sns.TopicPolicy.policy-document": policies(
        "policy", resource_grant("sns:Publish"), foreign=resource_grant("s3:*")
    ),
    "sqs.QueuePolicy.policy-document": policies(
        "policy", resource_grant("sqs:SendMessage"), foreign=resource_grant("sns:*")
    ),
    "sqs.Queue.policy-document": policies("policy", resource_grant("sqs:SendMessage"), foreign=resource_grant("sns:*")),
    "sns.Topic.name-form": ([{"name": "a b"}, {"name": "x" * 257}], [{"name": "alarms"}, {"name": "a.fifo"}]),
    "sns.Topic.fifo": (
        [{"name": "a.fifo"}, {"name": "a", "fifoTopic": True}, {"name": "a", "contentBasedDeduplication": True}],
        [{"name": "a.fifo", "fifoTopic": True, "contentBasedDeduplication": True}, {"name": "a"}],
    ),
    "sns.Topic.display-name": ([{"displayName": "x" * 101}], [{"displayName": "x" * 100}]),
    "sns.Topic.signatureVersion-range": ([{"signatureVersion": 3}], [{"signatureVersion": 2}]),
    "sns.Topic.tracingConfig-choice": ([{"tracingConfig": "On"}], [{"tracingConfig": "Active"}]),
    "sns.TopicSubscription.protocol-choice": ([{"protocol": "pager"}], [{"protocol": "email"}]),
    "sns.TopicSubscription.filterPolicyScope-choice": (
        [{"filterPolicyScope": "Body"}],
        [{"filterPolicyScope": "MessageBody"}],
    ),
    "sns.TopicSubscription.endpoint": (
        [
            {"protocol": "email", "endpoint": "nobody"},
            {"protocol": "sqs", "endpoint": "https://sqs.eu-central-1.amazonaws.com/1/q"},
            {"protocol": "firehose", "endpoint": "arn:aws:firehose:r:1:deliverystream/s"},
            {"protocol": "email", "endpoint": "a@b", "topic": "arn:aws:sns:r:1:t.fifo"},
            {"protocol": "lambda", "endpoint": "arn:aws:lambda:r:1:function:f", "rawMessageDelivery": True},
        ],
        [{"protocol": "email", "endpoint": "a@b"}, {"protocol": "sqs", "endpoint": QUEUE, "rawMessageDelivery": True}],
    ),
    "sns.TopicSubscription.filter": (
        [
            {"filterPolicy": "[]"},
            {"filterPolicy": json.dumps({name: ["x"] for name in "abcdef"})},
            {"filterPolicy": json.dumps({"a": "x"})},
            {"filterPolicyScope": "MessageBody"},
        ],
        [
            {"filterPolicy": json.dumps({"a": ["x"]})},
            {"filterPolicy": json.dumps({"a": {"b": ["x"]}}), "filterPolicyScope": "MessageBody"},
        ],
    ),
    "sqs.Queue.name-form": ([{"name": "a b"}, {"name": "x" * 81}], [{"name": "x" * 80}, {"name": "a.fifo"}]),
    "sqs.Queue.visibilityTimeoutSeconds-range": (
        [{"visibilityTimeoutSeconds": 43201}],
        [{"visibilityTimeoutSeconds": 0}],
    ),
    "sqs.Queue.messageRetentionSeconds-range": (
        [{"messageRetentionSeconds": 59}, {"messageRetentionSeconds": 1209601}],
        [{"messageRetentionSeconds": 60}],
    ),
    "sqs.Queue.maxMessageSize-range": ([{"maxMessageSize": 1023}], [{"maxMessageSize": 1048576}]),
    "sqs.Queue.delaySeconds-range": ([{"delaySeconds": 901}], [{"delaySeconds": 900}]),
    "sqs.Queue.receiveWaitTimeSeconds-range": ([{"receiveWaitTimeSeconds": 21}], [{"receiveWaitTimeSeconds": 20}]),
    "sqs.Queue.kmsDataKeyReusePeriodSeconds-range": (
        [{"kmsDataKeyReusePeriodSeconds": 59}],
        [{"kmsDataKeyReusePeriodSeconds": 60}],
    ),
    "sqs.Queue.deduplicationScope-choice": ([{"deduplicationScope": "all"}], [{"deduplicationScope": "queue"}]),
    "sqs.Queue.fifoThroughputLimit-choice": ([{"fifoThroughputLimit": "no"}], [{"fifoThroughputLimit": "perQueue"}]),
    "sqs.Queue.fifo": (
        [{"name": "a.fifo"}, {"name": "a", "fifoQueue": True}, {"name": "a", "deduplicationScope": "queue"}],
        [{"name": "a.fifo", "fifoQueue": True}, {"name": "a"}],
    ),
    "sqs.Queue.throughput": (
        [{"fifoThroughputLimit": "perMessageGroupId", "deduplicationScope": "queue"}],
        [{"fifoThroughputLimit": "perMessageGroupId", "deduplicationScope": "messageGroup"}],
    ),
    "sqs.Queue.sse": (
        [{"kmsMasterKeyId": "alias/a", "sqsManagedSseEnabled": True}],
        [{"kmsMasterKeyId": "alias/a"}, {"sqsManagedSseEnabled": True}],
    ),
    "sqs.Queue.redrive": (
        [
            redrive(QUEUE.replace(REGION, "eu-west-1")),
            redrive(QUEUE.replace(ACCOUNT, "999999999999")),
            redrive(f"{QUEUE}.fifo"),
            redrive(QUEUE.replace(":dead", ":q")),
            redrive("dead"),
            redrive(count=0),
            redrive(count=1001),
            {"redrivePolicy": json.dumps({"maxReceiveCount": 5})},
        ],
        [redrive(), redrive(count="5"), redrive(f"{QUEUE}.fifo", fifoQueue=True), {}],
    ),
    "sqs.Queue.redrive-allow": (
        [
            {"redriveAllowPolicy": json.dumps({"redrivePermission": "some"})},
            {"redriveAllowPolicy": json.dumps({"redrivePermission": "byQueue"})},
            {"redriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [QUEUE] * 11})},
        ],
        [{"redriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [QUEUE]})}, {}],
    ),
    "backup.VaultPolicy.policy-document": policies(
        "policy", resource_grant("backup:CopyIntoBackupVault"), foreign=resource_grant("s3:GetObject")
    ),
    "backup.Plan.schedule": (
        [plan(schedule=text) for text in ("daily", "cron(0 5 * * *)", "cron(0 25 * * ? *)", "cron(0 5 1 * 2 *)")],
        [plan(schedule="cron(0 5 ? * * *)"), plan(schedule="rate(12 hours)"), plan()],
    ),
    "backup.Plan.rules": (
        [
            {"rules": [{"ruleName": "a"}, {"ruleName": "a"}]},
            plan(startWindow=59),
            plan(startWindow=60, completionWindow=100),
            plan(startWindow=121),
            plan(lifecycle={"coldStorageAfter": 30, "deleteAfter": 119}),
            plan(copyActions=[{"lifecycle": {"coldStorageAfter": 30, "deleteAfter": 60}}]),
            plan(enableContinuousBackup=True, lifecycle={"deleteAfter": 36}),
            plan(enableContinuousBackup=True),
            plan(lifecycle={"deleteAfter": -1}),
        ],
        [
            plan(lifecycle={"coldStorageAfter": 30, "deleteAfter": 120}, startWindow=60, completionWindow=120),
            plan(enableContinuousBackup=True, lifecycle={"deleteAfter": 35}),
            plan(completionWindow=120),
        ],
    ),
    "backup.Selection.selects": (
        [{}, {"resources": ["orders"]}, {"resources": ["arn:aws:x:::y"] * 501}],
        [{"resources": ["*"]}, {"selectionTags": [{"type": "STRINGEQUALS", "key": "a", "value": "b"}]}],
    ),
    "budgets.Budget.limits": (
        [
            budget(limitAmount="0"),
            budget(limitAmount=None),
            budget(limitUnit="EUR"),
            budget(budgetType="RI_COVERAGE"),
            budget(autoAdjustData={"autoAdjustType": "HISTORICAL"}),
            budget(limitAmount=None, limitUnit=None, plannedLimits=[{}], timeUnit="DAILY"),
            budget(notification(subscriberEmailAddresses=[])),
            budget(notification(subscriberEmailAddresses=["a@b.c"] * 11)),
            budget(notification(subscriberSnsTopicArns=["a", "b"])),
            budget(notification(subscriberEmailAddresses=["nobody"])),
            budget(notification(notificationType="FORECASTED"), timeUnit="DAILY"),
            budget(notification(threshold=0)),
            budget(notification(), notification(subscriberEmailAddresses=["b@example.com"])),
        ],
        [
            budget(notification(), notification(threshold=100)),
            budget(notification(notificationType="FORECASTED"), notification()),
            budget(limitUnit="PERCENTAGE", limitAmount="100", budgetType="RI_COVERAGE"),
        ],
    ),
    "budgets.Budget.costFilters-or-filterExpression": ([{"costFilters": [{}], "filterExpression": {"a": 1}}], [{}]),
    "budgets.Budget.start-form": ([{"timePeriodStart": "2030-01-01"}], [{"timePeriodStart": "2030-01-01_00:00"}]),
    "budgets.Budget.end-form": ([{"timePeriodEnd": "never"}], [{"timePeriodEnd": "2087-06-15_00:00"}]),
    "appautoscaling.Target.capacity": (
        [
            {**TABLE, "minCapacity": 5, "maxCapacity": 4},
            {**TABLE, "minCapacity": 0, "maxCapacity": 4},
            {**TABLE, "serviceNamespace": "ecs"},
            {**SCALED, "resourceId": "orders"},
            {**TABLE, "scalableDimension": "dynamodb:index:ReadCapacityUnits"},
        ],
        [
            {**TABLE, "minCapacity": 1, "maxCapacity": 1},
            {**TABLE, "scalableDimension": "dynamodb:index:ReadCapacityUnits", "resourceId": "table/orders/index/by-x"},
        ],
    ),
    "appautoscaling.Policy.configuration": (
        [
            {**TABLE, "policyType": "TargetTrackingScaling"},
            {**tracking(), "stepScalingPolicyConfiguration": {}},
            tracking(targetValue=91),
            tracking(customizedMetricSpecification={"metricName": "m"}),
            tracking(scaleInCooldown=-1),
        ],
        [tracking(), tracking(targetValue=20), {**TABLE, "stepScalingPolicyConfiguration": {}}],
    ),
}
