"""Sends moto's own invocations to the function runtime: event sources, SNS, logs, Step Functions."""

from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

from localcloud.functions.runtime import FunctionRuntime


def route(runtime: FunctionRuntime) -> None:
    """Replace the two methods through which every moto service calls a function."""

    def call(name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any) -> bytes:
        payload = body.encode() if isinstance(body, str) else body or b"{}"
        kind = (headers or {}).get("x-amz-invocation-type") or "RequestResponse"
        result = runtime.invoke(name, qualifier, payload, invocation_type=kind)
        if result.function_error:
            response_headers["x-amz-function-error"] = result.function_error
        if result.log_tail:
            response_headers["x-amz-log-result"] = result.log_tail
        return result.payload

    def invoke_by_name(
        self: LambdaBackend, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        name = function_name
        if not name.startswith("arn:"):
            name = f"arn:aws:lambda:{self.region_name}:{self.account_id}:function:{name}"
        return call(name, qualifier, body, headers, response_headers)

    def invoke_function(self: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        return call(self.function_arn, None, body, request_headers, response_headers)

    patched: Any = LambdaBackend
    patched.invoke = invoke_by_name
    patched = LambdaFunction
    patched.invoke = invoke_function
