"""Probes of what functions need; each asks as the function itself does, with its own permissions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from omnix import aws
from omnix.dynamodb import Table
from omnix.parameters import DATABASE_ENDPOINT, parameters, table

if TYPE_CHECKING:
    from collections.abc import Callable

# Every role may read below `TENANT#`; no tenant has this id.
_NOBODY = ("TENANT#readiness", "PROBE")


def table_probes(*logical: str) -> dict[str, Callable[[], object]]:
    """Parameter Store, then one read of each table by its logical name."""
    probes: dict[str, Callable[[], object]] = {"parameters": lambda: parameters().get(DATABASE_ENDPOINT)}
    return probes | {f"table:{name}": functools.partial(_read, name) for name in logical}


def _read(logical: str) -> None:
    known = parameters()
    Table(aws.dynamodb(known.get(DATABASE_ENDPOINT)), known.get(table(logical))).get(*_NOBODY)
