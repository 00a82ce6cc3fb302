"""Prices, limits, bounds, refusals, metrics, and what is made of the ledger: pure."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from omnix import clock
from omnix.costs import bound, keys, ledger, limits, metrics, optimising, prices, refusals
from omnix.costs.holds import Verdict
from omnix.costs.ledger import Row
from omnix.costs.model import Feature, Outcome, Period, Prices, Scope, Usage, usd
from omnix.costs.refusals import ModelNotAllowedError, PriceMissingError, Shortage
from omnix.costs.standing import standing
from omnix.dynamodb import dump_item
from omnix.integrity.check import said
from tests.unit.functions import costs_table

PRICES = {"input": 250, "output": 1250, "cache_read": 25, "cache_write": 313, "cache_write_1h": 500}
ENTRY = {"call": "arn:a", "foundation": "a", "prices": PRICES, "max_output": 4096, "context": 200_000}
CACHING = {"caching": True, "tools": True}


def catalogue(**entries):
    return prices.parse(json.dumps(entries))


def test_usage_is_read_from_converse_with_cache_writes_by_their_ttl():
    found = Usage.of_converse(
        {
            "inputTokens": 10, "outputTokens": 20, "totalTokens": 100, "cacheReadInputTokens": 30,
            "cacheWriteInputTokens": 40,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 25}, {"ttl": "5m", "inputTokens": 15}],
        }
    )  # fmt: skip
    assert found == Usage(input=10, output=20, cache_read=30, cache_write=15, cache_write_1h=25)
    assert Usage.of_converse({"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}) == Usage(1, 2)


@given(
    st.builds(Usage, *[st.integers(0, 500)] * 4),  # no request asks for a cache of an hour
    st.builds(Prices, *[st.integers(0, 10**6)] * 5),
    st.integers(0, 100),
)
def test_no_usage_within_its_bounds_costs_more_than_the_worst_case(usage, own, more):
    sent = usage.total - usage.output
    assert own.cost(usage) <= own.worst(sent + more, usage.output + more)
    assert own.cost(usage) == sum(own.by_component(usage).values())


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.000000"), (499, "0.000000"), (500, "0.000001"), (1_234_567_890, "1.234568"), (-2_000, "-0.000002")],
)
def test_amounts_are_shown_as_dollars_with_six_decimals(amount, text):
    assert usd(amount) == text


def test_models_come_in_their_order_of_preference():
    found = catalogue(b=ENTRY | CACHING, a=ENTRY)
    assert found.ids == ("b", "a")
    assert found.model("b").call == "arn:a"
    assert not found.model("a").caching


def test_a_model_that_is_not_allowed_is_refused_by_name():
    with pytest.raises(ModelNotAllowedError) as caught:
        catalogue(a=ENTRY).model("gpt")
    assert (caught.value.status, caught.value.details) == (422, [{"model": "gpt", "allowed": ["a"]}])


@pytest.mark.parametrize("missing", list(PRICES))
@pytest.mark.parametrize("value", [None, "250", 2.5, -1, True])
def test_a_model_with_a_price_missing_or_wrong_is_never_called(missing, value):
    broken = ENTRY | CACHING | {"prices": PRICES | {missing: value}}
    found = catalogue(a=broken, b=ENTRY)
    with pytest.raises(PriceMissingError) as caught:
        found.model("a")
    assert caught.value.details == [{"model": "a", "missing": [missing]}]
    assert [model.model_id for model in found.priced()] == ["b"]


@pytest.mark.parametrize("entry", [{"prices": {}}, {"prices": None}, {"prices": {"input": 0, "output": 0}}])
def test_input_and_output_are_never_free(entry):
    with pytest.raises(PriceMissingError):
        catalogue(a=ENTRY | entry).model("a")


def test_a_model_without_a_cache_has_its_prices_by_its_input():
    found = catalogue(a=ENTRY | {"prices": {"input": 7, "output": 9}}).model("a").prices
    assert found == Prices(7, 9, 7, 7, 7)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {}}', '{"a": {"max_output": "9", "context": 1}}'])
def test_a_catalogue_that_is_none_is_an_error_of_ours(text):
    with pytest.raises(prices.ModelsError):
        prices.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", '{"environment": {"daily": "5"}}', '{"environment": {"daily": 5.5}}',
        '{"environment": {"daily": -1}}', '{"environment": {"dayly": 5}}', '{"environment": {"daily": true}}',
    ],
)  # fmt: skip
def test_limits_that_are_none_never_count_as_no_limit(text):
    with pytest.raises(limits.LimitsError):
        limits.parse(text)


def test_a_tenant_has_its_own_limits_or_everybodys():
    found = costs_table.limits(
        tenant={"daily": 5}, tenants={"t2": {"daily": 9, "monthly": None}}, max_output={"chat": 7}
    )
    assert found.of_tenant("t1") == limits.Bound(daily=5)
    assert found.of_tenant("t2") == limits.Bound(daily=9)
    assert (found.output(Feature.CHAT), found.output(Feature.INSIGHTS)) == (7, limits.DEFAULT_MAX_OUTPUT)


def test_limits_of_features_that_this_version_does_not_know_are_left_alone():
    assert costs_table.limits(features={"seance": {"daily": 1}}).features == {}


@pytest.mark.parametrize(
    ("period", "day", "reset"),
    [
        (Period.DAY, "2026-11-22", "2026-11-23T00:00:00Z"),
        (Period.DAY, "2026-11-30", "2026-12-01T00:00:00Z"),
        (Period.MONTH, "2026-11-22", "2026-12-01T00:00:00Z"),
        (Period.MONTH, "2026-12-31", "2027-01-01T00:00:00Z"),
        (Period.MONTH, "2028-02-01", "2028-03-01T00:00:00Z"),
    ],
)
def test_limits_reset_at_utc_midnight_and_on_the_first(period, day, reset):
    assert limits.resets_at(period, day) == reset


def test_the_seconds_until_a_reset_are_never_too_few():
    midnight = 1_795_392_000  # 2026-11-23T00:00:00Z
    assert limits.seconds_until_reset(Period.DAY, "2026-11-22", midnight - 60) == 60
    assert limits.seconds_until_reset(Period.DAY, "2026-11-22", midnight - 0.1) == 1
    assert limits.seconds_until_reset(Period.DAY, "2026-11-22", midnight + 5) == 1


def shortage(scope, period, **changes):
    return Shortage(scope, period, 100, 90, 20, limits.resets_at(period, "2026-11-22"), **changes)


def test_a_days_limit_is_429_with_the_seconds_until_it_resets():
    made = refusals.refusal([shortage(Scope.FEATURE, Period.DAY, feature=Feature.CHAT)], 60)
    assert (made.status, made.code, made.headers["Retry-After"]) == (429, "limit_reached", "60")
    assert made.details == [
        {
            "scope": "feature", "period": "day", "feature": "chat", "limit_usd": "0.000000",
            "committed_usd": "0.000000", "needed_usd": "0.000000", "resets_at": "2026-11-23T00:00:00Z",
        }
    ]  # fmt: skip
    assert "feature's limit of this day" in made.message


def test_a_months_limit_is_402_even_beside_a_days():
    made = refusals.refusal([shortage(Scope.TENANT, Period.DAY), shortage(Scope.TENANT, Period.MONTH)], 60)
    assert (made.status, "Retry-After" in made.headers) == (402, False)
    assert "2026-12-01" in made.message


@pytest.mark.parametrize(("period", "status"), [(Period.DAY, 429), (Period.MONTH, 402)])
def test_a_call_that_is_larger_than_a_limit_is_told_so_and_not_to_come_again(period, status):
    large = replace(shortage(Scope.TENANT, period), limit=5, needed=6)
    made = refusals.refusal([shortage(Scope.FEATURE, Period.DAY), large], 60)
    assert (made.status, "Retry-After" in made.headers) == (status, False)
    assert made.message == (
        f"This call is too large for the tenant's limit of this {period}: no reset makes room for it."
    )
    assert [detail["resets_at"] for detail in made.details] == ["2026-11-23T00:00:00Z", None]


@given(st.text(), st.lists(st.text(), max_size=5))
def test_a_text_has_no_more_tokens_than_its_bound(system, texts):
    """A byte-level tokeniser makes at most a token of each byte."""
    messages = [{"role": "user", "content": [{"text": text}]} for text in texts]
    found = bound.upper({"system": [{"text": system}], "messages": messages, "modelId": "x" * 10_000})
    sent = sum(len(text.encode("utf-8", "surrogatepass")) for text in [system, *texts])
    assert sent + bound.MESSAGE_TOKENS * len(messages) <= found < sent * 6 + 10_000


def test_a_tools_json_is_bound_as_long_as_a_service_may_write_it():
    """Bedrock makes text of it, with escapes or without."""
    data = {"name": "茶" * 1000}
    message = {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"json": data}]}}]}
    assert bound.upper({"messages": [message]}) > len(json.dumps(data))
    assert bound.upper({"messages": [message]}) < len(json.dumps(data)) + 300


def test_the_bound_allows_for_what_the_service_says_about_tools():
    tools = [{"toolSpec": {"name": "find", "inputSchema": {"json": {"type": "object"}}}}]
    plain = bound.upper({"messages": []})
    assert bound.upper({"messages": [], "toolConfig": {"tools": tools}}) > plain + bound.TOOLS_TOKENS + 50


class Runtime:
    """bedrock-runtime's CountTokens."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def count_tokens(self, **asked):
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"inputTokens": self.answer}


