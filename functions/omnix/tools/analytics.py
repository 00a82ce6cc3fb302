"""Tools on what a shop sells."""

from typing import Annotated

from pydantic import Field

from omnix.analytics.model import MAX_DAYS, Amount, By, Sales, SalesReport
from omnix.analytics.service import analytics
from omnix.authorisation import PEOPLE, Principal
from omnix.dashboard.model import Summary
from omnix.dashboard.service import dashboard
from omnix.scopes import Scope
from omnix.tools.bounds import MOST_ITEMS, Limit, excerpt, fitted
from omnix.tools.tool import Arguments, Id, Listed, Result, Tool

_NAME_LENGTH = 80

Days = Annotated[int, Field(ge=1, le=MAX_DAYS, description="How many days up to today, UTC.")]


class SalesSummary(Arguments):
    """Which sales, and how they are grouped."""

    days: Days = 7
    by: Annotated[By, Field(strict=False)] = By.DAY
    product_id: Id | None = Field(default=None, description="Only this product; not by category.")


class BestSellers(Arguments):
    """Over how many days, and how many products."""

    days: Days = 30
    limit: Limit = 10


class ShopSummary(Arguments):
    """Nothing: the whole shop as it is now."""


class SummaryFound(Result, Summary):
    """The state of the shop, some seconds old. Amounts are in minor units (ISO 4217)."""


class SalesFound(Listed):
    """Sales of paid orders. Sums are of the whole period; `items` are the last days, or the largest groups.

    `exact` is false where products beyond a day's first hundred are left out; `left_out` counts groups not shown.
    """

    since: str
    until: str
    exact: bool
    orders: int | None = Field(description="By day only.")
    units: int
    revenue: list[Amount] = Field(description="Minor units (ISO 4217) by currency.")
    items: list[Sales]


def _summary(caller: Principal, _asked: ShopSummary) -> SummaryFound:
    return SummaryFound(**dashboard().summary(caller).model_dump())


def _sales(caller: Principal, asked: SalesSummary) -> SalesFound:
    report = analytics().sales(caller, asked.by, asked.days, asked.product_id)
    rows = report.items[-MOST_ITEMS:][::-1] if asked.by is By.DAY else report.items[:MOST_ITEMS]
    return _shown(report, rows)


def _best(caller: Principal, asked: BestSellers) -> SalesFound:
    report = analytics().best_sellers(caller, asked.days, asked.limit)
    return _shown(report, report.items)


def _shown(report: SalesReport, rows: list[Sales]) -> SalesFound:
    revenue: dict[str, int] = {}
    for row in report.items:
        for amount in row.revenue:
            revenue[amount.currency] = revenue.get(amount.currency, 0) + amount.amount
    counted = [row.orders for row in report.items if row.orders is not None]
    shown = SalesFound(
        since=report.since,
        until=report.until,
        exact=report.exact,
        orders=sum(counted) if counted else None,
        units=sum(row.units for row in report.items),
        revenue=[Amount(currency=name, amount=total) for name, total in sorted(revenue.items())],
        left_out=len(report.items) - len(rows),
        items=[
            row.model_copy(update={"name": excerpt(row.name, _NAME_LENGTH) if row.name else row.name}) for row in rows
        ],
    )
    return fitted(shown)


TOOLS = (
    Tool(
        name="shop_summary",
        title="Summarise the shop",
        description="How many products there are, orders by status, units in stock, how many levels are low, and "
        "today's sales.",
        input=ShopSummary,
        output=SummaryFound,
        scope=Scope.ANALYTICS_READ,
        roles=PEOPLE,
        run=_summary,
    ),
    Tool(
        name="sales_summary",
        title="Summarise sales",
        description="Orders, units and revenue of the last days, in all and by day (the newest first), category or "
        "product. Amounts are in minor units (ISO 4217).",
        input=SalesSummary,
        output=SalesFound,
        scope=Scope.ANALYTICS_READ,
        roles=PEOPLE,
        run=_sales,
    ),
    Tool(
        name="best_sellers",
        title="List best sellers",
        description="The products that sold most units in the last days; sums are of those shown.",
        input=BestSellers,
        output=SalesFound,
        scope=Scope.ANALYTICS_READ,
        roles=PEOPLE,
        run=_best,
    ),
)
