"""CloudWatch metrics and logs, X-Ray."""

from collections.abc import Iterator

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Keys, Need, Operations, anything, arn, given, on, pass_role


def _namespace(call: Call) -> Keys:
    return given(call.parameters, {"cloudwatch:namespace": "Namespace"})


def _actions(call: Call) -> Keys:
    listed = [
        str(action)
        for name in ("AlarmActions", "OKActions", "InsufficientDataActions")
        for action in call.parameters.get(name) or ()
    ]
    return {"cloudwatch:alarmactions": tuple(listed)}


def _every(parameter: str, kind: str) -> Operations:
    """An operation on several names at once needs its action on each of them."""

    def needs(call: Call, account: Account) -> Iterator[Need]:
        region = "" if kind.startswith("dashboard") else call.region
        for name in call.parameters.get(parameter) or ["*"]:
            yield Need(f"cloudwatch:{call.operation}", f"arn:aws:cloudwatch:{region}:{account.id}:{kind}{name}")

    operations = {
        "AlarmNames": ("DeleteAlarms", "DescribeAlarms", "DisableAlarmActions", "EnableAlarmActions"),
        "DashboardNames": ("DeleteDashboards",),
        "RuleNames": ("DeleteInsightRules", "DisableInsightRules", "EnableInsightRules"),
    }
    return dict.fromkeys(operations[parameter], needs)


_ALARM = arn("cloudwatch", "alarm:{AlarmName}")
CLOUDWATCH: Operations = {
    **on("cloudwatch", anything, "PutMetricData", keys=_namespace),
    **on(
        "cloudwatch", anything, "DescribeAlarmsForMetric GetMetricData GetMetricStatistics ListDashboards ListMetrics"
    ),
    **on("cloudwatch", _ALARM, "DescribeAlarmHistory SetAlarmState"),
    **on("cloudwatch", _ALARM, "PutMetricAlarm PutCompositeAlarm", keys=_actions),
    **on("cloudwatch", arn("cloudwatch", "dashboard/{DashboardName}", regional=False), "GetDashboard PutDashboard"),
    **on("cloudwatch", arn("cloudwatch", "{ResourceARN}"), "ListTagsForResource TagResource UntagResource"),
    **on("cloudwatch", arn("cloudwatch", "insight-rule/{RuleName}"), "PutInsightRule"),
    **on("cloudwatch", anything, "DescribeInsightRules"),
    **_every("AlarmNames", "alarm:"),
    **_every("DashboardNames", "dashboard/"),
    **_every("RuleNames", "insight-rule/"),
}


def stream_arn(call: Call, account: Account) -> str:
    """A log stream's ARN; without a stream the group's as CloudWatch Logs checks it: `…:log-group:G:log-stream:`.

    That a policy on a group needs `:*` behind its name is this (Logs user guide, "Resources and operations").
    """
    group = str(call.parameters.get("logGroupName") or call.parameters.get("logGroupIdentifier") or "")
    stream = str(call.parameters.get("logStreamName") or "")
    if group.startswith("arn:"):
        return f"{group.removesuffix(':*')}:log-stream:{stream}"
    return f"arn:aws:logs:{call.region}:{account.id}:log-group:{group}:log-stream:{stream}"


def _queried(call: Call, account: Account) -> Iterator[Need]:
    """Logs Insights asks on each group."""
    parameters = call.parameters
    single = parameters.get("logGroupName")
    names = parameters.get("logGroupNames") or parameters.get("logGroupIdentifiers") or ([single] if single else [""])
    for name in names:
        group = name if str(name).startswith("arn:") else f"arn:aws:logs:{call.region}:{account.id}:log-group:{name}"
        yield Need("logs:StartQuery", f"{group.removesuffix(':*')}:log-stream:")


def _delivered(call: Call, _account: Account) -> Iterator[Need]:
    yield from pass_role(call.parameters.get("roleArn"), "logs.amazonaws.com")


LOGS: Operations = {
    **on(
        "logs",
        stream_arn,
        """AssociateKmsKey CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DeleteMetricFilter
        DeleteRetentionPolicy DeleteSubscriptionFilter DescribeLogStreams DescribeMetricFilters
        DescribeSubscriptionFilters DisassociateKmsKey FilterLogEvents GetLogEvents PutLogEvents PutMetricFilter
        PutRetentionPolicy""",
    ),
    **on("logs", stream_arn, "PutSubscriptionFilter", also=_delivered),
    # On no group in particular: `log-group::log-stream:` is what AWS's own refusals name.
    **on("logs", stream_arn, "DescribeLogGroups GetQueryResults"),
    "StartQuery": _queried,
    **on("logs", arn("logs", "{resourceArn}"), "ListTagsForResource TagResource UntagResource"),
    **on("logs", anything, "StopQuery DescribeQueries DescribeResourcePolicies TestMetricFilter"),
}
XRAY: Operations = on(
    "xray",
    anything,
    """BatchGetTraces GetSamplingRules GetSamplingStatisticSummaries GetSamplingTargets GetServiceGraph GetTraceGraph
    GetTraceSummaries PutTelemetryRecords PutTraceSegments""",
)
