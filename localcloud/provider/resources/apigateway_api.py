"""Amazon API Gateway REST APIs: the API, its body, gateway responses, deployments."""
# ruff: noqa: A002, ARG002, D101, D102, D103 - `ResourceType` says what each method does

import json
import secrets
import string
from datetime import UTC, datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from localcloud.provider import openapi
from localcloud.provider.naming import Naming
from localcloud.provider.resource import (
    Label,
    ResourceType,
    Scope,
    document,
    failed_precondition,
)
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties

API, DEPLOYMENT, STAGE = "apigateway:restapi", "apigateway:deployment", "apigateway:stage"
_RESPONSES = "x-amazon-apigateway-gateway-responses"
_SHELL = {
    "description": "/description",
    "apiKeySource": "/apiKeySource",
    "minimumCompressionSize": "/minimumCompressionSize",
    "disableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
}


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short_id(length: int) -> str:
    """As API Gateway's: lower-case letters and digits."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


class RestApi(ResourceType):
    """moto has the API with its resources and methods; the whole body is in the registry.

    Tags stay in the state: moto's server does not route API Gateway's tag calls.
    """

    pulumi_type = "aws:apigateway/restApi:RestApi"
    label = Label.EXECUTED
    naming = Naming(r"(?s).+", 1024, renames=True)
    local_only = frozenset({"putRestApiMode", "failOnWarnings", "parameters", "endpointAccessMode", "securityPolicy"})
    unordered = frozenset({"binaryMediaTypes"})
    defaults: ClassVar = {"apiKeySource": "HEADER", "disableExecuteApiEndpoint": False, "putRestApiMode": "overwrite"}

    def create(self, scope: Scope, inputs: Properties) -> str:
        given: dict[str, Any] = {"name": inputs["name"], "description": inputs.get("description", "")}
        given["apiKeySource"] = inputs.get("apiKeySource", "HEADER")
        given["endpointConfiguration"] = {"types": [_endpoint(inputs)]}
        if "policy" in inputs:
            given["policy"] = inputs["policy"]
        return str(scope.client("apigateway").create_rest_api(**given)["id"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        client = scope.client("apigateway")
        if olds:
            values = {path: str(news.get(key, self.defaults.get(key, ""))) for key, path in _SHELL.items()}
            patch = [{"op": "replace", "path": path, "value": value} for path, value in values.items() if value]
            patch.append({"op": "replace", "path": "/name", "value": news["name"]})
            client.update_rest_api(restApiId=id, patchOperations=patch)
        if "body" in news and news["body"] != olds.get("body"):
            _describe_to_moto(client, id, openapi.parse(news["body"]))
        old = scope.registry.get(API, id) or {"root": _root(client, id), "created": timestamp(), "policy": None}
        row = {key: news[key] for key in self.schema.inputs if key in news and key not in {"tags", "policy"}}
        own = {"policy": news.get("policy", old["policy"])}
        scope.registry.put(API, id, {"root": old["root"], "created": old["created"], **row, **own})

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        scope.client("apigateway").get_rest_api(restApiId=id)
        row = scope.registry.get(API, id)
        if row is None:
            return None
        return {
            "arn": f"arn:aws:apigateway:{scope.region}::/restapis/{id}",
            "executionArn": scope.arn("execute-api", id),
            "rootResourceId": row["root"],
            "createdDate": row["created"],
            "endpointConfiguration": state.get("endpointConfiguration")
            or {"types": _endpoint(row), "ipAddressType": "ipv4"},
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Takes its deployments and stages along, as AWS does."""
        scope.client("apigateway").delete_rest_api(restApiId=id)
        scope.registry.delete(API, id)
        for kind in (DEPLOYMENT, STAGE):
            for row in scope.registry.all(kind):
                if row.startswith(f"{id}/"):
                    scope.registry.delete(kind, row)


def _endpoint(inputs: Properties) -> str:
    return str(inputs.get("endpointConfiguration", {}).get("types", "EDGE"))


def _root(client: Any, id: str) -> str:
    return next(str(row["id"]) for row in client.get_resources(restApiId=id)["items"] if row["path"] == "/")


