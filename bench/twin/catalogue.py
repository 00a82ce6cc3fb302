"""The twin's products: proper index queries, SKUs unique by a second item in one transaction."""

import base64
import json
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from fastapi import HTTPException

from . import table
from .model import CategoryCount, CurrencyValue, Product, ProductInput, ProductPage, Summary


def page(tenant: str, category: str | None, prefix: str, limit: int, cursor: str | None) -> ProductPage:
    partition = f"TENANT#{tenant}#" + (f"CATEGORY#{category}" if category else "PRODUCTS")
    arguments: dict[str, Any] = {
        "TableName": table.TABLE,
        "IndexName": table.INDEX,
        "KeyConditionExpression": "gsi1pk = :p AND begins_with(gsi1sk, :s)",
        "ExpressionAttributeValues": {":p": {"S": partition}, ":s": {"S": prefix.casefold()}},
        "Limit": limit,
    }
    if not prefix:
        arguments["KeyConditionExpression"] = "gsi1pk = :p"
        del arguments["ExpressionAttributeValues"][":s"]
    if cursor:
        arguments["ExclusiveStartKey"] = json.loads(base64.urlsafe_b64decode(cursor))
    answer = table.dynamodb.query(**arguments)
    last = answer.get("LastEvaluatedKey")
    return ProductPage(
        items=[Product.model_validate(table.plain({"M": item})) for item in answer["Items"]],
        next_cursor=base64.urlsafe_b64encode(json.dumps(last).encode()).decode() if last else None,
    )


def get(tenant: str, product_id: str) -> Product:
    key = table.item(pk=f"TENANT#{tenant}", sk=f"PRODUCT#{product_id}")
    found = table.dynamodb.get_item(TableName=table.TABLE, Key=key, ConsistentRead=True).get("Item")
    if found is None:
        raise HTTPException(404, "not found")
    return Product.model_validate(table.plain({"M": found}))


def create(tenant: str, content: ProductInput) -> Product:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    product = Product(product_id=uuid.uuid4().hex, version=1, created_at=now, updated_at=now, **content.model_dump())
    fields = {**product.model_dump(mode="json"), "tenant_id": tenant, "gsi1sk": _place(product)}
    puts = (
        ("product", f"PRODUCT#{product.product_id}", f"TENANT#{tenant}#PRODUCTS"),
        ("product_sku", f"SKU#{product.sku}", f"TENANT#{tenant}#CATEGORY#{product.category}"),
    )
    writes = [
        {
            "Put": {
                "TableName": table.TABLE,
                "Item": table.item(**fields, pk=f"TENANT#{tenant}", sk=sk, gsi1pk=listed, entity=entity),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        for entity, sk, listed in puts
    ]
    try:
        table.dynamodb.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        raise HTTPException(409, "the SKU is taken") from None
    return product


def summary(tenant: str) -> Summary:
    """As teams without roll-ups do it: read every product of the tenant, though only what is counted of it."""
    statuses: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    prices: dict[str, list[int]] = {}
    for found in table.pages(
        **_all(tenant),
        ProjectionExpression="#status, category, price",
        ExpressionAttributeNames={"#status": "status"},
    ):
        for item in found["Items"]:
            statuses[item["status"]["S"]] += 1
            categories[item["category"]["S"]] += 1
            price = item["price"]["M"]
            prices.setdefault(price["currency"]["S"], []).append(int(price["amount"]["N"]))
    return Summary(
        products=statuses.total(),
        by_status=dict(statuses),
        by_category=[CategoryCount(category=name, products=n) for name, n in categories.most_common(50)],
        prices=[
            CurrencyValue(currency=name, products=len(found), total=sum(found), average=sum(found) // len(found))
            for name, found in sorted(prices.items())
        ],
    )


def count(tenant: str) -> int:
    """The least that a dashboard shows: how many products there are, by queries that return no item."""
    return sum(answer["Count"] for answer in table.pages(**_all(tenant), Select="COUNT"))


def _all(tenant: str) -> dict[str, Any]:
    return {
        "TableName": table.TABLE,
        "IndexName": table.INDEX,
        "KeyConditionExpression": "gsi1pk = :p",
        "ExpressionAttributeValues": table.item(**{":p": f"TENANT#{tenant}#PRODUCTS"}),
    }


def _place(product: Product) -> str:
    return f"{product.name.casefold()}#{product.product_id}"
