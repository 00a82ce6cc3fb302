import json
import re

import pytest

from components.monitoring.metrics import ModelCalls
from components.monitoring.model_alarms import ModelThresholds, model_alarms
from components.monitoring.model_widgets import model_graphs, tenants
from components.monitoring.tenant_metrics import RULES
from omnix.costs import metrics as emitted
from omnix.costs.model import Usage

CALLS = ModelCalls("prod")
ALARMS = {alarm.key: alarm for alarm in model_alarms(CALLS, 50, ModelThresholds())}
GRAPHS = model_graphs(CALLS, ["a", "b"], ["chat", "insights"])
SHOWN = [metric for _, series in GRAPHS for metric, _ in series]
WATCHED = [metric for alarm in ALARMS.values() for metric in alarm.metrics.values()]
NAMES = {value for name, value in vars(emitted).items() if name.isupper() and isinstance(value, str)}


@pytest.mark.parametrize("metric", [*WATCHED, *SHOWN], ids=lambda metric: metric.name)
def test_what_is_watched_and_shown_is_what_the_assistant_emits(metric):
    """A name or a dimension of its own is a metric without data, whose alarm never rings."""
    assert metric.namespace == emitted.NAMESPACE
    assert metric.name in NAMES
    assert set(metric.dimensions) in ({emitted.ENVIRONMENT}, {emitted.ENVIRONMENT, emitted.MODEL, emitted.FEATURE})
    assert metric.dimensions["Environment"] == "prod"


def test_four_fifths_of_the_days_budget_wake_somebody_long_before_aws_would():
    alarm = ALARMS["models-cost"]
    assert (alarm.threshold, alarm.metrics["m"].period, alarm.metrics["m"].stat) == (40, 86_400, "Sum")


def test_one_failure_at_night_is_no_rate():
    expression = ALARMS["models-failed"].expression
    assert expression is not None
    assert ">= 10" in expression
    assert set(re.findall(r"FILL\((\w+), 0\)", expression)) == set(ALARMS["models-failed"].metrics)


def test_a_guard_that_is_wrong_rings_at_the_first_time():
    assert {ALARMS[key].threshold for key in ("models-reservation-exceeded", "models-late-settlements")} == {1}


def test_a_late_settlement_is_not_told_of_a_table_that_is_away():
    """The sweep ends what the table did not take, and the alarm on lapses tells of it by its name."""
    assert ALARMS["models-late-settlements"].metrics["m"].name == emitted.LATE
    assert emitted.UNENDED in ALARMS["models-lapsed"].reason


def test_every_alarm_says_why_within_awss_1024_characters_and_stays_quiet_without_calls():
    for alarm in ALARMS.values():
        assert 40 < len(alarm.reason) <= 1024
        assert alarm.treat_missing_data == "notBreaching"


def test_every_model_and_feature_has_its_line_of_cost_and_of_latency():
    lines = {title: [label for _, label in series] for title, series in GRAPHS}
    both = ["a · chat", "a · insights", "b · chat", "b · insights"]
    assert lines["Cost an hour (US dollars)"] == lines["Latency p90 (ms)"] == both


@pytest.fixture
def lines(capsys, monkeypatch):
    """What the assistant writes of a call that lapsed and of one that was answered."""
    monkeypatch.setenv("OMNIX_ENVIRONMENT", "prod")
    who = {"tenant_id": "t1", "feature": "chat", "model_id": "m", "reservation_id": "r"}
    emitted.happened(emitted.LAPSED, who, 9_000_000)
    emitted.settled(Usage(1, 2, 3, 4, 5), 1_500_000, 70, who, truncated=False)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def answered(lines):
    return lines[1]


def test_tenants_are_summed_from_the_log_by_the_fields_that_are_in_it(answered):
    widget = tenants("/aws/lambda/omnix-ai-prod-assistant", "eu-central-1")["properties"]
    assert widget["query"].startswith("SOURCE '/aws/lambda/omnix-ai-prod-assistant' | ")
    fields = set(re.findall(r"(?:sum|pct)\((\w+)", widget["query"]))
    assert fields <= NAMES
    grouped = re.search(r"by (\w+), (\w+) ", widget["query"])
    assert grouped
    assert [answered[name] for name in grouped.groups()] == ["t1", "chat"]


def test_a_tenants_cost_and_tokens_are_metrics_of_the_lines_that_an_answered_call_writes(answered):
    """Contributor Insights passes over a line that lacks a key or the value, without a word."""
    for rule in RULES:
        definition = rule.definition("/aws/lambda/omnix-ai-prod-assistant")
        found = definition["Contribution"]
        assert [answered[key.removeprefix("$.")] for key in found["Keys"]] == ["t1", "chat", "m"]
        assert definition["LogGroupNames"] == ["/aws/lambda/omnix-ai-prod-assistant"]
        assert (definition["AggregateOn"] == "Sum") == ("ValueOf" in found) == bool(rule.field)
    summed = {rule.field: answered[rule.field] for rule in RULES if rule.field}
    assert summed == {"CostUsd": 0.0015, "Tokens": 15, "ModelLatency": 70}
    assert emitted.TOKENS not in {name for one in answered["_aws"]["CloudWatchMetrics"] for name in names_of(one)}


def test_what_lapsed_is_in_no_tenants_metrics_and_what_was_answered_is_there_once(lines):
    """A late answer's line comes after that of the lapse, whose cost was the worst case."""
    lapsed, answered = lines
    for rule in RULES:
        (only,) = rule.definition("g")["Contribution"]["Filters"]
        field = only["Match"].removeprefix("$.")
        assert (lapsed.get(field), answered[field]) == (None, only["EqualTo"])


def names_of(directive):
    return [metric["Name"] for metric in directive["Metrics"]]


def test_a_rules_graph_names_the_rule_and_its_largest_contributors():
    shown = RULES[0].widget("omnix-ai-prod-tenant-cost", "eu-central-1")["properties"]["insightRule"]
    assert shown == {"ruleName": "omnix-ai-prod-tenant-cost", "orderBy": "Sum", "maxContributorCount": 10}
