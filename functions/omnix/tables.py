"""The environment's tables, by the logical names that Parameter Store knows them under."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from omnix import aws, table_names
from omnix.dynamodb import Table
from omnix.parameters import DATABASE_ENDPOINT, TABLES, ParameterMissingError, parameters

if TYPE_CHECKING:
    from omnix.parameters import Parameters
    from omnix.table_names import TableNames


def current(known: Parameters | None = None) -> TableNames:
    """The names as of the last look. Raises as `Parameters.get` does, and TableNamesError for what names no tables."""
    return table_names.parse((known or parameters()).get(TABLES))


def opened(logical: str, known: Parameters | None = None) -> Table:
    """The table that serves now. `known` are the parameters of a function that declares its own.

    Never kept from one request to the next: the name moves (`omnix cutover`). Raises as `current` does.
    """
    known = known or parameters()
    names = current(known)
    if logical not in names.tables:
        raise ParameterMissingError(f"{TABLES} names no table {logical}")
    return Table(aws.dynamodb(known.get(DATABASE_ENDPOINT)), names.physical(logical, time.time()))
