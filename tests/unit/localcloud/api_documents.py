"""A small API as the provider would leave it in the registry."""

import json
from collections.abc import Mapping
from typing import Any

from tests.unit.localcloud.conftest import Running

ACCOUNT = "100000000009"
REGION = "eu-central-1"
API = "abc123defg"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:echo"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}:live/invocations"
STAGE = "dev"
LOG_ROLE = f"arn:aws:iam::{ACCOUNT}:role/gateway-logs"
LOG_FORMAT = json.dumps(
    {"status": "$context.status", "route": "$context.resourcePath", "user": "$context.authorizer.tenant"}
)


def _proxy(**more: Any) -> dict[str, Any]:
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": URI, **more}


def _scheme(*, ttl: int, source: str | None) -> dict[str, Any]:
    authorizer: dict[str, Any] = {"type": "request", "authorizerUri": URI, "authorizerResultTtlInSeconds": ttl}
    if source:
        authorizer["identitySource"] = source
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": authorizer,
    }


def body() -> dict[str, Any]:
    def operation(integration: Mapping[str, Any], *names: str) -> dict[str, Any]:
        return {"security": [{name: []} for name in names], "x-amazon-apigateway-integration": integration}

    refusal = {
        "type": "mock",
        "passthroughBehavior": "never",
        "requestTemplates": {"application/json": '{"statusCode":405}'},
        "responses": {
            "default": {
                "statusCode": "405",
                "responseParameters": {"method.response.header.Allow": "'GET'"},
                "responseTemplates": {"application/json": '{"id":"$context.requestId"}'},
            }
        },
    }
    return {
        "openapi": "3.0.1",
        "paths": {
            "/open/{name}": {"get": operation(_proxy()), "x-amazon-apigateway-any-method": operation(refusal)},
            "/any": {"x-amazon-apigateway-any-method": operation(_proxy())},
            "/slow": {"get": operation(_proxy(timeoutInMillis=300))},
            "/uncached": {"get": operation(_proxy(), "uncached", "key")},
            "/cached": {"get": operation(_proxy(), "cached")},
            "/limited": {"get": operation(_proxy())},
            "/broken": {"get": operation({"type": "http", "uri": "http://nowhere.invalid"})},
        },
        "components": {
            "securitySchemes": {
                "uncached": _scheme(ttl=0, source=None),
                "cached": _scheme(ttl=60, source="method.request.header.Authorization"),
                "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            }
        },
        "x-amazon-apigateway-api-key-source": "AUTHORIZER",
        "x-amazon-apigateway-binary-media-types": ["image/*"],
        "x-amazon-apigateway-gateway-responses": {
            "DEFAULT_5XX": {"responseTemplates": {"application/json": '{"code":"$context.error.responseType"}'}},
            "UNAUTHORIZED": {
                "statusCode": "401",
                "responseParameters": {"gatewayresponse.header.WWW-Authenticate": "'Bearer'"},
                "responseTemplates": {"application/json": '{"code":"no","request":"$context.requestId"}'},
            },
        },
    }


def documents() -> dict[str, dict[str, dict[str, Any]]]:
    """Deployment, stage, usage plan, and the account's role for logs."""
    return {
        "apigateway:deployment": {
            f"{API}/one": {
                "rest_api_id": API,
                "deployment_id": "one",
                "body": body(),
                "api": {"name": "test", "apiKeySource": "HEADER", "binaryMediaTypes": []},
            }
        },
        "apigateway:stage": {
            f"{API}/{STAGE}": {
                "rest_api_id": API,
                "stage_name": STAGE,
                "deployment_id": "one",
                "variables": {"colour": "blue"},
                "access_log": {
                    "destination_arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access",
                    "format": LOG_FORMAT,
                },
                "xray": False,
                "method_settings": [
                    {
                        "methodPath": "limited/GET",
                        "settings": {"throttlingRateLimit": 0.01, "throttlingBurstLimit": 2},
                    }
                ],
            }
        },
        "apigateway:usageplan": {
            "plan": {
                "id": "plan",
                "name": "plan",
                "throttle": None,
                "quota": None,
                "stages": [{"apiId": API, "stage": STAGE}],
                "keys": [{"id": "key-id", "value": "usage-key-value"}],
            }
        },
        "apigateway:account": {REGION: {"cloudwatch_role_arn": LOG_ROLE}},
    }


def admit(cloud: Running, *, source_arn: str | None = None) -> None:
    """Let the gateway and Secrets Manager call `echo:live`, and the gateway write logs, as a deployment would."""
    execute = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}"
    sources = {
        "routes": ("apigateway.amazonaws.com", source_arn or f"{execute}/{STAGE}/*/*"),
        "authorizer": ("apigateway.amazonaws.com", f"{execute}/authorizers/*"),
        "secrets": ("secretsmanager.amazonaws.com", None),
    }
    for statement, (principal, source) in sources.items():
        cloud.client("lambda").add_permission(
            FunctionName="echo",
            Qualifier="live",
            StatementId=statement,
            Action="lambda:InvokeFunction",
            Principal=principal,
            **({"SourceArn": source} if source else {}),
        )
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = cloud.client("iam")
    iam.create_role(RoleName="gateway-logs", AssumeRolePolicyDocument=document)
    policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    iam.attach_role_policy(RoleName="gateway-logs", PolicyArn=policy)
