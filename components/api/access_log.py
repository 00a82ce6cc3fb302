"""The stage's access log: one JSON line a request."""

import json

# Name in the line -> `$context` variable ("$context variables for access logging", developer guide).
# No query string, no header but the user agent, and of a path only its template: what a caller writes there may be
# personal. Address and user agent are personal data and stay, for an attack is not told from a customer without them;
# docs/architecture/SECURITY_MODEL.md says for how long.
_FIELDS: dict[str, str] = {
    "api_key_id": "identity.apiKeyId",
    "auth": "authorizer.auth",
    "authorizer_error": "authorizer.error",
    "authorizer_latency_ms": "authorizer.latency",
    "authorizer_status": "authorizer.status",
    "domain": "domainName",
    "error": "error.message",
    "error_type": "error.responseType",
    "extended_request_id": "extendedRequestId",
    "function_error": "integration.error",
    "function_latency_ms": "integration.latency",
    "function_request_id": "integration.requestId",
    "function_status": "integration.integrationStatus",
    "ip": "identity.sourceIp",
    "latency_ms": "responseLatency",
    "method": "httpMethod",
    "protocol": "protocol",
    "request_id": "requestId",
    "request_time_ms": "requestTimeEpoch",
    "response_bytes": "responseLength",
    "role": "authorizer.role",
    "route": "resourcePath",
    "stage": "stage",
    "status": "status",
    "tenant_id": "authorizer.tenant_id",
    "user_agent": "identity.userAgent",
    "user_id": "authorizer.user_id",
    "waf": "waf.status",
    "xray_trace_id": "xrayTraceId",
}


def access_log_format() -> str:
    """The format string. Every value is quoted, numbers too: API Gateway writes `-` where it has none."""
    return json.dumps({name: f"$context.{variable}" for name, variable in _FIELDS.items()}, separators=(",", ":"))
