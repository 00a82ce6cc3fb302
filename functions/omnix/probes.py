"""Probes of what functions need; each asks as the function itself does, with its own permissions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from omnix.dynamodb import dump_item
from omnix.parameters import DATABASE_ENDPOINT, parameters
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Every role may read below `TENANT#`; no tenant has this id.
_NOBODY = ("TENANT#readiness", "PROBE")


def table_probes(*read: str, batches: Sequence[str] = ()) -> dict[str, Callable[[], object]]:
    """Parameter Store, then one read of each table by its logical name.

    `batches` are the tables of which the function may read only batches of items.
    """
    probes: dict[str, Callable[[], object]] = {"parameters": lambda: parameters().get(DATABASE_ENDPOINT)}
    probes |= {f"table:{name}": functools.partial(_read, name) for name in read}
    return probes | {f"table:{name}": functools.partial(_read_batch, name) for name in batches}


def _read(logical: str) -> None:
    opened(logical).get(*_NOBODY)


def _read_batch(logical: str) -> None:
    found = opened(logical)
    key = dict(zip(("pk", "sk"), _NOBODY, strict=True))
    found.client.batch_get_item(RequestItems={found.name: {"Keys": [dump_item(key)], "ConsistentRead": True}})
