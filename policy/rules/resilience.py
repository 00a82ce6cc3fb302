"""Nothing is lost silently, and nothing takes all: dead letters, throttles, times."""

import json
import re
from collections.abc import Iterator
from typing import Any

from policy import types
from policy.model import PROD, Finding, Resource, Rule, Stack, Violation, each, resource_rule, stack_rule
from policy.references import attached, refers

# API Gateway answers 504 after 29 s, and the function goes on: nobody gets its answer
GATEWAY_SECONDS = 29
# A stream's mapping without a destination drops a batch when its retries are over. Services that retry by themselves
# and report their failure need none here: API Gateway waits for the answer; Secrets Manager retries the rotation and
# records RotationFailed ("Rotate AWS Secrets Manager secrets", how it works).
STREAMS = (":dynamodb:", ":kinesis:")


def redrive(stack: Stack) -> Iterator[Finding]:
    """Judge that each queue has a dead-letter queue, or is one."""

    def judge(queue: Resource) -> Iterator[Finding]:
        if queue.get("redrivePolicy") or _is_dead_letter(queue, stack):
            return
        yield Violation("has no redrivePolicy: a message that fails comes back until it expires", queue.urn)

    yield from each(stack.of(types.QUEUE), judge)


def _is_dead_letter(queue: Resource, stack: Stack) -> bool:
    """Say whether anything sends its failures to `queue`: known by value, by dependency, or by its name."""
    arn = queue.peek("arn")
    named = str(queue.peek("name")).removesuffix(".fifo").endswith(("-dlq", "-dead-letters", "-failures"))
    return named or any(
        arn is not None and str(arn) in json.dumps(resource.properties, default=str)
        for resource in stack.resources
        if resource.urn != queue.urn and resource.type != types.QUEUE_POLICY
    )


def asynchronous(stack: Stack) -> Iterator[Finding]:
    """Judge each function that is invoked without anyone waiting for its answer."""

    def judge(function: Resource) -> Iterator[Finding]:
        triggers = sorted({trigger.type.rpartition(":")[2] for trigger in _triggers(stack, function)})
        if triggers and not _has_destination(stack, function):
            yield Violation(
                f"{', '.join(triggers)} invoke it asynchronously, and what fails after the retries is lost",
                function.urn,
            )

    yield from each(stack.of(types.FUNCTION), judge)


def _triggers(stack: Stack, function: Resource) -> list[Resource]:
    """Return what invokes the function asynchronously and has no dead-letter queue of its own."""
    targets = {
        types.SUBSCRIPTION: "endpoint",
        types.EVENT_TARGET: "arn",
        types.SCHEDULE: "target.arn",
    }
    found = [
        resource
        for type_, path in targets.items()
        for resource in stack.of(type_)
        if _names(resource, path, function) and not _own_dead_letters(resource) and not _comes_again(resource, stack)
    ]
    for notification in stack.of(types.BUCKET_NOTIFICATION):
        count = len(notification.peek("lambdaFunctions") or [])
        if any(_names(notification, f"lambdaFunctions.{i}.lambdaFunctionArn", function) for i in range(count)):
            found.append(notification)
    return found


def _names(resource: Resource, path: str, function: Resource) -> bool:
    """Say whether `path` is the function's ARN, or that of one of its versions or aliases."""
    held, arn = resource.peek(path), function.peek("arn")
    name = function.peek("name")
    if isinstance(held, str):
        return (arn is not None and (held == arn or held.startswith(f"{arn}:"))) or f":function:{name}" in f"{held}:"
    return function.urn in resource.dependencies and resource.peek("protocol") in {None, "lambda"}


def _own_dead_letters(resource: Resource) -> bool:
    return any(resource.peek(path) for path in ("deadLetterConfig.arn", "target.deadLetterConfig.arn"))


def _comes_again(target: Resource, stack: Stack) -> bool:
    """Say whether the target's rule is a schedule by the minute: the next run does what a lost one was to do."""
    rules = [rule for rule in stack.of(types.EVENT_RULE) if refers(target, "rule", rule, by="name")]
    return any(re.fullmatch(r"rate\(\d{1,2} minutes?\)", str(rule.peek("scheduleExpression"))) for rule in rules)


def _has_destination(stack: Stack, function: Resource) -> bool:
    if function.get("deadLetterConfig.targetArn"):
        return True
    settings = attached(stack, types.EVENT_INVOKE_CONFIG, "functionName", function, by="name")
    return any(setting.get("destinationConfig.onFailure.destination") for setting in settings)


def stream_destination(mapping: Resource) -> Iterator[Finding]:
    """Judge what becomes of a stream's batch that keeps failing. A queue has its own redrive policy."""
    source = str(mapping.get("eventSourceArn"))
    if not any(stream in source for stream in STREAMS):
        return
    if not mapping.get("destinationConfig.onFailure.destinationArn"):
        yield Violation("destinationConfig.onFailure is not set: a batch that keeps failing is dropped, or blocks")
    retries = mapping.get("maximumRetryAttempts")
    if retries is None or retries < 0:
        yield Violation("maximumRetryAttempts is not set: one poisonous record blocks its shard for a day")


def stage_throttled(stack: Stack) -> Iterator[Finding]:
    """Judge that each stage limits every method."""

    def judge(stage: Resource) -> Iterator[Finding]:
        settings = attached(stack, types.METHOD_SETTINGS, "restApi", stage, by="restApi")
        for setting in settings:
            rate, burst = setting.get("settings.throttlingRateLimit"), setting.get("settings.throttlingBurstLimit")
            if setting.get("methodPath") == "*/*" and (rate or 0) > 0 and (burst or 0) > 0:
                return
        yield Violation("no MethodSettings for */* set throttlingRateLimit and throttlingBurstLimit", stage.urn)

    yield from each(stack.of(types.STAGE), judge)


