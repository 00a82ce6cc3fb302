import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import Session

from omnix.attribute_values import Parsers, is_plain
from omnix.dynamodb import dump_item, load_item

ITEM: dict[str, Any] = {
    "pk": "TENANT#t1",
    "price": {"amount": 1299, "currency": "EUR"},
    "lines": [{"quantity": 2, "tags": ["a", None, True]}, []],
    "empty": {},
}
BINARY = {"B": "aGVsbG8="}


def answered(body: bytes, *, parsers: bool, operation: str = "get_item", status: int = 200) -> Any:
    """What a client makes of an answer as it is on the wire."""
    session = Session()
    if parsers:
        session.register_component("response_parser_factory", Parsers())
    client: Any = session.create_client("dynamodb", region_name="eu-central-1")

    class Raw:
        def stream(self, *_: object, **__: object) -> Any:
            yield body

    headers: Any = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "r"}
    raw: Any = Raw()
    client.meta.events.register("before-send", lambda request, **_: AWSResponse(request.url, status, headers, raw))
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    if operation == "transact_write_items":
        return client.transact_write_items(TransactItems=[{"Delete": {"TableName": "table", "Key": key}}])
    return client.get_item(TableName="table", Key=key)


def wire(item: object) -> bytes:
    return json.dumps({"Item": item, "ConsumedCapacity": {"TableName": "table", "CapacityUnits": 0.5}}).encode()


@pytest.mark.parametrize(
    "item",
    [
        dump_item(ITEM),
        {"names": {"SS": ["a", "b"]}, "counts": {"NS": ["1"]}},
        {"picture": BINARY},
        {"pictures": {"L": [{"M": {"one": BINARY, "title": {"S": "x"}}}]}},
        {"pictures": {"BS": ["aGVsbG8="]}},
        {},
    ],
)
def test_an_answer_is_read_as_botocore_reads_it(item: object) -> None:
    assert answered(wire(item), parsers=True) == answered(wire(item), parsers=False)


def test_an_item_comes_back_as_it_was_stored() -> None:
    assert load_item(answered(wire(dump_item(ITEM)), parsers=True)["Item"]) == ITEM


def test_what_is_no_attribute_value_is_left_to_botocore() -> None:
    assert not is_plain({"S": "a", "N": "1"})
    assert not is_plain({"X": "a"})
    assert not is_plain("a")


def test_why_a_transaction_was_cancelled_is_read_as_before() -> None:
    body = (
        b'{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",'
        b' "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "a"}}}, {"Code": "None"}]}'
    )
    found = []
    for parsers in (True, False):
        with pytest.raises(Exception, match="cancelled") as raised:
            answered(body, parsers=parsers, operation="transact_write_items", status=400)
        error: Any = raised.value
        found.append((error.response["Error"], error.response["CancellationReasons"]))
    assert found[0] == found[1]
    assert found[0][1][0]["Item"] == {"pk": {"S": "a"}}