def test_the_exact_count_is_asked_of_the_foundation_model_with_what_is_sent():
    runtime = Runtime(12)
    request: dict[str, Any] = {"messages": [1], "system": [2], "inferenceConfig": {}, "toolConfig": None}
    own = costs_table.model("eu.amazon.nova-lite-v1:0", counting=True)
    assert bound.exact(runtime, own, request) == 12
    assert runtime.asked == [{"modelId": own.foundation, "input": {"converse": {"messages": [1], "system": [2]}}}]


@pytest.mark.parametrize(
    "error",
    [ClientError({"Error": {"Code": "ValidationException"}}, "CountTokens"), EndpointConnectionError(endpoint_url="x")],
)
def test_where_nobody_counts_the_bound_stands(error):
    assert bound.exact(Runtime(error), costs_table.model(counting=True), {"messages": []}) is None


def test_a_model_that_nobody_counts_for_is_not_asked():
    runtime = Runtime(12)
    assert bound.exact(runtime, costs_table.model(), {"messages": [1]}) is None
    assert runtime.asked == []


def test_ids_sort_by_the_end_of_their_leases_and_marks_are_read_back():
    early, late = keys.new_id(1_795_392_000), keys.new_id(1_795_392_001)
    assert early < keys.until(1_795_392_001) < late
    assert keys.lease_ends(late) == 1_795_392_001
    mark = keys.Mark("22", Feature.INSIGHTS, late)
    assert keys.Mark.of(mark.name) == mark
    assert [keys.Mark.of(name) for name in ("m", "d22", "chat_d22", "expires_at", f"h22_seance_{late}")] == [None] * 5


