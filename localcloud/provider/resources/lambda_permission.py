"""Who may invoke a function: its resource policy, kept in the registry where the gateway looks, and in moto."""
# ruff: noqa: A002, D101, D102 - `ResourceType` says what each method does

import re
from collections.abc import Mapping
from typing import Any

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.wire import Properties

KIND = "lambda:permission"
_FUNCTION = re.compile(
    r"(?:arn:aws:lambda:[a-z0-9-]+:\d{12}:function:)?(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[A-Za-z0-9_$-]+))?"
)


def parse_function(reference: str) -> tuple[str, str | None]:
    """(name, qualifier) of a function's name or ARN, qualified or not. Raises `ValueError` for neither."""
    match = _FUNCTION.fullmatch(reference)
    if match is None:
        raise ValueError(f"{reference!r} is no function name or ARN")
    return match["name"], match["qualifier"]


def permits(scope: Scope, function: str, principal: str, source_arn: str | None = None) -> bool:
    """Whether the function's policy lets a service principal, acting for `source_arn`, invoke it."""
    name, qualifier = parse_function(function)
    for row in scope.registry.all(KIND).values():
        same_target = (row["function"], row["qualifier"]) == (name, qualifier)
        if same_target and row["principal"] in {principal, "*"} and _source_matches(row, source_arn):
            return True
    return False


def _source_matches(row: Mapping[str, Any], source_arn: str | None) -> bool:
    if row["source_arn"] is None or source_arn is None:
        return True
    pattern = re.escape(row["source_arn"]).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, source_arn) is not None


def _row(state: Properties, statement: str) -> str:
    name, own = parse_function(str(state["function"]))
    qualifier = state.get("qualifier") or own
    return f"{name}:{qualifier}/{statement}" if qualifier else f"{name}/{statement}"


class Permission(ResourceType):
    id_format = "{statementId}"
    pulumi_type = "aws:lambda/permission:Permission"
    label = Label.ENFORCED
    naming = Naming(r"[A-Za-z0-9_-]+", 100, property="statementId")
    force_new = frozenset(
        {
            *("action", "eventSourceToken", "function", "functionUrlAuthType", "invokedViaFunctionUrl", "principal"),
            *("principalOrgId", "qualifier", "sourceAccount", "sourceArn", "statementIdPrefix"),
        }
    )

    def create(self, scope: Scope, inputs: Properties) -> str:
        name, own = parse_function(str(inputs["function"]))
        qualifier = inputs.get("qualifier") or own
        given = {
            "FunctionName": name,
            "StatementId": inputs["statementId"],
            "Action": inputs["action"],
            "Principal": inputs["principal"],
        }
        optional = {"Qualifier": qualifier, "SourceArn": inputs.get("sourceArn")}
        optional["SourceAccount"] = inputs.get("sourceAccount")
        scope.client("lambda").add_permission(**given, **{k: v for k, v in optional.items() if v})
        row = {
            "principal": inputs["principal"],
            "action": inputs["action"],
            "source_arn": inputs.get("sourceArn"),
            "function": name,
            "qualifier": qualifier,
        }
        scope.registry.put(KIND, _row(inputs, inputs["statementId"]), row)
        return str(inputs["statementId"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        """Gone with its function, whose deletion takes the policy along."""
        scope.client("lambda").get_function_configuration(FunctionName=parse_function(state["function"])[0])
        found = scope.registry.get(KIND, _row(state, id))
        return {"statementId": id, "principal": found["principal"], "action": found["action"]} if found else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        row = scope.registry.get(KIND, _row(state, id))
        scope.registry.delete(KIND, _row(state, id))
        if row is not None:
            qualifier = {"Qualifier": row["qualifier"]} if row["qualifier"] else {}
            scope.client("lambda").remove_permission(FunctionName=row["function"], StatementId=id, **qualifier)


TYPES = (Permission(),)
