"""The Bedrock budgets as data. Pure.

A budget is a backstop: AWS updates cost a few times a day, hours late. What stops spending is the functions'
own reservation of tokens before each call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# AWS Budgets: a notification has one topic and at most ten e-mail addresses.
EMAILS_PER_NOTIFICATION = 10

type Period = Literal["DAILY", "MONTHLY"]


@dataclass(frozen=True)
class Alert:
    """One notification: `percent` of the limit, of what was spent or of what AWS expects to be."""

    percent: int
    kind: Literal["ACTUAL", "FORECASTED"]


@dataclass(frozen=True)
class Budget:
    """One cost budget. `key` ends its name; `services` are the values of its `Service` filter."""

    key: str
    period: Period
    limit_usd: float
    alerts: tuple[Alert, ...]
    services: tuple[str, ...]

    @property
    def limit_amount(self) -> str:
        """The limit as AWS takes it: a decimal, without a fraction that is not there."""
        return f"{self.limit_usd:.2f}".rstrip("0").rstrip(".")


def bedrock_budgets(daily_usd: float, monthly_usd: float, services: Sequence[str]) -> tuple[Budget, Budget]:
    """A day's and a month's budget, at 80 and 100 % of what was spent.

    The month also warns when AWS expects more than the limit; it makes no forecast for a day.
    """
    spent = (Alert(80, "ACTUAL"), Alert(100, "ACTUAL"))
    billed = tuple(services)
    return (
        Budget("bedrock-daily", "DAILY", daily_usd, spent, billed),
        Budget("bedrock-monthly", "MONTHLY", monthly_usd, (*spent, Alert(100, "FORECASTED")), billed),
    )


def budgets_note(budgets: Sequence[Budget]) -> str:
    """One line for people: what is budgeted. CloudWatch has no metric of Marketplace-billed models' cost."""
    limits = ", ".join(f"{budget.limit_amount} USD {budget.period.lower()}" for budget in budgets)
    return f"Bedrock budgets: {limits}. Cost arrives hours late; tokens below are live."
