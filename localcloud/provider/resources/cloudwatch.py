"""Amazon CloudWatch alarms, Contributor Insights rules and dashboards. moto keeps them; nothing is evaluated."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.stored import StoredType
from localcloud.provider.tagging import CLOUDWATCH
from localcloud.provider.wire import Properties

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

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {"arn": scope.arn("cloudwatch", f"alarm:{id}")}


class ContributorInsightRule(StoredType):
    """CloudWatch's API shows it as moto keeps it; no log line is counted."""

    id_format = "{ruleName}"
    pulumi_type = "aws:cloudwatch/contributorInsightRule:ContributorInsightRule"
    kind = "cloudwatch:insight-rule"
    naming = Naming(r"[\x20-\x7e]+", 128, property="ruleName", auto=False)
    force_new = frozenset({"ruleName"})

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {"resourceArn": scope.arn("cloudwatch", f"insight-rule/{id}")}

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        scope.client("cloudwatch").put_insight_rule(
            RuleName=id, RuleDefinition=news["ruleDefinition"], RuleState=news.get("ruleState", "ENABLED")
        )
        super().settle(scope, id, news, olds)

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        scope.client("cloudwatch").delete_insight_rules(RuleNames=[id])
        super().delete(scope, id, state)


class Dashboard(ResourceType):
    id_format = "{dashboardName}"
    pulumi_type = "aws:cloudwatch/dashboard:Dashboard"
    label = Label.ENFORCED
    naming = Naming(r"[A-Za-z0-9_-]+", 255, property="dashboardName", auto=False)
    importable = True

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


TYPES = (MetricAlarm(), CompositeAlarm(), ContributorInsightRule(), Dashboard())
