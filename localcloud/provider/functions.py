"""The provider's functions (`Invoke`): questions a program asks before it deploys."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Scope
from localcloud.provider.wire import Properties


def invoke(scope: Scope, token: str, arguments: Properties) -> Properties:
    """Raises `ProviderError` for a function that is not answered here."""
    function = FUNCTIONS.get(token)
    if function is None:
        raise ProviderError(f"this cloud has no function {token}; it knows {', '.join(sorted(FUNCTIONS))}")
    return function(scope, arguments)


def _caller_identity(scope: Scope, _: Properties) -> Properties:
    found = scope.client("sts").get_caller_identity()
    return {"accountId": found["Account"], "arn": found["Arn"], "id": found["Account"], "userId": found["UserId"]}


def _region(scope: Scope, _: Properties) -> Properties:
    return {
        "id": scope.region,
        "name": scope.region,
        "region": scope.region,
        "description": scope.region,
        "endpoint": f"ec2.{scope.region}.amazonaws.com",
    }


def _partition(_: Scope, __: Properties) -> Properties:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _policy_document(_: Scope, arguments: Properties) -> Properties:
    """IAM JSON as the real function orders it: single values as strings, lists sorted descending."""
    policy: Properties = {"Version": arguments.get("version", "2012-10-17")}
    if "policyId" in arguments:
        policy["Id"] = arguments["policyId"]
    policy["Statement"] = [_statement(item) for item in arguments.get("statements", [])]
    text = json.dumps(policy, indent=2)
    minified = json.dumps(policy, separators=(",", ":"))
    digest = str(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16))
    return {**arguments, "id": digest, "json": text, "minifiedJson": minified}


def _statement(item: Mapping[str, Any]) -> Properties:
    statement: Properties = {"Sid": item["sid"]} if item.get("sid") else {}
    statement["Effect"] = item.get("effect", "Allow")
    for source, target in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if item.get(source):
            statement[target] = _single(item[source])
    for source, target in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(source):
            named = {entry["type"]: _single(entry["identifiers"]) for entry in item[source]}
            statement[target] = "*" if named == {"*": "*"} else named
    for entry in item.get("conditions", []):
        statement.setdefault("Condition", {}).setdefault(entry["test"], {})[entry["variable"]] = _single(
            entry["values"]
        )
    return statement


def _single(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


FUNCTIONS: Mapping[str, Callable[[Scope, Properties], Properties]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
