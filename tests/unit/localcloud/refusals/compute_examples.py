"""Inputs that each rule of Lambda and API Gateway refuses, and inputs that it accepts."""

import json
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-central-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}:live/invocations"
PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI}
INTEGRATION = "x-amazon-apigateway-integration"
type Examples = dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]


def body(paths: Any = None, **more: Any) -> dict[str, Any]:
    """A REST API's inputs with such a body."""
    document = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths or {}, **more}
    return {"body": json.dumps(document)}


def method(**more: Any) -> dict[str, Any]:
    """The paths of a body with one method."""
    return {"/orders/{id}": {"get": {"responses": {"200": {"description": "ok"}}, INTEGRATION: PROXY, **more}}}


def integration(**changes: Any) -> dict[str, Any]:
    """A body with one integration of the right form and `changes`."""
    return body(method(**{INTEGRATION: {**PROXY, **changes}}))


def authorizer(**changes: Any) -> dict[str, Any]:
    """A body with a request authorizer of the right form and `changes`."""
    given = {"type": "request", "authorizerUri": URI, "authorizerResultTtlInSeconds": 0, **changes}
    scheme = {"type": "apiKey", "name": "Unused", "in": "header", "x-amazon-apigateway-authorizer": given}
    return body(method(security=[{"auth": []}]), components={"securitySchemes": {"auth": scheme}})


def model(name: str = "Order", **schema: Any) -> dict[str, Any]:
    """A body with one model."""
    return body(method(), components={"schemas": {name: {"type": "object", **schema}}})


def parameters(*rows: tuple[str, str], mapped: dict[str, str] | None = None) -> dict[str, Any]:
    """A body whose method declares parameters (in, name) and maps some."""
    declared = [{"in": place, "name": name, "required": True, "schema": {"type": "string"}} for place, name in rows]
    given = {**PROXY, "requestParameters": mapped or {}}
    return body(method(parameters=declared, **{INTEGRATION: given}))


def variables(**values: str) -> dict[str, Any]:
    """A function's environment."""
    return {"environment": {"variables": values}}


PACKAGE = {"handler": "app.handler", "runtime": "python3.13", "s3Bucket": "code", "s3Key": "a.zip"}

