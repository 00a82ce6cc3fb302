"""While a cut-over moves a table: who serves when, what nobody writes, and which changes are followed once."""

from collections.abc import Callable
from typing import Any

import pytest

from omnix import table_names
from omnix.events.change import Change
from omnix.events.consumer import consume
from omnix.events.source import Source
from omnix.table_names import LATE_SECONDS, TableNames
from omnix.tables import current, opened

from .conftest import Answer, Cloud, caller, table

type Call = Callable[..., Answer]

NOW = 1795251600.0
OLD, NEW = "legacy-orders", "omnix-ai-dev-orders"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    def move(seconds: float) -> None:
        monkeypatch.setattr("time.time", lambda: seconds)

    return move


def moving(pause: int = 5) -> TableNames:
    return TableNames({"orders": NEW, "users": "omnix-ai-dev-users"}, {"orders": OLD}, NOW, pause)


def record(physical: str, at: float, number: int = 1) -> dict[str, Any]:
    stream = f"arn:aws:dynamodb:eu-central-1:123456789012:table/{physical}/stream/2026-11-21T00:00:00.000"
    image = {"pk": {"S": "TENANT#t1"}, "sk": {"S": f"ORDER#{number}"}}
    data = {"SequenceNumber": str(number), "ApproximateCreationDateTime": at, "NewImage": image}
    return {"eventID": f"{physical}-{number}", "eventName": "INSERT", "eventSourceARN": stream, "dynamodb": data}


def followed(source: Source, *records: dict[str, Any]) -> list[str]:
    seen: list[str] = []

    def react(found: Change) -> None:
        assert found.table == "orders"
        seen.append(found.event_id)

    assert consume({"Records": list(records)}, source, {"orders": (react,)}) == {"batchItemFailures": []}
    return seen


def test_a_write_is_followed_in_the_table_that_served_when_it_was_made_and_nowhere_else() -> None:
    source = Source("omnix-ai-dev-", moving)
    assert followed(source, record(OLD, NOW - 1), record(OLD, NOW + 1)) == [f"{OLD}-1"] * 2
    assert followed(source, record(NEW, NOW - 1), record(NEW, NOW)) == [f"{NEW}-1"]
    assert followed(source, record(OLD, NOW + LATE_SECONDS)) == []


def test_what_a_migration_copies_into_the_standard_table_is_not_counted_again_while_the_old_one_serves() -> None:
    source = Source("omnix-ai-dev-", lambda: TableNames({"orders": OLD}))
    assert followed(source, record(NEW, NOW), record(OLD, NOW)) == [f"{OLD}-1"]


def test_the_worker_writes_nothing_in_the_pause_and_is_given_the_batch_again(at: Callable[[float], None]) -> None:
    source, event = Source("omnix-ai-dev-", moving), {"Records": [record(OLD, NOW - 20, 7)]}
    for moment, failures in ((NOW - 5.1, []), (NOW - 5, [{"itemIdentifier": "7"}]), (NOW, [])):
        at(moment)
        assert consume(event, source, {})["batchItemFailures"] == failures


def test_requests_read_on_in_the_pause_and_writes_are_told_to_come_back(
    cloud: Cloud, api: Call, at: Callable[[float], None], later: Any
) -> None:
    names = current().tables
    cloud.set_parameter(table_names.PARAMETER, TableNames(names, {"products": table("inventory")}, NOW, 5).text())
    later(61)
    body = {"sku": "A", "name": "A", "category": "tea", "price": {"amount": 1, "currency": "EUR"}}
    at(NOW - 3)
    refused = api("POST", "/products", body=body, authorizer=caller())
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    at(NOW)
    assert api("POST", "/products", body=body, authorizer=caller()).status == 201
    assert opened("products").name == table("products")
    assert api("GET", "/products", authorizer=caller()).json["items"][0]["sku"] == "A"
