"""AWS Budgets, account-wide. moto knows neither updates nor subscribers, so all of it is stored."""
# ruff: noqa: A001, A002, ARG002, D101, D102, PLR2004 - `ResourceType` says what each method does

import datetime
from collections.abc import Iterable
from typing import Any, ClassVar

from localcloud.provider.errors import already_exists
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, Violation
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties

_TYPES = (
    *("COST", "USAGE", "SAVINGS_PLANS_COVERAGE", "SAVINGS_PLANS_UTILIZATION"),
    *("RI_COVERAGE", "RI_UTILIZATION"),
)


class Budget(StoredType):
    pulumi_type = "aws:budgets/budget:Budget"
    kind = "budgets:budget"
    naming = Naming(r"[^:\\]+", 100)
    force_new = frozenset({"accountId", "namePrefix"})
    unordered = frozenset({"costFilters", "notifications", "plannedLimits"})
    once = frozenset({"timePeriodStart"})
    defaults: ClassVar = {"timePeriodEnd": "2087-06-15_00:00"}
    choices: ClassVar = {"budgetType": _TYPES, "timeUnit": ("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM")}
    exclusive = (("costFilters", "filterExpression"),)

    def check(self, inputs: Properties) -> Iterable[Violation]:
        if float(inputs.get("limitAmount", 1)) <= 0:
            yield "limitAmount", f"{inputs['limitAmount']} is not above zero"
        notifications = inputs.get("notifications", ())
        if len(notifications) > 10:
            yield "notifications", f"{len(notifications)} notifications; AWS takes 10"
        for index, notification in enumerate(notifications):
            yield from _notification_violations(notification, f"notifications[{index}]", inputs.get("timeUnit"))

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return f"{inputs.get('accountId', scope.account_id)}:{inputs['name']}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        id = str(self.identity(scope, inputs))
        if scope.registry.get(self.kind, id) is not None:
            raise already_exists(f"DuplicateRecordException: budget {inputs['name']} exists in the account")
        return id

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        account, name = id.split(":", 1)
        month = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-01_00:00")
        return {
            "accountId": account,
            "arn": f"arn:aws:budgets::{account}:budget/{name}",
            "timePeriodStart": inputs.get("timePeriodStart", month),
        }


def _notification_violations(given: Properties, path: str, unit: Any) -> Iterable[Violation]:
    emails, topics = given.get("subscriberEmailAddresses", ()), given.get("subscriberSnsTopicArns", ())
    if not emails and not topics:
        yield path, "a notification needs a subscriber"
    if len(emails) > 10 or len(topics) > 1:
        yield path, "AWS takes 10 addresses and 1 topic a notification"
    if given["notificationType"] not in {"ACTUAL", "FORECASTED"}:
        yield f"{path}.notificationType", f"{given['notificationType']!r} is not ACTUAL or FORECASTED"
    elif given["notificationType"] == "FORECASTED" and unit == "DAILY":
        yield f"{path}.notificationType", "a daily budget has no forecast"
    if given["thresholdType"] not in {"PERCENTAGE", "ABSOLUTE_VALUE"}:
        yield f"{path}.thresholdType", f"{given['thresholdType']!r} is not PERCENTAGE or ABSOLUTE_VALUE"
    if given["comparisonOperator"] not in {"GREATER_THAN", "LESS_THAN", "EQUAL_TO"}:
        yield f"{path}.comparisonOperator", f"{given['comparisonOperator']!r} is no operator of AWS Budgets"


TYPES = (Budget(),)