def test_a_limit_stands_with_what_is_spent_and_what_is_held():
    chat, other = keys.Mark("22", Feature.CHAT, "3lh9s97m7b4xlk"), keys.Mark("21", Feature.INSIGHTS, "3lh9s97m7b4xl0")
    item = {"m": 100, "d22": 60, "chat_m": 50, "chat_d22": 40, chat.name: 15, other.name: 5}
    current = costs_table.limits(environment={"daily": 200}, features={"chat": {"daily": 70}})
    found = standing(item, limits.of_environment(current, Feature.CHAT, "2026-11-22"), "2026-11-22")
    assert [(one.scope.value, one.period.value, one.limit, one.spent, one.held) for one in found] == [
        ("environment", "month", None, 80, 20),
        ("environment", "day", 200, 45, 15),
        ("feature", "month", None, 35, 15),
        ("feature", "day", 70, 25, 15),
    ]
    assert all(one.committed == one.spent + one.held for one in found)
    assert [one.committed for one in standing({}, limits.of_tenant(current, "t", "2026-11-22"), "2026-11-22")] == [0, 0]


def row(model_id="model-a", feature=Feature.CHAT, verdicts=(), **counts):
    found = Counter(counts)
    for verdict in verdicts:
        found.update(ledger.counted(verdict, 1000))
    return Row("t", "2026-11-22", feature, model_id, found)


def answered(usage, stop_reason="end_turn", model=None, **changes):
    costs = (model or costs_table.model()).prices.by_component(usage)
    return Verdict(
        Outcome.SETTLED, usage=usage, by_component=costs, cost=sum(costs.values()), stop_reason=stop_reason, **changes
    )


def test_what_a_feature_wastes_is_counted_once_an_answer():
    usage = Usage(input=60, output=10, cache_read=30, cache_write=10)
    verdicts = [
        answered(usage), answered(usage, "max_tokens", discarded=True), answered(usage, "guardrail_intervened"),
        answered(usage, "tool_use"), Verdict(Outcome.LAPSED, cost=1000), Verdict(Outcome.RELEASED),
    ]  # fmt: skip
    (found,) = optimising.watch([row(verdicts=verdicts)], [costs_table.model()], costs_table.limits())
    one = costs_table.PRICES.cost(usage)
    assert (found.calls, found.cost, found.wasted) == (4, 4 * one + 1000, 2 * one + 1000)
    assert (found.cache_hit_share, found.tokens_per_answer, found.input_tokens_per_answer) == (0.3, 10, 100)
    assert (found.truncated_share, found.unread_share) == (0.25, 0.5)


