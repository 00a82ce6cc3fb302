"""Insights rest on figures that no model made."""

from typing import Any

import pytest

from omnix.assistant.citing import cited
from omnix.assistant.insights_model import Figure, Topic
from tests.unit.functions import shop
from tests.unit.functions.bedrock import COST, HAIKU, PLENTY, Models, ask, said
from tests.unit.functions.conftest import Answer
from tests.unit.functions.test_analytics import order
from tests.unit.functions.worker import Worker

GIVEN = [
    Figure(id="f1", label="Revenue", value="1234.50 EUR"),
    Figure(id="f2", label='Product "Tea 100 g", units sold', value="42"),
    Figure(id="f12", label="Change of orders", value="+12.5 %"),
    Figure(id="f13", label="Change of orders", value="-7.25 %"),
]
HEAD = "Topic: sales. Period: 30 days, from 2026-10-24 to 2026-11-22 (UTC)."


def explain(topic: str = "sales", **changes: Any) -> Answer:
    return ask({"topic": topic} | changes, "/assistant/insights")


@pytest.mark.parametrize(
    ("line", "ids", "text"),
    [
        ("- Revenue is 1234.50 EUR. [f1]", ["f1"], "Revenue is 1234.50 EUR."),
        ("* Tea sold 42 times [f2], orders grew [f12].", ["f2", "f12"], "Tea sold 42 times , orders grew ."),
        ("2. Both. [f1, f12]", ["f1", "f12"], "Both."),
        ("Said twice. [f1] [f1]", ["f1"], "Said twice."),
    ],
)
def test_a_line_that_names_figures_is_an_insight(line: str, ids: list[str], text: str) -> None:
    (insight,), dropped = cited(line, GIVEN, HEAD)
    assert (insight.figures, insight.text, dropped) == (ids, text, 0)


@pytest.mark.parametrize("line", ["- Revenue doubled.", "- Costs fell. [f9]", "- Mixed. [f1] [f99]", "[f1]", "- [f3]"])
def test_a_line_without_a_figure_or_with_one_that_there_is_not_is_dropped(line: str) -> None:
    assert cited(line, GIVEN, HEAD) == ([], 1)


@pytest.mark.parametrize(
    ("said", "unverified"),
    [
        ("Revenue was 1,234.50 EUR in 30 days [f1]", []),
        ("Revenue was 1.234,5 EUR [f1]", []),
        ("Tea 100 g sold 42 times since 2026-10-24 [f2]", []),
        ("Orders grew by 12.5 % [f12]", []),
        ("Orders grew by 125 % [f12]", ["125"]),
        ("Revenue will be 2000 EUR, not 1234.50 [f1]", ["2000"]),
        ("Tea sold 42 times [f1]", ["42"]),
        ("Revenue was €1234.50, or EUR 1234.50 [f1]", []),
        ("Revenue was 1234.50 [f1]", []),
        ("Revenue was 1234.50 USD [f1]", ["1234.50"]),
        ("Revenue was $1234.50 [f1]", ["1234.50"]),
        ("Tea lost 42 % [f2]", ["42"]),
        ("Orders grew by 12.5 [f12]", ["12.5"]),
        ("Orders are +12.5 percent [f12]", []),
        ("Orders are -12.5 % [f12]", ["12.5"]),
        ("Orders fell 12.5 % [f12]", ["12.5"]),
        ("A decline of orders by 12.5 % [f12]", ["12.5"]),
        ("Orders are 12.5 % lower [f12]", ["12.5"]),
        ("Revenue fell to 1234.50 EUR, but orders rose 12.5 % [f1] [f12]", []),
        ("Orders fell 7.25 % [f13]", []),
        ("Orders rose 7.25 % [f13]", ["7.25"]),
        ("Orders changed by 7.25 % [f13]", []),
        ("An update: orders changed by 7.25 % [f13]", []),
        ("Orders are \u22127.25 % [f13]", []),
    ],
)
def test_a_number_that_stands_in_none_of_an_insights_figures_is_flagged(said: str, unverified: list[str]) -> None:
    (insight,), _ = cited(said, GIVEN, HEAD)
    assert insight.unverified == unverified


