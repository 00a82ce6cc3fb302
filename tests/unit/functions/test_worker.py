"""The stream consumer: what a reaction sees, what happens when one fails, and that nothing counts twice."""

import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from omnix import dynamodb
from omnix.analytics import best
from omnix.events import once
from omnix.events.change import Change, change
from omnix.events.consumer import consume
from omnix.events.source import Source
from omnix.table_names import TableNames

from .conftest import Answer, Cloud, caller, table
from .worker import Records, Worker

type Call = Callable[..., Answer]

SOURCE = Source("omnix-ai-dev-", lambda: TableNames({"orders": "omnix-ai-dev-orders"}))
STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/omnix-ai-dev-orders/stream/2026-11-21T00:00:00.000"


def record(number: int, name: str = "INSERT", **more: Any) -> dict[str, Any]:
    images = {"NewImage": {"pk": {"S": "TENANT#t1"}, "sk": {"S": f"ORDER#{number}"}, "n": {"N": str(number)}}}
    data = {"SequenceNumber": str(1000 + number), "ApproximateCreationDateTime": 1795251600.0, **images}
    return {"eventID": f"event-{number}", "eventName": name, "eventSourceARN": STREAM, "dynamodb": data, **more}


def test_a_change_has_both_images_the_table_and_the_moment() -> None:
    given = record(1, "MODIFY")
    given["dynamodb"]["OldImage"] = {"pk": {"S": "TENANT#t1"}, "n": {"N": "0"}}
    found = change(given, SOURCE)
    assert found == Change(
        event_id="event-1",
        table="orders",
        kind="modify",
        old={"pk": "TENANT#t1", "n": 0},
        new={"pk": "TENANT#t1", "sk": "ORDER#1", "n": 1},
        at="2026-11-21T09:00:00.000Z",
    )
    assert found.tenant_id == "t1"


def test_an_expiry_and_an_item_of_no_tenant_are_known_as_such() -> None:
    expired = record(1, userIdentity={"type": "Service", "principalId": "dynamodb.amazonaws.com"})
    assert change(expired, SOURCE).expired
    expired["dynamodb"]["NewImage"]["pk"]["S"] = "CREDENTIAL#x"
    assert change(expired, SOURCE).tenant_id == ""


def test_another_environments_table_is_refused() -> None:
    with pytest.raises(ValueError, match="not a table of this environment"):
        change(record(1), Source("omnix-ai-prod-", lambda: TableNames({"orders": "omnix-ai-prod-orders"})))


def test_after_a_failure_nothing_is_begun_and_lambda_is_told_where() -> None:
    seen: list[str] = []

    def react(found: Change) -> None:
        if found.event_id == "event-2":
            raise RuntimeError("no")
        seen.append(found.event_id)

    event = {"Records": [record(1), record(2), record(3)]}
    answer = consume(event, SOURCE, {"orders": (react,)})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1002"}]}
    assert seen == ["event-1"]


def test_a_record_that_cannot_be_read_stops_only_itself_and_what_follows() -> None:
    broken = record(2)
    del broken["eventName"]
    answer = consume({"Records": [record(1), broken]}, SOURCE, {})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1002"}]}


def test_a_batch_that_would_not_end_in_time_is_handed_back() -> None:
    left = iter([60_000.0, 60_000.0, 5_000.0])
    answer = consume({"Records": [record(1), record(2), record(3)]}, SOURCE, {}, lambda: next(left))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1003"}]}


def product(api: Call, sku: str, amount: int = 100, tenant: str = "t1", category: str = "tea") -> str:
    price = {"amount": amount, "currency": "EUR"}
    body = {"sku": sku, "name": sku, "category": category, "price": price}
    answer = api("POST", "/products", body=body, authorizer=caller(tenant=tenant))
    assert answer.status == 201, answer.text
    return str(answer.json["product_id"])


def rollups(cloud: Cloud) -> list[dict[str, Any]]:
    """Every counter that is not zero, without what tells when."""
    found = [item for item in cloud.items("analytics") if item["entity"] == "rollup"]
    stripped = [
        {name: value for name, value in item.items() if value and name not in {"updated_at", "version"}}
        for item in found
    ]
    return sorted(stripped, key=lambda item: (item["pk"], item["sk"]))


