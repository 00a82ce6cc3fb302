"""Secrets Manager and Parameter Store."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import re
from collections.abc import Iterator
from typing import Any

from localcloud.limits.schedule_expression import fault
from localcloud.refusals.check import Inputs, Of, Place, Violation

_SECRET = Of("aws:secretsmanager/secret:Secret", "Secrets Manager CreateSecret")
_ROTATION = Of("aws:secretsmanager/secretRotation:SecretRotation", "Secrets Manager RotationRulesType")
_PARAMETER = Of("aws:ssm/parameter:Parameter", "Systems Manager PutParameter")
_VALUES = ("value", "insecureValue", "valueWo")
_BYTES = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


def _secret_name(value: Any) -> str | None:
    if not re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,512}", str(value)):
        return f"{value!r} is not 1 to 512 letters, digits and /_+=.@-"
    return None


def _replicas(inputs: Inputs, place: Place) -> Iterator[Violation]:
    regions = [replica.get("region") for replica in inputs.get("replicas", ())]
    for index, region in enumerate(regions):
        if region == place.region or regions.count(region) > 1:
            yield f"replicas[{index}].region", f"{region} holds the secret or a replica already"
        key = str((inputs["replicas"][index]).get("kmsKeyId") or "")
        if key.startswith("arn:") and f":{region}:" not in key:
            yield f"replicas[{index}].kmsKeyId", f"{key} is not of {region}: a replica uses a key of its own Region"


def _rotation(inputs: Inputs, _: Place) -> Iterator[Violation]:
    rules = inputs.get("rotationRules") or {}
    days, expression = rules.get("automaticallyAfterDays"), rules.get("scheduleExpression")
    if rules and bool(days) == bool(expression):
        yield "rotationRules", "exactly one of automaticallyAfterDays and scheduleExpression"
    if not expression:
        return
    if reason := _schedule(str(expression)):
        yield "rotationRules.scheduleExpression", reason


def _schedule(text: str) -> str | None:
    """Rotation starts on the hour, every four hours at most, and rate() counts hours and days."""
    if reason := fault(re.sub(r"(?<= )/(?=\d)", "0/", text), one_time=False):  # here "/8" is short for "0/8"
        return reason
    if text.startswith("rate("):
        number, unit = text[5:-1].split()
        if unit.startswith("minute") or (unit.startswith("hour") and int(number) < 4):
            return f"{text!r}: a secret rotates every 4 hours at most"
        return None
    minutes, hours, *_, year = text[5:-1].split()
    if minutes != "0" or year != "*":
        return f"{text!r}: a rotation starts on the full hour (minutes 0), in any year (*)"
    step = re.search(r"/(\d+)$", hours)
    return f"{text!r}: a secret rotates every 4 hours at most" if hours == "*" or (step and int(step[1]) < 4) else None


def _parameter_name(value: Any) -> str | None:
    name = str(value)
    if not re.fullmatch(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", name):
        return f"{name!r} is not a path of letters, digits, _ . and -"
    if name.strip("/").lower().startswith(("aws", "ssm")):
        return "a parameter's name must not begin with aws or ssm"
    if len(name.strip("/").split("/")) > 15:
        return "AWS takes 15 levels at most"
    if "/" in name and not name.startswith("/"):
        return f"{name!r}: a path begins with a slash"
    return f"{len(name)} characters; with its ARN a name takes 1011" if len(name) > 1011 else None


def _value(inputs: Inputs, _: Place) -> Iterator[Violation]:
    tier = inputs.get("tier", "Standard")
    limit = _BYTES.get(tier, 8192)
    for key in _VALUES:
        text = inputs.get(key)
        if isinstance(text, str) and not 1 <= len(text.encode()) <= limit:
            yield key, f"{len(text.encode())} bytes; the tier {tier} takes 1 to {limit}"
        if isinstance(text, str) and "{{" in text:
            yield key, "AWS takes no {{…}} in a value: it would be read as a reference to another parameter"


def _kind(inputs: Inputs, _: Place) -> Iterator[Violation]:
    secure = inputs.get("type") == "SecureString"
    if secure and "insecureValue" in inputs:
        yield "insecureValue", "a SecureString takes value"
    if not secure and inputs.get("type") and inputs.get("keyId"):
        yield "keyId", "only a SecureString takes a key"
    if not any(key in inputs for key in _VALUES):
        yield "value", "required (or insecureValue, valueWo)"
    data = str(inputs.get("dataType", "text"))
    if data not in {"text", "aws:ec2:image", "aws:ssm:integration"}:
        yield "dataType", f"{data!r} is not text, aws:ec2:image or aws:ssm:integration"


def _allowed(inputs: Inputs, _: Place) -> Iterator[Violation]:
    pattern = inputs.get("allowedPattern")
    if not pattern:
        return
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        yield "allowedPattern", f"no regular expression: {error}"
        return
    for key in _VALUES:
        if isinstance(inputs.get(key), str) and not compiled.search(inputs[key]):
            yield key, "does not match allowedPattern (ParameterPatternMismatchException)"


RULES = (
    _SECRET.each("name-form", "name", _secret_name, "a name that is none", "1 to 512 of A-Z a-z 0-9 /_+=.@-"),
    _SECRET.within("recoveryWindowInDays", 7, 30, "Secrets Manager DeleteSecret: 0 deletes at once", also=(0,)),
    _SECRET.rule(
        "replicas",
        "replicas",
        _replicas,
        "two replicas in a Region, a key of another",
        source="Secrets Manager ReplicateSecretToRegions",
    ),
    _ROTATION.rule(
        "schedule",
        "rotationRules",
        _rotation,
        "no schedule or two, a form that is none, more often than every 4 hours",
        "4 hours to 1000 days",
        "Secrets Manager: rotation schedules",
    ),
    _PARAMETER.each(
        "name-form",
        "name",
        _parameter_name,
        "a name that is none: too deep, reserved, too long",
        "15 levels; 1011 characters; not aws or ssm",
    ),
    _PARAMETER.rule(
        "size",
        "tier value insecureValue valueWo",
        _value,
        "a value larger than the tier takes",
        "4096 bytes Standard, 8192 Advanced and Intelligent-Tiering",
        "Parameter Store: parameter tiers",
    ),
    _PARAMETER.rule(
        "kind",
        "type value insecureValue valueWo keyId dataType",
        _kind,
        "a value or a key that the type does not take, an unknown data type",
    ),
    _PARAMETER.rule(
        "allowed-pattern",
        "allowedPattern value insecureValue valueWo",
        _allowed,
        "a pattern that is none, a value that does not match it",
    ),
    _PARAMETER.exclusive(*_VALUES, source="pulumi-aws Parameter"),
)
