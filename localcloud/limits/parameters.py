"""Parameter Store's and Secrets Manager's limits that moto does not keep.

Sources: Systems Manager API reference, PutParameter; Systems Manager quotas; Secrets Manager API reference and quotas.
"""

import re

from localcloud.limits.refusal import Parameters, limits
from localcloud.refusals import NotCovered

_PUT = "Systems Manager API reference: PutParameter"
_TIERS = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
_LEVELS = 15
_NAME_CHARACTERS = 1011  # of the 2,048 that the ARN may have
_SECRET_BYTES = 65536


def _value(parameters: Parameters) -> str | None:
    """Without a tier an existing advanced parameter stays one, which only the stored parameter tells."""
    tier = parameters.get("Tier") or ("Advanced" if parameters.get("Overwrite") else "Standard")
    if len(parameters["Value"].encode()) <= _TIERS[tier]:
        return None
    if tier == "Standard":
        return (
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger"
            " parameter value, upgrade the parameter to use the advanced-parameter tier."
        )
    return "Advanced tier parameters support a maximum parameter value of 8192 characters."


def _name(parameters: Parameters) -> str | None:
    name = parameters["Name"]
    if "/" in name and not name.startswith("/"):
        return "Parameter name must be a fully qualified name."
    if not re.fullmatch(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", name) or re.match("/?ssm", name, re.IGNORECASE):
        return (
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of'
            " sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the"
            " following 3 symbols .-_"
        )
    return None if len(name) <= _NAME_CHARACTERS else f"Parameter name must not exceed {_NAME_CHARACTERS} characters."


def _depth(parameters: Parameters) -> str | None:
    words = f"A parameter name hierarchy can have a maximum of {_LEVELS} levels."
    return words if len(parameters["Name"].strip("/").split("/")) > _LEVELS else None


def _pattern(parameters: Parameters) -> str | None:
    if (pattern := parameters.get("AllowedPattern")) is None:
        return None
    try:
        matched = re.fullmatch(pattern, parameters["Value"])
    except re.error:
        return f"The regular expression {pattern} is not valid."
    return None if matched else f"Parameter value, cannot match the allowed pattern {pattern}"


def _secret_name(parameters: Parameters) -> str | None:
    words = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
    return None if re.fullmatch(r"[A-Za-z0-9/_+=.@!-]+", parameters["Name"]) else words


def _one_value(parameters: Parameters) -> str | None:
    words = "You can't specify both a binary secret value and a string secret value in the same secret."
    return words if "SecretString" in parameters and "SecretBinary" in parameters else None


def _secret_size(parameters: Parameters) -> str | None:
    size = len(str(parameters.get("SecretString", "")).encode())
    words = f"The secret value has {size} bytes; a secret value takes {_SECRET_BYTES} at most."
    return words if size > _SECRET_BYTES else None


def _current_removed(parameters: Parameters) -> str | None:
    removed = parameters.get("RemoveFromVersionId") and not parameters.get("MoveToVersionId")
    words = (
        "You can only move staging label AWSCURRENT to a different secret version. It can\u2019t be completely removed."
    )
    return words if removed and parameters["VersionStage"] == "AWSCURRENT" else None


_VALUES = ("CreateSecret", "PutSecretValue", "UpdateSecret")
RULES = (
    *limits(
        "value-size", "ssm", ("PutParameter",), _value, what="a value too large for the parameter's tier",
        limit="4 KB; 8 KB in the advanced tier", source=f"{_PUT}, Value",
    ),
    *limits(
        "name", "ssm", ("PutParameter",), _name, what="a name with other characters, too long, or a path without its /",
        limit="letters, digits, . - _ / and 1,011 characters", source=f"{_PUT}, Name",
    ),
    *limits(
        "depth", "ssm", ("PutParameter",), _depth, what="a path that is too deep", limit="15 levels",
        source=f"{_PUT}, HierarchyLevelLimitExceededException", code="HierarchyLevelLimitExceededException",
    ),
    *limits(
        "allowed-pattern", "ssm", ("PutParameter",), _pattern, what="a value against its own AllowedPattern",
        limit="the pattern given", source=f"{_PUT}, AllowedPattern", code="ParameterPatternMismatchException",
    ),
    *limits(
        "name", "secretsmanager", ("CreateSecret",), _secret_name, what="a name with other characters",
        limit="letters, digits and -/_+=.@!", source="Secrets Manager API reference: CreateSecret, Name",
    ),
    *limits(
        "one-value", "secretsmanager", _VALUES, _one_value, what="text and bytes at once", limit="one",
        source="Secrets Manager API reference: PutSecretValue", code="InvalidParameterException",
    ),
    *limits(
        "value-size", "secretsmanager", _VALUES, _secret_size, what="a value of too many bytes (the model counts"
        " characters)", limit="65,536 bytes", source="Secrets Manager quotas: secret value size",
    ),
    *limits(
        "current-removed", "secretsmanager", ("UpdateSecretVersionStage",), _current_removed,
        what="AWSCURRENT taken from a version and given to none", limit="moved only",
        source="Secrets Manager API reference: UpdateSecretVersionStage", code="InvalidParameterException",
    ),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        "ssm:PutParameter", "4,097 to 8,192 bytes over a standard parameter, without a tier, and another type over one",
        "it takes the stored parameter, which a rule of the call does not see", _PUT,
    ),
    NotCovered(
        "secretsmanager:PutSecretValue", "about 100 versions of a secret in 24 hours",
        "it takes the stored versions; one that rotates monthly is far below", "Secrets Manager quotas: versions",
    ),
)  # fmt: skip