def shop(api: Call) -> None:
    """Products that change and go, stock, and orders that are paid, cancelled and given back."""
    tea, cake, gone = product(api, "TEA"), product(api, "CAKE", 500, category="cake"), product(api, "GONE")
    api("PATCH", f"/products/{tea}", body={"category": "drinks"})
    api("DELETE", f"/products/{gone}")
    product(api, "OTHER", tenant="t2")
    for item, on_hand in ((tea, 50), (cake, 3)):
        stock(api, item, on_hand)
    for steps in (["paid"], ["paid", "refunded"], ["cancelled"], ["paid", "fulfilled", "delivered"]):
        lines = [{"product_id": tea, "quantity": 2}]
        lines += [{"product_id": cake, "quantity": 1}] if steps == ["paid"] else []
        made = api("POST", "/orders", body={"lines": lines})
        assert made.status == 201, made.text
        for status in steps:
            path = f"/orders/{made.json['order_id']}"
            assert api("PATCH", path, body={"status": status}).status == 200


def stock(api: Call, product_id: str, on_hand: int) -> None:
    body = {"quantity": on_hand, "reason": "received"}
    assert api("POST", f"/inventory/{product_id}/adjustments", body=body).status == 201


@pytest.mark.parametrize("seed", range(3))
def test_twice_and_out_of_order_counts_as_once_and_in_order(api: Call, cloud: Cloud, seed: int) -> None:
    shop(api)
    worker = Worker(cloud)
    worker.mess_up(seed)
    messed_up = rollups(cloud)
    clear(cloud)
    in_order = Worker(cloud)
    in_order.catch_up()
    assert messed_up == rollups(cloud)
    assert messed_up


def test_a_kill_between_any_two_writes_changes_nothing(
    api: Call, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies before each of its writes in turn, and gets the batch again."""
    shop(api)
    worker = Worker(cloud)
    batches = list(worker.records().values())
    allowed, left = 0, 0

    class KilledError(BaseException):
        pass

    def dying(write: Callable[..., Any]) -> Callable[..., Any]:
        def written(*arguments: Any) -> Any:
            nonlocal left
            if left == 0:
                raise KilledError
            left -= 1
            return write(*arguments)

        return written

    def deliver(batch: Records) -> bool:
        try:
            return worker.deliver(batch) == []
        except KilledError:
            return False

    with monkeypatch.context() as patch:
        patch.setattr(once, "transact", dying(dynamodb.transact))
        patch.setattr(best, "_write", dying(best._write))
        for batch in batches:
            while True:
                left = allowed = allowed + 1
                if deliver(batch):
                    break
    worker.catch_up()
    killed = rollups(cloud)
    clear(cloud)
    Worker(cloud).catch_up()
    assert killed == rollups(cloud)


@pytest.mark.usefixtures("atomic_writes")
def test_lanes_that_race_lose_no_count(api: Call, cloud: Cloud) -> None:
    shop(api)
    worker = Worker(cloud)
    lanes: dict[int, Records] = {}
    for batch in worker.records().values():
        for one in batch:
            lanes.setdefault(zlib.crc32(one["dynamodb"]["Keys"]["sk"]["S"].encode()) % 4, []).append(one)
    threads = [threading.Thread(target=until_done, args=(worker, lane)) for lane in lanes.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.catch_up()
    raced = rollups(cloud)
    clear(cloud)
    Worker(cloud).catch_up()
    assert raced == rollups(cloud)


def until_done(worker: Worker, records: Records) -> None:
    while records:
        failed = worker.deliver(records)
        numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
        records = records[numbers.index(failed[0]) :] if failed else []


def clear(cloud: Cloud) -> None:
    """As if the worker had never run."""
    for logical in ("analytics", "recommendations"):
        for item in cloud.items(logical):
            key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
            cloud.client("dynamodb").delete_item(TableName=table(logical), Key=key)
