"""What calls a function by itself: event-source mappings, and what becomes of asynchronous events.

A DynamoDB stream's records are handed over as Lambda does it (`localcloud.functions.streams`). Moto hands a queue's
and a Kinesis stream's over in its own simple way: batching, filters, retries and windows have no effect there.
"""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from localcloud.provider.errors import is_missing
from localcloud.provider.parameters import from_api, to_api
from localcloud.provider.resource import Label, ResourceType, Scope, failed_precondition
from localcloud.provider.resources.lambda_permission import parse_function
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered, Rule
from localcloud.refusals.check import Inputs, Of, Place, Violation, number
from localcloud.refusals.model import Api, checks_of

_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
_EVENTS = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
_CREATE = "Lambda API reference: CreateEventSourceMapping"
_RENAMED = {"kmsKeyArn": "KMSKeyArn", "destinationArn": "Destination"}
_STREAMS = frozenset({"dynamodb", "kinesis"})
_SOURCES = {
    "sqs": r"[A-Za-z0-9_-]+(\.fifo)?",
    "dynamodb": r"table/[A-Za-z0-9_.-]+/stream/.+",
    "kinesis": r"stream/.+",
}
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>.+)")
# Settings that belong to one kind of source only, as the API reference says of each.
_OF_STREAMS = (
    *("bisectBatchOnFunctionError", "destinationConfig", "maximumRecordAgeInSeconds", "maximumRetryAttempts"),
    *("parallelizationFactor", "startingPosition", "startingPositionTimestamp", "tumblingWindowInSeconds"),
)
_BATCH_WITHOUT_WINDOW = 10
_AGES = (60, 604_800)
_FILTERS = 5
_PATTERN = 4096
_UPDATED = (
    *("batchSize", "bisectBatchOnFunctionError", "enabled", "functionName", "functionResponseTypes", "kmsKeyArn"),
    *("destinationConfig", "filterCriteria", "maximumBatchingWindowInSeconds", "maximumRecordAgeInSeconds"),
    *("maximumRetryAttempts", "metricsConfig", "parallelizationFactor", "provisionedPollerConfig", "scalingConfig"),
    *("tumblingWindowInSeconds",),
)
# What an update sends for a setting that is given no longer (the API leaves what is not sent).
_GONE = {
    "filterCriteria": {}, "scalingConfig": {}, "destinationConfig": {}, "functionResponseTypes": [],
    "bisectBatchOnFunctionError": False, "maximumBatchingWindowInSeconds": 0, "tumblingWindowInSeconds": 0,
}  # fmt: skip


