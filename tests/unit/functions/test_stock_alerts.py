"""Alerts: a level that falls to its reorder point opens one, and what brings it back above resolves it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from omnix.inventory.alerts import LOW_STOCK

from .conftest import Answer, Cloud, caller
from .test_inventory import ABSENT, adjust, move, product
from .worker import Records, Worker

type Call = Callable[..., Answer]


def reorder_at(api: Call, product_id: str, units: int) -> None:
    path = f"/inventory/{product_id}/reorder-point"
    assert api("PUT", path, body={"location_id": "main", "reorder_point": units}).status == 200


def stocked(api: Call, number: int = 1, units: int = 10, point: int = 4) -> str:
    found = product(api, number)
    adjust(api, found, units)
    reorder_at(api, found, point)
    return found


def alerts(api: Call, state: str = "open", tenant: str = "t1", **query: str) -> list[dict[str, Any]]:
    answer = api("GET", "/inventory/alerts", query={"state": state, **query}, authorizer=caller(tenant=tenant))
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def levels(worker: Worker) -> Records:
    return worker.records()["inventory"]


def test_a_level_that_falls_to_its_reorder_point_opens_an_alert_and_recovers(api: Call, cloud: Cloud) -> None:
    found, worker = stocked(api), Worker(cloud)
    move(cloud, "reserve", found, 5)
    worker.catch_up()
    assert alerts(api) == []
    move(cloud, "reserve", found, 1)
    worker.catch_up()
    (opened,) = alerts(api)
    assert (opened["product_id"], opened["location_id"], opened["state"]) == (found, "main", "open")
    assert (opened["available"], opened["reorder_point"], opened["resolved_at"]) == (4, 4, None)
    move(cloud, "reserve", found, 3)
    worker.catch_up()
    assert alerts(api) == [opened]  # lower still is no other fall
    adjust(api, found, 20)
    worker.catch_up()
    (resolved,) = alerts(api, "resolved")
    assert resolved == opened | {"state": "resolved", "resolved_at": resolved["resolved_at"]}
    assert resolved["resolved_at"] >= resolved["raised_at"]
    assert alerts(api) == []
    reorder_at(api, found, 100)
    worker.catch_up()
    assert [(one["available"], one["reorder_point"]) for one in alerts(api)] == [(21, 100)]
    assert alerts(api, "resolved") == []


def test_a_level_that_is_deleted_with_its_product_has_no_open_alert(api: Call, cloud: Cloud) -> None:
    found, worker = product(api), Worker(cloud)
    reorder_at(api, found, 4)
    worker.catch_up()
    assert len(alerts(api)) == 1  # it never had a unit: time to order
    assert api("DELETE", f"/products/{found}").status == 204
    worker.catch_up()
    assert (alerts(api), len(alerts(api, "resolved"))) == ([], 1)


@pytest.mark.parametrize("fallen", [True, False])
def test_changes_that_come_again_or_in_another_order_leave_the_last_one_s_alert(
    api: Call, cloud: Cloud, fallen: bool
) -> None:
    found, worker = stocked(api), Worker(cloud)
    levels(worker)
    move(cloud, "reserve", found, 6)
    move(cloud, "release", found, 6)
    if fallen:
        move(cloud, "reserve", found, 7)
    records = levels(worker)
    for record in [*reversed(records), *records, records[0]]:
        assert worker.deliver([record]) == []
        worker.deliver(levels(worker))
    assert [one["available"] for one in alerts(api)] == ([3] if fallen else [])
    assert len(alerts(api, "resolved")) == (not fallen)


def test_each_fall_is_counted_once(api: Call, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    found, worker = stocked(api), Worker(cloud)
    levels(worker)
    move(cloud, "reserve", found, 6)
    records = levels(worker)
    capsys.readouterr()
    for _ in range(3):
        worker.deliver(records)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line.get(LOW_STOCK) for line in lines] == [1, None, None]
    names = [metric["Name"] for metric in lines[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert LOW_STOCK in names


def test_alerts_are_paged_newest_first_and_each_tenants_own(api: Call, cloud: Cloud) -> None:
    worker = Worker(cloud)
    found = [stocked(api, number) for number in range(3)]
    worker.catch_up()
    for one in found:
        move(cloud, "reserve", one, 6)
    worker.catch_up()
    first = api("GET", "/inventory/alerts", query={"limit": "2"}).json
    rest = api("GET", "/inventory/alerts", query={"limit": "2", "cursor": first["next_cursor"]}).json
    times = [one["raised_at"] for one in [*first["items"], *rest["items"]]]
    assert sorted(found) == sorted(one["product_id"] for one in [*first["items"], *rest["items"]])
    assert times == sorted(times, reverse=True)
    assert rest["next_cursor"] is None
    assert alerts(api, tenant="t2") == []
    refused = api("GET", "/inventory/alerts", query={"state": "resolved", "cursor": first["next_cursor"]})
    assert refused.status == 400


def test_a_state_that_is_none_is_422_and_a_product_is_still_found_by_its_id(api: Call) -> None:
    assert api("GET", "/inventory/alerts", query={"state": "low"}).status == 422
    assert api("GET", f"/inventory/{ABSENT}").status == 404
