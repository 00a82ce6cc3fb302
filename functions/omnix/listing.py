"""A page of an index in its order, behind a cursor that carries no more than a place in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from botocore.exceptions import ClientError
from pydantic import Field

from omnix import cursor
from omnix.text import WHOLE

if TYPE_CHECKING:
    from omnix.dynamodb import Item, Table

Limit = Annotated[int, Field(ge=1, le=100), WHOLE, Query()]
Cursor = Annotated[str | None, Query(min_length=1, max_length=cursor.MAX_LENGTH, description="From the last page.")]


@dataclass(frozen=True)
class Listing:
    """What is listed: an index partition (or the table's own, for `index` None), and sort keys that begin so.

    `item_partition` is the table's partition key of every item in it, if they share one; else it is in the cursor.
    That grants nothing: DynamoDB answers from the partition that is asked for, which is the caller's tenant's.
    """

    table: Table
    partition: str
    prefix: str = ""
    index: str | None = None
    item_partition: str | None = None
    newest_first: bool = False

    def page(self, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        """Items and the cursor of the next page; eventually consistent in an index, as every GSI is.

        Raises InvalidRequestError for a cursor that this listing did not give.
        """
        names = self._key_names()
        query = f"{self.table.name}:{self.index}:{self.partition}:{self.prefix}:{self.newest_first}"
        start = {**self._fixed(), **cursor.decode(after, query, names)} if after else None
        try:
            found = self.table.query(
                self.partition, self.prefix, index=self.index, limit=limit, start=start, descending=self.newest_first
            )
        except ClientError as error:
            if start and error.response["Error"]["Code"] == "ValidationException":
                raise cursor.invalid() from None  # a made-up key: too long, or outside of what is queried
            raise
        last = {name: found.last_key[name] for name in names} if found.last_key else None
        return found.items, cursor.encode(last, query) if last else None

    def _key_names(self) -> frozenset[str]:
        if self.index is None:
            return frozenset({"sk"})
        own = frozenset({"sk", f"{self.index}sk"})
        return own if self.item_partition else own | {"pk"}

    def _fixed(self) -> dict[str, str]:
        """Partitions come from the caller's tenant and query, never from the cursor, where they are known."""
        if self.index is None:
            return {"pk": self.partition}
        own = {f"{self.index}pk": self.partition}
        return {**own, "pk": self.item_partition} if self.item_partition else own