def test_the_cheapest_model_that_would_do_takes_tools_fits_and_did_well():
    cheap = Prices(1, 1, 1, 1, 1)
    models = [
        costs_table.model("paid"),
        costs_table.model("no-tools", cheap, tools=False),
        costs_table.model("short-answers", cheap, max_output=100),
        costs_table.model("small", cheap, context=8000),
        costs_table.model("bad", cheap),
        costs_table.model("untried", Prices(2, 2, 2, 2, 2)),
    ]
    usage = Usage(input=9000, output=10)
    rows = [
        row("paid", verdicts=[answered(usage, "tool_use")] * 20),
        row("bad", verdicts=[answered(usage)] * 18 + [answered(usage, "max_tokens")] * 2),
    ]
    best = optimising.cheapest(rows, models, 1024)
    assert best
    assert (best.model_id, best.proven, best.cost) == ("untried", False, 40 * 9010 * 2)
    assert best.saving == 40 * costs_table.PRICES.cost(usage) - best.cost
    assert optimising.cheapest(rows, models[:1], 1024) == optimising.Choice(
        "paid", 40 * costs_table.PRICES.cost(usage), 0, proven=True
    )
    assert optimising.cheapest(rows, models[1:4], 1024) is None
    assert optimising.cheapest([row(refused=3)], models, 1024) is None


def test_a_calls_metrics_have_model_and_feature_as_dimensions_and_the_tenant_as_none(capsys, monkeypatch):
    monkeypatch.setenv("OMNIX_ENVIRONMENT", "dev")
    who = {"tenant_id": "t1", "feature": "chat", "model_id": "m", "reservation_id": "r"}
    metrics.settled(Usage(1, 2, 3, 4, 5), 1_500_000, 70, who, truncated=True)
    metrics.happened(metrics.LATE, who)
    line, late = map(json.loads, capsys.readouterr().out.splitlines())
    directives = line["_aws"]["CloudWatchMetrics"]
    assert [one["Dimensions"] for one in directives] == [[["Environment"]], [["Environment", "Model", "Feature"]]]
    for one in directives:
        assert {metric["Name"] for metric in one["Metrics"]} <= line.keys()
    assert (line["tenant_id"], line["CostUsd"], line["CacheWriteTokens"], line["TruncatedAnswers"]) == (
        "t1",
        0.0015,
        9,
        1,
    )
    assert [one["Dimensions"] for one in late["_aws"]["CloudWatchMetrics"]] == [[["Environment"]]]


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        ({"sk": "AI#LEDGER#2026-11-22#chat#m#0", "cost": 9}, "sum of its parts"),
        ({"sk": "AI#LEDGER#2026-11-21#chat#m#0", "cost": 5}, "not the one of its content"),
    ],
)
def test_a_row_of_the_ledger_that_contradicts_itself_is_found(wrong, detail):
    row_ = {
        "pk": "TENANT#t",
        "tenant_id": "t",
        "day": "2026-11-22",
        "feature": "chat",
        "model_id": "m",
        "cost_input": 5,
    }
    found: list[Any] = list(said("analytics", dump_item({"entity": "ai_ledger", **row_, **wrong}), 0))
    assert [detail in one.detail for one in found] == [True]


def test_more_kept_than_committed_is_found():
    mark = keys.Mark("22", Feature.CHAT, keys.new_id(1_795_392_000)).name
    item = {"pk": "AI#LIMITS#2026-11", "sk": "ENVIRONMENT", "entity": "ai_limits", "m": 4, mark: 5}
    assert list(said("analytics", dump_item(item), 0))
    assert not list(said("analytics", dump_item(item | {"m": 5}), 0))


def test_a_row_of_a_feature_that_this_version_does_not_know_is_money_all_the_same():
    item = {"day": "2026-11-22", "tenant_id": "t", "model_id": "m"}
    found = ledger.merged([item | {"feature": "seance", "cost": 7}, item | {"feature": "chat", "cost": 5}])
    assert [(one.feature, one.counts[ledger.COST]) for one in found] == [("chat", 5), ("seance", 7)]
    assert [one.feature for one in optimising.watch(found, [], costs_table.limits())] == [Feature.CHAT]


def test_a_day_is_utcs(monkeypatch):
    monkeypatch.setattr(clock, "epoch_seconds", lambda: 1_795_391_999)
    assert clock.iso(clock.epoch_seconds()) == "2026-11-22T23:59:59.000Z"
    assert ledger.days("2026-11-30", "2026-12-01") == ["2026-11-30", "2026-12-01"]
