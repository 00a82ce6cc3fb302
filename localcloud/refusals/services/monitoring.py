"""CloudWatch alarms and dashboards, CloudWatch Logs."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import re
from collections.abc import Iterator
from typing import Any

from localcloud.provider.resource import document
from localcloud.provider.wire import has_unknown
from localcloud.refusals.check import Inputs, Of, Place, Violation

_ALARM = Of("aws:cloudwatch/metricAlarm:MetricAlarm", "CloudWatch PutMetricAlarm")
_COMPOSITE = Of("aws:cloudwatch/compositeAlarm:CompositeAlarm", "CloudWatch PutCompositeAlarm")
_DASHBOARD = Of("aws:cloudwatch/dashboard:Dashboard", "CloudWatch dashboard body structure")
_INSIGHT = Of("aws:cloudwatch/contributorInsightRule:ContributorInsightRule", "CloudWatch PutInsightRule")
_GROUP = Of("aws:cloudwatch/logGroup:LogGroup", "CloudWatch Logs PutRetentionPolicy")
_FILTER = Of("aws:cloudwatch/logMetricFilter:LogMetricFilter", "CloudWatch Logs PutMetricFilter")
_LOG_POLICY = Of("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "CloudWatch Logs PutResourcePolicy")
RETENTION = (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_WEEK, _DAY = 604800, 86400
_QUERY_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_ANOMALY = frozenset(
    {"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"}
)
_WIDGETS = frozenset({"metric", "text", "log", "alarm", "explorer", "custom"})
_EXTENDED = re.compile(r"(p(\d{1,2}(\.\d{1,2})?|100)|IQM|(tm|wm|tc|ts|PR|TM|WM|TC|TS)(\(.+\)|\d{1,2}(\.\d+)?))")


def _period(value: Any, *, high_resolution: bool = True) -> str | None:
    allowed = {10, 20, 30} if high_resolution else set()
    if int(value) in allowed or (int(value) >= 60 and int(value) % 60 == 0):
        return None
    return f"{value} s is neither 10, 20, 30 nor a multiple of 60"


def _window(inputs: Inputs, _: Place) -> Iterator[Violation]:
    """A day of evaluation, a week with periods of an hour or more; the longest period of any query counts."""
    periods = int(inputs.get("evaluationPeriods", 1))
    if int(inputs.get("datapointsToAlarm", 1)) > periods:
        yield "datapointsToAlarm", f"more than evaluationPeriods ({periods})"
    rows = inputs.get("metricQueries", ())
    given = [inputs.get("period"), *(row.get("period") or (row.get("metric") or {}).get("period") for row in rows)]
    longest = max((int(period) for period in given if period), default=0)
    if longest * periods > (_WEEK if longest >= 3600 else _DAY):
        yield (
            "evaluationPeriods",
            f"{periods} periods of {longest} s is longer than AWS evaluates (1 day; 7 from 1 h on)",
        )


def _metric(inputs: Inputs, _: Place) -> Iterator[Violation]:
    single = ("metricName", "namespace", "period", "dimensions", "statistic", "extendedStatistic", "unit")
    if inputs.get("metricQueries"):
        for key in single:
            if inputs.get(key):
                yield key, "conflicts with metricQueries"
        return
    if inputs.get("evaluationCriteria"):
        return
    for key in ("metricName", "namespace", "period"):
        if not inputs.get(key):
            yield key, "required unless metricQueries are given"
    if bool(inputs.get("statistic")) == bool(inputs.get("extendedStatistic")):
        yield "extendedStatistic", "exactly one of statistic and extendedStatistic"


def _threshold(inputs: Inputs, _: Place) -> Iterator[Violation]:
    anomaly = inputs.get("comparisonOperator") in _ANOMALY
    if inputs.get("evaluationCriteria"):
        return
    if anomaly != bool(inputs.get("thresholdMetricId")):
        yield "thresholdMetricId", "goes with the comparisons of a band (Less/GreaterThan…Lower/UpperThreshold) only"
    if ("threshold" in inputs) == bool(inputs.get("thresholdMetricId")):
        yield "threshold", "exactly one of threshold and thresholdMetricId"


def _queries(inputs: Inputs, _: Place) -> Iterator[Violation]:
    queries = inputs.get("metricQueries") or ()
    ids = [str(query.get("id")) for query in queries]
    if queries and sum(bool(query.get("returnData")) for query in queries) != 1:
        yield "metricQueries", "exactly one query must return data"
    if sum(bool(query.get("metric")) for query in queries) > 10:
        yield "metricQueries", "an alarm takes 10 metrics"
    for index, query in enumerate(queries):
        path = f"metricQueries[{index}]"
        if not _QUERY_ID.fullmatch(ids[index]) or ids.count(ids[index]) > 1:
            yield f"{path}.id", f"{ids[index]!r} must be unique, begin with a lower-case letter: letters, digits, _"
        if bool(query.get("metric")) == bool(query.get("expression")):
            yield path, "exactly one of metric and expression"
        expression = str(query.get("expression", ""))
        names = set() if expression.upper().startswith(("SELECT", "SEARCH")) else _names(expression)
        if unknown := sorted(names - set(ids)):
            yield f"{path}.expression", f"no query has the id {', '.join(unknown)}"
        if query.get("metric") and (reason := _period(query["metric"].get("period", 60))):
            yield f"{path}.metric.period", reason
    target = inputs.get("thresholdMetricId")
    if target and target not in ids:
        yield "thresholdMetricId", f"no query has the id {target!r}"


def _names(expression: str) -> set[str]:
    """Identifiers of a metric-math expression: functions are upper case, strings are quoted."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", expression)
    return set(re.findall(r"(?<![\w.])[a-z][A-Za-z0-9_]*\b(?!\s*\()", bare))


