"""How a limit stands now: what is spent, what is kept for calls under way, and when it counts anew. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.costs import counters, limits
from omnix.costs.model import Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omnix.costs.keys import Mark
    from omnix.costs.limits import Counter
    from omnix.costs.model import Feature, Scope


@dataclass(frozen=True)
class Standing:
    """One limit, nano-dollars. `limit` is None where there is none; spent and held together are what is committed."""

    scope: Scope
    period: Period
    feature: Feature | None
    limit: int | None
    spent: int
    held: int
    resets_at: str

    @property
    def committed(self) -> int:
        """What counts against the limit."""
        return self.spent + self.held


def standing(item: Mapping[str, Any], bounds: Iterable[Counter], day: str) -> list[Standing]:
    """A limits item's counters against their limits; an item that is not there yet is empty."""
    under_way = list(counters.marks(item).values())
    return [
        Standing(
            scope=one.scope,
            period=one.period,
            feature=one.feature,
            limit=one.limit,
            spent=item.get(one.attribute, 0) - held,
            held=held,
            resets_at=limits.resets_at(one.period, day),
        )
        for one in bounds
        for held in [sum(amount for mark, amount in under_way if _counts(mark, one, day))]
    ]


def _counts(mark: Mark, counter: Counter, day: str) -> bool:
    """Whether a call under way counts in that counter."""
    of_feature = counter.feature is None or counter.feature is mark.feature
    return of_feature and (counter.period is Period.MONTH or mark.day == day[-2:])
