"""The metrics of an invocation: one line in CloudWatch's embedded format, with dimensions that nobody chooses."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import validate

from omnix import aws, metrics
from omnix.dynamodb import Table

from .conftest import Answer, Cloud
from .slow_service import Reply, service
from .worker import Worker

# "Specification: Embedded metric format", CloudWatch user guide: the schema, without what is not used here.
EMF = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": {"type": "string"}},
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {"Unit": {"enum": ["Count", "Milliseconds"]}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}

type Call = Callable[..., Answer]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    capsys.readouterr()

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]

    return lines


def test_a_request_is_counted_with_its_route_and_outcome(api: Call, written: Any) -> None:
    api("GET", "/products/p1", resource="/products/{product_id}")
    (line,) = written()
    validate(line, EMF)
    assert (line["Requests"], line["ClientErrors"], line["ServerErrors"]) == (1, 1, 0)
    assert line["Latency"] > 0
    assert (line["Environment"], line["Function"], line["Route"]) == ("dev", "api", "GET /products/{product_id}")


def test_every_metric_and_dimension_of_a_line_is_in_it(api: Call, written: Any) -> None:
    api("GET", "/system/health")
    (line,) = written()
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == metrics.NAMESPACE
        assert {name for dimensions in directive["Dimensions"] for name in dimensions} <= line.keys()
        assert all(isinstance(line[metric["Name"]], int | float) for metric in directive["Metrics"])


def test_no_dimension_holds_what_a_caller_chose(api: Call, written: Any) -> None:
    api("GET", "/products/ada@shop.example", resource="/products/{product_id}", query={"x": "ada@shop.example"})
    api("GET", "/ada@shop.example", resource="/{proxy+}")
    assert "ada@" not in str(written())


def test_a_server_error_counts_as_one(api: Call, written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnix.catalogue.routes.catalogue", lambda: 1 // 0)
    assert api("GET", "/products").status == 500
    (line,) = written()
    assert (line["ClientErrors"], line["ServerErrors"]) == (0, 1)


def test_a_failure_that_a_retry_made_good_is_counted(api: Call, written: Any) -> None:
    throttled = Reply(400, {"__type": "ThrottlingException"})
    with service(throttled, Reply(500), Reply(body={})) as dynamodb:
        table = Table(aws.client("dynamodb", dynamodb.url), "users")
        with pytest.raises(Exception, match="500"):
            table.get("a", "b")
        assert table.get("a", "b") is None
    api("GET", "/system/health")
    api("GET", "/system/health")
    assert [line["DependencyFailures"] for line in written()] == [2, 0]


def test_the_worker_counts_records_and_what_it_hands_back(cloud: Cloud, written: Any) -> None:
    record = {"eventID": "1", "dynamodb": {"SequenceNumber": "1"}}
    assert Worker(cloud).deliver([record, record]) == ["1"]
    (line,) = written()
    validate(line, EMF)
    assert (line["Records"], line["BatchesHandedBack"], "Route" in line) == (2, 1, False)
