"""A table as siblings see it: name, ARNs, and grants with exact actions."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.iam import Conditions, Grantee, Statement, Value
from components.naming import Names

# What functions call, and no more. No Scan: no request path reads a whole table. A transaction is allowed by the
# actions in it (TransactWriteItems is no IAM action), so it needs nothing beside these.
READ = ("dynamodb:GetItem", "dynamodb:Query")
WRITE = ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")

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

    def grant_read(self, grantee: Grantee, leading_keys: Sequence[str] = ()) -> None:
        """Reads of items, of the table and its indexes.

        `leading_keys` are patterns of partition keys (`TENANT_KEYS`); without them, every item.
        """
        self._grant(grantee, "read", READ, ("kms:Decrypt", "kms:DescribeKey"), leading_keys)

    def grant_read_write(self, grantee: Grantee, leading_keys: Sequence[str] = ()) -> None:
        """Reads and writes of items; `leading_keys` as in `grant_read`."""
        actions = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
        self._grant(grantee, "write", (*READ, *WRITE), actions, leading_keys)

    def _grant(
        self,
        grantee: Grantee,
        verb: str,
        actions: Sequence[str],
        key_actions: Sequence[str],
        leading_keys: Sequence[str],
    ) -> None:
        resources: list[Value] = [self.arn]
        resources += [pulumi.Output.concat(self.arn, "/index/", index) for index in self.indexes]
        grantee.allow(
            f"{verb}-{self.logical}",
            [
                Statement("Items", actions, resources, leading_key_conditions(leading_keys)),
                Statement(
                    "UseKey",
                    key_actions,
                    [self.key_arn],
                    {"StringEquals": {"kms:ViaService": [f"dynamodb.{self.names.region}.amazonaws.com"]}},
                ),
            ],
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
