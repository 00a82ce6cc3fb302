"""The twin's orders: prices read, then the order and its stock in one transaction."""

import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from fastapi import HTTPException

from . import table
from .model import Order, OrderInput, OrderLine


def create(tenant: str, asked: OrderInput) -> Order:
    found = _products(tenant, {line.product_id for line in asked.lines})
    if any(line.product_id not in found or found[line.product_id]["status"] != "active" for line in asked.lines):
        raise HTTPException(409, "not for sale")
    currencies = {found[line.product_id]["price"]["currency"] for line in asked.lines}
    if len(currencies) > 1:
        raise HTTPException(422, "an order has one currency")
    lines = [
        OrderLine(
            **{name: found[line.product_id][name] for name in ("product_id", "sku", "name", "category")},
            location_id=line.location_id,
            quantity=line.quantity,
            unit_price=found[line.product_id]["price"]["amount"],
            total=found[line.product_id]["price"]["amount"] * line.quantity,
        )
        for line in asked.lines
    ]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    order = Order(
        order_id=uuid.uuid4().hex,
        status="pending",
        customer_id=asked.customer_id,
        currency=currencies.pop(),
        lines=lines,
        amount=sum(line.total for line in lines),
        version=1,
        created_at=now,
        updated_at=now,
    )
    writes = [_put(tenant, order), *(_reserve(tenant, line, now) for line in lines)]
    if order.customer_id:
        writes.append(_known(tenant, order.customer_id))
    try:
        table.dynamodb.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if "ConditionalCheckFailed" in reasons:
            raise HTTPException(409, "too little stock, or no such customer") from None
        raise HTTPException(503, "busy") from None
    return order


def _products(tenant: str, ids: set[str]) -> dict[str, dict[str, Any]]:
    wanted = [table.item(pk=f"TENANT#{tenant}", sk=f"PRODUCT#{one}") for one in ids]
    answer = table.dynamodb.batch_get_item(RequestItems={table.TABLE: {"Keys": wanted, "ConsistentRead": True}})
    if answer.get("UnprocessedKeys"):
        raise HTTPException(503, "busy")
    return {item["product_id"]["S"]: table.plain({"M": item}) for item in answer["Responses"][table.TABLE]}


def _put(tenant: str, order: Order) -> dict[str, Any]:
    keys = {
        "pk": f"TENANT#{tenant}",
        "sk": f"TWIN#{order.order_id}",  # not an order of the platform's: its roll-ups do not count it
        "gsi1pk": f"TENANT#{tenant}#TWIN",
        "gsi1sk": f"{order.created_at}#{order.order_id}",
    }
    content = table.item(**order.model_dump(mode="json"), **keys, entity="twin_order", tenant_id=tenant)
    return {"Put": {"TableName": table.ORDERS, "Item": content, "ConditionExpression": "attribute_not_exists(pk)"}}


def _reserve(tenant: str, line: OrderLine, now: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table.STOCK,
            "Key": table.item(pk=f"TENANT#{tenant}", sk=f"LEVEL#{line.product_id}#{line.location_id}"),
            "UpdateExpression": "SET available = available - :n, reserved = reserved + :n, version = version + :one, "
            "updated_at = :at",
            "ConditionExpression": "available >= :n",
            "ExpressionAttributeValues": table.item(**{":n": line.quantity, ":one": 1, ":at": now}),
        }
    }


def _known(tenant: str, customer_id: str) -> dict[str, Any]:
    return {
        "ConditionCheck": {
            "TableName": table.CUSTOMERS,
            "Key": table.item(pk=f"TENANT#{tenant}", sk=f"CUSTOMER#{customer_id}"),
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
