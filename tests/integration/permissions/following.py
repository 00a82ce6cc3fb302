"""Jobs of the worker: what follows a write. The records are handed to it as its mappings do, so that nobody waits."""

import json
import random
import time
import uuid
from collections.abc import Mapping
from typing import Any

from tests.integration.permissions.site import Site, wait_until


def _record(site: Site, table: str, item: Mapping[str, Any]) -> dict[str, Any]:
    stream = site.client("dynamodb").describe_table(TableName=f"omnix-ai-{site.name}-{table}")["Table"]
    data = {"SequenceNumber": "1", "ApproximateCreationDateTime": time.time(), "NewImage": item}
    arn = stream["LatestStreamArn"]
    return {"eventID": uuid.uuid4().hex, "eventName": "INSERT", "eventSourceARN": arn, "dynamodb": data}


def _follows(site: Site, table: str, item: Mapping[str, Any]) -> None:
    answer = site.invoke("worker", {"Records": [_record(site, table, item)]})
    assert answer == {"batchItemFailures": []}, f"the worker could not follow a change of {table}: see its log"


def the_worker_counts_a_product(site: Site) -> None:
    price = {"M": {"amount": {"N": "1"}, "currency": {"S": "EUR"}}}
    texts = {"pk": "TENANT#jobs", "sk": "PRODUCT#1", "entity": "product", "product_id": "1", "category": "tea"}
    item = {**{name: {"S": value} for name, value in texts.items()}, "status": {"S": "active"}, "price": price}
    _follows(site, "products", item)


def the_worker_counts_and_lists_stock(site: Site) -> None:
    texts = {"pk": "TENANT#jobs", "sk": "LEVEL#1#main", "entity": "level", "product_id": "1", "location_id": "main"}
    texts["updated_at"] = "2026-11-21T09:00:00.000Z"
    numbers = {"on_hand": "0", "reserved": "0", "available": "0", "reorder_point": "0", "version": "1"}
    item = {name: {"S": value} for name, value in texts.items()} | {name: {"N": n} for name, n in numbers.items()}
    _follows(site, "inventory", item)


def a_write_reaches_the_dashboard_by_itself(site: Site) -> None:
    """Through the stream: read with the worker's role, decrypted with its table's key."""
    token = site.token()
    before = site.call("GET", "/dashboard/summary", 200, token=token)["products"]
    sku = f"FOLLOW-{uuid.uuid4().hex[:12].upper()}"
    product = {"sku": sku, "name": "Followed", "category": "tea", "price": {"amount": 249, "currency": "EUR"}}
    made = site.call("POST", "/products", 201, token=token, json=product)
    try:
        wait_until(
            lambda: site.call("GET", "/dashboard/summary", 200, token=token)["products"] > before,
            "a product is counted",
            12,
        )
    finally:
        site.call("DELETE", f"/products/{made['product_id']}", 204, token=token)


def what_the_worker_gives_up_is_kept(site: Site) -> None:
    """As the mapping's poller: with the worker's role to the encrypted queue. The operator reads and deletes it."""
    url = site.environment.outputs["dead_letter_queue_url"]
    body = json.dumps({"job": uuid.uuid4().hex})
    site.as_role("worker", "sqs").send_message(QueueUrl=url, MessageBody=body)
    queue = site.client("sqs")
    for message in queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        if message["Body"] == body:
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def visitors_are_counted(site: Site) -> None:
    token = site.token()
    event = {"event_id": uuid.uuid4().hex, "type": "visit"}
    body = {"events": [event]}
    assert site.call("POST", "/analytics/events", 202, token=token, json=body)["accepted"] == 1
    days = random.randrange(2, 91)  # what was asked a moment ago would come from the function's memory
    assert site.call("GET", f"/dashboard/trends?days={days}", 200, token=token)["days"][-1]["events"]["visit"] >= 1
    for path in ("sales", "sales?by=category", "best-sellers", "stock-turn", "segments"):
        site.call("GET", f"/analytics/{path}", 200, token=token)
