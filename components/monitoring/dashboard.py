"""The environment's one dashboard as a pure function: `omnix-ai-{env}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.monitoring.metrics import Api, Function, Metric, ModelCalls, Table
from components.monitoring.model_widgets import model_graphs, tenants
from components.monitoring.tenant_metrics import RULES

type Widget = dict[str, Any]

_WIDTH = 24  # columns of a CloudWatch dashboard
_TEXT_HEIGHT, _GRAPH_HEIGHT = 2, 6
# A stacked legend of nine tables still reads; CloudWatch takes 500 metrics a widget.
_FUNCTION_GRAPHS = (
    ("Invocations", "Invocations", "Sum"),
    ("Errors", "Errors", "Sum"),
    ("Duration p99 (ms)", "Duration", "p99"),
    ("Concurrent executions", "ConcurrentExecutions", "Maximum"),
)
_TABLE_GRAPHS = (
    ("Consumed reads", "ConsumedReadCapacityUnits"),
    ("Consumed writes", "ConsumedWriteCapacityUnits"),
    ("Throttled reads", "ReadThrottleEvents"),
    ("Throttled writes", "WriteThrottleEvents"),
)


@dataclass(frozen=True)
class DashboardContent:
    """What the dashboard shows. `models` and `features` are those of model calls, whose function logs to
    `model_log_group`; `tenant_rules` are the physical names of `tenant_metrics.RULES`; `budgets` is a line of text.
    """

    environment: str
    region: str
    api: Api
    functions: Sequence[Function]
    tables: Sequence[Table]
    models: Sequence[str]
    features: Sequence[str]
    model_log_group: str
    tenant_rules: Sequence[str]
    alarm_arns: Sequence[str]
    budgets: str


def dashboard_body(content: DashboardContent) -> dict[str, Any]:
    """The dashboard's JSON (CloudWatch "Dashboard body structure and syntax")."""
    rows: list[tuple[int, list[Widget]]] = [
        (_TEXT_HEIGHT, [_text(f"# OMNIX AI · {content.environment}\n{content.budgets}")]),
        (3, [_alarms(content.alarm_arns)]),
        (_GRAPH_HEIGHT, _api_row(content)),
        (_GRAPH_HEIGHT, _function_row(content)),
        (_GRAPH_HEIGHT, _table_row(content)),
        (_GRAPH_HEIGHT, _model_row(content)),
        (_GRAPH_HEIGHT, _tenant_row(content)),
        (_GRAPH_HEIGHT, [tenants(content.model_log_group, content.region)]),
        (_GRAPH_HEIGHT, [_error_log(content)]),
    ]
    return {"widgets": _placed(rows)}


def _placed(rows: Sequence[tuple[int, list[Widget]]]) -> list[Widget]:
    placed: list[Widget] = []
    top = 0
    for height, widgets in rows:
        width = _WIDTH // len(widgets)
        for column, widget in enumerate(widgets):
            placed.append({"x": column * width, "y": top, "width": width, "height": height, **widget})
        top += height
    return placed


def _text(markdown: str) -> Widget:
    return {"type": "text", "properties": {"markdown": markdown}}


def _alarms(arns: Sequence[str]) -> Widget:
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": sorted(arns)}}


def _graph(title: str, region: str, series: Sequence[tuple[Metric, str]]) -> Widget:
    """A line graph; each series is a metric and its label."""
    rows = [
        [
            metric.namespace,
            metric.name,
            *(part for name in sorted(metric.dimensions) for part in (name, metric.dimensions[name])),
            {"label": label, "stat": metric.stat, "period": metric.period},
        ]
        for metric, label in series
    ]
    return {
        "type": "metric",
        "properties": {"title": title, "region": region, "view": "timeSeries", "metrics": rows},
    }


def _api_row(content: DashboardContent) -> list[Widget]:
    api = content.api
    requests = [
        (api.metric("Count", "Sum"), "requests"),
        (api.metric("4XXError", "Sum"), "4xx"),
        (api.metric("5XXError", "Sum"), "5xx"),
    ]
    latency = [(api.metric("Latency", stat), stat) for stat in ("p50", "p95", "p99")]
    inside = [(api.metric("IntegrationLatency", stat), stat) for stat in ("p50", "p95", "p99")]
    return [
        _graph("API: requests and errors", content.region, requests),
        _graph("API: latency (ms)", content.region, latency),
        _graph("API: of which in the function (ms)", content.region, inside),
    ]


def _function_row(content: DashboardContent) -> list[Widget]:
    return [
        _graph(
            f"Lambda: {title}",
            content.region,
            [(function.metric(name, stat), function.logical) for function in content.functions],
        )
        for title, name, stat in _FUNCTION_GRAPHS
    ]


def _table_row(content: DashboardContent) -> list[Widget]:
    return [
        _graph(
            f"DynamoDB: {title}",
            content.region,
            [(table.metric(name, "Sum"), table.logical) for table in content.tables],
        )
        for title, name in _TABLE_GRAPHS
    ]


def _model_row(content: DashboardContent) -> list[Widget]:
    graphs = model_graphs(ModelCalls(content.environment), content.models, content.features)
    return [_graph(f"Models: {title}", content.region, series) for title, series in graphs]


def _tenant_row(content: DashboardContent) -> list[Widget]:
    return [rule.widget(name, content.region) for rule, name in zip(RULES, content.tenant_rules, strict=True)]


def _error_log(content: DashboardContent) -> Widget:
    sources = " | ".join(f"SOURCE '{function.log_group}'" for function in content.functions)
    query = (
        f'{sources} | filter level in ["ERROR", "CRITICAL"] '
        # Powertools writes request_id, Lambda's own JSON format requestId
        "| fields @timestamp, @log, message, coalesce(request_id, requestId) as request "
        "| sort @timestamp desc | limit 50"
    )
    return {
        "type": "log",
        "properties": {"title": "Errors in the logs", "region": content.region, "query": query, "view": "table"},
    }
