"""Which reactions a table's changes have.

A reaction is `react(change) -> None`. It may be called any number of times for one change, and changes of different
items in any order: it counts differences between the two images (which commute) through `omnix.events.once.apply`.
What it raises is tried again, with every later change of its shard behind it, so it raises only what trying helps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from omnix.events.change import Change

type Reaction = Callable[[Change], None]


@functools.cache
def reactions() -> Mapping[str, Sequence[Reaction]]:
    """Table -> its reactions, in their order."""
    from omnix.analytics.reaction import count_level, count_order
    from omnix.customers import rollup
    from omnix.dashboard.reaction import count_product
    from omnix.inventory import alerts, low_stock
    from omnix.recommendations import pairs

    return {
        "products": (count_product,),
        "orders": (count_order, rollup.apply, pairs.apply),
        "inventory": (low_stock.react, alerts.react, count_level),
    }