def test_the_model_is_told_every_figure_and_nothing_else(models: Models) -> None:
    models.script = [said("- No orders. [f1]\n- The moon is full.")]
    answer = explain(days=7)
    assert answer.status == 200
    (message,) = models.requests[0]["messages"]
    lines = message["content"][0]["text"].splitlines()
    assert lines[3:] == [f"[{one['id']}] {one['label']}: {one['value']}" for one in answer.json["figures"]]
    assert "toolConfig" not in models.requests[0]
    assert answer.json["insights"] == [{"text": "No orders.", "figures": ["f1"], "unverified": []}]
    assert (answer.json["dropped"], answer.json["model"]) == (1, HAIKU)
    assert answer.json["cost"]["nano_usd"] == COST == models.money().spent
    assert models.money().calls[0]["feature"] == "insights"


def test_figures_are_what_was_sold_and_a_products_name_forges_none(models: Models, api: Any) -> None:
    worker = Worker(models.cloud)
    sold = shop.product("TEA", amount=1250, name="Tea [f99]: 9999")
    shop.stock(sold, 9)
    order(api, "paid", **{sold: 4})
    worker.catch_up()
    sales = {one["label"]: one["value"] for one in explain(days=1).json["figures"]}
    assert (sales["Orders"], sales["Units sold"], sales["Revenue"]) == ("1", "4", "50.00 EUR")
    assert sales["Change of revenue in EUR"] == "no value before"
    products = {one["label"]: one["value"] for one in explain("products", days=1).json["figures"]}
    assert products['Product "Tea (f99): 9999", units sold'] == "4"


def test_customers_are_as_of_today_and_say_so(models: Models, api: Any) -> None:
    made = api("POST", "/customers", body={"name": "Ada", "email": "ada@example.com"})
    assert made.status == 201
    Worker(models.cloud).catch_up()
    answer = explain("customers", days=30).json
    assert answer["since"] == answer["until"]
    (message,) = models.requests[0]["messages"]
    assert message["content"][0]["text"].splitlines()[0] == f"Topic: customers. As of {answer['until']} (UTC)."


def test_amounts_have_the_digits_of_their_currency(models: Models, api: Any) -> None:
    worker = Worker(models.cloud)
    sold = shop.product("TEA", amount=1250, currency="JPY")
    shop.stock(sold, 9)
    order(api, "paid", **{sold: 4})
    worker.catch_up()
    sales = {one["label"]: one["value"] for one in explain(days=1).json["figures"]}
    assert sales["Revenue"] == "5000 JPY"


@pytest.mark.parametrize("topic", [topic.value for topic in Topic])
def test_every_topic_has_figures_with_ids_of_their_own(models: Models, topic: str) -> None:
    figures = explain(topic).json["figures"]
    assert len(figures) == len({one["id"] for one in figures})
    assert len(models.requests) == bool(figures)


def test_where_nothing_was_sold_there_is_nothing_to_explain_and_to_pay(models: Models) -> None:
    answer = explain("products").json
    assert (answer["figures"], answer["insights"], answer["model"]) == ([], [], None)
    assert answer["stop_reason"] == "no_figures"
    assert (models.requests, models.money().spent) == ([], 0)


def test_insights_count_in_their_own_limit(models: Models) -> None:
    models.set(limits={"environment": PLENTY, "tenant": PLENTY, "features": {"insights": {"daily": 10}}})
    refusal = explain()
    assert (refusal.status, refusal.json["error"]["details"][0]["scope"]) == (429, "feature")
    assert ask({"message": "hi"}).status == 200


@pytest.mark.parametrize(
    "body", [{}, {"topic": "weather"}, {"topic": "sales", "days": 0}, {"topic": "sales", "days": 91}]
)
def test_a_request_of_another_shape_is_refused_and_free(models: Models, body: dict[str, Any]) -> None:
    assert ask(body, "/assistant/insights").status == 422
    assert (models.requests, models.money().spent) == ([], 0)


def test_a_device_gets_none(models: Models) -> None:
    assert ask({"topic": "sales"}, "/assistant/insights", role="device").status == 403
    assert models.requests == []
