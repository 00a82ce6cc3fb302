import json

from components.monitoring.dashboard import DashboardContent, dashboard_body
from components.monitoring.metrics import Api, Function, Table
from components.monitoring.tenant_metrics import RULES

CONTENT = DashboardContent(
    environment="dev",
    region="eu-central-1",
    api=Api("omnix-ai-dev-api", "dev"),
    functions=[
        Function("api", "omnix-ai-dev-api", "live", 28, "/aws/lambda/omnix-ai-dev-api"),
        Function("auth", "omnix-ai-dev-auth", "live", 28, "/aws/lambda/omnix-ai-dev-auth"),
    ],
    tables=[Table("users", "omnix-ai-dev-users"), Table("orders", "omnix-ai-dev-orders")],
    models=["amazon.nova-lite-v1:0"],
    features=["chat"],
    model_log_group="/aws/lambda/omnix-ai-dev-assistant",
    tenant_rules=[f"omnix-ai-dev-{rule.key}" for rule in RULES],
    alarm_arns=["arn:b", "arn:a"],
    budgets="Bedrock budgets: 50 USD daily.",
)
WIDGETS = dashboard_body(CONTENT)["widgets"]


def _series():
    graphs = [widget["properties"] for widget in WIDGETS if widget["type"] == "metric"]
    return [row for graph in graphs for row in graph.get("metrics", [])]


def test_every_widget_lies_on_the_grid_and_none_on_another():
    cells = [
        (x, y) for w in WIDGETS for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)


def test_gateway_functions_tables_and_models_are_all_shown():
    assert {row[0] for row in _series()} == {"AWS/ApiGateway", "AWS/Lambda", "AWS/DynamoDB", "Omnix/Ai"}
    text = json.dumps(WIDGETS)
    for name in (
        "omnix-ai-dev-api:live",
        "omnix-ai-dev-auth:live",
        "omnix-ai-dev-orders",
        "amazon.nova-lite-v1:0",
        *CONTENT.tenant_rules,
    ):
        assert name in text


def test_a_series_is_namespace_name_dimension_pairs_and_how_to_read_it():
    for namespace, name, *dimensions, reading in _series():
        assert namespace.startswith(("AWS/", "Omnix/"))
        assert name
        assert len(dimensions) % 2 == 0
        assert reading.keys() == {"label", "stat", "period"}


def test_every_graph_names_its_region():
    # without it, a graph reads the region of whoever looks
    graphs = [widget for widget in WIDGETS if widget["type"] in {"metric", "log"}]
    assert {widget["properties"]["region"] for widget in graphs} == {"eu-central-1"}


def test_alarms_are_shown_in_a_fixed_order():
    (widget,) = [w for w in WIDGETS if w["type"] == "alarm"]
    assert widget["properties"]["alarms"] == ["arn:a", "arn:b"]


def test_the_log_table_reads_every_functions_group():
    (widget,) = [w for w in WIDGETS if w["properties"].get("title") == "Errors in the logs"]
    query = widget["properties"]["query"]
    assert query.startswith("SOURCE '/aws/lambda/omnix-ai-dev-api' | SOURCE '/aws/lambda/omnix-ai-dev-auth' | ")


def test_the_budgets_are_told_in_words():
    assert "Bedrock budgets: 50 USD daily." in WIDGETS[0]["properties"]["markdown"]