class EventSourceMapping(ResourceType):
    """Its id is the mapping's UUID. What the function's role may read is the endpoint's to judge."""

    pulumi_type = _MAPPING
    label = Label.EXECUTED
    force_new = frozenset(
        {
            *("eventSourceArn", "startingPosition", "startingPositionTimestamp", "queues", "topics"),
            *("selfManagedEventSource", "amazonManagedKafkaEventSourceConfig", "selfManagedKafkaEventSourceConfig"),
        }
    )
    unordered = frozenset({"functionResponseTypes"})
    filled = frozenset({"batchSize", "maximumRecordAgeInSeconds", "maximumRetryAttempts", "parallelizationFactor"})
    local_only = frozenset({"useResourceTimeoutForPropagation"})
    importable = True
    defaults: ClassVar = {
        "enabled": True, "bisectBatchOnFunctionError": False, "maximumBatchingWindowInSeconds": 0,
        "tumblingWindowInSeconds": 0,
    }  # fmt: skip

    def create(self, scope: Scope, inputs: Properties) -> str:
        _same_source(scope, inputs)
        _patient(scope, inputs)
        given = _parameters({key: inputs[key] for key in (*_UPDATED, *self.force_new) if key in inputs})
        made = scope.client("lambda").create_event_source_mapping(**given, Tags=inputs.get("tags", {}))
        return str(made["UUID"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        if not olds:
            return
        _patient(scope, news)
        changed = {key: news[key] for key in _UPDATED if key in news and news[key] != olds.get(key)}
        dropped = {key: value for key, value in _GONE.items() if key not in news and olds.get(key)}
        if changed or dropped:
            scope.client("lambda").update_event_source_mapping(UUID=id, **_parameters({**dropped, **changed}))

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("lambda").get_event_source_mapping(UUID=id)
        service = str(found["EventSourceArn"]).split(":")[2]
        given = state.get("functionName")
        function = _qualified(found["FunctionArn"], given)
        shown = ("EventSourceArn", "LastProcessingResult", "State", "StateTransitionReason", "StartingPosition")
        settings = {key: found[key] for key in map(_api_name, _UPDATED) if key in found and key != "FunctionName"}
        stream: Properties = {}
        if service in _STREAMS:
            stream = {"maximumRetryAttempts": -1, "maximumRecordAgeInSeconds": -1, "parallelizationFactor": 1}
        read = {**stream, **from_api({**{key: found.get(key) for key in shown}, **settings}, _RENAMED)}
        if service not in _STREAMS:
            read.pop("startingPosition", None)
        return {
            **read,
            "uuid": id,
            "arn": found.get("EventSourceMappingArn") or scope.arn("lambda", f"event-source-mapping:{id}"),
            "functionArn": function,
            "functionName": given if given and _names(given, function) else function,
            "lastModified": found["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "enabled": found["State"] in {"Enabled", "Enabling", "Creating"},
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Disabled first: moto's queues and tables go on delivering to a mapping that is only deleted."""
        functions = scope.client("lambda")
        functions.update_event_source_mapping(UUID=id, Enabled=False)
        functions.delete_event_source_mapping(UUID=id)


class FunctionEventInvokeConfig(StoredType):
    """Retries, age and destinations of asynchronous events; kept, without effect."""

    pulumi_type = _EVENTS
    label = Label.STORED
    kind = "lambda:event-invoke-config"
    force_new = frozenset({"functionName", "qualifier"})
    defaults: ClassVar = {"maximumRetryAttempts": 2}

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        qualifier = inputs.get("qualifier")
        return f"{inputs['functionName']}:{qualifier}" if qualifier else str(inputs["functionName"])

    def create(self, scope: Scope, inputs: Properties) -> str:
        """Raises `ClientError` for a function, version or alias that is not there."""
        name, own = parse_function(str(inputs["functionName"]))
        qualifier = inputs.get("qualifier") or own
        scope.client("lambda").get_function_configuration(
            FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})
        )
        return super().create(scope, inputs)


def _parameters(inputs: Properties) -> Any:
    return to_api(inputs, _RENAMED)


def _api_name(key: str) -> str:
    return _RENAMED.get(key, key[0].upper() + key[1:])


def _names(given: str, arn: str) -> bool:
    return parse_function(given) == parse_function(arn)


def _qualified(arn: str, given: str | None) -> str:
    """Moto leaves the alias out of the function's ARN."""
    name, qualifier = parse_function(given) if given else (None, None)
    own, found = parse_function(arn)
    unqualified = arn.removesuffix(f":{found}") if found else arn
    return f"{unqualified}:{qualifier}" if name == own and qualifier else unqualified if name == own else arn


def _same_source(scope: Scope, inputs: Properties) -> None:
    """One mapping of a source to a function; moto would take a second one in its place."""
    source, function = inputs["eventSourceArn"], str(inputs["functionName"])
    for one in scope.client("lambda").list_event_source_mappings(EventSourceArn=source)["EventSourceMappings"]:
        if parse_function(one["FunctionArn"])[0] == parse_function(function)[0]:
            message = f'An event source mapping with SQS/stream arn "{source}" and function "{function}" already exists'
            raise failed_precondition(
                f"ResourceConflictException: {message}. Please update or delete the existing mapping with UUID"
                f" {one['UUID']}"
            )


def _patient(scope: Scope, inputs: Properties) -> None:
    """A message must stay hidden at least as long as the function may run."""
    source = str(inputs["eventSourceArn"])
    if ":sqs:" not in source:
        return
    queues, (name, qualifier) = scope.client("sqs"), parse_function(str(inputs["functionName"]))
    try:
        url = queues.get_queue_url(QueueName=source.rsplit(":", 1)[-1])["QueueUrl"]
    except ClientError as error:
        if is_missing(error):
            raise failed_precondition(
                "InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code:"
                f" AWS.SimpleQueueService.NonExistentQueue. The queue {source} does not exist"
            ) from error
        raise
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    found = scope.client("lambda").get_function_configuration(
        FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})
    )
    hidden, longest = int(attributes["VisibilityTimeout"]), int(found["Timeout"])
    if hidden < longest:
        raise failed_precondition(
            f"InvalidParameterValueException: Queue visibility timeout: {hidden} seconds is less than Function"
            f" timeout: {longest} seconds"
        )


