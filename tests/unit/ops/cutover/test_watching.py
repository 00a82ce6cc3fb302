"""A move is judged by what got worse after it, and by nothing that was so before."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ops.cutover.moving import Site
from ops.cutover.watching import FAILED_PROBES, FLOOR, Watch, counted, metrics, unready, worse
from ops.errors import Refused
from tests.unit.ops.cutover.test_moving import NOW, Clock

QUIET: Mapping[str, float] = {"5xx of the API": 0.0}
MOVED = NOW // 60 * 60 + 30


def watch(clock: Clock, counts: Any = None, probe: Any = None) -> Watch:
    site = Site(None, lambda _: None, clock.now, clock.sleep)  # type: ignore[arg-type] # it looks at the clock alone
    return Watch(site, counts or (lambda *_: QUIET), probe or list)


def test_a_quiet_environment_is_watched_to_the_end_and_nothing_is_said() -> None:
    clock = Clock(MOVED)
    assert watch(clock).run(MOVED, 300, lambda *_: None) == []
    assert clock.at >= MOVED + 300


def test_three_looks_in_a_row_that_are_not_ready_end_it_and_one_does_not() -> None:
    clock, said = Clock(MOVED), iter([["api: table:orders"], [], *[["api: table:orders"]] * FAILED_PROBES])
    (why,) = watch(clock, probe=lambda: next(said)).run(MOVED, 300, lambda *_: None)
    assert "table:orders" in why
    assert clock.at < MOVED + 60


def test_errors_that_come_with_the_move_end_it_within_three_minutes() -> None:
    clock = Clock(MOVED)
    (why,) = watch(clock, lambda start, _: {"5xx of the API": 40.0 if start > MOVED else 0.0}).run(
        MOVED, 600, lambda *_: None
    )
    assert why.startswith("5xx of the API: 40")
    assert clock.at < MOVED + 180


def test_who_cannot_count_says_so_and_moves_nothing_back() -> None:
    def away(*_: float) -> Mapping[str, float]:
        raise ReadTimeoutError(endpoint_url="https://monitoring")

    with pytest.raises(Refused, match="stays as it is"):
        watch(Clock(MOVED), away).run(MOVED, 300, lambda *_: None)


def test_no_look_is_shorter_than_what_is_counted() -> None:
    """CloudWatch counts by the minute, and refuses a window that ends where it begins."""
    asked: list[tuple[float, float]] = []

    def counts(start: float, end: float) -> Mapping[str, float]:
        asked.append((start, end))
        return QUIET

    for seconds in (12, 45, 200):
        watch(Clock(MOVED), counts).run(MOVED, seconds, lambda *_: None)
    assert min(end - start for start, end in asked) >= 60


def test_the_minute_of_the_move_counts_on_neither_side() -> None:
    """Its writes were paused, and CloudWatch counts by the minute."""
    asked: list[tuple[float, float]] = []
    clock = Clock(MOVED)

    def counts(start: float, end: float) -> Mapping[str, float]:
        asked.append((start, end))
        return QUIET

    watch(clock, counts).run(MOVED, 240, lambda *_: None)
    minute = MOVED // 60 * 60
    assert all(end <= minute - 60 or start >= minute + 60 for start, end in asked)
    assert any(end <= minute - 60 for _, end in asked)
    assert any(start >= minute + 60 for start, _ in asked)


@pytest.mark.parametrize(
    ("before", "after", "is_worse"),
    [(0, FLOOR - 1, False), (0, FLOOR, True), (10, 19, False), (10, 21, True), (100, 100, False)],
)
def test_worse_is_a_rate_that_doubled_and_no_handful(before: float, after: float, is_worse: bool) -> None:
    assert bool(list(worse({"e": before}, {"e": after}, 600, 600))) is is_worse


def test_windows_of_different_length_are_compared_by_rate() -> None:
    assert not list(worse({"e": 90}, {"e": 10}, 900, 60))
    assert list(worse({"e": 90}, {"e": 15}, 900, 60))


class CloudWatch:
    """GetMetricData in pages."""

    def __init__(self) -> None:
        self.queries: list[dict[str, Any]] = []

    def get_paginator(self, name: str) -> "CloudWatch":
        assert name == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries: list[dict[str, Any]], **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        self.queries += MetricDataQueries
        return [
            {"MetricDataResults": [{"Id": "m0", "Values": [1.0, 2.0]}]},
            {"MetricDataResults": [{"Id": "m0", "Values": [4.0]}]},
        ]


def test_every_page_is_counted_and_each_query_is_the_metric_that_aws_has() -> None:
    cloudwatch, wanted = CloudWatch(), metrics("api", "dev", ["f"], ["t"])
    found = counted(cloudwatch, wanted, NOW - 60, NOW)
    assert found["5xx of the API"] == 7.0
    assert found["errors of t"] == 0.0
    assert len({query["Id"] for query in cloudwatch.queries}) == len(wanted)
    dimensions = {
        (
            query["MetricStat"]["Metric"]["MetricName"],
            tuple(one["Name"] for one in query["MetricStat"]["Metric"]["Dimensions"]),
        )
        for query in cloudwatch.queries
    }
    assert ("5XXError", ("ApiName", "Stage")) in dimensions
    assert ("SystemErrors", ("TableName", "Operation")) in dimensions
    assert ("WriteThrottleEvents", ("TableName",)) in dimensions


class Functions:
    def __init__(self, answer: dict[str, Any], error: str = "") -> None:
        self.answer, self.error = answer, error

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert (FunctionName, json.loads(Payload)) == ("arn:live", {"source": "omnix.readiness"})
        failed = {"FunctionError": self.error} if self.error else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **failed}


def test_what_is_not_ready_is_named_and_what_died_too() -> None:
    check = {"name": "table:orders", "ok": False, "detail": "ClientError"}
    assert unready(Functions({"checks": [check]}), {"api": "arn:live"}) == ["api: table:orders (ClientError)"]
    assert unready(Functions({"checks": [{**check, "ok": True}]}), {"api": "arn:live"}) == []
    assert unready(Functions({"errorType": "Timeout"}, "Unhandled"), {"api": "arn:live"}) == ["api: Timeout"]
