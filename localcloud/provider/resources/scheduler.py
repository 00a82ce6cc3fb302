"""EventBridge Scheduler: groups and schedules. Nothing fires here yet; what AWS would refuse is refused."""
# ruff: noqa: A002, ARG002, D101, D102 - `ResourceType` says what each method does

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from localcloud.limits.schedule_expression import fault, timezone_fault
from localcloud.provider.errors import already_exists, is_missing
from localcloud.provider.naming import Naming
from localcloud.provider.parameters import from_api, to_api
from localcloud.provider.resource import Label, ResourceType, Scope, failed_precondition
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered
from localcloud.refusals.check import Check, Inputs, Of, Place, Violation
from localcloud.refusals.model import Api, checks_of

_GROUP, _SCHEDULE = "aws:scheduler/scheduleGroup:ScheduleGroup", "aws:scheduler/schedule:Schedule"
_SCHEDULER = Tagging("scheduler", "ResourceArn", "list_tags_for_resource")
_NAME = r"[0-9a-zA-Z_.-]+"
_PREFIX_MAX = 64 - 26  # what the real provider appends to a prefix
# What Scheduler calls by itself ("templated targets") or through its universal target, by its ARN.
_UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:[a-z0-9]+:[a-zA-Z0-9]+")
_TARGETS = re.compile(
    r"arn:aws[a-z-]*:("
    r"lambda:[^:]+:\d{12}:function:.+|sqs:[^:]+:\d{12}:.+|sns:[^:]+:\d{12}:.+|events:[^:]+:\d{12}:event-bus/.+|"
    r"states:[^:]+:\d{12}:stateMachine:.+|kinesis:[^:]+:\d{12}:stream/.+|firehose:[^:]+:\d{12}:deliverystream/.+|"
    r"ecs:[^:]+:\d{12}:cluster/.+|codebuild:[^:]+:\d{12}:project/.+|codepipeline:[^:]+:\d{12}:.+|"
    r"sagemaker:[^:]+:\d{12}:pipeline/.+|inspector:[^:]+:\d{12}:.+)"
)
_SETTINGS = {  # setting → the kind of target it belongs to
    "sqsParameters": ":sqs:", "kinesisParameters": ":kinesis:", "ecsParameters": ":ecs:",
    "eventbridgeParameters": ":event-bus/", "sagemakerPipelineParameters": ":sagemaker:",
}  # fmt: skip
_RENAMED = {"eventbridgeParameters": "EventBridgeParameters"}


class ScheduleGroup(ResourceType):
    id_format = "{name}"
    pulumi_type = _GROUP
    label = Label.ENFORCED
    remove = ("scheduler", "delete_schedule_group", "Name")
    naming = Naming(_NAME, 64)
    tagging = _SCHEDULER
    force_new = frozenset({"namePrefix"})
    importable = True

    def create(self, scope: Scope, inputs: Properties) -> str:
        """Moto would put a group of the same name in the place of the old one, with its schedules."""
        name = str(inputs["name"])
        if _group(scope, name) is not None:
            raise already_exists(f"ConflictException: Schedule group {name} already exists.")
        scope.client("scheduler").create_schedule_group(Name=name)
        return name

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("scheduler").get_schedule_group(Name=id)
        return {
            "name": found["Name"],
            "arn": found["Arn"],
            "state": found["State"],
            "creationDate": _stamp(found["CreationDate"]),
            "lastModificationDate": _stamp(found["LastModificationDate"]),
        }