def plan_throttled(plan: Resource) -> Iterator[Finding]:
    """Judge a usage plan's limits."""
    for key in ("rateLimit", "burstLimit"):
        if not plan.get(f"throttleSettings.{key}"):
            yield Violation(f"throttleSettings.{key} is not set")


def answers_in_time(stack: Stack) -> Iterator[Finding]:
    """Judge the functions that API Gateway may invoke."""

    def judge(function: Resource) -> Iterator[Finding]:
        seconds = function.get("timeout") or 3  # Lambda CreateFunction: 3 s where nothing is said
        permissions = attached(stack, types.FUNCTION_PERMISSION, "function", function, by="name")
        if seconds > GATEWAY_SECONDS and any(
            permission.get("principal") == "apigateway.amazonaws.com" for permission in permissions
        ):
            yield Violation(f"its timeout is {seconds:g} s, and API Gateway waits {GATEWAY_SECONDS} s", function.urn)

    yield from each(stack.of(types.FUNCTION), judge)


_DLQ_ARN = "arn:aws:sqs:eu-central-1:111122223333:omnix-ai-prod-jobs-dlq"
_FUNCTION_ARN = "arn:aws:lambda:eu-central-1:111122223333:function:omnix-ai-prod-worker"
_STREAM = "arn:aws:dynamodb:eu-central-1:111122223333:table/omnix-ai-prod-orders/stream/2026-01-01T00:00:00.000"


def _worker(**more: Any) -> Resource:
    return PROD(types.FUNCTION, "worker", name="omnix-ai-prod-worker", arn=_FUNCTION_ARN, **more)


_SUBSCRIPTION = PROD(types.SUBSCRIPTION, protocol="lambda", endpoint=f"{_FUNCTION_ARN}:live")
_STAGE = PROD(types.STAGE, stageName="prod", restApi="a1b2c3")
_PERMISSION = PROD(types.FUNCTION_PERMISSION, principal="apigateway.amazonaws.com", function="omnix-ai-prod-worker")
_LIMITS = {"throttlingRateLimit": 500, "throttlingBurstLimit": 1000}

RULES: tuple[Rule, ...] = (
    stack_rule(
        "queue-dead-letters",
        redrive,
        reason="a message that cannot be handled comes back until it expires, and is gone without a trace",
        fix="set redrivePolicy with a dead-letter queue (named …-dlq)",
        failing=(PROD(types.QUEUE, name="omnix-ai-prod-jobs"),),
        passing=(
            PROD(
                types.QUEUE,
                "jobs",
                name="omnix-ai-prod-jobs",
                redrivePolicy=json.dumps({"deadLetterTargetArn": _DLQ_ARN, "maxReceiveCount": 5}),
            ),
            PROD(types.QUEUE, "dead", name="omnix-ai-prod-jobs-dlq", arn=_DLQ_ARN),
        ),
        refs=("F5",),
    ),
    stack_rule(
        "asynchronous-function-dead-letters",
        asynchronous,
        reason="an event that fails after Lambda's two retries is dropped",
        fix="set deadLetterConfig, or a FunctionEventInvokeConfig with an onFailure destination",
        failing=(_worker(), _SUBSCRIPTION),
        passing=(_worker(deadLetterConfig={"targetArn": _DLQ_ARN}), _SUBSCRIPTION),
        refs=("F5",),
    ),
    resource_rule(
        "stream-dead-letters",
        stream_destination,
        types=(types.EVENT_SOURCE_MAPPING,),
        reason="one poisonous record blocks its shard until the stream's 24 hours are over, then all are lost",
        fix="set destinationConfig.onFailure and maximumRetryAttempts",
        failing=PROD(types.EVENT_SOURCE_MAPPING, eventSourceArn=_STREAM),
        passing=PROD(
            types.EVENT_SOURCE_MAPPING,
            eventSourceArn=_STREAM,
            maximumRetryAttempts=5,
            destinationConfig={"onFailure": {"destinationArn": _DLQ_ARN}},
        ),
        refs=("F5",),
    ),
    stack_rule(
        "stage-throttled",
        stage_throttled,
        reason="without a limit one caller uses up the account's 10 000 requests a second, and every API of it fails",
        fix="add MethodSettings for */* with throttlingRateLimit and throttlingBurstLimit",
        failing=(_STAGE,),
        passing=(_STAGE, PROD(types.METHOD_SETTINGS, restApi="a1b2c3", methodPath="*/*", settings=_LIMITS)),
        refs=("P8",),
    ),
    resource_rule(
        "usage-plan-throttled",
        plan_throttled,
        types=(types.USAGE_PLAN,),
        reason="a plan without limits lets one key take all",
        fix="set throttleSettings {rateLimit, burstLimit}",
        failing=PROD(types.USAGE_PLAN, name="omnix-ai-prod-platform"),
        passing=PROD(types.USAGE_PLAN, throttleSettings={"rateLimit": 500, "burstLimit": 1000}),
        refs=("P8",),
    ),
    stack_rule(
        "function-answers-in-time",
        answers_in_time,
        reason="API Gateway answers 504 after 29 s while the function goes on, and its work is done twice",
        fix=f"set the timeout to {GATEWAY_SECONDS} s or less; longer work goes to a queue",
        failing=(_worker(timeout=60), _PERMISSION),
        passing=(_worker(timeout=15), _PERMISSION),
        refs=("C2",),
    ),
)
