"""Restore testing of AWS Backup: plans and what they restore. Stored: nothing restores by itself here."""
# ruff: noqa: A001, A002, ARG002, D102 - `ResourceType` says what each method does

import re
import uuid
from collections.abc import Iterator
from typing import ClassVar

from localcloud.limits.schedule_expression import fault
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, failed_precondition
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered
from localcloud.refusals.applied import applied
from localcloud.refusals.check import Inputs, Of, Place, Violation
from localcloud.refusals.general import ARN

_PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
_SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
_NAMING = Naming(r"[0-9A-Za-z_]+", 50)  # no hyphen, unlike nearly every other name
_TYPES = (
    *("Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "S3"),
    *("CloudFormation", "DSQL", "EKS"),
)
_MOST_RESOURCES = 30


class RestoreTestingPlan(StoredType):
    """Restores the points that it selects, one of each resource, in the start window after its schedule."""

    pulumi_type = _PLAN
    kind = "backup:restore-testing-plan"
    id_format = "{name}"
    naming = _NAMING
    once = frozenset({"arn"})
    filled = frozenset({"scheduleExpressionTimezone", "startWindowHours"})
    defaults: ClassVar = {"scheduleExpressionTimezone": "Etc/UTC", "startWindowHours": 24}

    def create(self, scope: Scope, inputs: Properties) -> str:
        id = str(inputs["name"])
        if scope.registry.get(self.kind, self.row(scope, id, inputs)):
            raise failed_precondition(f"AlreadyExistsException: restore testing plan {id} already exists")
        return id

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {"arn": scope.arn("backup", f"restore-testing-plan:{id}-{uuid.uuid4()}")}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """AWS deletes no plan that has selections."""
        place = f"{scope.region}/{id}/"
        if any(row.startswith(place) for row in scope.registry.all(RestoreTestingSelection.kind)):
            raise failed_precondition(f"InvalidRequestException: restore testing plan {id} still has selections")
        super().delete(scope, id, state)


class RestoreTestingSelection(StoredType):
    """Its import id is `{name}:{plan}`."""

    pulumi_type = _SELECTION
    kind = "backup:restore-testing-selection"
    id_format = "{name}:{restoreTestingPlanName}"
    naming = _NAMING
    force_new = frozenset({"protectedResourceType", "restoreTestingPlanName"})
    unordered = frozenset({"protectedResourceArns"})
    filled = frozenset({"protectedResourceArns", "restoreMetadataOverrides", "validationWindowHours"})

    def row(self, scope: Scope, id: str, state: Properties) -> str:
        name, plan = id.split(":", 1)
        return f"{scope.region}/{plan}/{name}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        plan = inputs["restoreTestingPlanName"]
        if scope.registry.get(RestoreTestingPlan.kind, f"{scope.region}/{plan}") is None:
            raise failed_precondition(f"ResourceNotFoundException: restore testing plan {plan} does not exist")
        scope.client("iam").get_role(RoleName=inputs["iamRoleArn"].rsplit("/", 1)[-1])
        id = super().create(scope, inputs)
        if scope.registry.get(self.kind, self.row(scope, id, inputs)):
            raise failed_precondition(f"AlreadyExistsException: restore testing selection {id} already exists")
        return id

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """The real provider sends no update where only the ARNs changed, and keeps the new ones in its state."""
        sent = ("iamRoleArn", "protectedResourceConditions", "restoreMetadataOverrides", "validationWindowHours")
        moved = set(news.get("protectedResourceArns", ())) != set(olds.get("protectedResourceArns", ()))
        if olds and moved and all(news.get(key) == olds.get(key) for key in sent if key in news):
            raise failed_precondition(
                f"{id}: the provider would change nothing in AWS where only protectedResourceArns changes, and say that"
                " it did: set ResourceOptions(replace_on_changes=['protectedResourceArns'], delete_before_replace=True)"
            )
        super().settle(scope, id, news, olds)


def _schedule(value: object) -> str | None:
    return fault(str(value), one_time=False)


def _points(inputs: Inputs, place: Place) -> Iterator[Violation]:
    found, path = inputs.get("recoveryPointSelection") or {}, "recoveryPointSelection"
    for key in ("includeVaults", "excludeVaults"):
        for index, vault in enumerate(found.get(key) or ()):
            match = ARN.fullmatch(str(vault))
            named = match and match["service"] == "backup" and match["name"].startswith("backup-vault:")
            if vault != "*" and not named:
                yield f"{path}.{key}[{index}]", f"{vault!r} is neither a vault's ARN nor *"
            elif match and match["region"] not in {place.region, "*"}:
                yield f"{path}.{key}[{index}]", f"{vault} is in {match['region']}: a plan tests its own region's vaults"
    for key in ("includeVaults", "recoveryPointTypes"):
        if not found.get(key):
            yield f"{path}.{key}", "one at least"


def _selects(inputs: Inputs, _: Place) -> Iterator[Violation]:
    arns, conditions = inputs.get("protectedResourceArns"), inputs.get("protectedResourceConditions")
    if bool(arns) == bool(conditions):
        yield "protectedResourceArns", "exactly one of protectedResourceArns and protectedResourceConditions"
    for index, arn in enumerate(arns or ()):
        if arn != "*" and not ARN.fullmatch(str(arn)):
            yield f"protectedResourceArns[{index}]", f"{arn!r} is neither an ARN nor *"
    if len(arns or ()) > _MOST_RESOURCES:
        yield "protectedResourceArns", f"{len(arns or ())} ARNs; AWS takes {_MOST_RESOURCES}"
    for key in ("stringEquals", "stringNotEquals"):
        for index, row in enumerate((conditions or {}).get(key) or ()):
            if not re.match(r"aws:ResourceTag/.", str(row.get("key"))):
                yield f"protectedResourceConditions.{key}[{index}].key", "a key is aws:ResourceTag/ and the tag's"


_ON_PLAN, _ON_SELECTION = (
    Of(_PLAN, "AWS Backup CreateRestoreTestingPlan"),
    Of(_SELECTION, "AWS Backup CreateRestoreTestingSelection"),
)
RULES = (
    _ON_PLAN.each(
        "schedule", "scheduleExpression", _schedule, "a schedule that is no cron of six fields or rate",
        "cron(m h dom mon dow y)",
    ),
    _ON_PLAN.within("startWindowHours", 1, 168),
    _ON_PLAN.within("recoveryPointSelection.selectionWindowDays", 1, 365),
    _ON_PLAN.rule(
        "points", "recoveryPointSelection", _points, "no vault or type of recovery points, a vault that is none or of"
        " another region",
    ),
    _ON_SELECTION.within("validationWindowHours", 1, 168),
    _ON_SELECTION.one_of("protectedResourceType", _TYPES),
    _ON_SELECTION.rule(
        "selects", "protectedResourceArns protectedResourceConditions", _selects, "ARNs beside conditions, or neither;"
        " too many of them", f"{_MOST_RESOURCES} ARNs",
    ),
    applied(_PLAN, "exists", "a second restore testing plan of one name", "AWS Backup CreateRestoreTestingPlan"),
    applied(_PLAN, "delete-selected", "deleting a plan that has selections", "AWS Backup DeleteRestoreTestingPlan"),
    applied(_SELECTION, "plan-exists", "a selection for a plan or role that is not there, or twice",
            "AWS Backup CreateRestoreTestingSelection"),
    applied(_SELECTION, "arns-change", "ARNs changed in place: the real provider makes no call for them",
            "terraform-provider-aws: restore testing selection, Update"),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        _SELECTION, "restore metadata that the resource type does not know",
        "AWS Backup infers it when the test starts", "AWS Backup restore testing inferred metadata",
    ),
    NotCovered(_PLAN, "100 plans of an account and Region", "a quota", "AWS Backup quotas: restore testing"),
)  # fmt: skip
TYPES = (RestoreTestingPlan(), RestoreTestingSelection())
