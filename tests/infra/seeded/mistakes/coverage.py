"""Mistakes that leave something unwatched: logs, alarms, dashboard, budgets."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import GateName, Seed, resources
from tests.infra.seeded.world import Edit

_ALARM = "monitoring-alarm-function-api-errors"


def _seed(
    name: str, edit: Edit, rule: str, names: str, says: str, gate: GateName = "policy", stack: str = "prod"
) -> Seed:
    return Seed(name, stack, resources(edit), gate, rule, names, says)


SEEDS = (
    _seed("a function without an alarm on its errors", edits.without(_ALARM), "function-alarms", "api-api-function", "add alarms on Errors"),
    _seed("a table without an alarm on its throttles", edits.without("monitoring-alarm-table-orders-throttles"), "table-alarms", "data-table-orders", "add alarms on throttles"),
    _seed("an API without an alarm on its 5xx", edits.without("monitoring-alarm-api-5xx-rate"), "api-alarms", "api-rest-api", "add alarms on 5XXError"),
    _seed("an alarm that tells nobody", edits.put(_ALARM, "alarmActions", []), "alarm-reaches-someone", _ALARM, "set alarmActions"),
    _seed("an alarm switched off for the night of a migration", edits.put(_ALARM, "actionsEnabled", False), "alarm-reaches-someone", _ALARM, "actionsEnabled is false"),
    _seed("an alarm that tells a topic of another region", edits.put(_ALARM, "alarmActions", ["arn:aws:sns:eu-west-1:777788889999:omnix-ai-prod-alarms"]), "cloudwatch.MetricAlarm.alarmActions-arn", _ALARM, "AWS takes only its own region", "refusal"),
    _seed("an alarm that an idle function leaves without data", edits.drop(_ALARM, "treatMissingData"), "alarm-knows-silence", _ALARM, "set treatMissingData"),
    _seed("an alarm of a period that CloudWatch does not have", edits.put(_ALARM, "period", 45), "cloudwatch.MetricAlarm.period-multiple", _ALARM, "60", "refusal"),
    _seed("an alarm that wants more bad periods than it looks at", edits.on(_ALARM, lambda i: i.update(evaluationPeriods=2, datapointsToAlarm=3)), "cloudwatch.MetricAlarm.window", _ALARM, "datapoints", "refusal"),
    _seed("an alarm without a threshold", edits.drop(_ALARM, "threshold"), "cloudwatch.MetricAlarm.threshold", _ALARM, "threshold", "refusal"),
    _seed("a stage without access logs", edits.drop("api-stage", "accessLogSettings"), "stage-access-logs", "api-stage", "set accessLogSettings"),
    _seed("access logs to a log group's streams instead of the group", edits.on("api-stage", lambda i: i["accessLogSettings"].update(destinationArn=i["accessLogSettings"]["destinationArn"] + ":*")), "apigateway.Stage.accessLogSettings.destinationArn-arn", "api-stage", "log-group", "refusal"),
    _seed("a stage without traces", edits.put("api-stage", "xrayTracingEnabled", False), "traced", "api-stage", "xrayTracingEnabled"),
    _seed("logs kept for ever", edits.drop("api-api-logs", "retentionInDays"), "log-group-retention", "api-api-logs", "set retentionInDays"),
    _seed("a log group whose days CloudWatch Logs does not know", edits.put("api-api-logs", "retentionInDays", 100), "log-group-retention", "api-api-logs", "set retentionInDays"),
    _seed("a function whose log group Lambda would make itself", edits.without("api-api-logs"), "function-log-group", "api-api-function", "add a LogGroup"),
    _seed("an environment without a dashboard", edits.without("monitoring-dashboard"), "dashboard-exists", "", "add the environment's dashboard"),
    _seed("a month without a budget", edits.without("budget-bedrock-monthly"), "budget-exists", "", "add a daily and a monthly budget"),
    _seed("a budget that tells nobody", edits.on("budget-bedrock-daily", lambda i: [n.update(subscriberEmailAddresses=[], subscriberSnsTopicArns=[]) for n in i["notifications"]]), "budgets.Budget.limits", "budget-bedrock-daily", "needs a subscriber", "refusal"),
    _seed("a forecast for a day", edits.put("budget-bedrock-daily", "notifications.0.notificationType", "FORECASTED"), "budgets.Budget.limits", "budget-bedrock-daily", "a daily budget has no forecast", "refusal"),
    # SNS: a message without attributes matches no filter; CloudWatch sends none.
    _seed("a filter on the alarms' subscription, which no alarm passes", edits.put("monitoring-email-platform-alarms-omnix-ai-example", "filterPolicy", '{"severity":["high"]}'), "test_monitoring_stack:test_no_subscription_filters_because_alarms_carry_no_attribute_to_match", "filter", "filterPolicy", "test"),
)  # fmt: skip
