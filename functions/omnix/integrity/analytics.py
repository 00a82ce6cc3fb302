"""What items of the tables `analytics` and `recommendations` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.analytics import best, keys
from omnix.dashboard import keys as dashboard_keys
from omnix.integrity import costs
from omnix.integrity.saying import PREFIX, Wrong, counters
from omnix.recommendations.counts import CAPACITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

# By what their sort keys begin with; the last of them that fits. Boards, and counters of what is not kept as long as
# they are (events) or of changes (a day's growth of the stock), have nothing to be compared with.
_COUNTERS = {
    dashboard_keys.CATALOGUE_PREFIX: "catalogue-counts",
    dashboard_keys.CATEGORY_PREFIX: "catalogue-counts",
    f"{dashboard_keys.PREFIX}ORDERS#": "sales-counts",
    f"{dashboard_keys.PREFIX}STOCK#": "stock-counts",
    keys.DAYS: "sales-counts",
    keys.CATEGORIES: "sales-counts",
}
_ALONE = (keys.BESTS, keys.STOCK_DAYS, keys.EVENT_DAYS)
_NO_COUNTER = frozenset({"expires_at", "version"})


def rollup(item: Item, now: int) -> Iterator[Said]:
    """Counters; those that TTL is about to remove say nothing any more."""
    place = item["sk"]
    if place.startswith(keys.BESTS) and len(item["places"]) > best.PLACES:
        yield Wrong("content", "a board with too many places")
    rule = next((rule for prefix, rule in _COUNTERS.items() if place.startswith(prefix)), None)
    if rule is None:
        if not place.startswith(_ALONE):
            yield Wrong("place", "a counter of nothing that is known")
        return
    if item.get("expires_at", now + 1) > now:
        amounts = {name: -value for name, value in item.items() if type(value) is int and name not in _NO_COUNTER}
        yield from counters(rule, (item["pk"], place), amounts)


def event(item: Item, _now: int) -> Iterator[Said]:
    """An event that was sent, or the marker of a change that was counted."""
    if not item["pk"].startswith(PREFIX) or type(item["expires_at"]) is not int:
        yield Wrong("content", "of no tenant, or without an end")


def counts(item: Item, _now: int) -> Iterator[Said]:
    """What was bought together with a product."""
    if not item["sk"].startswith("PAIRS#"):
        yield Wrong("place", "its key is not the one of its content")
    amounts = item["counts"]
    if len(amounts) > CAPACITY or any(type(amount) is not int or amount < 1 for amount in amounts.values()):
        yield Wrong("content", "counts too many products, or one not at all")


CHECKS = {"rollup": rollup, "event": event, **costs.CHECKS}
PAIRS = {"counts": counts}
