import json
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from bench.stocking import CATEGORIES, product, product_items, rollup_updates, write
from omnix.dynamodb import load_item


def test_a_products_items_are_those_that_the_catalogue_writes() -> None:
    items = [load_item(item) for item in product_items("products", "t1", [7])]
    assert Counter(item["entity"] for item in items) == {"product": 1, "product_sku": 1, "product_entry": 3}
    assert {item["product_id"] for item in items} == {product(7).product_id}


def test_two_products_share_no_item() -> None:
    keys = [(item["pk"]["S"], item["sk"]["S"]) for item in product_items("products", "t1", range(200))]
    assert len(keys) == len(set(keys))


def test_the_roll_ups_count_each_product_once_as_the_worker_does() -> None:
    products, categories = 0, Counter[str]()
    for update in rollup_updates("analytics", "t1", range(500)):
        names = {alias: name for name, alias in update["ExpressionAttributeNames"].items()}
        values = load_item(update["ExpressionAttributeValues"])
        count = values[names["products"].replace("#n", ":v")]
        if "category" in names:
            categories[values[names["category"].replace("#n", ":v")]] += count
        else:
            products += count
    assert products == 500
    assert sum(categories.values()) == 500
    assert len(categories) == CATEGORIES


def test_a_growing_tenant_is_the_same_as_one_that_was_filled_at_once() -> None:
    grown = [*product_items("products", "t1", range(100)), *product_items("products", "t1", range(100, 150))]
    assert grown == list(product_items("products", "t1", range(150)))


class Store(BaseHTTPRequestHandler):
    """Takes ten items of a batch and hands the others back, as DynamoDB may."""

    protocol_version = "HTTP/1.1"
    taken: ClassVar[list[str]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["RequestItems"]
        ((table, puts),) = asked.items()
        self.taken.extend(put["PutRequest"]["Item"]["sk"]["S"] for put in puts[:10])
        body = json.dumps({"UnprocessedItems": {table: puts[10:]} if puts[10:] else {}}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store() -> Iterator[str]:
    Store.taken, Store.status = [], 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_the_store_hands_back_is_sent_again_until_all_is_written(store: str) -> None:
    items = list(product_items("products", "t1", range(20)))
    assert write(store, "eu-central-1", "products", items) == len(items)
    assert sorted(Store.taken) == sorted(item["sk"]["S"] for item in items)


def test_a_store_that_refuses_ends_the_writing(store: str) -> None:
    Store.status = 400
    with pytest.raises(RuntimeError, match="400"):
        write(store, "eu-central-1", "products", product_items("products", "t1", range(3)))
