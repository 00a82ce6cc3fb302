"""Amazon CloudWatch alarms and dashboards. moto keeps them; nothing evaluates an alarm yet."""
# ruff: noqa: A002, ARG002, D101, D102, PLR2004 - `ResourceType` says what each method does

from collections.abc import Iterable
from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, Violation, document
from localcloud.provider.stored import StoredType
from localcloud.provider.tagging import CLOUDWATCH
from localcloud.provider.wire import Properties

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_MISSING = ("breaching", "notBreaching", "ignore", "missing")
_COMPARISONS = (
    *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"),
    *("LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold"),
    *("LessThanLowerThreshold", "GreaterThanUpperThreshold"),
)
_WEEK, _DAY = 604800, 86400
_SCALARS = {
    "alarmDescription": "AlarmDescription",
    "comparisonOperator": "ComparisonOperator",
    "datapointsToAlarm": "DatapointsToAlarm",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "evaluationPeriods": "EvaluationPeriods",
    "extendedStatistic": "ExtendedStatistic",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "statistic": "Statistic",
    "thresholdMetricId": "ThresholdMetricId",
    "treatMissingData": "TreatMissingData",
    "unit": "Unit",
}
_ACTIONS = {
    "alarmActions": "AlarmActions",
    "okActions": "OKActions",
    "insufficientDataActions": "InsufficientDataActions",
}


class MetricAlarm(ResourceType):
    id_format = "{name}"
    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    label = Label.ENFORCED
    naming = Naming(r"[^\x00-\x1f]+", 255)
    tagging = CLOUDWATCH
    unordered = frozenset({"alarmActions", "okActions", "insufficientDataActions", "metricQueries"})
    defaults: ClassVar = {"actionsEnabled": True, "treatMissingData": "missing"}
    choices: ClassVar = {"comparisonOperator": _COMPARISONS, "treatMissingData": _MISSING, "statistic": _STATISTICS}
    exclusive = (
        ("statistic", "extendedStatistic"),
        ("metricName", "metricQueries", "evaluationCriteria"),
        ("threshold", "thresholdMetricId"),
    )

    def check(self, inputs: Properties) -> Iterable[Violation]:
        yield from _window(inputs)
        for key in _ACTIONS:
            if len(inputs.get(key, ())) > 5:
                yield key, "AWS takes 5 actions a state"
        queries = inputs.get("metricQueries", ())
        if queries and sum(bool(query.get("returnData")) for query in queries) != 1:
            yield "metricQueries", "exactly one query must return data"

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        given = {name: news[key] for key, name in _SCALARS.items() if key in news}
        given |= {name: news.get(key, []) for key, name in _ACTIONS.items()}
        given["ActionsEnabled"] = news.get("actionsEnabled", True)
        if "threshold" in news:
            given["Threshold"] = float(news["threshold"])
        if "dimensions" in news:
            given["Dimensions"] = _dimensions(news["dimensions"])
        if "metricQueries" in news:
            given["Metrics"] = [_query(query) for query in news["metricQueries"]]
        scope.client("cloudwatch").put_metric_alarm(AlarmName=id, **given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("cloudwatch").describe_alarms(AlarmNames=[id])["MetricAlarms"]
        return {"name": id, "arn": found[0]["AlarmArn"]} if found else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("cloudwatch").delete_alarms(AlarmNames=[id])


def _window(inputs: Properties) -> Iterable[Violation]:
    """AWS: 10, 20, 30 or whole minutes; a day of evaluation, a week with periods of an hour or more."""
    periods = int(inputs.get("evaluationPeriods", 1))
    if int(inputs.get("datapointsToAlarm", 1)) > periods:
        yield "datapointsToAlarm", f"more than evaluationPeriods ({periods})"
    if "period" not in inputs:
        return
    period = int(inputs["period"])
    if period not in {10, 20, 30} and (period < 60 or period % 60):
        yield "period", f"{period} s is neither 10, 20, 30 nor a multiple of 60"
    elif period * periods > (_WEEK if period >= 3600 else _DAY):
        yield "evaluationPeriods", f"{periods} periods of {period} s is longer than AWS evaluates"


def _dimensions(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(given.items())]


def _query(query: Properties) -> dict[str, Any]:
    names = {"id": "Id", "expression": "Expression", "label": "Label", "period": "Period", "accountId": "AccountId"}
    made: dict[str, Any] = {name: query[key] for key, name in names.items() if key in query}
    made["ReturnData"] = query.get("returnData", False)
    if metric := query.get("metric"):
        named = {"MetricName": metric["metricName"], "Dimensions": _dimensions(metric.get("dimensions", {}))}
        if "namespace" in metric:
            named["Namespace"] = metric["namespace"]
        made["MetricStat"] = {"Metric": named, "Period": metric["period"], "Stat": metric["stat"]}
        if "unit" in metric:
            made["MetricStat"]["Unit"] = metric["unit"]
    return made


class CompositeAlarm(StoredType):
    id_format = "{alarmName}"
    pulumi_type = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
    kind = "cloudwatch:composite-alarm"
    naming = Naming(r"[^\x00-\x1f]+", 255, property="alarmName", auto=False)
    unordered = frozenset({"alarmActions", "okActions", "insufficientDataActions"})
    defaults: ClassVar = {"actionsEnabled": True}

    def check(self, inputs: Properties) -> Iterable[Violation]:
        rule = str(inputs.get("alarmRule", "TRUE"))
        if len(rule) > 10240:
            yield "alarmRule", "AWS takes 10240 characters"
        if rule.count("(") != rule.count(")") or not any(
            word in rule for word in ("ALARM", "OK", "INSUFFICIENT_DATA", "TRUE", "FALSE")
        ):
            yield "alarmRule", f"{rule!r} is no alarm rule expression"

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {"arn": scope.arn("cloudwatch", f"alarm:{id}")}


class Dashboard(ResourceType):
    id_format = "{dashboardName}"
    pulumi_type = "aws:cloudwatch/dashboard:Dashboard"
    label = Label.ENFORCED
    naming = Naming(r"[A-Za-z0-9_-]+", 255, property="dashboardName", auto=False)
    importable = True

    def check(self, inputs: Properties) -> Iterable[Violation]:
        if "dashboardBody" not in inputs:
            return
        body = document(inputs["dashboardBody"])
        if not isinstance(body, dict) or not isinstance(body.get("widgets"), list):
            yield "dashboardBody", "not a JSON object with a list of widgets"
            return
        if len(body["widgets"]) > 500:
            yield "dashboardBody", f"{len(body['widgets'])} widgets; AWS takes 500"
        for index, widget in enumerate(body["widgets"]):
            if not {"type", "properties"} <= widget.keys():
                yield "dashboardBody", f"widget {index} needs type and properties"

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("cloudwatch").put_dashboard(DashboardName=id, DashboardBody=news["dashboardBody"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("cloudwatch").get_dashboard(DashboardName=id)
        return {
            "dashboardName": id,
            "dashboardArn": f"arn:aws:cloudwatch::{scope.account_id}:dashboard/{id}",
            "dashboardBody": found["DashboardBody"],
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("cloudwatch").delete_dashboards(DashboardNames=[id])


TYPES = (MetricAlarm(), CompositeAlarm(), Dashboard())