def _rule(value: Any) -> str | None:
    text = str(value)
    words = re.findall(r"[A-Za-z_]+(?=\s*\()|\b(?:TRUE|FALSE)\b", re.sub(r"\"[^\"]*\"", "", text))
    known = {"ALARM", "OK", "INSUFFICIENT_DATA", "TRUE", "FALSE", "AND", "OR", "NOT", "AT_LEAST"}
    if text.count("(") != text.count(")") or not set(words) <= known or not words:
        return f"{text!r} is no alarm rule expression"
    return None


def _body(value: Any) -> str | None:
    body = document(value)
    if not isinstance(body, dict) or not isinstance(body.get("widgets"), list):
        return "not a JSON object with a list of widgets"
    if len(body["widgets"]) > 500:
        return f"{len(body['widgets'])} widgets; AWS takes 500"
    for index, widget in enumerate(body["widgets"]):
        if fault := _widget(widget):
            return f"widget {index}: {fault}"
    return None


def _widget(widget: Any) -> str | None:
    if not isinstance(widget, dict) or not {"type", "properties"} <= widget.keys():
        return "needs type and properties"
    if widget["type"] not in _WIDGETS:
        return f"type {widget['type']!r} is not one of {', '.join(sorted(_WIDGETS))}"
    for key, low, high in (("width", 1, 24), ("height", 1, 1000), ("x", 0, 23), ("y", 0, 10**6)):
        if key in widget and not low <= int(widget[key]) <= high:
            return f"{key} {widget[key]} is outside {low} to {high}"
    if widget["type"] == "metric" and not widget["properties"].keys() & {"metrics", "annotations", "insightRule"}:
        return "a metric widget needs metrics (or the annotation of an alarm, or a Contributor Insights rule)"
    if len(widget["properties"].get("metrics", ())) > 500:
        return "a graph takes 500 metrics"
    return None


def _insight_rule(value: Any) -> str | None:  # noqa: PLR0911 - one line a fault
    rule = document(value)
    if not isinstance(rule, dict) or rule.get("Schema") != {"Name": "CloudWatchLogRule", "Version": 1}:
        return 'not a JSON object with the Schema {"Name": "CloudWatchLogRule", "Version": 1}'
    if bool(rule.get("LogGroupNames")) == bool(rule.get("LogGroupARNs")):
        return "exactly one of LogGroupNames and LogGroupARNs"
    if rule.get("LogFormat") not in {"JSON", "CLF"}:
        return f"LogFormat {rule.get('LogFormat')!r} is neither JSON nor CLF"
    counts, found = rule.get("AggregateOn"), rule.get("Contribution")
    if counts not in {"Count", "Sum"}:
        return f"AggregateOn {counts!r} is neither Count nor Sum"
    if not isinstance(found, dict) or not 1 <= len(found.get("Keys") or ()) <= 4:
        return "Contribution needs 1 to 4 Keys"
    if "Filters" not in found or len(found["Filters"]) > 4:
        return "Contribution needs Filters, an empty list or up to 4"
    if (counts == "Sum") != ("ValueOf" in found):
        return "ValueOf goes with the aggregation by Sum"
    return None


