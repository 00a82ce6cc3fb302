"""The environment's tables, by the logical names that Parameter Store knows them under."""

from __future__ import annotations

from omnix import aws
from omnix.dynamodb import Table
from omnix.parameters import DATABASE_ENDPOINT, parameters, table


def opened(logical: str) -> Table:
    """A table of the environment that this process serves. Raises as `Parameters.get` does."""
    known = parameters()
    return Table(aws.dynamodb(known.get(DATABASE_ENDPOINT)), known.get(table(logical)))
