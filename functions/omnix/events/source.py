"""Whose change a stream's record is: the table's logical name, and whether the platform itself wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omnix.table_names import TableNames


@dataclass(frozen=True)
class Source:
    """The environment's tables: what their names begin with (`omnix-ai-dev-`), and which serve under which name now."""

    prefix: str
    names: Callable[[], TableNames]

    def table(self, record: Mapping[str, Any]) -> str:
        """The logical name of the table that a record of a Lambda event is of.

        Raises KeyError for a record that is no DynamoDB stream's, ValueError for a table of another environment.
        """
        physical = _physical(record)
        if logical := self.names().logical(physical):
            return logical
        if not physical.startswith(self.prefix):
            raise ValueError(f"{physical} is not a table of this environment")
        return physical.removeprefix(self.prefix)

    def own(self, record: Mapping[str, Any]) -> bool:
        """Whether the platform wrote it. What a migration copied was followed when it was written. Raises as `table`.

        Until a cut-over its target is filled from the table that serves, whose own stream tells the same.
        """
        at = float(record["dynamodb"]["ApproximateCreationDateTime"])
        return self.names().served(self.table(record), _physical(record), at)


def _physical(record: Mapping[str, Any]) -> str:
    return str(record["eventSourceARN"]).partition(":table/")[2].partition("/")[0]