def _source(inputs: Inputs, place: Place) -> Iterator[Violation]:
    if "selfManagedEventSource" in inputs or "eventSourceArn" not in inputs:
        if "selfManagedEventSource" not in inputs:
            yield "eventSourceArn", "required: the ARN of a queue or stream"
        return
    arn = str(inputs["eventSourceArn"])
    match = _ARN.fullmatch(arn)
    if match is None or match["service"] not in _SOURCES:
        yield "eventSourceArn", f"{arn!r} is no queue, DynamoDB stream or Kinesis stream"
    elif not re.fullmatch(_SOURCES[match["service"]], match["name"]):
        table = "enable the table's stream and give its streamArn" if match["service"] == "dynamodb" else "no stream"
        yield "eventSourceArn", f"Unrecognized event source {arn}: {table}"
    elif match["region"] != place.region:
        yield "eventSourceArn", f"{arn} is in {match['region']}; a mapping reads in its function's region"


def _service(inputs: Inputs) -> str:
    match = _ARN.fullmatch(str(inputs.get("eventSourceArn")))
    return match["service"] if match else ""


def _settings(inputs: Inputs, _: Place) -> Iterator[Violation]:
    """What goes with a queue or with a stream only. A setting given as its default changes nothing."""
    service, fifo = _service(inputs), str(inputs.get("eventSourceArn")).endswith(".fifo")
    idle: tuple[Any, ...] = (None, False, 0, {}, "")
    if service == "sqs":
        for key in _OF_STREAMS:
            if inputs.get(key) not in idle:
                yield key, f"Unsupported: {key} is for streams, not for queues"
    elif service in _STREAMS:
        position = inputs.get("startingPosition")
        if not position:
            yield "startingPosition", "required for a stream: TRIM_HORIZON or LATEST"
        if position == "AT_TIMESTAMP" and service == "dynamodb":
            yield "startingPosition", "AT_TIMESTAMP is not for DynamoDB streams"
        if (position == "AT_TIMESTAMP") != bool(inputs.get("startingPositionTimestamp")):
            yield "startingPositionTimestamp", "with AT_TIMESTAMP, and only with it"
        if inputs.get("scalingConfig"):
            yield "scalingConfig", "for queues only"
    if fifo and inputs.get("maximumBatchingWindowInSeconds"):
        yield "maximumBatchingWindowInSeconds", "Batching window is not supported for FIFO queues"


def _batch(inputs: Inputs, _: Place) -> Iterator[Violation]:
    service, size = _service(inputs), number(inputs.get("batchSize")) or 0
    if str(inputs.get("eventSourceArn")).endswith(".fifo") and size > _BATCH_WITHOUT_WINDOW:
        yield "batchSize", f"{size:g} is above 10, the most of a FIFO queue"
    elif service == "sqs" and size > _BATCH_WITHOUT_WINDOW and not inputs.get("maximumBatchingWindowInSeconds"):
        yield "maximumBatchingWindowInSeconds", "at least 1 for batches of more than 10 messages"


def _age(value: Any) -> str | None:
    found = number(value)
    good = found is None or found == -1 or _AGES[0] <= found <= _AGES[1]
    return None if good else f"{value} is neither -1 nor 60 to 604800"


