"""The parameter `database/tables`: which physical table each logical name means, and from when on.

    {"orders": "omnix-ai-dev-orders", "users": "omnix-ai-dev-users", …}

One object, so that one write moves several tables at once. Processes read it within a minute of each other. So that
none of them serves from one table while another still serves from the last one, a move names its moment ahead, and
until then the tables of before:

    {"orders": "omnix-ai-dev-orders", …, "until": {"at": "2026-11-21T09:00:00.000Z", "orders": "legacy-orders"}}
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETER = "database/tables"
UNTIL = "until"
_AT = "at"


class TableNamesError(ValueError):
    """The parameter's value is none that was ever written by the stack or by a cut-over."""


@dataclass(frozen=True)
class TableNames:
    """Physical names by logical name. `before` is what served until `moved_at` (epoch seconds), where that differs."""

    tables: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)
    moved_at: float = 0.0

    def physical(self, logical: str, now: float) -> str:
        """The table that serves at `now` (epoch seconds). Raises KeyError for a name that is not there."""
        return self.before.get(logical, self.tables[logical]) if now < self.moved_at else self.tables[logical]

    def logical(self, physical: str) -> str | None:
        """What a table that serves, or served before the last move, is called; None for any other."""
        for names in (self.tables, self.before):
            for logical, name in names.items():
                if name == physical:
                    return logical
        return None

    def text(self) -> str:
        """The canonical value: sorted, without blanks."""
        value: dict[str, Any] = dict(self.tables)
        if self.before:
            moment = datetime.fromtimestamp(self.moved_at, UTC).isoformat(timespec="milliseconds")
            value[UNTIL] = {**self.before, _AT: moment.replace("+00:00", "Z")}
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


@functools.lru_cache(maxsize=8)
def parse(text: str) -> TableNames:
    """The parameter's value as names; raises TableNamesError."""
    try:
        value = json.loads(text)
        until = value.pop(UNTIL, {})
        moment = until.pop(_AT, None)
        names = TableNames(value, until, datetime.fromisoformat(moment).timestamp() if until else 0.0)
    except (ValueError, TypeError, AttributeError) as error:
        raise TableNamesError(f"{PARAMETER} is not an object of table names") from error
    if not value or not all(isinstance(name, str) and name for name in (*value.values(), *until.values())):
        raise TableNamesError(f"{PARAMETER} is not an object of table names")
    if until.keys() - value.keys():
        raise TableNamesError(f"{PARAMETER} says what was before for a table that it does not name")
    return names
