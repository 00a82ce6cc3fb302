"""What a tenant's AI features used, cost and wasted, from the ledger, and how its limits stand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from omnix import clock
from omnix.authorisation import EDITORS
from omnix.costs import keys, ledger, limits
from omnix.costs.model import usd
from omnix.costs.optimising import share, watch
from omnix.costs.parameters import catalogue, current_limits
from omnix.costs.standing import standing
from omnix.costs.usage_model import (
    MAX_DAYS,
    AiCost,
    AiSpend,
    CheapestModel,
    FeatureWatch,
    LimitStanding,
    Tokens,
    UsageReport,
)
from omnix.errors import ValidationFailedError
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omnix.authorisation import Principal
    from omnix.costs.ledger import Row
    from omnix.costs.limits import Limits
    from omnix.costs.optimising import Watch
    from omnix.costs.prices import Catalogue
    from omnix.costs.standing import Standing
    from omnix.dynamodb import Table

DEFAULT_DAYS = 30


class Usage:
    """The usage of one environment's tenants."""

    def __init__(self, table: Table, models: Catalogue, current: Limits) -> None:
        self._table, self._models, self._limits = table, models, current

    def report(self, caller: Principal, since: str | None = None, until: str | None = None) -> UsageReport:
        """From one UTC day to another, both included; the last 30 days where they are left out.

        What a shop spends is for owners and managers. Forbidden; validation failed.
        """
        caller.require(EDITORS)
        today = clock.iso(clock.epoch_seconds())[:10]
        first, last = _period(since, until, today)
        rows = ledger.of_tenant(self._table, caller.tenant_id, first, last)
        item = self._table.get(*keys.tenant(caller.tenant_id, today)) or {}
        bounds = limits.of_tenant(self._limits, caller.tenant_id, today)
        return UsageReport(
            since=first,
            until=last,
            total=spent("total", ledger.total(rows)),
            days=grouped(rows, lambda row: row.day),
            features=grouped(rows, lambda row: row.feature),
            models=grouped(rows, lambda row: row.model_id),
            limits=[_limit(one) for one in standing(item, bounds, today)],
            watch=[_watch(one) for one in watch(rows, self._models.priced(), self._limits)],
        )


def grouped(rows: Iterable[Row], by: Callable[[Row], str]) -> list[AiSpend]:
    """The rows' sums by that key, in its order."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(by(row), Counter()).update(row.counts)
    return [spent(key, counts) for key, counts in sorted(found.items())]


def spent(key: str, counts: Mapping[str, int]) -> AiSpend:
    """Counts of the ledger as the contract shows them."""
    calls = counts.get(ledger.CALLS, 0)
    latency = share(counts.get(ledger.LATENCY_MS, 0), calls)
    return AiSpend(
        key=key,
        calls=calls,
        refused=counts.get(ledger.REFUSED, 0),
        failed=counts.get(ledger.FAILED, 0),
        lapsed=counts.get(ledger.LAPSED, 0),
        tokens=Tokens(**ledger.usage(counts).tokens()),
        cost=money(counts.get(ledger.COST, 0)),
        latency_ms_mean=None if latency is None else round(latency, 1),
    )


def money(amount: int) -> AiCost:
    """Nano-dollars in both forms."""
    return AiCost(nano_usd=amount, usd=usd(amount))


def _period(since: str | None, until: str | None, today: str) -> tuple[str, str]:
    last = _day("query.to", until or today)
    first = _day("query.from", since) if since else last - timedelta(days=DEFAULT_DAYS - 1)
    if not 0 <= (last - first).days < MAX_DAYS:
        fault = {"location": "query.from", "reason": "out_of_range", "message": f"1 to {MAX_DAYS} days up to `to`"}
        raise ValidationFailedError("The period is out of range.", [fault])
    return first.isoformat(), last.isoformat()


def _day(location: str, text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        fault = {"location": location, "reason": "date", "message": "a UTC day such as 2026-11-22"}
        raise ValidationFailedError("A day is none.", [fault])
    return found


def _limit(one: Standing) -> LimitStanding:
    return LimitStanding(
        period=one.period,
        limit=None if one.limit is None else money(one.limit),
        spent=money(one.spent),
        held=money(one.held),
        resets_at=one.resets_at,
    )


def _watch(one: Watch) -> FeatureWatch:
    best = one.cheapest
    return FeatureWatch(
        feature=one.feature,
        cache_hit_share=_rounded(one.cache_hit_share),
        tokens_per_answer=_rounded(one.tokens_per_answer),
        input_tokens_per_answer=_rounded(one.input_tokens_per_answer),
        truncated_share=_rounded(one.truncated_share),
        unread_share=_rounded(one.unread_share),
        wasted=money(one.wasted),
        cheapest_model=best
        and CheapestModel(model=best.model_id, cost=money(best.cost), saving=money(best.saving), proven=best.proven),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def usage() -> Usage:
    """The usage of the environment that this process serves."""
    return Usage(opened("analytics"), catalogue(), current_limits())
