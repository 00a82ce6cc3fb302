"""AWS Cost Anomaly Detection, account-wide: monitors and who is told. Nothing is billed here, so nothing is found."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import json
import uuid
from collections.abc import Iterator
from typing import ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Scope, document, failed_precondition
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals.check import Check, Inputs, Of, Place, Violation
from localcloud.refusals.model import Api, checks_of

_MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
_SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
_EXPRESSION = {"And", "Or", "Not", "Dimensions", "Tags", "CostCategories"}
_THRESHOLDS = {"ANOMALY_TOTAL_IMPACT_ABSOLUTE", "ANOMALY_TOTAL_IMPACT_PERCENTAGE"}


class _Anomaly(StoredType):
    """Both are known by their ARNs."""

    noun: ClassVar[str]
    naming = Naming(r"[\s\S]*\S[\s\S]*", 1024)

    def create(self, scope: Scope, inputs: Properties) -> str:
        return f"arn:aws:ce::{scope.account_id}:{self.noun}/{uuid.uuid4()}"

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {"arn": id}


class AnomalyMonitor(_Anomaly):
    """AWS takes one monitor of all services in an account, whoever made it."""

    pulumi_type = _MONITOR
    kind = "costexplorer:anomaly_monitor"
    noun = "anomalymonitor"
    force_new = frozenset({"monitorType", "monitorDimension", "monitorSpecification"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        others = (row["inputs"] for row in scope.registry.all(self.kind).values())
        if inputs["monitorType"] == "DIMENSIONAL" and any(
            one.get("monitorDimension") == inputs.get("monitorDimension") for one in others
        ):
            raise failed_precondition("ValidationException: Limit exceeded on dimensional spend monitor creation")
        return super().create(scope, inputs)


class AnomalySubscription(_Anomaly):
    pulumi_type = _SUBSCRIPTION
    kind = "costexplorer:anomaly_subscription"
    noun = "anomalysubscription"
    force_new = frozenset({"accountId", "name"})
    unordered = frozenset({"subscribers"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        known = scope.registry.all(AnomalyMonitor.kind)
        if missing := [arn for arn in inputs["monitorArnLists"] if arn not in known]:
            raise failed_precondition(f"UnknownMonitorException: The following monitors are not found: {missing}")
        return super().create(scope, inputs)

    def computed(self, scope: Scope, id: str, inputs: Properties) -> Properties:
        return {"arn": id, "accountId": inputs.get("accountId", scope.account_id)}


def _monitored(inputs: Inputs, _: Place) -> Iterator[Violation]:
    kind, specified = inputs.get("monitorType"), inputs.get("monitorSpecification")
    if kind == "DIMENSIONAL" and not inputs.get("monitorDimension"):
        yield "monitorDimension", "a DIMENSIONAL monitor needs it"
    if kind == "CUSTOM":
        parsed = document(specified)
        if not isinstance(parsed, dict) or not set(parsed) & _EXPRESSION:
            yield "monitorSpecification", "a CUSTOM monitor needs a JSON expression of Cost Explorer's"


def _told(inputs: Inputs, _: Place) -> Iterator[Violation]:
    """At once only to a topic; daily and weekly only by e-mail."""
    wanted = "SNS" if inputs.get("frequency") == "IMMEDIATE" else "EMAIL"
    for at, one in enumerate(inputs.get("subscribers") or ()):
        if one.get("type") != wanted:
            yield f"subscribers[{at}].type", f"a subscription that is {inputs.get('frequency')} goes to {wanted}"
        elif wanted == "SNS" and not str(one.get("address")).startswith("arn:aws:sns:"):
            yield f"subscribers[{at}].address", f"{one.get('address')!r} is no topic's ARN"


def _threshold(inputs: Inputs, _: Place) -> Iterator[Violation]:
    expression = inputs.get("thresholdExpression")
    if not expression:
        yield "thresholdExpression", "AWS takes no subscription without one"
    elif not any(key in json.dumps(expression) for key in _THRESHOLDS):
        yield "thresholdExpression", f"names none of {', '.join(sorted(_THRESHOLDS))}"


_OF_MONITOR = Of(_MONITOR, "Cost Explorer API reference: CreateAnomalyMonitor")
_OF_SUBSCRIPTION = Of(_SUBSCRIPTION, "Cost Explorer API reference: CreateAnomalySubscription")
_MONITORS, _ = checks_of(_MONITOR, Api("ce CreateAnomalyMonitor.AnomalyMonitor", {"monitorSpecification": ""}))
_SUBSCRIPTIONS, _ = checks_of(_SUBSCRIPTION, Api("ce CreateAnomalySubscription.AnomalySubscription"))
RULES: tuple[Check, ...] = (
    *_MONITORS,
    *_SUBSCRIPTIONS,
    _OF_MONITOR.exclusive("monitorDimension", "monitorSpecification"),
    _OF_MONITOR.rule(
        "monitored", "monitorType monitorDimension monitorSpecification", _monitored, "a monitor of nothing"
    ),
    _OF_SUBSCRIPTION.rule(
        "told", "frequency subscribers", _told, "a subscriber of a kind that the frequency has not", "SNS or EMAIL"
    ),
    _OF_SUBSCRIPTION.rule("threshold", "thresholdExpression", _threshold, "no threshold, or one of nothing"),
)
TYPES = (AnomalyMonitor(), AnomalySubscription())
