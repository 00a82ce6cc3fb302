"""AWS Step Functions: state machines, which moto's interpreter runs (`localcloud.functions.state_machines`)."""
# ruff: noqa: A002, ARG002, D102 - `ResourceType` says what each method does

from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, document
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties
from localcloud.refusals import NotCovered
from localcloud.refusals.check import Check, Inputs, Of, Place, Violation
from localcloud.refusals.model import Api, checks_of

_MACHINE = "aws:sfn/stateMachine:StateMachine"
_TAGS = Tagging(
    "stepfunctions", "resourceArn", "list_tags_for_resource", tags="tags", key="key", value="value", keys="tagKeys"
)
_PREFIX_MAX = 80 - 26  # what the real provider appends to a prefix
_DEFINITION_BYTES = 1024 * 1024
_SETTINGS = ("loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


class StateMachine(ResourceType):
    """Its id is its ARN. The definition's grammar is the service's to judge when the machine is made."""

    pulumi_type = _MACHINE
    label = Label.EXECUTED
    remove = ("stepfunctions", "delete_state_machine", "stateMachineArn")
    naming = Naming(r"[A-Za-z0-9_-]+", 80)
    tagging = _TAGS
    force_new = frozenset({"type", "namePrefix"})
    filled = frozenset(_SETTINGS)
    defaults: ClassVar = {"type": "STANDARD", "publish": False}
    importable = True

    def create(self, scope: Scope, inputs: Properties) -> str:
        given = _parameters(inputs)
        made = scope.client("stepfunctions").create_state_machine(
            name=inputs["name"], type=inputs.get("type", "STANDARD"), publish=inputs.get("publish", False), **given
        )
        return str(made["stateMachineArn"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        if olds:
            publish = news.get("publish", False)
            states = scope.client("stepfunctions")
            states.update_state_machine(stateMachineArn=id, publish=publish, **_parameters(news))

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("stepfunctions").describe_state_machine(stateMachineArn=id)
        kept = ("name", "definition", "roleArn", "type", "status", "description", *_SETTINGS)
        return {
            **{key: found[key] for key in kept if found.get(key) is not None},
            "loggingConfiguration": _logging(found.get("loggingConfiguration") or {}),
            "arn": id,
            "creationDate": found["creationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _parameters(inputs: Properties) -> dict[str, Any]:
    settings = {key: inputs[key] for key in _SETTINGS if inputs.get(key)}
    if logging := dict(settings.get("loggingConfiguration", {})):
        group = logging.pop("logDestination", None)
        destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}] if group else []
        settings["loggingConfiguration"] = {**logging, "destinations": destinations}
    return {"definition": inputs["definition"], "roleArn": inputs["roleArn"], **settings}


def _logging(found: dict[str, Any]) -> Properties:
    """The service's list of one log group as the provider has it."""
    destinations = [one["cloudWatchLogsLogGroup"]["logGroupArn"] for one in found.get("destinations") or ()]
    kept = {key: value for key, value in found.items() if key != "destinations"}
    return {**kept, **({"logDestination": destinations[0]} if destinations else {})}


def _definition(inputs: Inputs, _: Place) -> Iterator[Violation]:
    text = str(inputs.get("definition", ""))
    parsed = document(text)
    if not isinstance(parsed, dict) or not {"StartAt", "States"} <= parsed.keys():
        yield "definition", "not a JSON object with StartAt and States"
    elif parsed["StartAt"] not in parsed["States"]:
        yield "definition", f"StartAt names {parsed['StartAt']!r}, which is no state"
    if (size := len(text.encode())) > _DEFINITION_BYTES:
        yield "definition", f"{size} bytes; AWS takes {_DEFINITION_BYTES}"


def _role(inputs: Inputs, place: Place) -> Iterator[Violation]:
    parts = str(inputs.get("roleArn", "")).split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):  # noqa: PLR2004 - an ARN's parts
        yield "roleArn", f"{inputs.get('roleArn')!r} is no role's ARN"
    elif parts[4] != place.account_id:
        yield "roleArn", f"{inputs['roleArn']} is of another account: a role is passed within its own"


_OF = Of(_MACHINE, "Step Functions API reference: CreateStateMachine")
_MODELLED, _MISSING = checks_of(_MACHINE, Api("stepfunctions CreateStateMachine", {"definition": ""}))
RULES: tuple[Check, ...] = (
    *_MODELLED,
    _OF.rule("definition", "definition", _definition, "a definition that is no state machine, or is too long"),
    _OF.rule("role", "roleArn", _role, "a role that is none, or of another account"),
    _OF.exclusive("name", "namePrefix"),
    _OF.length("namePrefix", 1, _PREFIX_MAX, "pulumi-aws sfn.StateMachine"),
)
NOT_COVERED: tuple[NotCovered, ...] = (
    *_MISSING,
    NotCovered(
        _MACHINE,
        "a logging configuration whose role may not write to the log group",
        "moto keeps no execution logs",
        "Step Functions developer guide: Logging using CloudWatch Logs",
    ),
)
TYPES = (StateMachine(),)
