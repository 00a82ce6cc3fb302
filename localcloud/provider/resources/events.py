"""EventBridge rules and their targets.

Events reach functions, topics, queues, buses and logs; schedules do not fire.
"""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.limits.schedule_expression import fault
from localcloud.provider import service_keys
from localcloud.provider.naming import Naming
from localcloud.provider.parameters import from_api, to_api
from localcloud.provider.resource import Label, ResourceType, Scope, document, failed_precondition
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered, Rule
from localcloud.refusals.check import Inputs, Of, Place, Violation
from localcloud.refusals.model import Api, checks_of

_RULE, _TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
_EVENTS = Tagging("events", "ResourceARN", "list_tags_for_resource")
_BUS = "default"
_SERVICE = "events.amazonaws.com"
_PATTERN_CHARACTERS = 4096
# "Comparison operators in event patterns" of the EventBridge user guide.
_OPERATORS = frozenset(
    {"prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "equals-ignore-case", "wildcard"}
)
# Whose targets EventBridge reaches with a role only (PutTargets: RoleArn); the others by their own policy.
_WITH_ROLE = re.compile(
    r"arn:aws[a-z-]*:(states|kinesis|firehose|ecs|batch|codebuild|codepipeline|ssm|sagemaker|redshift):"
)
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:(?P<region>[a-z0-9-]*):(?P<account>\d*):.+")


class EventRule(ResourceType):
    """Its id is the name, behind the bus's and a slash where that is not the default one."""

    pulumi_type = _RULE
    label = Label.EXECUTED
    naming = Naming(r"[0-9A-Za-z_.-]+", 64)
    tagging = _EVENTS
    force_new = frozenset({"eventBusName", "namePrefix"})
    filled = frozenset({"isEnabled", "state"})
    local_only = frozenset({"forceDestroy"})
    importable = True
    defaults: ClassVar = {"eventBusName": _BUS, "forceDestroy": False}

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        bus = inputs.get("eventBusName") or _BUS
        return str(inputs["name"]) if bus == _BUS else f"{bus}/{inputs['name']}"

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        bus, name = _named(id)
        given = {key: news[key] for key in ("description", "roleArn", "scheduleExpression") if news.get(key)}
        if pattern := news.get("eventPattern"):
            given["eventPattern"] = json.dumps(document(pattern), separators=(",", ":"))
        state = news.get("state") or ("DISABLED" if news.get("isEnabled") is False else "ENABLED")
        scope.client("events").put_rule(Name=name, EventBusName=bus, State=state, **to_api(given))

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        bus, name = _named(id)
        found = scope.client("events").describe_rule(Name=name, EventBusName=bus)
        return {
            "name": name,
            "arn": found["Arn"],
            "eventBusName": bus,
            "state": found["State"],
            "isEnabled": found["State"] != "DISABLED",
            **{key: found.get(key[0].upper() + key[1:]) or None for key in (
                "description", "eventPattern", "roleArn", "scheduleExpression",
            )},
        }  # fmt: skip

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        bus, name = _named(id)
        scope.client("events").delete_rule(Name=name, EventBusName=bus)


class EventTarget(ResourceType):
    """Its id is `{rule}-{target id}`, behind the bus's name and a dash where that is not the default one."""

    pulumi_type = _TARGET
    label = Label.EXECUTED
    force_new = frozenset({"rule", "eventBusName", "targetId"})
    filled = frozenset({"targetId"})
    local_only = frozenset({"forceDestroy"})
    defaults: ClassVar = {"eventBusName": _BUS, "forceDestroy": False}

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        bus = inputs.get("eventBusName") or _BUS
        return f"{'' if bus == _BUS else f'{bus}-'}{inputs['rule']}-{_target_id(inputs)}"

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """Raises `ClientError` where the rule is not there; AWS reports other refusals entry by entry."""
        bus, rule, target = _place(id, news)
        source = scope.arn("events", f"rule/{rule}" if bus == _BUS else f"rule/{bus}/{rule}")
        if not news.get("roleArn") and (reason := service_keys.fault(scope, _SERVICE, str(news["arn"]), source)):
            raise failed_precondition(reason)
        kept = ("arn", "roleArn", "input", "inputPath", "deadLetterConfig", "retryPolicy")
        given = {"id": target, **{key: news[key] for key in kept if news.get(key)}}
        if transformer := news.get("inputTransformer"):
            given["inputTransformer"] = {
                "inputPathsMap": transformer.get("inputPaths", {}), "inputTemplate": transformer["inputTemplate"],
            }  # fmt: skip
        if "sqsTarget" in news:
            given["sqsParameters"] = news["sqsTarget"]
        scope.client("events").put_targets(Rule=rule, EventBusName=bus, Targets=[_plain(given)])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        bus, rule, target = _place(id, state)
        listed = scope.client("events").list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        found = next((one for one in listed if one["Id"] == target), None)
        if found is None:
            return None
        kept = ("Arn", "RoleArn", "Input", "InputPath", "DeadLetterConfig", "RetryPolicy")
        transformer, queue = found.get("InputTransformer"), found.get("SqsParameters")
        return {
            **{key[0].lower() + key[1:]: None for key in kept},
            **from_api({key: found[key] for key in kept if key in found}),
            **({"inputTransformer": _transformer(transformer)} if transformer else {}),
            **({"sqsTarget": from_api(queue)} if queue else {}),
            "rule": rule,
            "targetId": target,
            "eventBusName": bus,
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        bus, rule, target = _place(id, state)
        scope.client("events").remove_targets(Rule=rule, EventBusName=bus, Ids=[target])


def _named(id: str) -> tuple[str, str]:
    bus, _, name = id.rpartition("/")
    return bus or _BUS, name


def _target_id(inputs: Properties) -> str:
    """One of its own, made as the real provider's are, and the same for the same rule and target."""
    digest = hashlib.sha256(f"{inputs['rule']} {inputs['arn']}".encode()).hexdigest()[:26]
    return str(inputs.get("targetId") or f"terraform-{digest}")


def _place(id: str, state: Properties) -> tuple[str, str, str]:
    bus, rule = str(state.get("eventBusName") or _BUS), str(state["rule"])
    return bus, rule, id.removeprefix(f"{bus}-" if bus != _BUS else "").removeprefix(f"{rule}-")


def _plain(given: Properties) -> Any:
    """The map of input paths has names of the user's own."""
    paths = given.get("inputTransformer", {}).get("inputPathsMap")
    parameters = to_api(given)
    if paths is not None:
        parameters["InputTransformer"]["InputPathsMap"] = paths
    return parameters


def _transformer(found: Properties) -> Properties:
    return {"inputPaths": found.get("InputPathsMap") or {}, "inputTemplate": found["InputTemplate"]}


def _schedule(value: Any) -> str | None:
    return fault(str(value), one_time=False, strict_units=True) if value else None


def _trigger(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if not inputs.get("eventPattern") and not inputs.get("scheduleExpression"):
        yield "eventPattern", "give an eventPattern or a scheduleExpression"
    if inputs.get("scheduleExpression") and inputs.get("eventBusName") not in {None, _BUS}:
        yield "scheduleExpression", "ScheduleExpression is supported only on the default event bus."


def _pattern(value: Any) -> str | None:
    found = document(value)
    if not isinstance(found, dict) or not found:
        return "not a JSON object with something to match"
    if len(json.dumps(found, separators=(",", ":"))) > _PATTERN_CHARACTERS:
        return f"AWS takes {_PATTERN_CHARACTERS} characters"
    return next(_unmatched(found, ""), None)


def _unmatched(pattern: dict[str, Any], path: str) -> Iterator[str]:
    """What EventBridge would call "Event pattern is not valid": leaves that are no lists of values or operators."""
    for key, value in pattern.items():
        at = f"{path}.{key}" if path else key
        if key == "$or" and isinstance(value, list):
            yield from (reason for one in value if isinstance(one, dict) for reason in _unmatched(one, path))
        elif isinstance(value, dict) and value:
            yield from _unmatched(value, at)
        elif not isinstance(value, list) or not value:
            yield f"{at} must be an object or an array of what to match"
        else:
            unknown = {name for one in value if isinstance(one, dict) for name in one} - _OPERATORS
            yield from (f"{at}: unrecognized match type {name}" for name in sorted(unknown))


def _reached(inputs: Inputs, place: Place) -> Iterator[Violation]:
    arn, role = str(inputs.get("arn", "")), str(inputs.get("roleArn") or "")
    match = _ARN.fullmatch(arn)
    if match is None:
        yield "arn", f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        return
    bus, here = ":event-bus/" in arn, match["region"] in {"", place.region}
    if not here and not bus:
        yield "arn", f"{arn} is in {match['region']}; only an event bus may be in another region"
    elsewhere = bus and not (here and match["account"] == place.account_id)
    if not role and (_WITH_ROLE.match(arn) or elsewhere):
        yield "roleArn", f"RoleArn is required for target {arn}."
    if role and not re.fullmatch(rf"arn:aws[a-z-]*:iam::{place.account_id}:role/.+", role):
        yield "roleArn", f"{role!r} is no role of this account"


def _delivered(inputs: Inputs, _: Place) -> Iterator[Violation]:
    arn, dead = str(inputs.get("arn", "")), str(inputs.get("deadLetterConfig", {}).get("arn") or "")
    queue = ":sqs:" in arn
    if queue and arn.endswith(".fifo") and "sqsTarget" not in inputs:
        yield "sqsTarget", "Parameter(s) SqsParameters must be specified for a FIFO queue"
    if "sqsTarget" in inputs and not queue:
        yield "sqsTarget", f"not for the target {arn}"
    if dead and (":sqs:" not in dead or dead.endswith(".fifo")):
        yield "deadLetterConfig.arn", f"{dead} is not the ARN of a standard queue"
    if (text := inputs.get("input")) is not None:
        try:
            json.loads(str(text))
        except json.JSONDecodeError as error:
            yield "input", f"not JSON: {error}"
    for name in inputs.get("inputTransformer", {}).get("inputPaths", {}):
        if name.startswith("AWS"):
            yield f"inputTransformer.inputPaths.{name}", "names that begin with AWS are EventBridge's own"


_PUT_RULE, _PUT_TARGETS = "EventBridge API reference: PutRule", "EventBridge API reference: PutTargets"
_ON_RULE, _ON_TARGET = Of(_RULE, _PUT_RULE), Of(_TARGET, _PUT_TARGETS)
_RULES, _RULES_MISSING = checks_of(_RULE, Api("events PutRule", {"eventPattern": ""}))
_ENTRY = "events PutTargets.Targets"
_TARGETS, _TARGETS_MISSING = checks_of(
    _TARGET,
    Api(
        "events PutTargets",
        {
            "targetId": f"{_ENTRY}.Id",
            "eventBusName": "",
            **{key: f"{_ENTRY}.{key[0].upper()}{key[1:]}" for key in (
                "arn", "roleArn", "input", "inputPath", "deadLetterConfig", "retryPolicy",
            )},
        },
    ),
)  # fmt: skip
_INPUTS = ("input", "inputPath", "inputTransformer")
RULES: tuple[Rule, ...] = (
    *(*_RULES, *_TARGETS),
    _ON_RULE.each(
        "schedule", "scheduleExpression", _schedule, "a wrong cron(…) or rate(…), or an at(…)",
        "6 fields; rate(1 minute), rate(2 minutes)", "EventBridge user guide: schedule expressions",
    ),
    _ON_RULE.rule(
        "trigger", "eventPattern scheduleExpression eventBusName", _trigger,
        "neither pattern nor schedule, or a schedule on another bus than the default one",
    ),
    _ON_RULE.each(
        "pattern", "eventPattern", _pattern, "a pattern that is none or too long", f"{_PATTERN_CHARACTERS} characters",
        "EventBridge user guide: event patterns",
    ),
    _ON_RULE.exclusive("isEnabled", "state"),
    _ON_RULE.exclusive("name", "namePrefix"),
    _ON_TARGET.rule(
        "reach", "arn roleArn", _reached, "a target of another region, or without the role that it needs; a role of"
        " another account",
    ),
    _ON_TARGET.rule(
        "delivery", "arn sqsTarget deadLetterConfig input inputTransformer", _delivered,
        "a FIFO queue without its group, a dead-letter queue that is FIFO, an input that is no JSON",
    ),
    _ON_TARGET.exclusive(*_INPUTS),
    Rule(
        "cloudwatch.EventTarget.key", "apply", _TARGET, "a topic or queue whose key EventBridge may not use",
        "kms:GenerateDataKey, kms:Decrypt", "SNS and SQS developer guides: Key management",
    ),
)  # fmt: skip
NOT_COVERED: tuple[NotCovered, ...] = (
    *(*_RULES_MISSING, *_TARGETS_MISSING),
    NotCovered(_RULE, "300 rules of a bus", "a quota that can be raised", "EventBridge quotas"),
    NotCovered(
        _TARGET, "retries of a delivery that fails, its age, and the target's dead-letter queue",
        "one attempt a target here", "EventBridge user guide: retry policies and dead-letter queues",
    ),
    NotCovered(
        _TARGET, "settings of targets that are neither queues nor functions (ECS, Batch, HTTP, Redshift, …)",
        "they are kept in the state and sent nowhere", _PUT_TARGETS,
    ),
)  # fmt: skip
TYPES = (EventRule(), EventTarget())
