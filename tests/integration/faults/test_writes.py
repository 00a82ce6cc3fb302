"""No accepted write is lost and none is doubled, whatever happens to the calls behind it."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any

from tests.integration.faults.shop import Shop
from tests.integration.faults.switch import Document, Switch
from tests.integration.faults.writers import Writer
from tests.integration.permissions.site import wait_until

SEED = 20261121
WRITERS = 6
ROUNDS = 3
MOST_MORE = 4
OPENING = 5_000
# The worker retries with pauses, and bisects; a batch waits a second for its window.
FOLLOWS_SECONDS = 60.0

# Of each function's calls to DynamoDB about a third: the answer lost, refused, late, and so late that the caller has
# given up by then and sent the call again: it is done all the same.
WEATHER: tuple[Document, ...] = tuple(
    {"service": "dynamodb", "caller": caller, "seed": SEED + number, **fault}
    for number, (caller, fault) in enumerate(
        (caller, fault)
        for caller in ("*-api", "*-worker")
        for fault in (
            {"kind": "drop_answer", "probability": 0.1},
            {"kind": "throttle", "probability": 0.1},
            {"kind": "slow", "seconds": 0.2, "probability": 0.1},
            {"kind": "slow", "seconds": 2.6, "probability": 0.02},
        )
    )
)


def test_writes_under_faults_are_there_exactly_once(switch: Switch, shop: Shop) -> None:
    before, product = dead_letters(switch), shop.product("Sold under faults", OPENING)
    with switch.on(*WEATHER):
        writers = written(shop, product)
        assert switch.applied() > 100
    assert sum(writer.ledger.answers[503] for writer in writers) > 0, "the faults were not felt"
    is_exact(shop, writers, product)
    follows_exactly(shop, writers)
    assert dead_letters(switch) == before


def test_writes_under_dying_functions_are_there_exactly_once(switch: Switch, shop: Shop) -> None:
    before, product = dead_letters(switch), shop.product("Sold by the dying", OPENING)
    with switch.on({"service": "dynamodb", "kind": "slow", "seconds": 0.1, "probability": 0.5, "seed": SEED}):
        with dying(switch, "api", "worker") as killed:
            writers = written(shop, product, rounds=1)
            for _ in range(MOST_MORE):  # who is killed while it serves is chance
                if any(writer.ledger.answers[503] for writer in writers):
                    break
                work(writers, rounds=1)
        assert killed
    assert sum(writer.ledger.answers[503] for writer in writers) > 0, "nobody met a death"
    is_exact(shop, writers, product)
    follows_exactly(shop, writers)
    assert dead_letters(switch) == before


def written(shop: Shop, product: str, rounds: int = ROUNDS) -> list[Writer]:
    """The writers after their work; each has a seed of its own."""
    writers = [Writer(shop, number, product, Random(SEED + number)) for number in range(WRITERS)]
    work(writers, rounds)
    return writers


def work(writers: list[Writer], rounds: int) -> None:
    """All of them at once."""
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda writer: writer.work(rounds), writers))


@contextmanager
def dying(switch: Switch, *functions: str) -> Iterator[list[int]]:
    """Again and again one process of these functions is killed, whatever it is doing: its id is noted."""
    killed: list[int] = []
    over, random = threading.Event(), Random(SEED)

    def kill() -> None:
        while not over.wait(0.6):
            killed.extend(switch.kill(*functions, choose=random))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


def is_exact(shop: Shop, writers: Sequence[Writer], product: str) -> None:
    """What the tables hold is what the writers were told."""
    ledgers = [writer.ledger for writer in writers]
    for path, key, name in (("/customers", "customer_id", "customers"), ("/products", "product_id", "products")):
        told = {one: found for ledger in ledgers for one, found in getattr(ledger, name).items()}
        stored = [item for item in everything(shop, path) if item["name"] in told]
        assert {item["name"]: item[key] for item in stored} == told
        assert len(stored) == len(told), f"{name} are there twice"
    made = {id_: units for ledger in ledgers for id_, units in ledger.orders.items()}
    orders = {order["order_id"]: order for order in everything(shop, "/orders")}
    sold = {id_: order for id_, order in orders.items() if order["lines"][0]["product_id"] == product}
    assert {id_: order["totals"]["units"] for id_, order in sold.items()} == made
    paid = {id_ for ledger in ledgers for id_ in ledger.paid}
    assert {id_ for id_, order in sold.items() if order["status"] == "paid"} == paid
    stock = shop.send("GET", f"/inventory/{product}", 200)
    received = OPENING + sum(ledger.received for ledger in ledgers)
    assert (stock["on_hand"], stock["reserved"]) == (received, sum(made.values()))
    notes = [one["note"] for one in everything(shop, f"/inventory/{product}/adjustments") if one["note"]]
    assert sorted(notes) == sorted(note for ledger in ledgers for note in ledger.notes)


def everything(shop: Shop, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = shop.send("GET", f"{path}?limit=100{cursor}", 200)
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def follows_exactly(shop: Shop, writers: Sequence[Writer]) -> None:
    """The roll-ups come to what the tables hold."""
    orders, levels = everything(shop, "/orders"), everything(shop, "/inventory")
    earning = [order for order in orders if order["status"] == "paid"]
    expected = {
        "products": len(everything(shop, "/products")),
        "pending": sum(order["status"] == "pending" for order in orders),
        "paid": len(earning),
        "on_hand": sum(level["on_hand"] for level in levels),
        "reserved": sum(level["reserved"] for level in levels),
        "sold": sum(order["totals"]["units"] for order in earning),
        "revenue": sum(order["totals"]["amount"] for order in earning),
    }
    assert expected["paid"] >= sum(len(writer.ledger.paid) for writer in writers)
    told: dict[str, Any] = {}

    def same() -> bool:
        told.update(rolled_up(shop))
        return told == expected

    try:
        wait_until(same, "the roll-ups are exact", FOLLOWS_SECONDS)
    except AssertionError:
        assert told == expected, "the roll-ups never came to what the tables hold"
        raise
    time.sleep(1.5)  # one window more: nothing may be counted twice afterwards
    assert rolled_up(shop) == expected


def rolled_up(shop: Shop) -> dict[str, Any]:
    """The dashboard's and the sales report's numbers."""
    summary = shop.send("GET", "/dashboard/summary", 200)
    sales = shop.send("GET", "/analytics/sales?by=category&days=2", 200)["items"]
    statuses = {one["status"]: one["orders"] for one in summary["orders"]}
    return {
        "products": summary["products"],
        "pending": statuses.get("pending", 0),
        "paid": statuses.get("paid", 0),
        "on_hand": summary["stock"]["on_hand"],
        "reserved": summary["stock"]["reserved"],
        "sold": sum(one["units"] for one in sales),
        "revenue": sum(amount["amount"] for one in sales for amount in one["revenue"]),
    }


def dead_letters(switch: Switch) -> int:
    """How many messages the worker's queue of what it gave up holds."""
    url = switch.environment.outputs["dead_letter_queue_url"]
    queue = switch.environment.client("sqs")
    attributes = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])
