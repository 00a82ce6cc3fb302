"""AWS Budgets, account-wide. moto knows neither updates nor subscribers, so all of it is stored."""
# ruff: noqa: A001, A002, ARG002, D101, D102 - `ResourceType` says what each method does

import datetime
from typing import ClassVar

from localcloud.provider.errors import already_exists
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties


class Budget(StoredType):
    pulumi_type = "aws:budgets/budget:Budget"
    kind = "budgets:budget"
    naming = Naming(r"[^:\\]+", 100)
    force_new = frozenset({"accountId", "namePrefix"})
    unordered = frozenset({"costFilters", "notifications", "plannedLimits"})
    once = frozenset({"timePeriodStart"})
    defaults: ClassVar = {"timePeriodEnd": "2087-06-15_00:00"}

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


TYPES = (Budget(),)
