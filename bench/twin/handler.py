"""`GET /products` as FastAPI and Mangum would serve it: the peer of the function `api`.

It has the route's parameters, models, tenant check and DynamoDB query, and `api`'s botocore client (no boto3
resource); it has no other route, no parameters at run time and no CORS, so it has less to import, not more.
"""

import base64
import json
import os
from typing import Annotated, Any

from botocore.config import Config
from botocore.session import Session
from fastapi import FastAPI, HTTPException, Query, Request
from mangum import Mangum

from .model import Category, Product, ProductPage

TABLE = os.environ.get("TWIN_TABLE", "omnix-ai-dev-products")
INDEX = "gsi1"

dynamodb: Any = Session().create_client(
    "dynamodb",
    region_name=os.environ["AWS_REGION"],
    config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"}),
)
app = FastAPI(title="twin")


@app.get("/products", operation_id="listProducts")
def list_products(
    request: Request,
    category: Annotated[Category | None, Query()] = None,
    prefix: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, Query(min_length=1, max_length=4096)] = None,
) -> ProductPage:
    context = request.scope["aws.event"]["requestContext"].get("authorizer") or {}
    if "tenant_id" not in context:
        raise HTTPException(401, "unauthorized")
    partition = f"TENANT#{context['tenant_id']}#" + (f"CATEGORY#{category}" if category else "PRODUCTS")
    arguments: dict[str, Any] = {
        "TableName": TABLE,
        "IndexName": INDEX,
        "KeyConditionExpression": "gsi1pk = :p AND begins_with(gsi1sk, :s)",
        "ExpressionAttributeValues": {":p": {"S": partition}, ":s": {"S": prefix.casefold()}},
        "Limit": limit,
    }
    if not prefix:
        arguments["KeyConditionExpression"] = "gsi1pk = :p"
        del arguments["ExpressionAttributeValues"][":s"]
    if cursor:
        arguments["ExclusiveStartKey"] = json.loads(base64.urlsafe_b64decode(cursor))
    answer = dynamodb.query(**arguments)
    last = answer.get("LastEvaluatedKey")
    return ProductPage(
        items=[Product.model_validate(plain({"M": item})) for item in answer["Items"]],
        next_cursor=base64.urlsafe_b64encode(json.dumps(last).encode()).decode() if last else None,
    )


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


handler = Mangum(app, lifespan="off")
