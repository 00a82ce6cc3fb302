"""The twin's DynamoDB: one botocore client (no boto3 resource), and items as plain Python."""

import os
from collections.abc import Iterator
from typing import Any

from botocore.config import Config
from botocore.session import Session

TABLE = os.environ.get("TWIN_TABLE", "omnix-ai-dev-products")
ORDERS = os.environ.get("TWIN_ORDERS_TABLE", "omnix-ai-dev-orders")
STOCK = os.environ.get("TWIN_STOCK_TABLE", "omnix-ai-dev-inventory")
CUSTOMERS = os.environ.get("TWIN_CUSTOMERS_TABLE", "omnix-ai-dev-customer-profiles")
INDEX = "gsi1"
# As `api`'s. More where a page may take longer and shall be measured all the same.
READ_SECONDS = float(os.environ.get("TWIN_READ_SECONDS", "2"))

dynamodb: Any = Session().create_client(
    "dynamodb",
    region_name=os.environ["AWS_REGION"],
    config=Config(connect_timeout=1, read_timeout=READ_SECONDS, retries={"total_max_attempts": 2, "mode": "standard"}),
)


def pages(**arguments: Any) -> Iterator[dict[str, Any]]:
    """Every page of a query."""
    while True:
        answer = dynamodb.query(**arguments)
        yield answer
        if "LastEvaluatedKey" not in answer:
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def plain(value: dict[str, Any]) -> Any:
    """A DynamoDB attribute value as Python's."""
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return {name: plain(inner) for name, inner in content.items()}
        case "L":
            return [plain(inner) for inner in content]
        case "N":
            return int(content) if content.lstrip("-").isdigit() else float(content)
        case "NULL":
            return None
        case _:
            return content


def attribute(value: Any) -> dict[str, Any]:
    """Python's value as DynamoDB's."""
    match value:
        case None:
            return {"NULL": True}
        case int():
            return {"N": str(value)}
        case dict():
            return {"M": {name: attribute(inner) for name, inner in value.items()}}
        case list():
            return {"L": [attribute(inner) for inner in value]}
        case _:
            return {"S": str(value)}


def item(**attributes: Any) -> dict[str, Any]:
    """An item, or the values of an expression."""
    return {name: attribute(value) for name, value in attributes.items()}