def _transformation(inputs: Inputs, _: Place) -> Iterator[Violation]:
    made = inputs.get("metricTransformation", {})
    if made.get("dimensions") and made.get("defaultValue") is not None:
        yield "metricTransformation.defaultValue", "conflicts with dimensions"
    if len(made.get("dimensions") or {}) > 3:
        yield "metricTransformation.dimensions", "AWS takes 3 at most"
    for key, value in (made.get("dimensions") or {}).items():
        if not has_unknown(value) and not str(value).startswith(("$", "[")):
            yield f"metricTransformation.dimensions.{key}", f"{value!r} selects no field: begin with $"


def _group(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if str(inputs.get("name", "")).startswith("aws/"):
        yield "name", "aws/ is AWS's own prefix: begin with a slash, or otherwise"
    if inputs.get("logGroupClass") == "DELIVERY" and inputs.get("retentionInDays") not in (None, 0, 2):
        yield "retentionInDays", "the class DELIVERY keeps 2 days and takes no other retention"


RULES = (
    _ALARM.each("period-multiple", "period", _period, "a period that is no multiple", "10, 20, 30 or n * 60 s"),
    _ALARM.rule(
        "window",
        "evaluationPeriods datapointsToAlarm period metricQueries",
        _window,
        "an evaluation window too long, more datapoints than periods",
        "1 day; 7 days with periods from 1 h",
    ),
    _ALARM.rule(
        "metric",
        "metricName namespace period statistic extendedStatistic dimensions unit metricQueries evaluationCriteria",
        _metric,
        "an alarm on no metric, on a metric and queries, with no or two statistics",
        "one",
    ),
    _ALARM.rule(
        "threshold",
        "threshold thresholdMetricId comparisonOperator evaluationCriteria",
        _threshold,
        "no threshold or two, a band without its comparison",
        "one",
    ),
    _ALARM.rule(
        "queries",
        "metricQueries thresholdMetricId",
        _queries,
        "queries that return none or several, misnamed, with unknown ids or periods",
        "1 returned, 10 metrics",
    ),
    _ALARM.one_of("treatMissingData", ("breaching", "notBreaching", "ignore", "missing")),
    _ALARM.one_of("evaluateLowSampleCountPercentiles", ("evaluate", "ignore")),
    _ALARM.count("dimensions", 30),
    _ALARM.matching("extendedStatistic", _EXTENDED.pattern, "a percentile or trimmed statistic (p99, tm90, PR(…))"),
    _COMPOSITE.each("rule-form", "alarmRule", _rule, "a rule that is no expression over alarms"),
    _DASHBOARD.each(
        "body",
        "dashboardBody",
        _body,
        "a body that is not widgets, with too many or misformed ones",
        "500 widgets, 500 metrics a graph",
    ),
    _DASHBOARD.matching(
        "dashboardName", r"[A-Za-z0-9_-]{1,255}", "letters, digits, - and _, 1 to 255", "CloudWatch PutDashboard"
    ),
    _INSIGHT.each(
        "definition",
        "ruleDefinition",
        _insight_rule,
        "a rule of another schema, without groups, keys or filters, with a value that nothing sums",
        "4 keys, 4 filters",
        "CloudWatch user guide, Contributor Insights rule syntax",
    ),
    _INSIGHT.length("ruleDefinition", 1, 8192),
    _INSIGHT.one_of("ruleState", ("ENABLED", "DISABLED")),
    _GROUP.one_of("retentionInDays", RETENTION),
    _GROUP.rule(
        "name-class",
        "name logGroupClass retentionInDays",
        _group,
        "AWS's own name prefix, retention with the class DELIVERY",
    ),
    _FILTER.rule(
        "transformation",
        "metricTransformation",
        _transformation,
        "default value with dimensions, more than 3 of them, values that select nothing",
        "3 dimensions",
    ),
    _LOG_POLICY.matching("policyName", r"[^:*]{1,256}", "1 to 256 characters without : and *"),
)
