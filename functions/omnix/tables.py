"""The environment's tables, by the logical names that Parameter Store knows them under."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from omnix import aws, table_names
from omnix.dynamodb import Table
from omnix.parameters import DATABASE_ENDPOINT, TABLES, ParameterMissingError, parameters

if TYPE_CHECKING:
    from omnix.parameters import Parameters


def opened(logical: str, known: Parameters | None = None) -> Table:
    """The table that serves now. `known` are the parameters of a function that declares its own.

    Never kept from one request to the next: the name moves (`omnix cutover`). Raises as `Parameters.get` does, and
    TableNamesError for a value that names no tables.
    """
    known = known or parameters()
    names = table_names.parse(known.get(TABLES))
    if logical not in names.tables:
        raise ParameterMissingError(f"{TABLES} names no table {logical}")
    return Table(aws.dynamodb(known.get(DATABASE_ENDPOINT)), names.physical(logical, time.time()))
