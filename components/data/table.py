"""A table as siblings see it: name, ARNs, and grants with exact actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.config import LegacyTable
from components.iam import Conditions, Grantee, Statement, Value
from components.naming import Names

# What a function may do with items. No Scan: no request path reads a whole table. A transaction is allowed by the
# actions in it (TransactWriteItems is no IAM action), so it needs nothing beside these.
type ItemAction = Literal[
    "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"
]

TENANT_KEYS = ("TENANT#*",)
CREDENTIAL_KEYS = ("CREDENTIAL#*",)


@dataclass(frozen=True)
class Table:
    """One table's outputs and grants. `stream_arn` is empty text where the table has no stream."""

    logical: str
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    stream_arn: pulumi.Output[str]
    indexes: tuple[str, ...]
    key_arn: pulumi.Input[str]
    names: Names
    legacy: LegacyTable | None = None

    @property
    def arns(self) -> list[Value]:
        """Of the table, and of the one under its old name that may serve in its place."""
        return [self.arn, *([self.names.arn("dynamodb", f"table/{self.legacy.name}")] if self.legacy else [])]

    @property
    def physical_names(self) -> list[Value]:
        """As `arns`."""
        return [self.name, *([self.legacy.name] if self.legacy else [])]

    @property
    def stream_arns(self) -> list[Value]:
        """As `arns`, for a table with a stream."""
        return [self.stream_arn, *([self.legacy.stream_arn] if self.legacy and self.legacy.stream_arn else [])]

    def grant(self, grantee: Grantee, actions: Sequence[ItemAction], leading_keys: Sequence[str] = ()) -> None:
        """`actions` on the table's items, and those that it can have (`Query`) on the items of its indexes.

        `leading_keys` are patterns of partition keys (`TENANT_KEYS`); without them, every item.
        """
        resources = self.arns
        if "Query" in actions:
            resources += [pulumi.Output.concat(arn, "/index/", index) for arn in self.arns for index in self.indexes]
        allowed = [f"dynamodb:{action}" for action in sorted(actions)]
        items = Statement("Items", allowed, resources, leading_key_conditions(leading_keys))
        grantee.allow(f"write-{self.logical}", [items, self._use_key()])

    def _use_key(self) -> Statement:
        """Decrypt this table's own key, which DynamoDB does as its caller at every read and write.

        Nothing else: data keys are DynamoDB's own matter, made under the grant that it got when the table was made
        ("DynamoDB encryption at rest": table keys, grants). The encryption context names the table, so that the grant
        on one table opens no other, though all lie under one key.
        """
        return Statement(
            "UseKey",
            ["kms:Decrypt"],
            [self.key_arn],
            {
                "StringEquals": {
                    "kms:EncryptionContext:aws:dynamodb:tableName": self.physical_names,
                    "kms:ViaService": [f"dynamodb.{self.names.region}.amazonaws.com"],
                }
            },
        )


def leading_key_conditions(patterns: Sequence[str]) -> Conditions:
    """Only items whose partition key, in table or index, matches one of `patterns`.

    `ForAllValues` is true for a request that names no key at all, hence the `Null` guard.
    """
    if not patterns:
        return {}
    return {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)},
        "Null": {"dynamodb:LeadingKeys": ["false"]},
    }