EXAMPLES: Examples = {
    "apigateway.RestApi.body-readable": (
        [
            {"body": "{"},
            {"body": "[]"},
            {"body": json.dumps({"openapi": "3.1.0", "info": {}, "paths": {}})},
            {"body": json.dumps({"openapi": "3.0.1"})},
            {"body": json.dumps({"openapi": "3.0.1", "info": {"title": "x" * 6 * 1024 * 1024}, "paths": {}})},
        ],
        [body(), {"body": "swagger: '2.0'\ninfo: {title: t}\npaths: {}"}, {}],
    ),
    "apigateway.RestApi.body-paths": (
        [
            body({"orders": {}}),
            body({"/a/{id}/b/{id}": {}}),
            body({"/a/x{id}": {}}),
            body({"/a/{rest+}/b": {}}),
            body({"/a/{id}": {}, "/a/{other}/b": {}}),
            body({f"/p{number}": {} for number in range(301)}),
        ],
        [body({"/": {}, "/a/{id}": {}, "/a/{id}/b": {}, "/{proxy+}": {}, "/well-known/x.json": {}})],
    ),
    "apigateway.RestApi.body-parameters": (
        [parameters(("query", "a"), ("query", "a")), parameters(("path", "other"))],
        [parameters(("path", "id"), ("query", "id"), ("header", "id"))],
    ),
    "apigateway.RestApi.body-integrations": (
        [
            integration(type="lambda"),
            integration(uri=""),
            integration(httpMethod=None),
            integration(httpMethod="GET"),
            integration(timeoutInMillis=49),
            integration(timeoutInMillis=29_001),
            integration(passthroughBehavior="sometimes"),
            integration(uri=FUNCTION.replace("arn:aws:lambda", "arn:aws:apigateway:x:lambda:")),
            integration(uri=URI.replace(f"apigateway:{REGION}", "apigateway:eu-west-1")),
        ],
        [
            integration(),
            integration(timeoutInMillis=50),
            integration(timeoutInMillis=29_000),
            integration(type="MOCK", uri=None, httpMethod=None),
            integration(type="http_proxy", uri="https://example.com", httpMethod="GET"),
            integration(uri=URI.replace(REGION, "eu-west-1")),
        ],
    ),
    "apigateway.RestApi.body-mappings": (
        [
            parameters(("path", "id"), mapped={"integration.request.path.id": "method.request.path.other"}),
            parameters(("path", "id"), mapped={"id": "method.request.path.id"}),
        ],
        [
            parameters(("path", "id"), mapped={"integration.request.path.id": "method.request.path.id"}),
            parameters(("query", "q"), mapped={"integration.request.header.q": "method.request.querystring.q"}),
            parameters(mapped={"integration.request.header.x": "'fixed'"}),
        ],
    ),
    "apigateway.RestApi.body-models": (
        [
            model("Order_Line"),
            model(properties={"a": {"type": "string", "example": "x"}}),
            model(discriminator={"propertyName": "kind"}),
            model(properties={"a": {"type": "number", "exclusiveMinimum": 0}}),
            model(allOf=[{"nullable": True}]),
        ],
        [
            model(properties={"example": {"type": "string"}, "if": {"type": "number", "minimum": 0}}),
            model(properties={"a": {"type": "number", "minimum": 0, "exclusiveMinimum": True}}),
        ],
    ),
    "apigateway.RestApi.body-security": (
        [
            body(method(security=[{"nobody": []}])),
            authorizer(authorizerResultTtlInSeconds=3601),
            authorizer(authorizerResultTtlInSeconds=300),
            authorizer(identitySource="header.Authorization"),
            authorizer(type="jwt"),
            authorizer(authorizerUri=FUNCTION),
            authorizer(type="cognito_user_pools"),
        ],
        [
            authorizer(),
            authorizer(authorizerResultTtlInSeconds=3600, identitySource="method.request.header.Authorization"),
            authorizer(type="token", authorizerResultTtlInSeconds=300),
            body(method(security=[])),
        ],
    ),
    "apigateway.RestApi.body-validators": (
        [body(method(**{"x-amazon-apigateway-request-validator": "all"}))],
        [
            body(
                method(**{"x-amazon-apigateway-request-validator": "all"}),
                **{"x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}}},
            )
        ],
    ),
    "apigateway.RestApi.body-responses": (
        [body(method(), **{"x-amazon-apigateway-gateway-responses": {"TEAPOT": {}}})],
        [body(method(), **{"x-amazon-apigateway-gateway-responses": {"DEFAULT_5XX": {}}})],
    ),
    "apigateway.RestApi.endpoint": (
        [
            {"endpointConfiguration": {"types": "REGIONAL", "vpcEndpointIds": ["vpce-1"]}},
            {"endpointConfiguration": {"types": "PRIVATE", "ipAddressType": "ipv4"}},
            {"minimumCompressionSize": "10485761"},
            {"minimumCompressionSize": "much"},
        ],
        [
            {"endpointConfiguration": {"types": "PRIVATE", "vpcEndpointIds": ["vpce-1"]}},
            {"minimumCompressionSize": "-1"},
            {"minimumCompressionSize": ""},
        ],
    ),
    "apigateway.RestApi.putRestApiMode-choice": ([{"putRestApiMode": "append"}], [{"putRestApiMode": "merge"}]),
    "apigateway.Response.parameters": (
        [{"responseParameters": {"header.x": "'1'"}}],
        [{"responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}}],
    ),
    "apigateway.Stage.stageName-form": ([{"stageName": "a b"}, {"stageName": "x" * 129}], [{"stageName": "dev-1_a"}]),
    "apigateway.Stage.access-log": (
        [
            {"accessLogSettings": {"format": "$context.status"}},
            {"accessLogSettings": {"format": "$context.requestId" + "x" * 3072}},
            {"accessLogSettings": {"format": '{"id":"$context.requestId",\n"status":"$context.status"}'}},
        ],
        [
            {"accessLogSettings": {"format": '{"id":"$context.requestId","status":$context.status}\n'}},
            {"accessLogSettings": {"format": "$context.extendedRequestId"}},
            {},
        ],
    ),
    "apigateway.Stage.cache": (
        [
            {"cacheClusterEnabled": True},
            {"canarySettings": {"percentTraffic": 101}},
            {"variables": {"a-b": "x"}},
            {"variables": {"a": "x y"}},
        ],
        [{"cacheClusterEnabled": True, "cacheClusterSize": "0.5"}, {"variables": {"a_b": "https://x.y/?z=1"}}],
    ),
    "apigateway.Deployment.variables": ([{"variables": {"a b": "x"}}], [{"variables": {"a": "x"}}]),
    "apigateway.MethodSettings.path": (
        [{"methodPath": "*"}, {"methodPath": "orders/FETCH"}, {"methodPath": "/orders/GET"}],
        [{"methodPath": "*/*"}, {"methodPath": "orders/{id}/GET"}],
    ),
    "apigateway.MethodSettings.settings.loggingLevel-choice": (
        [{"settings": {"loggingLevel": "DEBUG"}}],
        [{"settings": {"loggingLevel": "ERROR"}}],
    ),
    "apigateway.MethodSettings.settings.cacheTtlInSeconds-range": (
        [{"settings": {"cacheTtlInSeconds": 3601}}],
        [{"settings": {"cacheTtlInSeconds": 3600}}],
    ),
    "apigateway.MethodSettings.settings.unauthorizedCacheControlHeaderStrategy-choice": (
        [{"settings": {"unauthorizedCacheControlHeaderStrategy": "FAIL"}}],
        [{"settings": {"unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"}}],
    ),
    "apigateway.MethodSettings.throttle": (
        [
            {"settings": {"throttlingBurstLimit": 5001}},
            {"settings": {"throttlingRateLimit": 10001}},
        ],
        [
            {"settings": {"throttlingBurstLimit": 5000, "throttlingRateLimit": -1}},
            {"settings": {"dataTraceEnabled": True}},
        ],
    ),
    "apigateway.UsagePlan.limits": (
        [
            {"quotaSettings": {"limit": -1, "period": "DAY"}},
            {"quotaSettings": {"limit": 1, "period": "DAY", "offset": 1}},
            {"quotaSettings": {"limit": 1, "period": "WEEK", "offset": 7}},
            {"throttleSettings": {"rateLimit": -0.5}},
            {"apiStages": [{"apiId": "a", "stage": "s"}] * 2},
        ],
        [{"quotaSettings": {"limit": 1, "period": "MONTH", "offset": 27}, "throttleSettings": {"rateLimit": 0.5}}],
    ),
    "apigateway.UsagePlan.name-length": ([{"name": "x" * 1025}], [{"name": "x"}]),
    "apigateway.ApiKey.value-length": ([{"value": "x" * 19}, {"value": "x" * 129}], [{"value": "x" * 20}]),
    "apigateway.ApiKey.name-length": ([{"name": ""}], [{"name": "x"}]),
    "apigateway.UsagePlanKey.keyType-choice": ([{"keyType": "TOKEN"}], [{"keyType": "API_KEY"}]),
    "lambda.Function.memorySize-range": ([{"memorySize": 127}, {"memorySize": 10241}], [{"memorySize": 128}]),
    "lambda.Function.timeout-range": ([{"timeout": 0}, {"timeout": 901}], [{"timeout": 900}]),
    "lambda.Function.ephemeralStorage.size-range": (
        [{"ephemeralStorage": {"size": 511}}, {"ephemeralStorage": {"size": 10241}}],
        [{"ephemeralStorage": {"size": 10240}}],
    ),
    "lambda.Function.reservedConcurrentExecutions-range": (
        [{"reservedConcurrentExecutions": 901}, {"reservedConcurrentExecutions": -2}],
        [{"reservedConcurrentExecutions": 0}, {"reservedConcurrentExecutions": -1}],
    ),
    "lambda.Function.name-length": ([{"name": "x" * 65}], [{"name": "x" * 64}]),
    "lambda.Function.layers-count": ([{"layers": ["l"] * 6}], [{"layers": ["l"] * 5}]),
    "lambda.Function.runtime-blocked": ([{"runtime": "python3.7"}, {"runtime": "go1.x"}], [{"runtime": "python3.13"}]),
    "lambda.Function.package": (
        [
            {**PACKAGE, "handler": ""},
            {key: value for key, value in PACKAGE.items() if key != "runtime"},
            {**PACKAGE, "imageUri": "x"},
            {**PACKAGE, "s3Key": ""},
            {"packageType": "Image", "imageUri": "x", "handler": "h"},
            {"packageType": "Image"},
        ],
        [PACKAGE, {"packageType": "Image", "imageUri": "x"}],
    ),
    "lambda.Function.environment": (
        [
            variables(BIG="x" * 4096),
            variables(**{f"V{number}": "" for number in range(600)}),
            variables(AWS_REGION="eu-west-1"),
            variables(**{"a-b": "x"}),
            variables(**{"1A": "x"}),
        ],
        [variables(AWS_STAGE="dev", LOG_LEVEL="INFO", B2=""), variables(UMLAUTS="ä" * 2000), {}],
    ),
    "lambda.Function.layers-differ": (
        [{"layers": ["arn:aws:lambda:r:1:layer:a:1", "arn:aws:lambda:r:1:layer:a:2"]}],
        [{"layers": ["arn:aws:lambda:r:1:layer:a:1", "arn:aws:lambda:r:1:layer:b:1"]}],
    ),
    "lambda.Function.snap-start": (
        [
            {"snapStart": {"applyOn": "PublishedVersions"}, "runtime": "nodejs22.x"},
            {"snapStart": {"applyOn": "PublishedVersions"}, "runtime": "java21", "ephemeralStorage": {"size": 1024}},
        ],
        [{"snapStart": {"applyOn": "PublishedVersions"}, "runtime": "python3.13"}, {"runtime": "nodejs22.x"}],
    ),
    "lambda.Function.log-levels": (
        [{"loggingConfig": {"logFormat": "Text", "systemLogLevel": "INFO"}}],
        [{"loggingConfig": {"logFormat": "JSON", "systemLogLevel": "INFO"}}],
    ),
    "lambda.Alias.routing": (
        [
            {"functionVersion": "$LATEST", "routingConfig": {"additionalVersionWeights": {"2": 0.1}}},
            {"functionVersion": "1", "routingConfig": {"additionalVersionWeights": {"1": 0.1}}},
            {"functionVersion": "1", "routingConfig": {"additionalVersionWeights": {"2": 0.1, "3": 0.1}}},
            {"functionVersion": "1", "routingConfig": {"additionalVersionWeights": {"$LATEST": 0.1}}},
        ],
        [
            {"functionVersion": "1", "routingConfig": {"additionalVersionWeights": {"2": 0.1}}},
            {"functionVersion": "$LATEST"},
        ],
    ),
    "lambda.Permission.principal-form": (
        [
            {"principal": "apigateway"},
            {"principal": "sns.amazonaws.com", "function": f"{FUNCTION}:live", "qualifier": "other"},
            {"principal": "*", "qualifier": "$LATEST", "function": "shop"},
            {"principal": "*", "functionUrlAuthType": "NONE", "action": "lambda:InvokeFunction"},
        ],
        [
            {"principal": "sns.amazonaws.com", "function": FUNCTION, "qualifier": "live"},
            {"principal": "alexa-appkit.amazon.com"},
            {"principal": ACCOUNT},
            {"principal": f"arn:aws:iam::{ACCOUNT}:root"},
            {"principal": "*", "functionUrlAuthType": "NONE", "action": "lambda:InvokeFunctionUrl"},
        ],
    ),
    "lambda.Permission.statementId-or-statementIdPrefix": (
        [{"statementId": "a", "statementIdPrefix": "b"}],
        [{"statementId": "a"}],
    ),
    "lambda.ProvisionedConcurrencyConfig.qualifier-published": ([{"qualifier": "$LATEST"}], [{"qualifier": "live"}]),
    "lambda.Invocation.input-json": ([{"input": "{"}], [{"input": "{}"}]),
    "lambda.Invocation.lifecycleScope-choice": ([{"lifecycleScope": "ALL"}], [{"lifecycleScope": "CRUD"}]),
}
