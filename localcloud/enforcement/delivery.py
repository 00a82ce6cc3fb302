"""Deliveries that moto makes: SNS, EventBridge and S3 to their targets, queues and streams to functions.

What may not be sent is not sent. AWS does so too: the publisher's call succeeds, the delivery fails, and only the
service's own log or metric says so.
"""

import functools
import logging
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.events.models import Rule
from moto.s3 import notifications
from moto.sns.models import Subscription

from localcloud.enforcement import rule_targets
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.need import Need
from localcloud.enforcement.preconditions import source_needs
from localcloud.iam.evaluate import Decision

_LOG = logging.getLogger(__name__)
_SNS, _EVENTS, _S3 = "sns.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com"


def watch(acting: Acting) -> None:
    """Ask before each delivery; done once, when the endpoint starts."""
    patched: Any = Subscription
    patched.publish = _published(Subscription.publish, acting)
    patched = Rule
    patched.send_to_targets = _targeted(Rule.send_to_targets, acting)
    patched = LambdaBackend
    patched.send_sqs_batch = _polled(LambdaBackend.send_sqs_batch, acting)
    patched = notifications
    for name in ("_send_sqs_message", "_send_sns_message", "_invoke_awslambda"):
        setattr(patched, name, _notified(getattr(notifications, name), acting))


def _published(original: Any, acting: Acting) -> Any:
    @functools.wraps(original)
    def publish(self: Any, *arguments: Any, **named: Any) -> None:
        decision = _subscriber(self, acting)
        if decision is None or decision.allowed:
            original(self, *arguments, **named)
        else:
            _LOG.warning("%s: not delivered to %s: %s", self.topic.arn, self.endpoint, decision.message)

    return publish


def _notified(original: Any, acting: Acting) -> Any:
    """S3's own event to a queue (by name), topic or function, as the bucket."""

    @functools.wraps(original)
    def send(account_id: str, event: Any, target: str, region: str) -> None:
        # the test event that a new configuration causes has another form
        bucket = event["Records"][0]["s3"]["bucket"]["arn"] if "Records" in event else f"arn:aws:s3:::{event['Bucket']}"
        arn = target if target.startswith("arn:") else f"arn:aws:sqs:{region}:{account_id}:{target}"
        decision = acting.send(_S3, arn, bucket)
        if decision.allowed:
            original(account_id, event, target, region)
        else:
            _LOG.warning("%s: not delivered to %s: %s", bucket, arn, decision.message)

    return send


def _subscriber(subscription: Any, acting: Acting) -> Decision | None:
    source = subscription.topic.arn
    return acting.send(_SNS, subscription.endpoint, source) if subscription.protocol in {"sqs", "lambda"} else None


def _polled(original: Any, acting: Acting) -> Any:
    """Lambda's poller reads with the function's role; a queue keeps what it may not read."""

    @functools.wraps(original)
    def send(self: Any, function_arn: str, records: Any, source: str) -> Any:
        function = acting.gate.account.function(function_arn.split(":")[6], self.region_name)
        needs = source_needs(source, acting.gate.account)
        decision = acting.as_role(function.role, function.function_name, needs) if function else None
        if decision is None or decision.allowed:
            return original(self, function_arn, records, source)
        _LOG.warning("%s: not handed to %s: %s", source, function_arn, decision.message)
        return False

    return send


def _targeted(original: Any, acting: Acting) -> Any:
    """To those whom the rule may reach: functions and topics here, what moto knows there."""

    @functools.wraps(original)
    def send_to_targets(self: Any, original_event: Any, *arguments: Any, **named: Any) -> None:
        if self.state == "DISABLED" or not self.event_pattern.matches_event(original_event):
            return
        everyone = self.targets
        reached = [target for target in everyone if _reachable(self, target, acting)]
        ours = [target for target in reached if target["Arn"].split(":")[2] in rule_targets.SERVICES]
        self.targets = [target for target in reached if target not in ours]
        try:
            original(self, original_event, *arguments, **named)
        finally:
            self.targets = everyone
        for target in ours:
            rule_targets.deliver(acting.gate.account, target, original_event)

    return send_to_targets


def _reachable(rule: Any, target: dict[str, Any], acting: Acting) -> bool:
    decision = _target(rule, target, acting)
    if decision is not None and not decision.allowed:
        _LOG.warning("%s: not delivered to %s: %s", rule.arn, target["Arn"], decision.message)
    return decision is None or decision.allowed


def _target(rule: Any, target: dict[str, Any], acting: Acting) -> Decision | None:
    """With the target's role where it names one; else as EventBridge, by the target's own policy."""
    arn = str(target["Arn"])
    service = arn.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction", "states": "states:StartExecution"}.get(
        service
    )
    action = action or ("events:PutEvents" if ":event-bus/" in arn else None)
    if action is None and service not in {"logs", "sns"}:
        return None
    if (role := target.get("RoleArn")) and action:
        return acting.with_role(_EVENTS, str(role), "events", [Need(action, arn)])
    if service in {"sqs", "sns", "lambda"}:
        return acting.send(_EVENTS, arn, rule.arn)
    if service == "logs":
        source = {"aws:SourceArn": (rule.arn,), "aws:SourceAccount": (acting.gate.account.id,)}
        return acting.acting(_EVENTS, "logs:PutLogEvents", f"{arn.removesuffix(':*')}:log-stream:", source)
    return None
