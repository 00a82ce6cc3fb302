"""AWS Backup and AWS Budgets, Application Auto Scaling."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import re
from collections.abc import Iterator
from typing import Any

from localcloud.limits.schedule_expression import fault
from localcloud.refusals.check import Inputs, Of, Place, Violation, number

_PLAN = Of("aws:backup/plan:Plan", "AWS Backup BackupRuleInput")
_SELECTION = Of("aws:backup/selection:Selection", "AWS Backup BackupSelection")
_VAULT = Of("aws:backup/vault:Vault", "AWS Backup CreateBackupVault")
_BUDGET = Of("aws:budgets/budget:Budget", "AWS Budgets CreateBudget")
_TARGET = Of("aws:appautoscaling/target:Target", "Application Auto Scaling RegisterScalableTarget")
_POLICY = Of("aws:appautoscaling/policy:Policy", "Application Auto Scaling PutScalingPolicy")
# Minutes that the provider sends where a rule names none (AWS Backup's own defaults are 480 and 10080).
_START_WINDOW, _COMPLETION_WINDOW = 60, 180
_SCALED = ("scalableDimension", "serviceNamespace", "resourceId")
_CONFIGURATIONS = {
    "StepScaling": "stepScalingPolicyConfiguration",
    "TargetTrackingScaling": "targetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "predictiveScalingPolicyConfiguration",
}


def _schedule(value: Any) -> str | None:
    return fault(str(value), one_time=False)


def _rules(inputs: Inputs, _: Place) -> Iterator[Violation]:
    names = [rule.get("ruleName") for rule in inputs.get("rules", ())]
    if len(names) != len(set(names)):
        yield "rules", "rule names must differ"
    for index, rule in enumerate(inputs.get("rules", ())):
        path = f"rules[{index}]"
        start = int(rule.get("startWindow") or _START_WINDOW)
        end = int(rule.get("completionWindow") or _COMPLETION_WINDOW)
        if start < 60 or end < start + 60:
            yield f"{path}.completionWindow", "the start window takes 60 min or more, completion 60 min more than that"
        copies = enumerate(rule.get("copyActions") or ())
        for where, lifecycle in (
            ("lifecycle", rule.get("lifecycle")),
            *((f"copyActions[{at}].lifecycle", copy.get("lifecycle")) for at, copy in copies),
        ):
            yield from _lifecycle(lifecycle or {}, f"{path}.{where}")
        kept = (rule.get("lifecycle") or {}).get("deleteAfter")
        if rule.get("enableContinuousBackup") and (kept is None or not 1 <= int(kept) <= 35):
            yield f"{path}.lifecycle.deleteAfter", "continuous backups are kept 1 to 35 days"
        if rule.get("enableContinuousBackup") and (rule.get("lifecycle") or {}).get("coldStorageAfter"):
            yield f"{path}.lifecycle.coldStorageAfter", "continuous backups do not go to cold storage"


def _lifecycle(given: Inputs, path: str) -> Iterator[Violation]:
    cold, gone = given.get("coldStorageAfter"), given.get("deleteAfter")
    if cold and gone and int(gone) < int(cold) + 90:
        yield path, f"cold storage keeps 90 days at least: deleteAfter {gone} < {cold} + 90"
    for key, value in (("coldStorageAfter", cold), ("deleteAfter", gone)):
        if value is not None and int(value) < 0:
            yield f"{path}.{key}", f"{value} is below zero"


def _selection(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if not inputs.keys() & {"resources", "selectionTags", "conditions", "notResources"}:
        yield "resources", "a selection selects by resources, tags or conditions"
    for key in ("resources", "notResources"):
        if len(inputs.get(key, ())) > 500:
            yield key, "AWS takes 500 ARNs without wildcards (30 with)"
        for index, arn in enumerate(inputs.get(key, ())):
            if arn != "*" and not str(arn).startswith("arn:"):
                yield f"{key}[{index}]", f"{arn!r} is no ARN"


def _budget(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if (limit := number(inputs.get("limitAmount", 1))) is not None and limit <= 0:
        yield "limitAmount", f"{inputs['limitAmount']} is not above zero"
    if bool(inputs.get("limitAmount")) != bool(inputs.get("limitUnit")):
        yield "limitUnit", "amount and unit go together"
    kind, unit = str(inputs.get("budgetType")), inputs.get("limitUnit")
    if kind == "COST" and unit not in (None, "USD"):
        yield "limitUnit", f"a cost budget is in the bill's currency, USD, not {unit!r}"
    if kind.startswith(("RI_", "SAVINGS_PLANS_")) and unit not in (None, "PERCENTAGE"):
        yield "limitUnit", f"{kind} is a PERCENTAGE"
    if sum(bool(inputs.get(key)) for key in ("limitAmount", "autoAdjustData", "plannedLimits")) != 1:
        yield "limitAmount", "exactly one of limitAmount, plannedLimits and autoAdjustData"
    if inputs.get("plannedLimits") and inputs.get("timeUnit") not in {"MONTHLY", "QUARTERLY"}:
        yield "plannedLimits", "only for MONTHLY (12) and QUARTERLY (4) budgets"
    seen = set()
    for index, row in enumerate(inputs.get("notifications", ())):
        yield from _notification(row, f"notifications[{index}]", inputs.get("timeUnit"))
        same = tuple(row.get(key) for key in ("comparisonOperator", "notificationType", "threshold", "thresholdType"))
        if same in seen:
            yield f"notifications[{index}]", "the same notification twice: put the subscribers into one"
        seen.add(same)


def _notification(given: Inputs, path: str, unit: Any) -> Iterator[Violation]:
    emails, topics = given.get("subscriberEmailAddresses") or (), given.get("subscriberSnsTopicArns") or ()
    if not emails and not topics:
        yield path, "a notification needs a subscriber"
    if len(emails) > 10 or len(topics) > 1:
        yield path, "AWS takes 10 addresses and 1 topic a notification"
    for address in emails:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(address)):
            yield f"{path}.subscriberEmailAddresses", f"{address!r} is no e-mail address"
    if given.get("notificationType") == "FORECASTED" and unit == "DAILY":
        yield f"{path}.notificationType", "a daily budget has no forecast"
    threshold = number(given.get("threshold"))
    if given.get("thresholdType") == "PERCENTAGE" and threshold is not None and not 0 < threshold <= 1_000_000:
        yield f"{path}.threshold", f"{given['threshold']} % is outside 0 to 1,000,000"


def _budget_period(value: Any) -> str | None:
    ok = re.fullmatch(r"\d{4}-\d{2}-\d{2}_\d{2}:\d{2}", str(value))
    return None if ok else f"{value!r} is not of the form 2030-01-01_00:00"


def _target(inputs: Inputs, _: Place) -> Iterator[Violation]:
    low, high = number(inputs.get("minCapacity")), number(inputs.get("maxCapacity"))
    if low is not None and high is not None and low > high:
        yield "minCapacity", f"{low:g} is above maxCapacity {high:g}"
    yield from _dimension(inputs, _)
    if inputs.get("serviceNamespace") == "dynamodb" and low is not None and low < 1:
        yield "minCapacity", "a table or index has one unit at least"


def _dimension(inputs: Inputs, _: Place) -> Iterator[Violation]:
    dimension, namespace = str(inputs.get("scalableDimension", "")), str(inputs.get("serviceNamespace", ""))
    if dimension and namespace and not dimension.startswith(f"{namespace}:"):
        yield "scalableDimension", f"{dimension!r} is not of {namespace}"
    resource = str(inputs.get("resourceId", ""))
    if namespace == "dynamodb" and resource and dimension:
        form = r"table/[^/]+/index/[^/]+" if ":index:" in dimension else r"table/[^/]+"
        if not re.fullmatch(form, resource):
            yield "resourceId", f"{resource!r} is not of the form {form} that {dimension} scales"


def _scaling(inputs: Inputs, place: Place) -> Iterator[Violation]:
    kind = inputs.get("policyType", "StepScaling")
    for name, key in _CONFIGURATIONS.items():
        if (name == kind) != (key in inputs):
            yield key, f"{'required by' if name == kind else 'does not go with'} policyType {kind}"
    yield from _dimension(inputs, place)
    tracking = inputs.get("targetTrackingScalingPolicyConfiguration") or {}
    path = "targetTrackingScalingPolicyConfiguration"
    if tracking and ("predefinedMetricSpecification" in tracking) == ("customizedMetricSpecification" in tracking):
        yield path, "exactly one of predefined and customized metric"
    metric = (tracking.get("predefinedMetricSpecification") or {}).get("predefinedMetricType", "")
    target = number(tracking.get("targetValue"))
    if str(metric).startswith("DynamoDB") and target is not None and not 20 <= target <= 90:
        yield f"{path}.targetValue", f"{target:g} is outside 20 to 90, DynamoDB's range of target utilization"
    for key in ("scaleInCooldown", "scaleOutCooldown"):
        if int(tracking.get(key) or 0) < 0:
            yield f"{path}.{key}", "seconds, zero or more"


RULES = (
    _PLAN.each(
        "schedule",
        "rules[].schedule",
        _schedule,
        "a schedule that is no cron of six fields or rate",
        "cron(m h dom mon dow y)",
        "AWS Backup ScheduleExpression",
    ),
    _PLAN.rule(
        "rules",
        "rules",
        _rules,
        "rules of one name, windows too short, cold storage under 90 days, continuous backups kept too long",
        "90 days cold; 35 days continuous; 60 min windows",
    ),
    _SELECTION.rule(
        "selects",
        "resources notResources selectionTags conditions",
        _selection,
        "a selection of nothing, of no ARN, of too much",
        "500 ARNs",
    ),
    _BUDGET.rule(
        "limits",
        "limitAmount limitUnit budgetType autoAdjustData plannedLimits timeUnit notifications",
        _budget,
        "limits of a wrong unit, none or several, notifications to nobody or too many, daily forecasts",
        "10 addresses and 1 topic",
        "AWS Budgets CreateBudget, quotas",
    ),
    _BUDGET.exclusive("costFilters", "filterExpression"),
    _BUDGET.each(
        "start-form",
        "timePeriodStart",
        _budget_period,
        "a start that is no moment",
        "YYYY-MM-DD_HH:MM",
        "pulumi-aws Budget",
    ),
    _BUDGET.each(
        "end-form", "timePeriodEnd", _budget_period, "an end that is no moment", "YYYY-MM-DD_HH:MM", "pulumi-aws Budget"
    ),
    _TARGET.rule(
        "capacity",
        "minCapacity maxCapacity scalableDimension serviceNamespace resourceId",
        _target,
        "a minimum above the maximum, a dimension of another service, a resource of another form",
        "min ≤ max",
    ),
    _POLICY.rule(
        "configuration",
        " ".join(("policyType", *_CONFIGURATIONS.values(), *_SCALED)),
        _scaling,
        "a configuration that is not the policy type's, a target out of range",
        "DynamoDB: 20 to 90 %",
        "Application Auto Scaling PutScalingPolicy; DynamoDB auto scaling",
    ),
)