def _filters(inputs: Inputs, _: Place) -> Iterator[Violation]:
    filters = inputs.get("filterCriteria", {}).get("filters", [])
    if len(filters) > _FILTERS:
        yield "filterCriteria.filters", f"{len(filters)} filters; AWS takes {_FILTERS}, and 10 on request"
    for index, one in enumerate(filters):
        at, text = f"filterCriteria.filters[{index}].pattern", str(one.get("pattern", ""))
        try:
            if not isinstance(json.loads(text), dict):
                yield at, "Invalid filter pattern definition: not a JSON object"
        except json.JSONDecodeError as error:
            yield at, f"Invalid filter pattern definition: {error}"
        if len(text) > _PATTERN:
            yield at, f"{len(text)} characters; AWS takes {_PATTERN}"


def _destinations(inputs: Inputs, place: Place) -> Iterator[Violation]:
    config = inputs.get("destinationConfig", {})
    for key, kinds in (("onFailure", "sqs sns lambda events s3"), ("onSuccess", "sqs sns lambda events")):
        arn = str(config.get(key, {}).get("destination") or "")
        match = re.match(r"arn:aws[a-z-]*:([a-z0-9]+):([a-z0-9-]*):", arn)
        at = f"destinationConfig.{key}.destination"
        if not arn:
            continue
        if match is None or match[1] not in kinds.split():
            yield at, f"{arn!r} is no queue, topic, function or bus{' or bucket' if key == 'onFailure' else ''}"
        elif match[2] not in {"", place.region}:
            yield at, f"{arn} is in {match[2]}; a destination is in the function's region"
        elif match[1] in {"sqs", "sns"} and arn.endswith(".fifo"):
            yield at, f"{arn}: a FIFO queue or topic is no destination"


_ON, _ASYNC = Of(_MAPPING, _CREATE), Of(_EVENTS, "Lambda API reference: PutFunctionEventInvokeConfig")
_MODELLED, _MISSING = checks_of(
    _MAPPING,
    Api(
        "lambda CreateEventSourceMapping",
        {
            "eventSourceArn": "", "startingPositionTimestamp": "", "maximumRecordAgeInSeconds": "", "queues": "",
            "selfManagedEventSource": "", "sourceAccessConfigurations": "",
            "destinationConfig.onFailure.destinationArn": "Destination",
        },
    ),
)  # fmt: skip
_INVOKED, _ = checks_of(_EVENTS, Api("lambda PutFunctionEventInvokeConfig", {"destinationConfig": ""}))
RULES: tuple[Rule, ...] = (
    *(*_MODELLED, *_INVOKED),
    _ON.rule("source", "eventSourceArn selfManagedEventSource", _source, "a source that is no queue or stream, a table"
             " in the place of its stream, another region", source=f"{_CREATE}, EventSourceArn"),
    _ON.rule("settings", " ".join(("eventSourceArn", "scalingConfig", "maximumBatchingWindowInSeconds", *_OF_STREAMS)),
             _settings, "settings of streams for a queue, and the other way round; a stream without a position"),
    _ON.rule("batch", "eventSourceArn batchSize maximumBatchingWindowInSeconds", _batch,
             "a batch too large for a FIFO queue, or without a window", "10", f"{_CREATE}, BatchSize"),
    _ON.each("age", "maximumRecordAgeInSeconds", _age, "a record's age out of range", "-1, 60 to 604800"),
    _ON.rule("filters", "filterCriteria", _filters, "too many filters, or a pattern that is no JSON object",
             f"{_FILTERS} filters of {_PATTERN} characters", "Lambda developer guide: event filtering"),
    _ASYNC.rule("destinations", "destinationConfig", _destinations, "a destination of another kind or region, or FIFO"),
    Rule("lambda.EventSourceMapping.visibility", "apply", _MAPPING, "a queue that shows a message again while the"
         " function may still run, or that is not there", "visibility timeout at least the function's timeout",
         f"{_CREATE}: InvalidParameterValueException"),
    Rule("lambda.EventSourceMapping.twice", "apply", _MAPPING, "a second mapping of a source to a function", "one",
         f"{_CREATE}: ResourceConflictException"),
)  # fmt: skip
NOT_COVERED: tuple[NotCovered, ...] = (
    *_MISSING,
    NotCovered(_MAPPING, "Kafka, Amazon MQ and DocumentDB sources", "there are none here: they are refused", _CREATE),
)
TYPES = (EventSourceMapping(), FunctionEventInvokeConfig())
