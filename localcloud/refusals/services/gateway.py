"""API Gateway: REST APIs, stages, their settings, usage plans, keys; the imported body is in `openapi`."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

from collections.abc import Iterator
from typing import Any

from localcloud.refusals.check import Inputs, Of, Place, Violation, number

_API = Of("aws:apigateway/restApi:RestApi", "API Gateway CreateRestApi")
_RESPONSE = Of("aws:apigateway/response:Response", "API Gateway PutGatewayResponse")
_STAGE = Of("aws:apigateway/stage:Stage", "API Gateway CreateStage")
_SETTINGS = Of("aws:apigateway/methodSettings:MethodSettings", "API Gateway UpdateStage, methodSettings")
_PLAN = Of("aws:apigateway/usagePlan:UsagePlan", "API Gateway CreateUsagePlan")
_KEY = Of("aws:apigateway/apiKey:ApiKey", "API Gateway CreateApiKey")
_PLAN_KEY = Of("aws:apigateway/usagePlanKey:UsagePlanKey", "API Gateway CreateUsagePlanKey")
_DEPLOYMENT = Of("aws:apigateway/deployment:Deployment", "API Gateway CreateDeployment")
_METHODS = frozenset({"*", "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"})


def _endpoint(inputs: Inputs, _: Place) -> Iterator[Violation]:
    configuration = inputs.get("endpointConfiguration") or {}
    if configuration.get("vpcEndpointIds") and configuration.get("types") != "PRIVATE":
        yield "endpointConfiguration.vpcEndpointIds", "only a PRIVATE API has VPC endpoints"
    if configuration.get("types") == "PRIVATE" and configuration.get("ipAddressType", "dualstack") != "dualstack":
        yield "endpointConfiguration.ipAddressType", "a PRIVATE API is dualstack"
    size = inputs.get("minimumCompressionSize")
    if size not in (None, "") and ((value := number(size)) is None or not -1 <= value <= 10485760):
        yield "minimumCompressionSize", f"{size} is outside -1 to 10485760"


def _access_log(inputs: Inputs, _: Place) -> Iterator[Violation]:
    settings = inputs.get("accessLogSettings") or {}
    form = str(settings.get("format", "$context.requestId"))
    if not any(name in form for name in ("$context.requestId", "$context.extendedRequestId")):
        yield "accessLogSettings.format", "must contain at least $context.requestId or $context.extendedRequestId"
    if len(form.encode()) > 3072:
        yield "accessLogSettings.format", "a format takes 3 KB"
    # It need not be JSON, even when it begins so: an unquoted $context.status becomes a number.
    if "\n" in form.removesuffix("\n").removesuffix("\r"):
        yield "accessLogSettings.format", "must be single line, new line character is allowed only at end of the format"


def _cache(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if inputs.get("cacheClusterEnabled") and not inputs.get("cacheClusterSize"):
        yield "cacheClusterSize", "required when the cache is on"
    traffic = number((inputs.get("canarySettings") or {}).get("percentTraffic", 0))
    if traffic is not None and not 0 <= traffic <= 100:
        yield "canarySettings.percentTraffic", f"{traffic:g} is outside 0 to 100"
    for name, value in (inputs.get("variables") or {}).items():
        if not all(char.isalnum() or char == "_" for char in name):
            yield f"variables.{name}", "a stage variable's name is letters, digits and _"
        if not all(char.isascii() and (char.isalnum() or char in "-._~:/?#&=,") for char in str(value)):
            yield f"variables.{name}", "a stage variable's value is letters, digits and -._~:/?#&=,"


def _method_path(value: Any) -> str | None:
    path, _, method = str(value).rpartition("/")
    if not path or method not in _METHODS:
        return f"{value!r} is no path/METHOD or */*"
    return f"{value!r}: leave the leading slash out" if path.startswith("/") else None


def _settings(inputs: Inputs, _: Place) -> Iterator[Violation]:
    settings = inputs.get("settings") or {}
    for key, most in (("throttlingBurstLimit", 5000), ("throttlingRateLimit", 10000)):
        value = number(settings.get(key, 0))
        if value is not None and not -1 <= value <= most:
            yield f"settings.{key}", f"{value:g} is above the account's {most} a Region (quota, can be raised)"


def _plan(inputs: Inputs, _: Place) -> Iterator[Violation]:
    quota, throttle = inputs.get("quotaSettings") or {}, inputs.get("throttleSettings") or {}
    limit, offset = int(quota.get("limit") or 1), int(quota.get("offset") or 0)
    if quota and limit < 1:
        yield "quotaSettings.limit", f"{limit} is below 1"
    highest = {"DAY": 0, "WEEK": 6, "MONTH": 27}.get(str(quota.get("period")), 27)
    if not 0 <= offset <= highest:
        yield "quotaSettings.offset", f"{offset} is outside 0 to {highest} for {quota.get('period')}"
    for key in ("rateLimit", "burstLimit"):
        if (value := number(throttle.get(key, 0))) is not None and value < 0:
            yield f"throttleSettings.{key}", f"{value:g} is below zero"
    stages = [(stage.get("apiId"), stage.get("stage")) for stage in inputs.get("apiStages", ())]
    if len(stages) != len(set(stages)):
        yield "apiStages", "a stage is in a plan once"


def _response(inputs: Inputs, _: Place) -> Iterator[Violation]:
    for name in inputs.get("responseParameters") or {}:
        if not str(name).startswith(
            ("gatewayresponse.header.", "gatewayresponse.querystring.", "gatewayresponse.path.")
        ):
            yield f"responseParameters.{name}", "begins with gatewayresponse.header."


def _secret(value: Any) -> str | None:
    found = len(str(value))
    return None if 20 <= found <= 128 else f"{found} characters; AWS takes 20 to 128"


RULES = (
    _API.rule(
        "endpoint",
        "endpointConfiguration minimumCompressionSize",
        _endpoint,
        "VPC endpoints of a public API, a compression size out of range",
        "-1 to 10485760",
    ),
    _API.one_of("putRestApiMode", ("merge", "overwrite"), "API Gateway PutRestApi"),
    _RESPONSE.rule("parameters", "responseParameters", _response, "parameters that are no gatewayresponse.…"),
    _STAGE.matching("stageName", r"[A-Za-z0-9_-]{1,128}", "1 to 128 letters, digits, - and _"),
    _STAGE.rule(
        "access-log",
        "accessLogSettings",
        _access_log,
        "a log format without request id, too long, of several lines",
        "3 KB",
        "API Gateway: access logging; quotas",
    ),
    _STAGE.rule(
        "cache",
        "cacheClusterEnabled cacheClusterSize canarySettings variables",
        _cache,
        "a cache without size, canary traffic out of range, variables that are none",
        "0 to 100 %",
    ),
    _DEPLOYMENT.rule("variables", "variables", _cache, "stage variables that are none", "letters, digits and _"),
    _SETTINGS.each("path", "methodPath", _method_path, "a method path that is none", "path/METHOD or */*"),
    _SETTINGS.one_of("settings.loggingLevel", ("OFF", "ERROR", "INFO")),
    _SETTINGS.within("settings.cacheTtlInSeconds", 0, 3600, "API Gateway quotas: cache TTL"),
    _SETTINGS.one_of(
        "settings.unauthorizedCacheControlHeaderStrategy",
        ("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"),
    ),
    _SETTINGS.rule(
        "throttle",
        "settings",
        _settings,
        "throttles above the account's",
        "10,000 a second, burst 5,000",
        "API Gateway quotas: account-level throttling",
    ),
    _PLAN.rule(
        "limits",
        "quotaSettings throttleSettings apiStages",
        _plan,
        "a quota or throttle out of range, a stage twice",
        "offset 0, 6 or 27 by period",
    ),
    _PLAN.length("name", 1, 1024),
    _KEY.each("value-length", "value", _secret, "a key too short or too long", "20 to 128 characters"),
    _KEY.length("name", 1, 1024),
    _PLAN_KEY.one_of("keyType", ("API_KEY",)),
)