def _describe_to_moto(client: Any, id: str, body: openapi.Document) -> None:
    """Moto takes a part of OpenAPI only, and only for boto3 to see: requests are served from the registry."""
    text = json.dumps(openapi.skeleton(body))
    try:
        client.put_rest_api(restApiId=id, mode="overwrite", body=text)
    except ClientError as error:
        raise failed_precondition(f"BadRequestException: the body is refused: {error}") from error


class GatewayResponse(StoredType):
    id_format = "aggr-{restApiId}-{responseType}"
    pulumi_type = "aws:apigateway/response:Response"
    kind = "apigateway:gateway-response"
    label = Label.EXECUTED
    force_new = frozenset({"restApiId", "responseType"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        scope.client("apigateway").get_rest_api(restApiId=inputs["restApiId"])
        return super().create(scope, inputs)


class RestApiPolicy(StoredType):
    id_format = "{restApiId}"
    pulumi_type = "aws:apigateway/restApiPolicy:RestApiPolicy"
    kind = "apigateway:policy"
    force_new = frozenset({"restApiId"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        scope.client("apigateway").get_rest_api(restApiId=inputs["restApiId"])
        return super().create(scope, inputs)


class Deployment(ResourceType):
    """A snapshot of the API's body and settings; the gateway serves what a stage's deployment holds."""

    pulumi_type = "aws:apigateway/deployment:Deployment"
    label = Label.EXECUTED
    force_new = frozenset({"restApi", "triggers", "variables"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        rest_api = inputs["restApi"]
        scope.client("apigateway").get_rest_api(restApiId=rest_api)
        api = scope.registry.get(API, rest_api) or {}
        body = openapi.parse(api["body"]) if "body" in api else {"paths": {}}
        if not list(openapi.operations(body)):
            raise failed_precondition("BadRequestException: The REST API doesn't contain any methods")
        if missing := openapi.without_integration(body):
            raise failed_precondition(f"BadRequestException: No integration defined for method: {', '.join(missing)}")
        deployment = short_id(6)
        settings = {
            "name": api["name"],
            "apiKeySource": api.get("apiKeySource", "HEADER"),
            "minimumCompressionSize": _number(api.get("minimumCompressionSize")),
            "binaryMediaTypes": api.get("binaryMediaTypes", []),
        }
        document_ = {
            "rest_api_id": rest_api,
            "deployment_id": deployment,
            "body": _with_responses(scope, rest_api, body),
            "api": settings,
            "policy": document(api.get("policy")) or _resource_policy(scope, rest_api),
            "created": timestamp(),
        }
        scope.registry.put(DEPLOYMENT, f"{rest_api}/{deployment}", document_)
        return deployment

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.registry.get(DEPLOYMENT, f"{state['restApi']}/{id}")
        return {"createdDate": found["created"]} if found else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        for row in scope.registry.all(STAGE).values():
            if (row["rest_api_id"], row["deployment_id"]) == (state["restApi"], id):
                raise failed_precondition(
                    f"BadRequestException: Active stages pointing to this deployment must be moved or deleted"
                    f" (stage {row['stage_name']})"
                )
        scope.registry.delete(DEPLOYMENT, f"{state['restApi']}/{id}")


def _number(text: Any) -> int | None:
    return int(text) if text not in (None, "") and int(text) >= 0 else None


def _resource_policy(scope: Scope, rest_api: str) -> Any:
    row = scope.registry.get(RestApiPolicy.kind, f"{scope.region}/{rest_api}")
    return document(row["inputs"]["policy"]) if row else None


def _with_responses(scope: Scope, rest_api: str, body: openapi.Document) -> openapi.Document:
    """Gateway responses that are resources of their own join those of the body, in the body's form."""
    own = {
        row["inputs"]["responseType"]: {
            key: row["inputs"][key]
            for key in ("statusCode", "responseParameters", "responseTemplates")
            if key in row["inputs"]
        }
        for row in scope.registry.all(GatewayResponse.kind).values()
        if row["inputs"]["restApiId"] == rest_api
    }
    return {**body, _RESPONSES: {**body.get(_RESPONSES, {}), **own}} if own else body


TYPES = (RestApi(), GatewayResponse(), RestApiPolicy(), Deployment())
