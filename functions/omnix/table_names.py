"""The parameter `database/tables`: which physical table each logical name means, and from when on.

    {"orders": "omnix-ai-dev-orders", "users": "omnix-ai-dev-users", …}

One object, so that one write moves several tables at once. Processes read it within a minute of each other. So that
none of them serves from one table while another still serves from the last one, a move names its moment ahead, and
until then the tables of before:

    {"orders": "omnix-ai-dev-orders", …, "until": {"at": "2026-11-21T09:00:00.000Z", "orders": "legacy-orders"}}

With `"pause": 5` in `until` no write is begun in the 5 seconds before that moment, so that what migrates the tables'
last changes is done with them when the new ones take over: neither side writes over the other.
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
_AT, _PAUSE = "at", "pause"
# What was begun before a move and its pause may still write to the table of before. No longer: what a migration copies
# back into it soon after is no write of the platform's.
LATE_SECONDS = 2.0


class TableNamesError(ValueError):
    """The parameter's value is none that was ever written by the stack or by a cut-over."""


@dataclass(frozen=True)
class TableNames:
    """Physical names by logical name. `before` is what served until `moved_at` (epoch seconds), where that differs.

    `pause` is in seconds, before `moved_at`.
    """

    tables: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)
    moved_at: float = 0.0
    pause: int = 0

    def physical(self, logical: str, now: float) -> str:
        """The table that serves at `now` (epoch seconds). Raises KeyError for a name that is not there."""
        return self.before.get(logical, self.tables[logical]) if now < self.moved_at else self.tables[logical]

    def paused(self, now: float) -> bool:
        """Whether nothing may be written now: a move is a moment away."""
        return self.moved_at - self.pause <= now < self.moved_at

    def served(self, logical: str, physical: str, at: float) -> bool:
        """Whether a write to `physical` at `at` (epoch seconds, whole) was one of the platform's own.

        What a migration copies into the table that is to serve next, or back into the one that did, was the platform's
        write in the other table already.
        """
        if physical == self.before.get(logical):
            return at < self.moved_at + LATE_SECONDS
        return physical == self.tables.get(logical) and (logical not in self.before or at >= self.moved_at)

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
            pause = {_PAUSE: self.pause} if self.pause else {}
            value[UNTIL] = {**self.before, **pause, _AT: moment.replace("+00:00", "Z")}
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


@functools.lru_cache(maxsize=8)
def parse(text: str) -> TableNames:
    """The parameter's value as names; raises TableNamesError."""
    try:
        value = json.loads(text)
        until = value.pop(UNTIL, {})
        moment, pause = until.pop(_AT, None), int(until.pop(_PAUSE, 0))
        names = TableNames(value, until, datetime.fromisoformat(moment).timestamp() if until else 0.0, pause)
    except (ValueError, TypeError, AttributeError) as error:
        raise TableNamesError(f"{PARAMETER} is not an object of table names") from error
    if not value or not all(isinstance(name, str) and name for name in (*value.values(), *until.values())):
        raise TableNamesError(f"{PARAMETER} is not an object of table names")
    if until.keys() - value.keys():
        raise TableNamesError(f"{PARAMETER} says what was before for a table that it does not name")
    return names
