"""What moto holds about a function, as the runtime needs it: one immutable record per published version."""

import random
from dataclasses import dataclass
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import lambda_backends

from localcloud.functions.invocation import InvokeRefused


@dataclass(frozen=True)
class Definition:
    """A version's code and configuration; equal definitions may share an execution environment."""

    name: str
    version: str
    region: str
    arn: str
    handler: str
    role: str
    runtime: str
    variables: tuple[tuple[str, str], ...]
    memory_mb: int
    timeout_seconds: int
    code_sha256: str
    # a function that was deleted and made again is another one: no process of the first may serve it
    modified: str
    # the customer's key of the variables, None for Lambda's own
    key_arn: str | None

    @property
    def log_group(self) -> str:
        """Where Lambda writes the function's log."""
        return f"/aws/lambda/{self.name}"


@dataclass(frozen=True)
class Target:
    """What a name and qualifier lead to: versions by weight (an alias may split traffic), and the limit."""

    versions: tuple[tuple[float, Definition, bytes], ...]
    qualified_arn: str
    reserved_concurrency: int | None

    def choose(self) -> tuple[Definition, bytes]:
        """One version by the alias's weights, with its zip."""
        drawn = random.random()
        for weight, definition, code in self.versions[1:]:
            if drawn < weight:
                return definition, code
            drawn -= weight
        return self.versions[0][1], self.versions[0][2]


def split_name(function: str, qualifier: str | None, region: str) -> tuple[str, str | None, str]:
    """Name, qualifier and region from a name, partial ARN or ARN, each with or without `:qualifier`.

    An API Gateway integration's URI names the function by such an ARN too. Raises `InvokeRefused` when the
    qualifier is given twice and differs.
    """
    parts = function.split(":")
    if parts[0] == "arn":
        region, parts = parts[3], parts[6:]
    elif "function" in parts:
        parts = parts[parts.index("function") + 1 :]
    inline = parts[1] if len(parts) > 1 else None
    if inline and qualifier and inline != qualifier:
        message = "The derived qualifier from the function name does not match the specified qualifier."
        raise InvokeRefused(400, "InvalidParameterValueException", message)
    return parts[0], inline or qualifier, region


def find(account_id: str, region: str, name: str, qualifier: str | None) -> Target:
    """The target as moto has it now. Raises `InvokeRefused` (404) when there is none."""
    backend: Any = lambda_backends[account_id][region]
    try:
        latest = backend.get_function(name)
        weights: dict[str, float] = {}
        version = qualifier or "$LATEST"
        aliases = {alias.name: alias for alias in backend.list_aliases(name)}
        if version in aliases:
            alias = aliases[version]
            weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
            version = alias.function_version
        chosen = [(1.0, version), *((float(weight), other) for other, weight in sorted(weights.items()))]
        versions = tuple(
            (weight, _define(function, number, region), function.code_bytes)
            for weight, number in chosen
            for function in [backend.get_function(name, number)]
        )
    except LambdaClientError as error:
        arn = f"arn:aws:lambda:{region}:{account_id}:function:{name}" + (f":{qualifier}" if qualifier else "")
        raise InvokeRefused(404, "ResourceNotFoundException", f"Function not found: {arn}") from error
    arn = versions[0][1].arn + (f":{qualifier}" if qualifier else "")
    reserved = latest.reserved_concurrency
    return Target(versions, arn, None if reserved is None else int(reserved))


def _define(function: Any, version: str, region: str) -> Definition:
    return Definition(
        name=function.function_name,
        version=version,
        region=region,
        arn=f"arn:aws:lambda:{region}:{function.account_id}:function:{function.function_name}",
        handler=function.handler,
        role=function.role,
        runtime=function.run_time,
        variables=tuple(sorted(function.environment_vars.items())),
        memory_mb=int(function.memory_size),
        timeout_seconds=int(function.timeout),
        code_sha256=function.code_sha_256,
        modified=function.last_modified,
        key_arn=function.kms_key_arn or None,
    )
