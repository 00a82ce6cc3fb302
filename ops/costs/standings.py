"""How every limit stands now: the environment's, its features' and its tenants'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omnix.costs import keys, ledger, limits
from omnix.costs.model import Feature, Scope, usd
from omnix.costs.standing import standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omnix.costs.standing import Standing
    from ops.costs.books import Books


@dataclass(frozen=True)
class Held:
    """A limit and whose it is: a tenant's id, a feature, or the environment's name."""

    whose: str
    standing: Standing

    @property
    def used(self) -> float | None:
        """The share that is committed; None without a limit, 1 and more where there is no room."""
        limit = self.standing.limit
        if limit is None:
            return None
        return self.standing.committed / limit if limit else 1.0

    def document(self) -> dict[str, Any]:
        """As JSON shows it."""
        one = self.standing
        amounts = {"limit": one.limit, "spent": one.spent, "held": one.held, "committed": one.committed}
        return {
            "scope": one.scope.value,
            "whose": self.whose,
            "period": one.period.value,
            **{f"{name}_nano_usd": amount for name, amount in amounts.items()},
            **{f"{name}_usd": None if amount is None else usd(amount) for name, amount in amounts.items()},
            "used_share": None if self.used is None else round(self.used, 6),
            "resets_at": one.resets_at,
        }


def standings(books: Books, today: str, tenants: Iterable[str]) -> list[Held]:
    """The environment's day and month, each feature's, and those of the tenants."""
    item = books.table.get(*keys.environment(today)) or {}
    bounds = {one: None for feature in Feature for one in limits.of_environment(books.limits, feature, today)}
    found = [Held(_whose(books, one), one) for one in standing(item, bounds, today)]
    for tenant_id in sorted(set(tenants)):
        own = books.table.get(*keys.tenant(tenant_id, today)) or {}
        found += [
            Held(tenant_id, one) for one in standing(own, limits.of_tenant(books.limits, tenant_id, today), today)
        ]
    return found


def tenants_of_month(books: Books, today: str) -> set[str]:
    """Those with calls this month, and those that the stack's limits name."""
    rows = ledger.of_all(books.table, f"{today[:7]}-01", today)
    return {row.tenant_id for row in rows} | set(books.limits.tenants)


def _whose(books: Books, one: Standing) -> str:
    return one.feature.value if one.scope is Scope.FEATURE and one.feature else books.environment
