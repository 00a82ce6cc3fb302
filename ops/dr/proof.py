"""Proves a restored table against the table's own point-in-time recovery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.backup import reading, restoring
from ops.dr.comparison import Difference, judged
from ops.dr.report import MOST_KEYS
from ops.stack import Cloud

if TYPE_CHECKING:
    from omnix.migration.checksum import Buckets
    from ops.backup.estate import Estate
    from ops.backup.waiting import Patience

# AWS: a backup has what was written until a minute before it was asked for, nothing that was written from a minute
# after it on, and of what lies between, something (CreateBackup). The local cloud's is as of its moment.
_BLUR = timedelta(minutes=1)


@dataclass(frozen=True)
class Proof:
    """How two roads compare: items of each, unexplained differences, and what changed while the backup was made."""

    restored: int
    source: int
    differing: list[Difference] = field(default_factory=list)
    changed_meanwhile: int = 0

    def told(self) -> list[str]:
        """The first differences, for a report."""
        return [str(one) for one in self.differing[:MOST_KEYS]]


def blur(estate: Estate) -> timedelta:
    """How far from a recovery point's time, to either side, lies what may be in it or not."""
    return _BLUR if estate.aws.place.cloud is Cloud.AWS else timedelta()


def proven(
    estate: Estate,
    physical: str,
    restored: tuple[Any, str, tuple[str, ...], Buckets],
    window: tuple[datetime, datetime],
    scratch: str,
    patience: Patience,
) -> Proof:
    """Compare a restored table (client, name, names of its keys, checksums) with the live one as of the point's time.

    `window`: when the recovery point began and was complete. `scratch`: the name of the table to restore into; that for
    the end of the window, which is only needed when something differs, has `-end` behind it.
    """
    client, name, keys, sums = restored
    home = estate.client("dynamodb")
    # Times are whole seconds to DynamoDB: those around the recovery point's.
    began = (window[0] - blur(estate)).replace(microsecond=0)
    ended = max(window[1], window[0] + blur(estate)).replace(microsecond=0) + timedelta(seconds=1)
    restoring.restore_at(estate, physical, began, scratch, patience)
    source = reading.checksums(home, scratch, keys, patience)
    buckets = frozenset(sums.differing(source))
    if not buckets:
        return Proof(sums.count, source.count)
    restoring.restore_at(estate, physical, ended, f"{scratch}-end", patience)
    mine = reading.items_of_buckets(client, name, keys, buckets, patience)
    at_start = reading.items_of_buckets(home, scratch, keys, buckets, patience)
    at_end = reading.items_of_buckets(home, f"{scratch}-end", keys, buckets, patience)
    unexplained, meanwhile = judged(mine, at_start, at_end)
    return Proof(sums.count, source.count, unexplained, meanwhile)
