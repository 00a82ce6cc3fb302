"""AWS Budgets, account-wide. moto knows neither updates nor subscribers, so all of it is stored.

Nothing is spent here, so no action ever runs: what one would attach is attached by hand to see what it does.
"""
# ruff: noqa: A001, A002, ARG002, D101, D102 - `ResourceType` says what each method does

import datetime
import json
import uuid
from collections.abc import Iterator
from typing import ClassVar

from localcloud.provider.errors import already_exists
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, document, failed_precondition
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals.check import Check, Inputs, Of, Place, Violation, number
from localcloud.refusals.general import Reference
from localcloud.refusals.model import Api, checks_of

_ACTION = "aws:budgets/budgetAction:BudgetAction"
_DEFINITIONS = {
    "APPLY_IAM_POLICY": "iamActionDefinition",
    "APPLY_SCP_POLICY": "scpActionDefinition",
    "RUN_SSM_DOCUMENTS": "ssmActionDefinition",
}
_HIGHEST = 40_000_000_000


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


class BudgetAction(StoredType):
    """`{account}:{action}:{budget}`. The budget, and a role that Budgets may assume, are there before it."""

    pulumi_type = _ACTION
    kind = "budgets:budget_action"
    force_new = frozenset({"accountId", "actionType", "budgetName"})
    unordered = frozenset({"subscribers"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        account = inputs.get("accountId", scope.account_id)
        if scope.registry.get(Budget.kind, f"{account}:{inputs['budgetName']}") is None:
            raise failed_precondition(f"NotFoundException: Unable to get budget: {inputs['budgetName']}")
        role = scope.client("iam").get_role(RoleName=inputs["executionRoleArn"].rsplit("/", 1)[-1])["Role"]
        if "budgets.amazonaws.com" not in json.dumps(document(role["AssumeRolePolicyDocument"])):
            raise failed_precondition(
                f"AccessDeniedException: Budgets may not assume {inputs['executionRoleArn']}: its trust policy does not"
                " name budgets.amazonaws.com"
            )
        return f"{account}:{uuid.uuid4()}:{inputs['budgetName']}"

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        account, action, budget = id.split(":", 2)
        return {
            "accountId": account,
            "actionId": action,
            "arn": f"arn:aws:budgets::{account}:budget/{budget}/action/{action}",
            "status": "STANDBY",
        }


def _definition(inputs: Inputs, _: Place) -> Iterator[Violation]:
    wanted, given = _DEFINITIONS.get(str(inputs.get("actionType"))), inputs.get("definition") or {}
    if wanted is None:
        return  # the choice of types is a rule of its own
    if not given.get(wanted):
        yield f"definition.{wanted}", f"an action that is {inputs['actionType']} needs it"
    for other in set(_DEFINITIONS.values()) - {wanted}:
        if given.get(other):
            yield f"definition.{other}", f"is not of an action that is {inputs['actionType']}"
    applied = given.get("iamActionDefinition") or {}
    if wanted == "iamActionDefinition" and not any(applied.get(key) for key in ("roles", "groups", "users")):
        yield "definition.iamActionDefinition", "attaches its policy to nobody: give roles, groups or users"


def _threshold(inputs: Inputs, _: Place) -> Iterator[Violation]:
    value = number((inputs.get("actionThreshold") or {}).get("actionThresholdValue"))
    if value is not None and not 0 < value <= _HIGHEST:
        yield "actionThreshold.actionThresholdValue", f"{value:g} is not above 0 and at most {_HIGHEST}"


_OF = Of(_ACTION, "AWS Budgets API reference: CreateBudgetAction")
_MODELLED, NOT_COVERED = checks_of(
    _ACTION,
    Api("budgets CreateBudgetAction", {"subscribers[].address": "", "actionThreshold.actionThresholdValue": ""}),
)
RULES: tuple[Check, ...] = (
    *_MODELLED,
    _OF.rule("definition", "actionType definition", _definition, "a definition that is not the action's, or of nobody"),
    _OF.rule("threshold", "actionThreshold", _threshold, "a threshold that is none", f"above 0, at most {_HIGHEST}"),
    Reference(
        _ACTION,
        "executionRoleArn",
        "iam",
        "role/.+",
        "account",
        "IAM PassRole: a role is passed within its own account",
    ).check(),
)
TYPES = (Budget(), BudgetAction())