class Schedule(ResourceType):
    """Its id is `{group}/{name}`. The role's trust is the endpoint's to judge, as it judges every caller's."""

    pulumi_type = _SCHEDULE
    label = Label.ENFORCED
    naming = Naming(_NAME, 64)
    force_new = frozenset({"groupName", "namePrefix"})
    filled = frozenset({"groupName", "actionAfterCompletion"})
    importable = True
    defaults: ClassVar = {"scheduleExpressionTimezone": "UTC", "state": "ENABLED"}

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return f"{inputs.get('groupName') or 'default'}/{inputs['name']}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        group = str(inputs.get("groupName") or "default")
        if _group(scope, group) is None:
            raise failed_precondition(f"ResourceNotFoundException: Schedule group {group} does not exist.")
        scope.client("scheduler").create_schedule(**_parameters(inputs))
        return f"{group}/{inputs['name']}"

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """An update replaces every setting. Moto leaves the action after completion: then it is made anew."""
        if not olds:
            return
        group, name = id.split("/", 1)
        given = _parameters({**news, "groupName": group, "name": name})
        scheduler = scope.client("scheduler")
        if news.get("actionAfterCompletion", "NONE") == (olds.get("actionAfterCompletion") or "NONE"):
            scheduler.update_schedule(**given)
        else:
            scheduler.delete_schedule(GroupName=group, Name=name)
            scheduler.create_schedule(**given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        group, name = id.split("/", 1)
        found = scope.client("scheduler").get_schedule(GroupName=group, Name=name)
        dates = {key: _stamp(found[key]) for key in ("StartDate", "EndDate") if found.get(key)}
        return {
            **from_api(
                {key: value for key, value in found.items() if key not in {"ResponseMetadata", *dates}}, _RENAMED
            ),
            **from_api(dates),
            "actionAfterCompletion": found.get("ActionAfterCompletion") or "NONE",
            "description": found.get("Description") or None,
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        group, name = id.split("/", 1)
        scope.client("scheduler").delete_schedule(GroupName=group, Name=name)


def _group(scope: Scope, name: str) -> Any:
    try:
        return scope.client("scheduler").get_schedule_group(Name=name)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def _parameters(inputs: Properties) -> dict[str, Any]:
    steering = {"region", "namePrefix"}
    given = to_api({key: value for key, value in inputs.items() if key not in steering}, _RENAMED)
    return {**given, "GroupName": inputs.get("groupName") or "default"}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _expression(value: Any) -> str | None:
    return fault(str(value), one_time=True)


def _window(inputs: Inputs, _: Place) -> Iterator[Violation]:
    window = inputs.get("flexibleTimeWindow", {})
    flexible, given = window.get("mode") == "FLEXIBLE", window.get("maximumWindowInMinutes") is not None
    if flexible and not given:
        yield "flexibleTimeWindow.maximumWindowInMinutes", "required by mode FLEXIBLE"
    if given and not flexible:
        yield "flexibleTimeWindow.maximumWindowInMinutes", "only with mode FLEXIBLE"


def _dates(inputs: Inputs, _: Place) -> Iterator[Violation]:
    moments = {}
    for key in ("startDate", "endDate"):
        if key in inputs:
            try:
                moments[key] = datetime.fromisoformat(str(inputs[key]))
            except ValueError:
                yield key, f"{inputs[key]!r} is no RFC 3339 time such as 2026-11-20T13:00:00Z"
    try:
        if len(moments) > 1 and moments["endDate"] <= moments["startDate"]:
            yield "endDate", "not after startDate"
    except TypeError:
        yield "endDate", "one of startDate and endDate has a time zone, the other none"


def _target(inputs: Inputs, place: Place) -> Iterator[Violation]:
    target = inputs.get("target", {})
    arn, role = str(target.get("arn", "")), str(target.get("roleArn", ""))
    if not (_TARGETS.fullmatch(arn) or _UNIVERSAL.fullmatch(arn)):
        yield "target.arn", f"{arn!r} is no target that Scheduler invokes"
    elif arn.split(":")[3] not in {"", place.region}:
        yield "target.arn", f"{arn} is in {arn.split(':')[3]}; a schedule invokes targets of its own region"
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/.+", role):
        yield "target.roleArn", f"{role!r} is no role's ARN"
    elif role.split(":")[4] != place.account_id:
        yield "target.roleArn", f"{role} is of another account: a role is passed within its own"


def _settings(inputs: Inputs, _: Place) -> Iterator[Violation]:
    """What belongs to some kinds of targets only, and what some kinds need."""
    target = inputs.get("target", {})
    arn = str(target.get("arn", ""))
    for key, kind in _SETTINGS.items():
        if key in target and kind not in arn:
            yield f"target.{key}", f"not for the target {arn}"
    fifo, group = arn.endswith(".fifo") and ":sqs:" in arn, target.get("sqsParameters", {}).get("messageGroupId")
    if fifo != bool(group):
        yield "target.sqsParameters.messageGroupId", "a FIFO queue needs it, and no other takes it"
    for key, kind in (("kinesisParameters", ":kinesis:"), ("eventbridgeParameters", ":event-bus/")):
        if kind in arn and not _UNIVERSAL.fullmatch(arn) and key not in target:
            yield f"target.{key}", f"required by the target {arn}"
    dead = str(target.get("deadLetterConfig", {}).get("arn", ""))
    if dead and (not re.fullmatch(r"arn:aws[a-z-]*:sqs:[^:]+:\d{12}:.+", dead) or dead.endswith(".fifo")):
        yield "target.deadLetterConfig.arn", "not the ARN of a standard queue"


_OF = Of(_SCHEDULE, "EventBridge Scheduler API reference: CreateSchedule")
_READ = "EventBridge Scheduler user guide: "
_MODELLED, _MISSING = checks_of(_SCHEDULE, Api("scheduler CreateSchedule", {"startDate": "", "endDate": ""}))
_GROUPS, _ = checks_of(_GROUP, Api("scheduler CreateScheduleGroup"))
RULES: tuple[Check, ...] = (
    *(*_MODELLED, *_GROUPS),
    _OF.each(
        "form", "scheduleExpression", _expression, "a wrong cron(…), rate(…) or at(…)",
        "6 fields, one of them ?; minutes, hours, days; yyyy-mm-ddThh:mm:ss", f"{_READ}Schedule types",
    ),
    _OF.each(
        "zone", "scheduleExpressionTimezone", lambda value: timezone_fault(str(value)), "an unknown time zone",
        "IANA's names", f"{_READ}Time zones",
    ),
    _OF.rule("window", "flexibleTimeWindow", _window, "a window's length without FLEXIBLE, or FLEXIBLE without it"),
    _OF.rule("dates", "startDate endDate", _dates, "dates that are none, or in the wrong order"),
    _OF.rule(
        "target", "target", _target, "a target that Scheduler does not invoke or of another region, a role of another"
        " account", source=f"{_READ}Managing targets",
    ),
    _OF.rule(
        "target-settings", "target", _settings, "settings of other targets, a FIFO queue without its group, a"
        " dead-letter queue that is FIFO", source=f"{_READ}Managing targets",
    ),
    _OF.exclusive("name", "namePrefix"),
    _OF.length("namePrefix", 1, _PREFIX_MAX, "pulumi-aws scheduler.Schedule"),
)  # fmt: skip
NOT_COVERED: tuple[NotCovered, ...] = (
    *_MISSING,
    NotCovered(
        _SCHEDULE, "a role that may be assumed and not invoke the target", "AWS finds out at the first invocation",
        f"{_READ}Setting up: execution role",
    ),
    NotCovered(
        _SCHEDULE, "an at(…) in the past", "the references do not say that it is refused", f"{_READ}Schedule types"
    ),
)  # fmt: skip
TYPES = (ScheduleGroup(), Schedule())
