"""Each call of a model as the guard ended it; they are kept for 35 days, the ledger's sums for 400."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.analytics.reading import between
from omnix.costs import holds, keys, ledger
from omnix.costs.closing import CALLS_KEPT_SECONDS
from omnix.costs.holds import Verdict
from omnix.costs.model import Feature
from omnix.dashboard.keys import partition
from ops.errors import Refused

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from omnix.costs.model import Reservation
    from omnix.dynamodb import Item, Table

KEPT_DAYS = CALLS_KEPT_SECONDS // (24 * 3600)


@dataclass(frozen=True)
class Call:
    """One call: what was kept for it, and how it ended."""

    reserved: Reservation
    verdict: Verdict

    @property
    def counts(self) -> Counter[str]:
        """What it added to the ledger."""
        return ledger.counted(self.verdict, self.reserved.amount)


def of_tenants(table: Table, tenants: Iterable[str], first: str, last: str) -> list[Call]:
    """The tenants' calls from one UTC day to another, both included, by tenant, day and lease."""
    return [
        call(item)
        for tenant_id in sorted(set(tenants))
        for item in between(table, partition(tenant_id), f"{keys.CALLS}{first}", f"{keys.CALLS}{last}~")
    ]


def call(item: Item) -> Call:
    """Of an item `AI#CALL#…`. Refused where its feature is none that this version knows."""
    if item["feature"] not in set(Feature):
        raise Refused(
            f"call {item['reservation_id']} is of the feature {item['feature']}, which this version does not know",
            "run the command of the version that is deployed",
        )
    return Call(holds.reservation(item), Verdict.read(item["outcome"], item))
