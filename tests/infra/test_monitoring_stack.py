"""`MonitoringStack`, as the composed program registers it."""

import json

from tests.infra.stacks import stack_config

TOPIC = "aws:sns/topic:Topic"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def test_the_topic_is_encrypted_and_its_policy_speaks_of_itself(recording, stack):
    topic = recording.one(TOPIC, "monitoring-topic")
    arn = f"arn:aws:sns:eu-central-1:{stack_config(stack).account_id}:omnix-ai-{stack}-alarms"
    assert topic.inputs["kmsMasterKeyId"]
    policy = json.loads(topic.inputs["policy"])
    assert all(statement["Resource"] == [arn] for statement in policy["Statement"])


def test_every_address_of_the_config_is_subscribed(recording, stack):
    subscriptions = recording.of("aws:sns/topicSubscription:TopicSubscription")
    assert {s.inputs["endpoint"] for s in subscriptions} == set(stack_config(stack).alarm_emails)
    assert {s.inputs["protocol"] for s in subscriptions} == {"email"}


def test_no_subscription_filters_because_alarms_carry_no_attribute_to_match(recording):
    # SNS: a message without any attribute matches no filter policy, `{"exists": false}` included.
    for subscription in recording.of("aws:sns/topicSubscription:TopicSubscription"):
        assert "filterPolicy" not in subscription.inputs


def test_every_function_and_table_is_watched(recording):
    names = {alarm.name.removeprefix("monitoring-alarm-") for alarm in recording.of(ALARM)}
    functions = {f.inputs["name"].split("-")[-1] for f in recording.of("aws:lambda/function:Function")}
    tables = {t.name.removeprefix("data-table-") for t in recording.of("aws:dynamodb/table:Table")}
    assert functions
    assert len(tables) == 9
    assert {f"function-{f}-throttles" for f in functions} <= names
    assert {f"function-{f}-duration" for f in functions} <= names
    assert {f"function-{f}-errors" for f in functions - {"authorizer"}} <= names
    assert {f"table-{t}-{kind}" for t in tables for kind in ("throttles", "system-errors")} <= names
    assert {"api-5xx-rate", "api-latency-p99"} <= names
    assert {f"backup-{what}" for what in ("jobs", "copies", "restores", "validations")} <= names


def test_every_alarm_reports_to_the_topic_both_ways_and_says_why(recording):
    topic = recording.one(TOPIC, "monitoring-topic")
    for alarm in recording.of(ALARM):
        assert len(alarm.inputs["alarmActions"]) == 1
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"]
        assert topic.urn in alarm.dependencies
        assert len(alarm.inputs["alarmDescription"]) > 40
        silent = "breaching" if alarm.name.endswith("backup-recovery-points") else "notBreaching"
        assert alarm.inputs["treatMissingData"] == silent


def test_an_alarm_is_one_metric_or_one_expression_over_hidden_ones(recording):
    for alarm in recording.of(ALARM):
        queries = alarm.inputs.get("metricQueries")
        if queries is None:
            assert {"namespace", "metricName", "period", "dimensions"} <= alarm.inputs.keys()
            assert ("statistic" in alarm.inputs) != ("extendedStatistic" in alarm.inputs)
        else:
            assert [q["id"] for q in queries if q["returnData"]] == ["result"]
            assert "metricName" not in alarm.inputs


def test_alarms_watch_names_that_exist_in_this_stack(recording, stack):
    known = {
        "TableName": {t.inputs["name"] for t in recording.of("aws:dynamodb/table:Table")},
        "FunctionName": {f.inputs["name"] for f in recording.of("aws:lambda/function:Function")},
        "ApiName": {a.inputs["name"] for a in recording.of("aws:apigateway/restApi:RestApi")},
        "BackupVaultName": {v.inputs["name"] for v in recording.of("aws:backup/vault:Vault")},
        "Stage": {stack},
    }
    for alarm in recording.of(ALARM):
        metrics = [q["metric"] for q in alarm.inputs.get("metricQueries", []) if "metric" in q]
        for source in metrics or [alarm.inputs]:
            for dimension, value in source["dimensions"].items():
                if dimension in known:
                    assert value in known[dimension]


def test_what_a_tenants_calls_cost_is_counted_in_the_log_of_the_function_that_calls_models(recording, stack):
    groups = {group.inputs["name"] for group in recording.of("aws:cloudwatch/logGroup:LogGroup")}
    rules = recording.of("aws:cloudwatch/contributorInsightRule:ContributorInsightRule")
    names = {f"omnix-ai-{stack}-tenant-{what}" for what in ("calls", "cost", "tokens", "latency")}
    assert {rule.inputs["ruleName"] for rule in rules} == names
    for rule in rules:
        definition = json.loads(rule.inputs["ruleDefinition"])
        assert definition["LogGroupNames"] == [f"/aws/lambda/omnix-ai-{stack}-assistant"]
        assert set(definition["LogGroupNames"]) <= groups
        assert rule.inputs["ruleState"] == "ENABLED"


def test_one_dashboard_named_after_the_environment_shows_its_alarms(recording, stack):
    (dashboard,) = recording.of("aws:cloudwatch/dashboard:Dashboard")
    assert dashboard.inputs["dashboardName"] == f"omnix-ai-{stack}"
    widgets = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    ranked = [widget["properties"]["insightRule"] for widget in widgets if "insightRule" in widget["properties"]]
    rules = recording.of("aws:cloudwatch/contributorInsightRule:ContributorInsightRule")
    assert {one["ruleName"] for one in ranked} == {rule.inputs["ruleName"] for rule in rules}
    (alarms,) = [widget for widget in widgets if widget["type"] == "alarm"]
    shown = {arn.rpartition(":")[2] for arn in alarms["properties"]["alarms"]}
    assert shown == {alarm.inputs["name"] for alarm in recording.of(ALARM)}
    assert recording.exports["dashboard_name"] == f"omnix-ai-{stack}"
