"""What hangs on a published Lambda version: aliases, invocations at deployment, provisioned concurrency."""
# ruff: noqa: A001, A002, ARG002, D101, D102 - `ResourceType` says what each method does

import hashlib
import json
from typing import Any, ClassVar

from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, failed_precondition
from localcloud.provider.resources.lambda_function import invoke_arn
from localcloud.provider.resources.lambda_permission import parse_function
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties


class Alias(ResourceType):
    pulumi_type = "aws:lambda/alias:Alias"
    label = Label.EXECUTED
    naming = Naming(r"(?!\d+$)[A-Za-z0-9_-]+", 128)
    force_new = frozenset({"functionName"})
    importable = True

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        name, _ = parse_function(inputs["functionName"])
        return scope.arn("lambda", f"function:{name}:{inputs['name']}")

    def create(self, scope: Scope, inputs: Properties) -> str:
        made = scope.client("lambda").create_alias(
            FunctionName=parse_function(inputs["functionName"])[0],
            Name=inputs["name"],
            FunctionVersion=inputs["functionVersion"],
            Description=inputs.get("description", ""),
            **_routing(inputs),
        )
        return str(made["AliasArn"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """As the real provider: version, routing and description always go together."""
        if olds:
            scope.client("lambda").update_alias(
                FunctionName=parse_function(news["functionName"])[0],
                Name=news["name"],
                FunctionVersion=news["functionVersion"],
                Description=news.get("description", ""),
                RoutingConfig=_routing(news).get("RoutingConfig", {}),
            )

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        function, name = id.split(":")[-2:]
        found = scope.client("lambda").get_alias(FunctionName=function, Name=name)
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights") or None
        given = state.get("functionName")
        return {
            "arn": found["AliasArn"],
            "invokeArn": invoke_arn(found["AliasArn"]),
            "name": found["Name"],
            "functionName": given if given and parse_function(given)[0] == function else function,
            "functionVersion": found["FunctionVersion"],
            "description": found.get("Description") or "",
            "routingConfig": {"additionalVersionWeights": weights} if weights else None,
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        function, name = id.split(":")[-2:]
        scope.client("lambda").delete_alias(FunctionName=function, Name=name)


def _routing(inputs: Properties) -> dict[str, Any]:
    weights = inputs.get("routingConfig", {}).get("additionalVersionWeights")
    return {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights else {}


class Invocation(ResourceType):
    """Calls the function once when it is created (and on change and deletion with scope CRUD)."""

    pulumi_type = "aws:lambda/invocation:Invocation"
    label = Label.EXECUTED
    kind = "lambda:invocation"
    defaults: ClassVar = {"qualifier": "$LATEST", "lifecycleScope": "CREATE_ONLY", "terraformKey": "tf"}

    def forces(self, news: Properties) -> frozenset[str]:
        fixed = frozenset({"functionName", "qualifier", "lifecycleScope"})
        return fixed if news.get("lifecycleScope") == "CRUD" else fixed | {"input", "triggers"}

    def create(self, scope: Scope, inputs: Properties) -> str:
        digest = hashlib.md5(inputs["input"].encode(), usedforsecurity=False).hexdigest()
        id = f"{inputs['functionName']}_{inputs.get('qualifier', '$LATEST')}_{digest}"
        self._invoke(scope, id, inputs, "create", {})
        return id

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        keys = ("input", "triggers")
        if olds and news.get("lifecycleScope") == "CRUD" and any(news.get(k) != olds.get(k) for k in keys):
            self._invoke(scope, id, news, "update", json.loads(olds["input"]))

    def _invoke(self, scope: Scope, id: str, inputs: Properties, action: str, previous: Any) -> None:
        payload = inputs["input"]
        if inputs.get("lifecycleScope") == "CRUD":
            key = inputs.get("terraformKey", "tf")
            payload = json.dumps({**json.loads(payload), key: {"action": action, "prev_input": previous}})
        answer = scope.client("lambda").invoke(
            FunctionName=inputs["functionName"],
            Qualifier=inputs.get("qualifier", "$LATEST"),
            InvocationType="RequestResponse",
            Payload=payload.encode(),
        )
        result = answer["Payload"].read().decode()
        if answer.get("FunctionError"):
            raise failed_precondition(f"Lambda function ({inputs['functionName']}) returned error: {result}")
        scope.registry.put(self.kind, f"{scope.region}/{id}", {"result": result})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.registry.get(self.kind, f"{scope.region}/{id}")
        return found or {"result": state.get("result")}

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        if state.get("lifecycleScope") == "CRUD":
            self._invoke(scope, id, state, "delete", json.loads(state["input"]))
        scope.registry.delete(self.kind, f"{scope.region}/{id}")


class ProvisionedConcurrency(StoredType):
    pulumi_type = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    kind = "lambda:provisioned-concurrency"
    force_new = frozenset({"functionName", "qualifier"})
    defaults: ClassVar = {"skipDestroy": False}

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        return f"{parse_function(inputs['functionName'])[0]},{inputs['qualifier']}"

    def create(self, scope: Scope, inputs: Properties) -> str:
        name, _ = parse_function(inputs["functionName"])
        scope.client("lambda").get_function_configuration(FunctionName=name, Qualifier=inputs["qualifier"])
        return super().create(scope, inputs)


TYPES = (Alias(), Invocation(), ProvisionedConcurrency())
