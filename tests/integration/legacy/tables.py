"""The 27 tables of the legacy account: nine that bear a standard name and eighteen that do not.

The nine (`omnix-ai-dev-*`, to keep) are the deployed dev stack's where there is one; `standard_tables` makes them
where there is none. The eighteen are `LEGACY`: eight of a CDK stack (to migrate), two of a Serverless service and
eight that nobody owns (to audit). What an item of each looks like is in `items`.
"""

from dataclasses import dataclass, field
from typing import Any

from components.data.tables import TABLES as STANDARD

CDK_STACK = "OmnixAiCdkBackend"
SERVERLESS_STACK = "omnix-serverless-dev"


@dataclass(frozen=True)
class LegacyTable:
    """One table: `keys` are (attribute, type) of partition and sort key; `share` its part of all seeded items.

    `shape` names the generator in `items`; `target` is the standard table where its data belong, None where it is
    junk or expires by itself; `stack` the CloudFormation stack that owns it, if one does.
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    shape: str | None
    target: str | None
    share: float = 0.0
    stack: str | None = None
    indexes: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    ttl: str | None = None
    stream: bool = False
    provisioned: tuple[int, int] | None = None

    def definition(self) -> dict[str, Any]:
        """The arguments of CreateTable."""
        typed = dict([*self.keys, *(pair for keys in self.indexes.values() for pair in keys)])
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "AttributeDefinitions": [{"AttributeName": a, "AttributeType": t} for a, t in typed.items()],
            "KeySchema": schema(self.keys),
            "BillingMode": "PROVISIONED" if self.provisioned else "PAY_PER_REQUEST",
        }
        throughput = self.provisioned and dict(
            zip(("ReadCapacityUnits", "WriteCapacityUnits"), self.provisioned, strict=True)
        )
        if throughput:
            arguments["ProvisionedThroughput"] = throughput
        if self.indexes:
            arguments["GlobalSecondaryIndexes"] = [
                {"IndexName": name, "KeySchema": schema(keys), "Projection": {"ProjectionType": "ALL"}}
                | ({"ProvisionedThroughput": throughput} if throughput else {})
                for name, keys in self.indexes.items()
            ]
        if self.stream:
            arguments["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        return arguments


def schema(keys: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """A KeySchema: the first attribute is the partition key."""
    return [{"AttributeName": name, "KeyType": kind} for (name, _), kind in zip(keys, ("HASH", "RANGE"), strict=False)]


_CUSTOMER_INDEX: dict[str, tuple[tuple[str, str], ...]] = {"customerIndex": (("customerId", "S"), ("createdAt", "N"))}
LEGACY: tuple[LegacyTable, ...] = (
    LegacyTable(
        "omnix-ai-cdk-products", (("id", "S"),), "product", "products", 0.16, stack=CDK_STACK, stream=True
    ),
    LegacyTable(
        "omnix-ai-cdk-orders", (("orderId", "S"), ("createdAt", "N")), "order", "orders", 0.20,
        stack=CDK_STACK, stream=True, indexes=_CUSTOMER_INDEX,
    ),
    LegacyTable(
        "omnix-ai-cdk-inventory", (("productId", "S"), ("location", "S")), "stock", "inventory", 0.14,
        stack=CDK_STACK,
    ),
    LegacyTable(
        "omnix-ai-cdk-customers", (("customerId", "S"),), "customer", "customer-profiles", 0.12, stack=CDK_STACK
    ),
    LegacyTable("omnix-ai-cdk-users", (("userId", "S"),), "user", "users", 0.02, stack=CDK_STACK),
    LegacyTable(
        "omnix-ai-cdk-sessions", (("sessionId", "S"),), "session", None, 0.05, stack=CDK_STACK, ttl="expiresAt"
    ),
    LegacyTable(
        "omnix-ai-cdk-recommendations", (("customerId", "S"),), "recommendation", "recommendations", 0.04,
        stack=CDK_STACK,
    ),
    LegacyTable(
        "omnix-ai-cdk-analytics", (("metric", "S"), ("date", "S")), "metric", "analytics", 0.06, stack=CDK_STACK
    ),
    LegacyTable(
        "omnix-serverless-orders", (("pk", "S"), ("sk", "S")), "order_rows", "orders", 0.06, stack=SERVERLESS_STACK
    ),
    LegacyTable(
        "omnix-serverless-customers", (("email", "S"),), "customer_by_email", "customer-profiles", 0.04,
        stack=SERVERLESS_STACK, provisioned=(5, 5),
    ),
    LegacyTable("omnixai-products", (("product_id", "S"),), "product_old", "products", 0.03, provisioned=(10, 10)),
    LegacyTable("OmnixProducts-backup-2023", (("id", "S"),), "product_copy", None, 0.02),
    LegacyTable("orders", (("order_number", "N"),), "order_numbered", "orders", 0.02, provisioned=(5, 5)),
    LegacyTable("inventory_levels_old", (("key", "S"),), "stock_text", None, 0.02),
    LegacyTable("customers_v2", (("id", "S"),), "customer_split", "customer-profiles", 0.01),
    LegacyTable("user_sessions", (("token", "S"),), "session_old", None, 0.005, ttl="ttl"),
    LegacyTable("test-table", (("id", "S"),), None, None),
    LegacyTable("omnix-ai-tmp-import", (("row", "S"),), "junk", None, 0.005),
)  # fmt: skip
BY_NAME = {table.name: table for table in LEGACY}
STANDARD_NAMES = tuple(f"omnix-ai-dev-{name}" for name in STANDARD)
"""What is left in the end: nine, below ten."""
ALL_NAMES = (*STANDARD_NAMES, *BY_NAME)


def standard_tables() -> list[dict[str, Any]]:
    """Arguments of CreateTable for the nine of the standard schema, for an account without a deployed stack."""
    return [
        LegacyTable(
            f"omnix-ai-dev-{table.name}", (("pk", "S"), ("sk", "S")), None, table.name,
            indexes={index: ((f"{index}pk", "S"), (f"{index}sk", "S")) for index in table.indexes},
            stream=table.stream,
        ).definition()
        for table in STANDARD.values()
    ]  # fmt: skip
